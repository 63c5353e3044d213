"""One line of the screen that repaints only the cells that differ."""

from collections.abc import Sequence

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from wfdash.core.text.clean import cells
from wfdash.ui.widgets.covered import is_covered
from wfdash.ui.widgets.strips import blank, changed_spans, strip_of
from wfdash.ui.widgets.theme import PLAIN

__all__ = ["Pieces", "StatusLine", "length"]

Pieces = Sequence[tuple[str, Style]]
"""Cleaned text with its style."""


def length(pieces: Pieces) -> int:
    """The cells that the pieces take together."""
    return sum(cells(text) for text, _ in pieces)


class StatusLine(Widget):
    """A line with a left and a right part; the right one goes first when both do not fit."""

    DEFAULT_CSS = "StatusLine { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: Pieces = ()
        self._right: Pieces = ()
        self._painted: Strip | None = None

    def show(self, left: Pieces, right: Pieces = ()) -> None:
        """Draws these pieces; nothing is written when nothing differs."""
        self._left, self._right = left, right
        if self._painted is not None:
            spans = changed_spans(self._painted, self._strip())
            if spans and not is_covered(self):
                self.refresh(*(Region(start, 0, end - start, 1) for start, end in spans))

    @property
    def plain(self) -> str:
        """The line as text."""
        return self._strip().text

    def render_line(self, y: int) -> Strip:
        if y:
            return blank(self.size.width)
        self._painted = self._strip()
        return self._painted

    def _strip(self) -> Strip:
        width = self.size.width
        room = width - length(self._left) - length(self._right)
        if room < 0 or not self._right:
            return strip_of(self._left, width)
        return strip_of([*self._left, (" " * room, PLAIN), *self._right], width)
