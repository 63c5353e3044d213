"""The dashboard: one session, a stack of screens over it, one tick a second. Everything else is elsewhere."""

import asyncio
import gc
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import events
from textual.css.query import NoMatches
from textual.screen import Screen

from wfdash.config.settings import Settings
from wfdash.core.handoff.handover import Handover
from wfdash.core.text.crash_report import crash_report
from wfdash.keymap.actions import BY_ID, textual_action
from wfdash.live.polling.events import WatchedChanged
from wfdash.ui.actions.desk import ActionDesk
from wfdash.ui.actions.keys import ActionHost, starts_action
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.connection import SessionManager
from wfdash.ui.handover import Shift
from wfdash.ui.instances.screen import InstancesScreen
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.keys.key_names import KeyNames
from wfdash.ui.keys.prompt_gate import KeyGate
from wfdash.ui.keys.typeahead import TypeAhead, as_enter
from wfdash.ui.messages import Live
from wfdash.ui.terminal.rendering import Rendering
from wfdash.ui.terminal.terminal import ensure_size, is_gone, on_signals, on_stopping
from wfdash.ui.widgets.covered import is_opaque

if TYPE_CHECKING:
    from wfdash.ui.session import Connect

__all__ = ["WfdashApp", "run_app"]

_LOOK = 0.1
"""Seconds between two looks whether there is a bottom line to say something on."""
_PATIENCE = 100
"""Looks after which what was to be said is old."""

_LOADED = 2.0
"""Seconds after which the modules are there, and garbage is looked for."""


class WfdashApp(ActionHost, KeyNames, Rendering, SessionManager, inherit_bindings=False):
    """Holds what all screens share: settings, clock, session, UTC or local."""

    TITLE = "wfdash"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    CSS_PATH = "wfdash.tcss"
    BINDINGS = bindings(
        "layer.close",
        "goto.open",
        "palette.open",
        "help.open",
        "poll.",
        "time.zone",
        "workflows.open",
        "errors.open",
        "instance.watch",
        "watched.open",
        "export.menu",
        "note.write",
        "budget.open",
        "journal.open",
        "bulk.show",
        "profile.open",
        "app.",
    )

    def __init__(
        self,
        settings: Settings,
        connector: "Callable[[Settings], Connect]",
        *,
        workflow: str = "",
        instance: str = "",
        filter: str = "",
        handover: Handover | None = None,
        setup: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`setup` leads through the first run before anything is watched; it names the profile, or is ""."""
        super().__init__()
        self.settings = settings
        self.clock = clock
        self.utc = settings.time != "local"
        self.last_key_at = self.last_pointed_at = float("-inf")
        self.gate = KeyGate()
        self.ahead = TypeAhead(self)
        self.drawable = asyncio.Event()
        self.desk = ActionDesk(self)
        self.shift = Shift(self, handover)
        self.start_at = (workflow or settings.workflow, instance)
        self.connector = connector
        self._setup = setup
        self._filter_text = filter
        self.dress(settings)
        self.set_keymap(dict(settings.keys))

    def get_default_screen(self) -> Screen[Any]:
        return InstancesScreen(self.start_at[0], self._filter_text)

    def on_mount(self) -> None:
        if not self.is_headless:
            on_signals(self.leave, self.give_up_terminal, lambda: self.lent)
            on_stopping(self.action_app_suspend, self.retake_terminal, lambda: self.lent)
        self.set_interval(1.0, self._tick)
        self.set_timer(_LOADED, gc.enable)
        if self._setup is None:
            self.connect()
        else:
            self.call_after_refresh(self.open_page, "setup", self.settings, self._setup)

    def started(self) -> None:
        """The session is there: show what was asked for."""
        workflow, instance = self.start_at
        self.root.started()
        if workflow and instance:
            self.show_instance(workflow, instance)
        elif not workflow:
            self.action_workflows_open()
        self.shift.begin()
        self.tell_unfinished()

    def account_learned(self) -> None:
        self.shift.adopt()

    def on_live(self, message: Live) -> None:
        if self.learn_account():
            self.tell_unfinished()
        if isinstance(message.event, WatchedChanged):
            self.shift.watched_changed(message.event.state)
        for screen in self.screen_stack:
            if isinstance(screen, BaseScreen) and screen.is_ready:
                with suppress(NoMatches):
                    screen.live(message.event)

    def _tick(self) -> None:
        """What is to be seen ticks: the screen on top, and those under a panel."""
        if not self.is_headless and is_gone():
            self.leave(129)
        with suppress(NoMatches):  # a screen on its way out loses its parts before its timers
            for screen in reversed(self.screen_stack):
                if isinstance(screen, BaseScreen):
                    screen.tick(self.clock())
                    if (bar := screen.key_bar) is not None:
                        bar.draw()
                if is_opaque(screen):
                    break
            self.draw_actions()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            event = as_enter(event, self.settings.keys)
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.ahead.take(event)
        else:
            await self.hand_on(event)

    def press(self, action: str) -> None:
        """Press the key of an action, if it has one here: what guards keys guards this too."""
        name = textual_action(action)
        active = self.screen.active_bindings.items()
        key = next(
            (
                key
                for key, active_binding in active
                if active_binding.binding.action == name and active_binding.enabled
            ),
            "",
        )
        # In a field, enter belongs to the field.
        if key or action == "row.open":
            # Not at once: Textual lets no event climb past whoever it was made by, here the screen.
            self.call_later(self.simulate_key, key or "enter")

    async def hand_on(self, event: events.Event) -> None:
        """Let an event have its way; a key is noted first."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            if starts_action(self, event):
                self.gate.close()
            self.last_key_at = self.clock()
            self.shift.seen()
            if self.top is not None:
                self.top.key_pressed(event.key)
        elif isinstance(event, events.MouseEvent):
            self.last_pointed_at = self.clock()
            if isinstance(event, events.MouseMove):
                return  # Textual would repaint what the pointer comes over, link or not
        elif isinstance(event, events.AppFocus | events.AppBlur) and self.session is not None:
            self.session.poller.focus(isinstance(event, events.AppFocus))
        await super().on_event(event)

    def notify(self, message: str, *, severity: str = "information", **_: Any) -> None:
        """Say it on the bottom line of the screen on top; data is cleaned there and never read as markup."""
        self._say(message, severity, _PATIENCE)

    def _say(self, message: str, severity: str, looks: int) -> None:
        """Now, or once there is a bottom line: a page may be on its way, a prompt or a panel in between."""
        bar = self.top.key_bar if self.top is not None else None
        if bar is not None and bar.is_mounted:
            bar.say(message, severity)
        elif looks:
            self.set_timer(_LOOK, partial(self._say, message, severity, looks - 1))

    def _fatal_error(self) -> None:
        """The crash report without the values of local variables, which may hold a credential."""
        error = sys.exc_info()[1] or self._exception
        if error is None or self._exit_renderables:
            return  # the first report says it
        self.bell()
        credential = self.settings.credential
        self.panic(Text(crash_report(error, hide=credential.hide if credential else str)))

    def why_off(self, action: str) -> str:
        """Why an action would do nothing now; "" when it is on."""
        if action in BY_ID and self.session is None and BY_ID[action].dangerous:
            return "there is no connection yet"
        return self.top.why_off(action) if self.top is not None and self.top.is_ready else ""


def run_app(
    settings: Settings,
    connector: "Callable[[Settings], Connect]",
    *,
    workflow: str = "",
    instance: str = "",
    filter: str = "",
    handover: Handover | None = None,
    setup: str | None = None,
) -> int:
    """Run the dashboard on the terminal; the return value is the exit code."""
    app = WfdashApp(
        settings,
        connector,
        workflow=workflow,
        instance=instance,
        filter=filter,
        handover=handover,
        setup=setup,
    )
    ensure_size()
    app.run(mouse=settings.mouse)
    return app.return_code or 0
