"""The dashboard: one session, a stack of screens over it, one tick a second. Everything else is elsewhere."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from platformdirs import user_state_path
from rich.text import Text
from textual import events
from textual._context import active_message_pump
from textual.app import SuspendNotSupported
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget

from wfdash.config.settings import Settings
from wfdash.core.logs.line import LogScope
from wfdash.core.text.crash_report import crash_report
from wfdash.ui.actions.desk import ActionDesk, ActionMoved
from wfdash.ui.actions.keys import ActionHost, starts_action
from wfdash.ui.base.dialog import name_dropped
from wfdash.ui.base.screen import BaseScreen, CodeShown
from wfdash.ui.company import OtherPeople
from wfdash.ui.connection import SessionManager
from wfdash.ui.context import Context
from wfdash.ui.handover import Shift
from wfdash.ui.hooks import ChangeHooks
from wfdash.ui.instances.screen import InstancesScreen
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.keys.text_field import as_field
from wfdash.ui.keys.typeahead import LostWords, TypeAhead, as_enter
from wfdash.ui.memory import Collector, context_of, forget_outgrown, give_back
from wfdash.ui.navigation import Navigator
from wfdash.ui.terminal.clipboard import copy_text
from wfdash.ui.terminal.rendering import Rendering, TerminalApp, TerminalLine
from wfdash.ui.terminal.terminal import ensure_size, is_gone, on_signals, on_stopping
from wfdash.ui.time_travel import TimeTravel
from wfdash.ui.widgets.covered import is_opaque

if TYPE_CHECKING:
    from wfdash.core.handoff.handover import Handover
    from wfdash.live.records.record.reading import RecordReader
    from wfdash.ui.session import AccountSession, BegunSession, Connect

__all__ = ["WfdashApp", "run_app"]

_LOADED = 2.0
"""Seconds after which the modules are there, and garbage is looked for."""


class WfdashApp(TerminalApp, inherit_bindings=False):
    """Owns the parts, hands them news and keys, and answers to Textual; it decides nothing itself."""

    TITLE = "wfdash"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    CSS_PATH = "wfdash.tcss"
    BINDINGS = bindings("instance.watch", "logs.open", scope="app")

    def __init__(
        self,
        settings: Settings,
        connector: "Callable[[Settings], Connect]",
        *,
        workflow: str = "",
        instance: str = "",
        filter: str = "",
        handover: "Handover | None" = None,
        setup: str | None = None,
        replayed: "RecordReader | None" = None,
        begun: "BegunSession | None" = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`setup` leads through the first run before anything is watched; it names the profile, or is "".

        `begun` is the session, where it was opened before there was an app.
        """
        super().__init__()
        terminal = self.terminal = TerminalLine(self)
        context = self.context = Context(settings, clock=clock, notify=self.notify, terminal=terminal)
        self.drag.on_selected = partial(_copy, context)
        self.pages = context.pages = Navigator(self, context)
        self.desk = context.desk = ActionDesk(context, self.post_message, apart=partial(context_of, self))
        self.actions = context.prompts = ActionHost(self, context)
        self.shift = context.shift = Shift(context, handover)
        self.hooks = ChangeHooks(self, context, handed=handover is not None or replayed is not None)
        context.hook_runs = self.hooks.ran
        self.connection = context.connection = SessionManager(
            self,
            context,
            connector,
            start_at=(workflow or settings.workflow, instance),
            begun=begun,
            on_started=self._started,
            on_account=self.shift.adopt,
            on_learned=self._account_learned,
            on_update=self.hooks.live,
        )
        self.people = context.people = OtherPeople(self, context)
        self.travel = TimeTravel(self, context, replayed)
        self._replays = replayed is not None
        self.ahead = TypeAhead(
            self,
            context.gate,
            hand_on=self.hand_on,
            arranging=lambda: self.pages.arranging,
            dropped=lambda event: name_dropped(event, self.screen),
        )
        self.collector = Collector()
        self.lost_words = LostWords(context.keys.opens_field, context.clock)
        self._setup = setup
        self._filter_text = filter
        self.dress(Rendering(settings, no_color=self.no_color))
        self.set_keymap(dict(settings.keys))

    @property
    def root(self) -> InstancesScreen:
        return self.pages.root

    @property
    def session(self) -> "AccountSession | None":
        return self.context.session

    def get_default_screen(self) -> Screen[Any]:
        workflow, ready = self.connection.start_at[0], self.connection.drawable.set
        return InstancesScreen(self.context, workflow, self._filter_text, on_drawable=ready)

    def on_mount(self) -> None:
        if not self.is_headless:
            ending = on_signals(self.pages.leave, self.terminal.give_up, lambda: self.lent)
            # A stop from outside (kill -TSTP) must give the terminal back as ctrl+z does.
            self.set_timer(_LOADED, give_back)
            on_stopping(self.action_app_suspend, self.retake_terminal, lambda: self.lent or ending())
        self.set_interval(1.0, self._tick)
        # The interpreter's collections while modules load took a tenth of the time to the first rows.
        self.set_timer(_LOADED, self.collector.begin)
        if self._replays:
            self.call_after_refresh(self.travel.begin, self._started)
        elif self._setup is None:
            self.connection.connect()
        else:
            self.call_after_refresh(self.pages.open, "setup", self.context.settings, self._setup)

    def _started(self) -> None:
        """Shows what was asked for, now that the session is there."""
        workflow, instance = self.connection.start_at
        if listed := self.pages.listing.workflow:
            self.root.show_workflow(listed)
        if workflow and instance:
            self.pages.show_instance(workflow, instance)
        # What was opened meanwhile had nobody to ask.
        for screen in self.screen_stack:
            if isinstance(screen, BaseScreen) and screen.is_ready:
                screen.ask_anew()
        self.pages.list_workflows()
        self.shift.begin()
        self.hooks.begin()
        for warning in self.context.settings.warnings:
            self.pages.say(warning, "warning", aside=True)
        # These look into the state folder, and try whether it takes a page: after the first rows.
        self.call_after_refresh(self.people.begin)
        self.call_after_refresh(self.actions.offer_unfinished)

    # News.

    async def _shutdown(self) -> None:
        """Stops what runs in the background before the screens go that it would bring something to."""
        self.workers.cancel_all()
        self.shift.pins.save()
        await super()._shutdown()

    def _account_learned(self) -> None:
        """Begins what is kept for an account, now that an answer told which it is."""
        self.people.begin()
        self.hooks.begin()
        self.actions.offer_unfinished()

    def on_action_moved(self, message: ActionMoved) -> None:
        if self.screen_stack:
            self.actions.moved(message.progress, message.event)

    def _tick(self) -> None:
        """Ticks what is to be seen: the screen on top, and those under a panel."""
        # A terminal that was closed without SIGHUP would leave the program running unseen.
        if not self.is_headless and is_gone():
            self.pages.leave(129)
        forget_outgrown(self.screen_stack)
        if not self.is_headless:
            self.collector.tick(self.context.clock(), self.context.last_key_at)
        with suppress(NoMatches):  # a screen on its way out loses its parts before its timers
            for screen in reversed(self.screen_stack):
                if isinstance(screen, BaseScreen):
                    bar = screen.key_bar
                    drawn = bar.drawings if bar is not None else 0
                    screen.tick(self.context.clock())
                    # Which keys are on is asked of each of them: once a second is enough.
                    if bar is not None and bar.drawings == drawn:
                        bar.draw()
                if is_opaque(screen):
                    break
            self.actions.draw()
            self.pages.list_workflows()
            self.pages.load_ahead()

    # Keys.

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            event = as_enter(event, self.context.settings.keys)
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.ahead.take(event)
        else:
            await self.hand_on(event)

    async def hand_on(self, event: events.Event) -> None:
        """Hands an event to Textual; a key is noted first."""
        context = self.context
        if isinstance(event, events.Key) and not event.is_forwarded:
            context.last_key_at = context.clock()
            self.shift.seen()
            if self.lost_words.takes(event, self.screen):
                return
            # Closed before the key is handled: whatever comes in the same read is not meant for the prompt.
            if starts_action(self, event):
                context.gate.close()
            if (top := self.pages.top) is not None:
                top.key_pressed(event.key)
        elif isinstance(event, events.MouseEvent):
            context.last_pointed_at = context.clock()
            if self.drag.takes(event) or isinstance(event, events.MouseMove):
                return  # Textual would repaint what the pointer comes over, link or not
        elif isinstance(event, events.AppFocus | events.AppBlur) and context.acting is not None:
            context.acting.poller.focus(isinstance(event, events.AppFocus))
        await super().on_event(event)

    def action_write(self, action: str) -> None:
        """Asks for an action that writes, whichever screen binds its key."""
        self.actions.write(action)

    def action_layer_close(self) -> None:
        # What is typed at a moment of the record is undone there.
        undoes = self.context.past is not None and as_field(self.focused) is not None
        if undoes or not self.travel.leave():
            self.pages.close_layer()

    def action_app_quit(self) -> None:
        self.pages.quit()

    def action_page_open(self, page: str) -> None:
        """Opens a page that needs no more than its name."""
        self.pages.open(page)

    def action_errors_open(self) -> None:
        self.pages.show_of_chosen("errors")

    def action_history_open(self) -> None:
        self.pages.show_of_chosen("history")

    def action_bulk_show(self) -> None:
        self.actions.show_last_bulk()

    def action_profile_open(self) -> None:
        self.pages.open("profile", self.pages.listing.workflow)

    def action_display_open(self) -> None:
        self.pages.open("display", self, lambda: self.pages.root.table.columns_with_room)

    def action_palette_open(self) -> None:
        self.pages.open("palette", self.screen.active_bindings)

    def action_help_open(self) -> None:
        self.pages.open("help", self.screen.active_bindings)

    def action_export_menu(self) -> None:
        picture = self.export_screenshot(title="wfdash", simplify=True)
        self.pages.open("export", *self.pages.subject, picture)

    def action_note_write(self) -> None:
        self.pages.open("note", *self.pages.subject)

    def action_instance_watch(self) -> None:
        workflow, instance = self.pages.subject
        if instance:
            self.shift.toggle(workflow, instance)

    def action_logs_open(self) -> None:
        top = self.pages.top
        workflow, instance = top.printed_by() if top is not None else ("", "")
        if not instance:
            self.notify("no instance is under the cursor")
            return
        of_row = LogScope()
        for part in (self.focused, top):
            if isinstance(part, CodeShown):
                of_row = part.printed
        # Over its open detail they have a page of their own, elsewhere they come with their timeline.
        page = "logs" if (workflow, instance) == self.pages.place else "detail"
        self.pages.open(page, workflow, instance, of_row)

    def action_poll_now(self) -> None:
        if self.session is not None:
            self.session.poller.poll_now()
            # On another page it is that page which is refreshed, and 200 reads for the list would go unseen.
            if self.screen is self.root:
                self.pages.listing.search_on()

    def action_past_step(self, changes: int) -> None:
        """Goes so many recorded changes through the record."""
        self.travel.step(changes)

    def action_poll_freeze(self) -> None:
        if self.session is not None:
            poller = self.session.poller
            poller.frozen = not poller.frozen
            self.notify("polling is frozen" if poller.frozen else "polling again")

    def action_time_zone(self) -> None:
        context = self.context
        context.utc = not context.utc
        for session in {id(each): each for each in (context.session, context.acting) if each}.values():
            session.poller.row_details.utc = context.utc
        self.notify("times are UTC" if context.utc else "times are local")
        for screen in self.screen_stack:
            screen.refresh()

    def action_app_suspend(self) -> None:
        """Stops like any program on ctrl+z. Nothing may be awaited while the terminal is given back."""
        try:
            with self.suspend():
                os.kill(os.getpid(), signal.SIGSTOP)
        except SuspendNotSupported:
            self.notify("this terminal cannot suspend", severity="warning")

    # What is said.

    def notify(self, message: str, *, severity: str = "information", **_: Any) -> None:
        """Says a message on the bottom line; data is cleaned there and never read as markup."""
        self.pages.say(message, severity)

    def _handle_exception(self, error: Exception) -> None:
        """Reports no fault of what was still opening when it was closed, or the app was told to end.

        Its widgets are taken down before it was up, and it looks for parts that will not come.
        """
        looks = active_message_pump.get(None) if isinstance(error, NoMatches) else None
        around = looks.ancestors_with_self if isinstance(looks, Widget) else ()
        closed = any(isinstance(node, Screen) and node not in self.screen_stack for node in around)
        if not self._exit and not closed:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """The crash report without the values of local variables, which may hold a credential."""
        error = sys.exc_info()[1] or self._exception
        if error is None or self._exit_renderables:
            return  # the first report says it
        self.bell()
        credential = self.context.settings.credential
        self.panic(Text(crash_report(error, hide=credential.hide if credential else str)))


async def run_app(app: WfdashApp) -> int:
    """Runs the dashboard on the terminal; the return value is the exit code."""
    ensure_size()
    await app.run_async(mouse=app.context.settings.mouse)
    return app.return_code or 0


def _copy(context: Context, text: str) -> None:
    """Copies what was selected with the mouse."""
    folder, write = user_state_path("wfdash"), context.terminal.write
    context.notify(copy_text(text, write=write, environ=os.environ, folder=folder, name="selection"))
