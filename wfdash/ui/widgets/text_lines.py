"""A few lines of styled text: repaints only cells that differ, lays out anew only when their number does."""

from collections.abc import Sequence
from typing import Self

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import DrawnLines, blank, strip_of

__all__ = ["TextLines"]


class TextLines(Widget):
    DEFAULT_CSS = "TextLines { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None, height: int | None = None) -> None:
        """`height` keeps it that high whatever is shown; None follows the number of lines."""
        self._drawn = DrawnLines(self._strip)
        super().__init__(id=id)
        self._lines: Sequence[Pieces] = ()
        self._fixed = height
        if height is not None:
            self.styles.height = height

    def show(self, lines: Sequence[Pieces]) -> None:
        """Draws these lines; nothing is written when nothing differs."""
        if self._fixed is None and len(lines) != len(self._lines):
            self.styles.height = len(lines)
        self._lines = lines
        self._drawn.repaint(self, range(self.size.height))

    def refresh(self, *regions: Region, **options: bool) -> Self:
        if not regions:
            self._drawn.forget()
        return super().refresh(*regions, **options)

    @property
    def plain(self) -> str:
        """The lines as text."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def render_line(self, y: int) -> Strip:
        return self._drawn.strip(y)

    def _strip(self, y: int) -> Strip:
        width = self.size.width
        return strip_of(self._lines[y], width) if y < len(self._lines) else blank(width)
