"""A table over a list of things, each told from the others by a key of its own."""

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from wfdash.ui.widgets.line_table import LineTable

__all__ = ["ListTable"]

T = TypeVar("T")


class ListTable(LineTable, Generic[T]):
    """`rows` is replaced whole by the screen, which then calls `rows_changed`."""

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
