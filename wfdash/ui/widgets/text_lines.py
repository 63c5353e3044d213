"""A few lines of styled text: repaints only cells that differ, lays out anew only when their number does."""

from collections.abc import Callable, Sequence

from textual.strip import Strip

from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import LinesWidget, blank, strip_of

__all__ = ["TextLines"]


class TextLines(LinesWidget):
    DEFAULT_CSS = "TextLines { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None, height: int | None = None) -> None:
        """`height` fixes the number of lines; None lets it follow what is shown."""
        super().__init__(id=id)
        self._lines: Sequence[Pieces] = ()
        self._looks: dict[int, tuple[Pieces, int, Strip]] = {}
        """Of each line its pieces, its room, and what they look like: most seconds most are the same."""
        self._fixed = height
        if height is not None:
            self.styles.height = height

    def show(self, lines: Sequence[Pieces]) -> None:
        """Draws these lines; nothing is written when nothing differs."""
        if self._fixed is None and len(lines) != len(self._lines):
            self.styles.height = len(lines)
        self._lines = [tuple(line) for line in lines]
        self._drawn.repaint(self, range(self.size.height))

    @property
    def plain(self) -> str:
        """The lines as text."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def lines_now(self) -> Callable[[int], Strip]:
        width = self.size.width
        return lambda y: self._strip(y, width)

    def _strip(self, y: int, width: int) -> Strip:
        if y >= len(self._lines):
            self._looks.pop(y, None)
            return blank(width)
        shown, look = (self._lines[y], width), self._looks.get(y)
        if look is None or look[:2] != shown:
            look = self._looks[y] = (*shown, strip_of(self._lines[y], width))
        return look[2]
