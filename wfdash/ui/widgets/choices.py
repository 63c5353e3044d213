"""Tables over a plain list: entries to choose from, and text to scroll."""

from collections.abc import Sequence

from rich.style import Style
from textual.strip import Strip

from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import blank, strip_of
from wfdash.ui.widgets.theme import CURSOR

__all__ = ["Choices", "Scroller"]


class Choices(LineTable):
    """A table of entries by key, each drawn from pieces of cleaned text."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys: list[str] = []
        self._lines: list[Pieces] = []

    def fill(self, entries: Sequence[tuple[str, Pieces]]) -> None:
        """Shows these choices; the cursor stays on its key where that is still among them."""
        self._keys = [key for key, _ in entries]
        self._lines = [line for _, line in entries]
        self.rows_changed()

    @property
    def choice(self) -> str | None:
        return None if self.cursor_key is None else str(self.cursor_key)

    def row_count(self) -> int:
        return len(self._keys)

    def row_key(self, index: int) -> str:
        return self._keys[index]

    def index_of(self, key: object) -> int | None:
        return self._keys.index(str(key)) if key in self._keys else None

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        over: Style | None = CURSOR if cursor else None
        return strip_of(self._lines[index], width, over)


class Scroller(LineTable):
    """A table of lines without a cursor: moving scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.cursor_shown = False
        self._lines: Sequence[Pieces] = ()

    def fill(self, lines: Sequence[Pieces]) -> None:
        self._lines = lines
        self.move(0)

    def row_count(self) -> int:
        return len(self._lines)

    def move_to(self, index: int) -> None:
        """Scrolls so that this line is the first one, as far as there are lines."""
        self.first = max(0, min(index, len(self._lines) - self.page))
        self.cursor = self.first
        self.repaint()

    def scroll_rows(self, rows: int) -> None:
        self.move(rows)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        return strip_of(self._lines[index], width) if self._lines else blank(width)
