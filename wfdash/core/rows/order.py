"""The columns a table of instances can be sorted by, and the keys that sort them."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from wfdash.core.model.instance import Instance
from wfdash.core.rows.columns import COLUMNS

__all__ = ["SORT_VALUES", "Order"]

SORT_VALUES: dict[str, Callable[[Instance], float | str | None]] = {
    **{column.order: column.value for column in COLUMNS if column.value is not None},
    "modified": lambda row: row.modified,
    "started": lambda row: row.started,
    "ended": lambda row: row.ended,
}
"""What each order compares: those by a column, and those that saved views may name beside them."""


class Order(Struct, frozen=True):
    """A column to sort by, one of SORT_VALUES.

    Rows without a value come last both ways, ties newest first.
    """

    column: str = "created"
    reverse: bool = True

    def key(self) -> Callable[[Instance], tuple[Any, ...]]:
        """The sort key, ascending and total; with `reverse` its result is to be read from the end."""
        value = SORT_VALUES[self.column]
        if self.reverse:

            def descending(row: Instance) -> tuple[Any, ...]:
                sorted_by = value(row)
                age = row.created or 0.0
                return (0, 0, age, row.id) if sorted_by is None else (1, sorted_by, age, row.id)

            return descending

        def ascending(row: Instance) -> tuple[Any, ...]:
            sorted_by = value(row)
            age = -(row.created or 0.0)
            return (1, 0, age, row.id) if sorted_by is None else (0, sorted_by, age, row.id)

        return ascending
