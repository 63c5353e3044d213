"""One line of the screen that repaints only the cells that differ."""

from collections.abc import Callable, Sequence

from rich.style import Style
from textual.strip import Strip

from wfdash.core.text.clean import cells
from wfdash.ui.widgets.strips import LinesWidget, blank, strip_of
from wfdash.ui.widgets.theme import PLAIN

__all__ = ["Pieces", "StatusLine", "length"]

Pieces = Sequence[tuple[str, Style]]
"""Cleaned text with its style."""


def length(pieces: Pieces) -> int:
    """The cells that the pieces take together."""
    return sum(cells(text) for text, _ in pieces)


class StatusLine(LinesWidget):
    """A line with a left and a right part; the right one goes first when both do not fit."""

    DEFAULT_CSS = "StatusLine { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: Pieces = ()
        self._right: Pieces = ()
        self._looks: tuple[Pieces, Pieces, int, Strip] | None = None
        """Of which pieces, in how much room, and what that looks like: most seconds they are the same."""

    def show(self, left: Pieces, right: Pieces = ()) -> None:
        """Draws these pieces; nothing is written when nothing differs."""
        self._left, self._right = tuple(left), tuple(right)
        self._drawn.repaint(self, (0,))

    @property
    def plain(self) -> str:
        """The line as text."""
        return self._strip(self.size.width).text

    def lines_now(self) -> Callable[[int], Strip]:
        width = self.size.width
        return lambda y: blank(width) if y else self._strip(width)

    def _strip(self, width: int) -> Strip:
        shown = (self._left, self._right, width)
        if self._looks is None or self._looks[:3] != shown:
            self._looks = (*shown, self._line(width))
        return self._looks[3]

    def _line(self, width: int) -> Strip:
        room = width - length(self._left) - length(self._right)
        if room < 0 or not self._right:
            return strip_of(self._left, width)
        return strip_of([*self._left, (" " * room, PLAIN), *self._right], width)
