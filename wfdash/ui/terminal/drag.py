"""Dragging the mouse selects text, where the terminal's own selection is taken from it."""

from collections.abc import Callable, Iterator, Sequence

from textual.app import App
from textual.css.query import NoMatches
from textual.errors import NoWidget
from textual.events import MouseDown, MouseEvent, MouseMove, MouseUp
from textual.geometry import Offset, Region

from wfdash.ui.keys.text_field import as_field
from wfdash.ui.terminal.drawn import DrawnScreen

__all__ = ["DragSelection"]

_LEFT = 1
"""The button that selects; the others belong to the terminal."""


class DragSelection:
    """Selects text from where the mouse button went down to where it comes up, within one pane.

    Textual's own selects in widgets that lay out text; the tables here draw their cells themselves.
    """

    def __init__(self, app: App[int], drawn: DrawnScreen) -> None:
        self._app = app
        self._drawn = drawn
        self.on_selected: Callable[[str], None] = lambda text: None
        """Takes what was selected, once the button came up."""
        self._began: Offset | None = None
        self._pane = Region()

    def takes(self, event: MouseEvent) -> bool:
        """Follows the mouse; True where this is a drag, and so no click."""
        if event.is_forwarded:
            return False
        here = Offset(int(event.x), int(event.y))
        if isinstance(event, MouseDown):
            self._begin(here, event.button)
        elif self._began is None or not isinstance(event, MouseMove | MouseUp):
            return False
        elif isinstance(event, MouseMove):
            if here == self._began and not self._drawn.marked:
                return False
            self._mark(list(self._spans(here)))
            return True
        else:
            dragged = bool(self._drawn.marked)
            text = self._drawn.marked_text()
            self._began = None
            self._mark([])
            if text:
                self.on_selected(text)
            return dragged
        return False

    def _mark(self, spans: Sequence[tuple[int, int, int]]) -> None:
        """Shows what is selected."""
        driver = self._app._driver
        self._drawn.mark(spans)
        if driver is not None and (update := self._drawn.marking()) is not None:
            driver.write(update.render_segments(self._app.console))
            driver.flush()

    def _begin(self, here: Offset, button: int) -> None:
        self._began = None
        try:
            widget, region = self._app.get_widget_at(*here)
        except (NoWidget, NoMatches):
            return
        # A field has a selection of its own.
        if button == _LEFT and as_field(widget) is None:
            self._began, self._pane = here, region

    def _spans(self, here: Offset) -> Iterator[tuple[int, int, int]]:
        """Line, first cell and the cell behind the last, in reading order."""
        assert self._began is not None
        pane = self._pane
        first, last = sorted((self._began, here), key=lambda at: (at.y, at.x))
        for y in range(max(first.y, pane.y), min(last.y, pane.bottom - 1) + 1):
            left = max(pane.x, first.x) if y == first.y else pane.x
            right = min(pane.right, last.x + 1) if y == last.y else pane.right
            if left < right:
                yield y, left, right
