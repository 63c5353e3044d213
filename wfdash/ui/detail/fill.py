"""What fills a detail pane, full screen or beside the table."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import structs
from msgspec.structs import replace
from textual.screen import Screen
from textual.timer import Timer

from wfdash.core.why.context import WhyContext
from wfdash.ui.base.kept_display import keep_display
from wfdash.ui.context import Context
from wfdash.ui.widgets.covered import is_covered
from wfdash.ui.widgets.painted import Stack
from wfdash.ui.widgets.rule import Rule

if TYPE_CHECKING:
    from wfdash.ui.detail.pane import DetailPane
    from wfdash.ui.detail.timeline_table import TimelineTable

__all__ = ["DetailBeside", "fill"]

WIDE = 120
"""Columns from which the detail stands beside the table."""
_TABLE = 119
"""Columns of the table at most: beyond this a row is hard to follow with the eye."""
_ENOUGH = 84
"""Columns of a detail in which little is cut."""
_LEAST = 52
"""Columns of a detail in which a step still has its bar, its name and how long it took."""
REST = 0.3
"""Seconds the cursor rests on an instance before its detail is asked for."""


def fill(pane: "DetailPane", context: Context, instance: str | None, *, moved_on: bool = True) -> None:
    """Shows in the pane what is known now of this instance; asks nobody.

    Without `moved_on`, for news of whatever else, only where that is something else than what was shown: what
    the clock alone moves is drawn once a second.
    """
    poller = context.session.poller if context.session is not None else None
    state = poller.detail(instance) if poller is not None and instance is not None else None
    pane.utc = context.utc
    pane.timeline.take_scale(context.settings.scale, partial(_keep_scale, context))
    # Without a session the sentence is made all the same; it only knows less.
    local = WhyContext(context.settings.local)
    if poller is not None and instance is not None:
        pane.why_context = poller.why_context(state.detail if state else None, poller.store.get(instance))
    else:
        pane.why_context = local
    if poller is None or instance is None:
        pane.filled_with = None
        pane.show(None, None, context.clock())
        return
    pane.frozen, pane.recorded = poller.frozen, instance in poller.store.recorded
    detail = state.detail if state is not None else None
    pane.usual_run = poller.usual_run(detail) if detail is not None else None
    row = poller.store.get(instance)
    # An answer is compared by which it is: one of thousands of steps takes long to be read through.
    kept = structs.astuple(replace(state, detail=None, freshness=replace(state.freshness))) if state else ()
    shown = (instance, row, kept, pane.why_context, pane.usual_run, pane.frozen, pane.recorded, pane.utc)
    if (
        not moved_on
        and pane.filled_with is not None
        and pane.filled_with[0] is detail
        and pane.filled_with[1] == shown
    ):
        return
    pane.filled_with = detail, shown
    pane.show(row, state, context.clock())


def _keep_scale(context: Context, scale: str) -> None:
    """Keeps the scale for every timeline, and in the config where that can be written."""
    context.settings = replace(context.settings, scale=scale)
    keep_display(context.settings, "scale", scale)


class DetailBeside:
    """The detail beside a table where the screen is wide enough, of what the cursor rests on."""

    def __init__(
        self,
        context: Context,
        host: Screen[Any],
        *,
        cursor: Callable[[], str | None],
        on_change: Callable[[], None],
    ) -> None:
        self.rule = Rule()
        self.room = Stack()
        """Where the pane stands, and what keeps it free until then."""
        self.pane: DetailPane | None = None
        """What it takes to load and mount is a tenth of the time to the first rows, which go first."""
        self._context, self._host, self._cursor, self._on_change = context, host, cursor, on_change
        self._resting: Timer | None = None

    def lay_out(self) -> None:
        """Shows the pane where there is room for both."""
        hidden = not self.room.display
        width = self._host.size.width
        self.rule.display = self.room.display = width >= WIDE
        # The pane tells of one, whole, on as many lines as it takes. Of all others a cell says why, in one.
        self.room.styles.width = max(min(_ENOUGH, max(_LEAST, width * 2 // 5)), width - _TABLE - 2)
        # While it was hidden the cursor may have moved to another instance.
        if self.room.display and (hidden or self.pane is None):
            self.follow()

    def _mount(self) -> None:
        from wfdash.ui.detail.pane import DetailPane

        self.pane = DetailPane(self._context.keys, id="beside")
        self.room.mount(self.pane)
        self._host.call_after_refresh(self._on_change)

    def follow(self) -> None:
        """Shows what the cursor is on, once it stands still."""
        # A held arrow key passes over hundreds of rows: none of them is asked for.
        if self._resting is not None:
            self._resting.stop()
        self._resting = self._host.set_timer(REST, self._rested)

    def _rested(self) -> None:
        """Reads the instance that the cursor has come to rest on, if the pane is in sight.

        Under another page rows still come and the cursor with them; what is read then is that page's affair.
        """
        session = self._context.session
        if self.room.display and self.pane is None:
            self._mount()
        if session is not None and self.room.display and not is_covered(self._host):
            session.poller.open(self._cursor(), beside=True)
            self._on_change()

    def draw(self, *, empty: bool, moved_on: bool) -> None:
        """Fills the pane with what is read now; blank beside a table that is `empty`."""
        session = self._context.session
        if self.room.display and self.pane is not None and self.pane.is_ready:
            opened = session.poller.opened if session is not None and not empty else None
            fill(self.pane, self._context, opened, moved_on=moved_on)

    @property
    def timeline(self) -> "TimelineTable | None":
        """The timeline of the pane, which its keys are about; None where there is no room for a pane."""
        shown = self.room.display and self.pane is not None and self.pane.is_ready
        return self.pane.timeline if self.pane is not None and shown else None
