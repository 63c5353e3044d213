"""The app's session: opened after the first frame, polled until the end, opened anew for another profile."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual import work

from wfdash.config.load import load
from wfdash.config.settings import Options, Settings, SettingsError
from wfdash.live.polling.events import Event
from wfdash.ui.messages import Live
from wfdash.ui.navigation import Navigator

if TYPE_CHECKING:
    from wfdash.ui.session import AccountSession, Connect

__all__ = ["SessionManager"]


class SessionManager(Navigator, inherit_bindings=False):
    """The part of the app that is connected to one account at a time."""

    settings: Settings
    clock: Callable[[], float]
    start_at: tuple[str, str]
    """Workflow and instance to begin with; "" for none."""
    failure = ""
    """Why there is no session, in a sentence; "" once there is one."""
    connector: "Callable[[Settings], Connect]"
    """How the server of these settings is reached."""
    _offered = False
    _turn = 0
    """Counts the sessions: what an earlier one still says is dropped."""

    drawable: asyncio.Event
    """Set once the root screen has its parts."""

    def started(self) -> None:
        """There is a session now."""

    def connect(self) -> None:
        """Open a session for the settings as they are; one that is open is closed."""
        self._turn += 1
        self.session = None
        self.run_worker(self._live(self._turn), name="live", group="live", exclusive=True)

    async def _live(self, turn: int) -> None:
        """Connect, and poll until the end. The first answer is on its way while the first frame is drawn."""
        from wfdash.ui.session import open_session

        def emit(event: Event) -> None:
            if turn == self._turn:
                self.post_message(Live(event))

        session = await open_session(
            self.settings, self.connector(self.settings), clock=self.clock, notify=emit
        )
        await self.drawable.wait()
        try:
            if await self._must_choose(session):
                return
            self.session = session
            session.poller.utc = self.utc
            self.learn_account()
            self.started()
            await session.poller.run()
        finally:
            await asyncio.shield(session.close())

    async def _must_choose(self, session: "AccountSession") -> bool:
        """Whether there are several accounts and none was named: the person is asked which."""
        settings = self.settings
        if settings.account_id or settings.local or settings.demo:
            return False
        from wfdash.api.errors import ChooseAccount, WorkflowsError
        from wfdash.live.budget.budget import Priority

        await session.budget.acquire(Priority.LIST)
        try:
            await session.api.prefix()
            return False
        except ChooseAccount as choice:
            accounts = choice.accounts
        except WorkflowsError:
            return False  # whoever asks next says what is wrong, and asks again
        if len(accounts) < 2:
            return False
        self.failure = (
            f"These credentials see several accounts: choose one, {self.key_of('profile.open')} asks again."
        )
        self.choose_account(accounts)
        return True

    def learn_account(self) -> bool:
        """Whether the only account there is was found out just now: from here on all is kept for it."""
        session = self.session
        if session is None or self.settings.account_id or not session.api.account_id:
            return False
        self.settings = self.settings.of_account(session.api.account_id)
        if self.settings.read_only:
            session.operator.forbid("a profile of this account is read-only")
        if session.journal is not None:
            session.journal.learn_account(session.api.account_id)
        self.account_learned()
        return True

    def account_learned(self) -> None:
        """The settings name the account from now on."""

    def choose_account(self, accounts: Sequence[Mapping[str, Any]]) -> None:
        """Ask which of these; the answer comes by `take_account`."""
        self.open_page("accounts", accounts)

    def take_account(self, account_id: str) -> None:
        self.reconnect(self.settings.of_account(account_id), workflow=self.start_at[0])

    def reconnect(self, settings: Settings, *, workflow: str) -> None:
        """Leave everything of the present account behind, marks too, and begin anew."""
        self.settings = settings
        self.failure = ""
        self.start_at = (workflow, "")
        self.close_pages()
        self.root.leave_all(workflow)
        self.connect()

    @work(group="profile", exclusive=True)
    async def take_profile(self, name: str, environ: Mapping[str, str] = os.environ) -> None:
        """Change to this profile of the config. Read-only stays when it was set; nothing can unset it."""
        now = self.settings
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
            settings = await asyncio.to_thread(load, options, environ)
        except SettingsError as wrong:
            self.notify(str(wrong), severity="error")
            return
        self.reconnect(settings, workflow=settings.workflow)

    def offer_config(self) -> None:
        """Say once where a person without any config can keep what was chosen."""
        settings = self.settings
        path = settings.config_path
        if self._offered or settings.demo or path is None or path.exists():
            return
        self._offered = True
        key = self.key_of("profile.open")
        self.call_after_refresh(self.notify, f"{key} keeps this account and workflow for the next time")

    def forbid_writes(self) -> None:
        """Set read-only, for as long as the program runs."""
        self.settings = replace(self.settings, read_only=True)
        if self.session is not None:
            self.session.operator.forbid("read-only was set")
