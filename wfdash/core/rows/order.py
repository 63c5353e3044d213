"""The columns a table of instances can be sorted by, and the keys that sort them."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final

__all__ = ["COLUMNS", "Order"]

_WORST_FIRST = (
    "errored",
    "rollingBack",
    "terminated",
    "waitingForPause",
    "paused",
    "queued",
    "waiting",
    "running",
    "complete",
)
_RANK = {status: rank for rank, status in enumerate(_WORST_FIRST)}
_FAR = 1e11


def _took(row: Instance) -> float | None:
    """Seconds it lasted; what still runs comes after all that does not, the longest running last."""
    if row.seen is not None or is_final(row.status):
        return row.lasted(0.0)
    began = row.began
    return None if began is None else _FAR - began


COLUMNS: dict[str, Callable[[Instance], float | str | None]] = {
    "created": lambda row: row.created,
    "status": lambda row: _RANK.get(row.status, -1),
    "id": lambda row: row.id,
    "took": _took,
    "modified": lambda row: row.modified,
    "started": lambda row: row.started,
    "ended": lambda row: row.ended,
    "version": lambda row: row.version,
    "trigger": lambda row: row.trigger,
}


class Order(Struct, frozen=True):
    """A column of COLUMNS; rows without a value come last both ways, ties are newest first."""

    column: str = "created"
    reverse: bool = True

    def key(self) -> Callable[[Instance], tuple[Any, ...]]:
        """An ascending total order; with `reverse` it is to be read from its end."""
        value = COLUMNS[self.column]
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
