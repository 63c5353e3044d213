"""A table over a list of things, each told from the others by a key of its own."""

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from rich.style import Style
from textual.strip import Strip

from wfdash.core.text.clean import clean, fit
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.strips import blank, strip_of
from wfdash.ui.widgets.theme import HEADING, PLAIN, QUIET

__all__ = ["ColumnTable", "ListTable"]

T = TypeVar("T")


class ListTable(LineTable, Generic[T]):
    """A table of things; `rows` is replaced whole, and the screen calls `rows_changed` after that."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[T] = ()

    def key_for(self, row: T) -> Hashable:
        """What the cursor stays on while rows come, leave and move."""
        raise NotImplementedError

    @property
    def chosen(self) -> T | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def row_count(self) -> int:
        return len(self.rows)

    def row_key(self, index: int) -> Hashable:
        return self.key_for(self.rows[index])

    def index_of(self, key: Hashable) -> int | None:
        return next((at for at, row in enumerate(self.rows) if self.key_for(row) == key), None)


class ColumnTable(ListTable[T]):
    """A list under titles, two cells between them and two before the first; without rows its message."""

    def columns(self, width: int) -> Sequence[tuple[str, int, bool]]:
        """Title, cells and whether it stands on the right, of the columns that there is room for."""
        raise NotImplementedError

    def header_line(self, width: int) -> Strip:
        pieces: list[tuple[str, Style]] = [("  ", HEADING)]
        for title, room, right in self.columns(width):
            pieces += [(title.rjust(room) if right else fit(title, room), HEADING), ("  ", PLAIN)]
        return strip_of(pieces, width)

    def empty_line(self, below: int, width: int) -> Strip:
        if self.rows or below != 1:
            return blank(width)
        return strip_of([("  " + fit(clean(self.message), max(1, width - 4)), QUIET)], width)
