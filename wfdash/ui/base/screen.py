"""What every screen has: news from the poller, the shared tick, a key bar, layers to close."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

from textual._styles_cache import StylesCache
from textual.css.query import NoMatches
from textual.events import Click
from textual.geometry import Size
from textual.screen import Screen

from wfdash.core.logs.line import LogScope
from wfdash.core.model.instance import Instance
from wfdash.core.model.step_columns import Steps
from wfdash.keymap.actions import NEEDING_A_ROW
from wfdash.live.polling.events import Update
from wfdash.ui.context import Context
from wfdash.ui.keys.text_field import as_field
from wfdash.ui.widgets.covered import is_covered
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from wfdash.live.reads.remainder import Remainder
    from wfdash.live.records.unfinished import Unfinished
    from wfdash.live.watcher import Watcher

__all__ = ["GLANCE", "BaseScreen", "CodeShown", "PartShown", "ReadyScreen", "ShownAgain"]

GLANCE: Final = 1000
"""Targets that are looked at to say whether a key is on: that is done at each draw, and all may be marked."""

_BURST: Final = 1.0
"""Seconds in which keys that do nothing here are one word typed in the wrong place."""


@runtime_checkable
class PartShown(Protocol):
    """A screen whose targets may be a part of what belongs together on the server."""

    def remainder(self) -> "Remainder | None":
        """What belongs to the targets and was not read; None where there is no such."""

    def all_read(self) -> Callable[[], list[Instance]]:
        """A function that finds the targets again after more of them was read."""


@runtime_checkable
class ShownAgain(Protocol):
    """A page that is opened once more on the way back from the list, and shows what it showed."""

    def reopened_with(self) -> Sequence[Any]:
        """The arguments besides the context with which the page is opened to look as it does now."""


@runtime_checkable
class CodeShown(Protocol):
    """A screen, or the part of it that has the keys, that shows which code of an instance it is about."""

    @property
    def printed(self) -> LogScope:
        """The scope of lines of the shown code; the whole instance's where it is of no code in particular."""


class ReadyScreen(Screen[None], inherit_bindings=False):
    """A screen that knows whether it has its parts: before it is mounted and on its way out it has none."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context

    @property
    def is_ready(self) -> bool:
        """Whether it is open and has its parts: it is off the stack before Textual takes those away."""
        return self.is_mounted and not self._pruning and self in self.app.screen_stack

    def live(self, update: Update) -> None:
        """Called when an answer came or failed, for screens under another one too."""

    @property
    def on_top(self) -> bool:
        """Whether keys come here; `is_current` also holds for what lies under a panel."""
        return self.is_running and self.app.screen is self

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Calls back as Textual does, unless the screen was closed or lost its parts until then."""
        return super().call_after_refresh(lambda: callback(*args, **kwargs) if self.is_ready else None)

    async def _message_loop_exit(self) -> None:
        """Ends, and lets go of the widgets' caches of lines.

        Textual remembers colours by each widget's own cache of lines, and so keeps the caches of up to 1024
        closed widgets: with their lines they came to 4 MB a minute, and without them to 1.5 MB.
        """
        await super()._message_loop_exit()
        StylesCache.get_inner_outer.cache_clear()

    def close(self) -> bool:
        """Takes a screen off the stack; False when it is not on top, as after a second key in the same turn.

        `dismiss` takes off whatever is on top, and fails at the root.
        """
        if not self.on_top:
            return False
        self.dismiss()
        return True


class BaseScreen(ReadyScreen, inherit_bindings=False):
    """A full screen. A subclass draws itself from what the app holds, in `live` and in `tick`."""

    wants_rows = False
    """Whether it says itself which instances the poller should read out of spare budget."""
    _dead_at = float("-inf")
    """When a key was pressed last that does nothing here."""
    opened_by = ""
    """The action that opens it, which does nothing here."""
    labels: ClassVar[Mapping[str, str]] = {}
    """What actions do here, where it is not what they do elsewhere, for the key bar."""
    offers: Sequence[str] = ()
    """Actions that its key bar tells of right after `enter`."""

    def ask_anew(self) -> None:
        """Asks the session that is in force now for what is shown; draws what it has."""

    def _compositor_refresh(self) -> None:
        """Writes nothing while covered, and no more than what changed while a panel is over the screen.

        Textual would repaint all of the screen on top, and again at every turn from then on. A covered one is
        painted when it comes back.
        """
        top = self.app.screen
        if self is top:
            super()._compositor_refresh()
            return
        if not is_covered(self) and self._compositor._dirty_regions:
            # Not refresh(), for which a screen forgets which widgets of its own are waiting to be painted.
            top._set_dirty(*self._compositor._dirty_regions)
            top._dirty_widgets.add(top)
            top.check_idle()
        self._compositor._dirty_regions.clear()
        self._dirty_widgets.clear()

    def _screen_resized(self, size: Size) -> None:
        """Lays out for the terminal's size of now: resizes on their way may tell an older one.

        A screen hands each resize on to those under it, and they send one back: two different sizes on their
        way at once would chase each other for ever.
        """
        super()._screen_resized(self.app.size)

    @property
    def poller(self) -> "Watcher | None":
        """The session's watcher; None until the session is there."""
        return self.context.session.poller if self.context.session is not None else None

    def tick(self, now: float) -> None:
        """Draws, once a second while this screen is on top, what moves by the clock alone."""

    def key_pressed(self, key: str) -> None:
        """A key was pressed; it has not been acted on yet."""
        # A key that does nothing here is told of where it works, once a word: of the rest of `/params`
        # nothing is said.
        elsewhere, now = "", self.context.clock()
        # A panel takes its own keys, and a field whatever is typed.
        if not self.is_modal and not self.editing:
            elsewhere = self.context.keys.elsewhere(key)
        in_burst = 0 <= now - self._dead_at < _BURST
        dead = bool(elsewhere or in_burst) and key not in self.active_bindings
        if dead and in_burst:
            return  # of `/params` typed where there is no filter the first key is the one to tell of
        bar = self.key_bar
        if bar is not None:
            bar.hush()
        if dead:
            self._dead_at = now
            self.context.notify(elsewhere)

    @property
    def arranging(self) -> bool:
        """Whether the rows are being put in another order, so that a key would be about the old ones."""
        return False

    def on_click(self, event: Click) -> None:
        """Text that stands for a key presses it; what only looks as if says what it is."""
        if action := event.style.meta.get("press"):
            self.context.pages.press(action)
        elif said := event.style.meta.get("says"):
            self.context.notify(said)

    def on_line_table_opened(self) -> None:
        self.context.pages.press("row.open")

    @property
    def editing(self) -> bool:
        """Whether keys go into a text field."""
        return as_field(self.focused) is not None

    def targets(self, most: int | None = None) -> list[Instance]:
        """What an action pressed now is for: the marked instances, else the one under the cursor.

        With `most` only the first so many need to be found.
        """
        # No rows by default: a page that names none has nothing that a verb could be asked for.
        return []

    def subject(self) -> tuple[str, str]:
        """Workflow and id of the one instance this screen is about or has the cursor on; "" for none."""
        rows = self.targets()
        return self.target_workflow(), rows[0].id if len(rows) == 1 else ""

    def printed_by(self) -> tuple[str, str]:
        """Workflow and id of the instance whose lines are opened from here."""
        return self.subject()

    def target_workflow(self) -> str:
        """The workflow those belong to."""
        return ""

    @property
    def opened_instance(self) -> str:
        """The one that this screen was opened for; "" for none."""
        return ""

    def chosen_workflow(self) -> str:
        """The one under the cursor, where the rows are workflows."""
        return ""

    def cut_off(self) -> "Unfinished | None":
        """The batch under the cursor that was not carried out to the end, if it is one."""
        return None

    def chosen_event_type(self) -> str | None:
        """The one under the cursor, where the rows are waits for events; None elsewhere."""
        return None

    def step_under_cursor(self) -> tuple[Instance, Steps, int] | None:
        """The instance, its steps oldest first and the position of the one under the cursor, if any."""
        return None

    @property
    def has_layer(self) -> bool:
        """Whether there is something to close: the page itself, but at the root."""
        return True

    def close_layer(self) -> bool:
        """Closes the top layer within this screen; False when there is none and the screen itself is it."""
        return False

    def why_off(self, action: str) -> str:
        """Why this action would do nothing now, in words; "" when it is on."""
        if action == self.opened_by:
            return "it is open already"
        # In a moment of the record esc leads back to now, also where there is no layer.
        if action == "layer.close" and not self.has_layer and not self.context.back_to:
            return "there is nothing to close"
        if action == "logs.open" and not self.printed_by()[1]:
            return "no instance is under the cursor"
        if action in NEEDING_A_ROW and isinstance(self.focused, LineTable) and not self.focused.row_count():
            return "there is nothing under the cursor"
        return self.context.prompts.why_off(action, partial(self.targets, GLANCE))

    @property
    def key_bar(self) -> KeyBar | None:
        try:
            return self.query_one(KeyBar)
        except NoMatches:
            return None
