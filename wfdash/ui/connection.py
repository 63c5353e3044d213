"""The session: opened after the first frame, polled until the end, opened anew for another profile."""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.app import App
from textual.css.query import NoMatches
from textual.worker import Worker

from wfdash.config.precedence import load
from wfdash.config.settings import Options, Settings, SettingsError
from wfdash.live.polling.events import Event, RecordChanged, Update
from wfdash.ui.base.screen import ReadyScreen
from wfdash.ui.context import Context

if TYPE_CHECKING:
    from wfdash.ui.session import AccountSession, BegunSession, Connect

__all__ = ["SessionManager"]


class SessionManager:
    """Holds the connection to one account at a time; its session stands in the context, for everyone."""

    def __init__(
        self,
        app: App[Any],
        context: Context,
        connector: "Callable[[Settings], Connect]",
        *,
        start_at: tuple[str, str],
        begun: "BegunSession | None" = None,
        on_started: Callable[[], None],
        on_account: Callable[[], None],
        on_learned: Callable[[], None],
        on_update: Callable[[Update], None],
    ) -> None:
        """`connector` leads to the server of some settings; `start_at` is workflow and instance, "" for none.

        `begun` is the first session, where it was opened before there was an app.
        `on_started` is called with each new session, `on_account` once the settings name its account,
        `on_learned` too where an answer told it, `on_update` at once with all that it sees, whatever is on
        screen.
        """
        self.connector = connector
        self.start_at = start_at
        self.drawable = asyncio.Event()
        """Set once the root screen has its parts."""
        self._app = app
        self._context = context
        self._on_started = on_started
        self._on_account = on_account
        self._on_learned = on_learned
        self._on_update = on_update
        self._begun = begun
        self._offered = False
        self._changing: Worker[None] | None = None
        self._turn = 0
        """Counts the sessions: what an earlier one still says is dropped."""

    def connect(self) -> None:
        """Opens a session for the settings as they are; one that is open is closed."""
        self._turn += 1
        self._context.session = self._context.past = None
        self._context.back_to = ""
        self._app.run_worker(self._live(self._turn), name="live", group="live", exclusive=True)

    async def _live(self, turn: int) -> None:
        """Connects, and polls until the end. The first read is on its way while the first frame is drawn."""
        from wfdash.ui.session import BegunSession

        context = self._context

        # A session that was begun before there was an app knows none: a timer that something starts there
        # would fail, and end the app with the screen that it belongs to.
        inside = copy_context()

        def emit(event: Event) -> None:
            if turn != self._turn:
                return  # a session that was left may still be reading: what it brings is of another account
            if isinstance(event, Update):
                inside.copy().run(self._on_update, event)
            if context.past is not None and isinstance(event, Update):
                # What is shown out of the record does not move by what is so now.
                if not event.watched:
                    return
                event = Update(watched=event.watched)
            self.tell(event)

        begun, self._begun = self._begun, None
        if begun is None:
            connect = self.connector(context.settings)
            begun = BegunSession(context.settings, connect, clock=context.machine_clock)
        try:
            session = await begun.opened()
            # Only now, so that the first read is under way while the first frame is drawn.
            await self.drawable.wait()
            if await self._must_choose(session):
                return
            begun.tell(emit)
            context.session = session
            session.poller.row_details.utc = context.utc
            self.learn_account()
            self._on_started()
            self._app.call_after_refresh(session.poller.go_on)
            await begun.poll()
        finally:
            # Cancelling the poller must not cut off the closing, which writes down what was sent.
            await asyncio.shield(begun.close())

    def tell(self, event: Event) -> None:
        """Brings an event to the screens in a turn of the app.

        The poller must not draw, nor fail with a screen.
        """
        self._app.call_later(self.bring, event)

    def bring(self, event: Event) -> None:
        """Brings news to each screen of the stack that has its parts."""
        if not self._app.screen_stack:
            return
        if self.learn_account():
            self._on_learned()
        if isinstance(event, RecordChanged):
            self._context.pages.say(event.sentence, "information", aside=True)
            return
        for state in event.watched:
            self._context.shift.watched_changed(state)
        for screen in self._app.screen_stack:
            if isinstance(screen, ReadyScreen) and screen.is_ready:
                with suppress(NoMatches):
                    screen.live(event)

    async def _must_choose(self, session: "AccountSession") -> bool:
        """Whether there are several accounts and none was named: the person is asked which."""
        settings = self._context.settings
        if settings.account_id or settings.local or settings.demo:
            return False
        accounts = await session.reads.accounts_to_choose_from()
        if len(accounts) < 2:
            return False
        key = self._context.keys.key_of("profile.open")
        self._context.failure = f"These credentials see several accounts: choose one, {key} asks again."
        self._context.pages.open("accounts", accounts)
        return True

    def learn_account(self) -> bool:
        """Whether the only account there is was found out just now: from here on all is kept for it."""
        context, session = self._context, self._context.session
        if session is None or context.settings.account_id or not session.account_id:
            return False
        context.settings = context.settings.of_account(session.account_id)
        # The account was not known when the settings were made, and its profile's guards hold all the same.
        if context.settings.read_only:
            session.operator.forbid("a profile of this account is read-only")
        if session.journal is not None:
            session.journal.learn_account(session.account_id)
        self._on_account()
        return True

    def take_account(self, account_id: str) -> None:
        self.reconnect(self._context.settings.of_account(account_id), workflow=self.start_at[0])

    def reconnect(self, settings: Settings, *, workflow: str) -> None:
        """Leaves everything of the present account behind, marks too, and begins anew."""
        self._context.settings = settings
        self._context.failure = ""
        self.start_at = (workflow, "")
        self._context.pages.close_all()
        self._context.pages.listing.leave_all(workflow)
        self.connect()

    def take_profile(self, name: str, environ: Mapping[str, str] = os.environ) -> None:
        """Changes to this profile of the config. Read-only stays when it was set; nothing can unset it."""
        if self._context.settings.demo:  # what is nobody's leads to nobody's account
            return

        async def change() -> None:
            await self._take_profile(name, environ)

        self._changing = self._app.run_worker(change, group="profile", exclusive=True)

    async def _take_profile(self, name: str, environ: Mapping[str, str]) -> None:
        now = self._context.settings
        options = Options(
            profile=name,
            config=str(now.config_path or ""),
            debug=str(now.debug or ""),
            read_only=now.read_only,
            interval=now.interval,
            ascii=now.ascii,
            mouse=now.mouse,
        )
        try:
            # A token_command may take seconds: it must not hold the keys.
            settings = await asyncio.to_thread(load, options, environ)
        except SettingsError as wrong:
            self._context.notify(str(wrong), severity="error")
            return
        self.reconnect(settings, workflow=settings.workflow)

    def offer_config(self) -> None:
        """Says once where a person without any config can keep what was chosen."""
        settings = self._context.settings
        path = settings.config_path
        if self._offered or settings.demo or path is None or path.exists():
            return
        self._offered = True
        key = self._context.keys.key_of("profile.open")
        self._app.call_after_refresh(
            self._context.notify, f"{key} saves this account and workflow as a profile"
        )

    def forbid_writes(self) -> None:
        """Sets read-only, for as long as the program runs."""
        context = self._context
        context.settings = replace(context.settings, read_only=True)
        # At a moment of the record it is asked for as well, and holds at now.
        if context.acting is not None:
            context.acting.operator.forbid("read-only was set")
