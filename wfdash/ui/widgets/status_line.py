"""One line of the screen that repaints only the cells that differ."""

from collections.abc import Sequence
from typing import Self

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from wfdash.core.text.clean import cells
from wfdash.ui.widgets.strips import DrawnLines, blank, strip_of
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
        self._drawn = DrawnLines(self._strip)
        super().__init__(id=id)
        self._left: Pieces = ()
        self._right: Pieces = ()

    def show(self, left: Pieces, right: Pieces = ()) -> None:
        """Draws these pieces; nothing is written when nothing differs."""
        self._left, self._right = left, right
        self._drawn.repaint(self, (0,))

    def refresh(self, *regions: Region, **options: bool) -> Self:
        if not regions:
            self._drawn.forget()
        return super().refresh(*regions, **options)

    @property
    def plain(self) -> str:
        """The line as text."""
        return self._strip(0).text

    def render_line(self, y: int) -> Strip:
        return self._drawn.strip(y)

    def _strip(self, y: int) -> Strip:
        width = self.size.width
        if y:
            return blank(width)
        room = width - length(self._left) - length(self._right)
        if room < 0 or not self._right:
            return strip_of(self._left, width)
        return strip_of([*self._left, (" " * room, PLAIN), *self._right], width)
