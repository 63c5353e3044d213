"""The timeline of an instance with what it printed under it, or beside it where the screen is wide."""

from collections.abc import Callable, Mapping
from typing import Final

from textual.app import ComposeResult
from textual.containers import Container

from wfdash.core.logs.line import LogScope
from wfdash.ui.context import Context
from wfdash.ui.detail.fill import WIDE
from wfdash.ui.detail.pane import DetailPane
from wfdash.ui.logs.pane import LogPane
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.rule import Rule

__all__ = ["LinesBeside"]

_LEAST: Final = 8
"""Rows that the lines have under a timeline, however long that is."""
_SHARE: Final = 0.42
"""Of the height, in which they stand under a timeline that would take all of it."""


class LinesBeside(Container):
    """Keeps the timeline and the lines on one clock.

    The row under the timeline's cursor sets off its lines, and a line under the other cursor brings the
    timeline to its row, with a mark under the bars.
    """

    DEFAULT_CSS = """
    LinesBeside { height: 1fr; layout: vertical; }
    LinesBeside.wide { layout: horizontal; }
    LinesBeside.wide > DetailPane { width: 2fr; height: 1fr; }
    LinesBeside.wide > LogPane { width: 3fr; height: 1fr; }
    LinesBeside > Rule { display: none; }
    LinesBeside.wide > Rule { display: block; }
    LinesBeside.alone > DetailPane, LinesBeside.alone > Rule { display: none; }
    """

    def __init__(self, context: Context, *, redraw: Callable[[], None]) -> None:
        super().__init__()
        self.detail = DetailPane(context.keys, id="detail")
        self.lines: LogPane | None = None
        """None while nobody asked for them."""
        self.context, self._redraw = context, redraw

    @property
    def labels(self) -> Mapping[str, str]:
        """The words of the key bar for a timeline that has its lines beside it."""
        return {} if self.lines is None else {"logs.open": "to the lines", "layer.close": "close lines"}

    def compose(self) -> ComposeResult:
        yield self.detail
        yield Rule()

    def open(self, workflow: str, instance: str, scope: LogScope) -> None:
        """Opens the lines of this instance, the cursor on the last of the scope; or goes to them."""
        if self.lines is not None and self.lines.instance == instance:
            self.lines.table.focus()
            return
        self._take_away()
        self.lines = LogPane(self.context, workflow, instance, scope)
        self.detail.printed = self.lines.lines.times
        self.mount(self.lines)
        self.lay_out()

    def show(self, workflow: str, instance: str) -> None:
        """Goes on to another instance, with its lines where some are open: beside its timeline again."""
        if self.lines is None or self.lines.instance == instance:
            return
        focused = self.lines.has_focus_within
        self.open(workflow, instance, LogScope())
        if not focused:
            self.detail.timeline.focus()

    def close_layer(self) -> bool:
        """Ends the search, brings the timeline back, or closes the lines; False where none is open."""
        if self.lines is None:
            return False
        if self.lines.end_search():
            return True
        if self.lines.alone:
            self._set_alone(False)
            return True
        self._take_away()
        self.detail.timeline.focus()
        self.lay_out()
        return True

    def next_pane(self) -> None:
        """Gives the keys to the lines, or from them to the timeline."""
        if self.lines is not None and not self.lines.has_focus_within:
            self.lines.table.focus()
        elif self.lines is None or not self.lines.alone:
            self.detail.timeline.focus()

    def news(self) -> None:
        """Has open lines read on: news of the instance came."""
        if self.lines is not None and self.lines.is_mounted:
            self.lines.begin()

    def draw(self) -> None:
        """Draws what moves with the clock and with the detail, once that is drawn."""
        if self.lines is not None and self.lines.is_mounted:
            self._share_axis()
            self.lines.draw_head()
            self._fit()

    def _take_away(self) -> None:
        if self.lines is not None:
            self.lines.remove()
            self.lines = None
        self.detail.printed = self.detail.printed_at = None
        self.remove_class("alone")

    # Room.

    def on_resize(self) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        """Puts lines and timeline side by side where the screen is wide, else one below the other."""
        wide = self.lines is not None and self.size.width >= WIDE
        self.set_class(wide, "wide")
        self.detail.is_short = self.lines is not None and not wide
        self._fit()
        # Its head goes by its width, which is another only once all is laid out.
        self.call_after_refresh(self._redraw)

    def _fit(self) -> None:
        """Makes a timeline with lines beneath it as high as its rows, less the lines' share."""
        if not self.detail.is_short:
            self.detail.styles.height = None
            return
        least = max(_LEAST, int(self.size.height * _SHARE))
        high = max(_LEAST, min(self.detail.wanted_height, self.size.height - least))
        if self.detail.styles.height is None or self.detail.styles.height.value != high:
            self.detail.styles.height = high

    def _set_alone(self, alone: bool) -> None:
        if self.lines is not None:
            self.set_class(alone, "alone")
            self.lines.set_alone(alone)
            # The keys stay in the same table, so that nothing else tells the bar what they do now.
            self.screen.query_one(KeyBar).draw()
            self.call_after_refresh(self._redraw)

    # One clock.

    def on_detail_pane_row_changed(self) -> None:
        if self.lines is not None and self.lines.is_mounted:
            # A row that the lines' own cursor brought is not gone to again.
            self.lines.point_at(self.detail.timeline.printed, go=self.detail.timeline.has_focus)
            self._fit()

    def on_log_pane_moved(self) -> None:
        if self.lines is None:
            return
        entry = self.lines.table.entry
        self.detail.printed = self.lines.lines.times
        self.detail.printed_at = entry.line.at if entry is not None else None
        self.detail.show_printed()
        by_hand = self.lines.table.by_hand and self.lines.has_focus_within
        if by_hand and entry is not None and entry.step is not None:
            self.detail.timeline.bring(entry.step, entry.attempt)

    def on_log_pane_widened(self) -> None:
        self._set_alone(True)

    def _share_axis(self) -> None:
        timeline = self.detail.timeline.timeline
        if self.lines is not None and timeline is not None and timeline.rows:
            self.lines.axis = timeline.axis
