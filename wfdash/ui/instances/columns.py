"""The columns of the instances table: which of them fit a width, and how sorting by one is written."""

from functools import lru_cache

from msgspec import Struct

from wfdash.core.rows.columns import BY_NAME, COLUMNS, USUAL
from wfdash.core.rows.order import Order

__all__ = [
    "GLYPH",
    "SORTS",
    "TableColumns",
    "columns",
    "next_order",
    "order_by_title",
    "order_of",
    "order_text",
    "reversed_order",
    "sort_of",
]

SORTS = {
    column.order: column.name
    for column in sorted(COLUMNS, key=lambda column: column.order != Order().column)
    if column.order
}
"""Orders a person can choose, in turn from the default on, and the column that shows them."""

GLYPH = 1
"""Width of a status column without the word."""
_LEAST_ID = 12
"""Cells of an id that tell it from its neighbours."""
_SHORT_ID = 10
"""Cells that the ids have at least: the first longer one to come moves no column."""


_FIXED = {column.name: column.cells for column in COLUMNS if column.cells and column.spare is None}
_SPARED = sorted(
    ((column.name, column.cells, column.spare) for column in COLUMNS if column.spare is not None),
    key=lambda column: column[2],
)
"""Width of each column that goes where the room is needed, and what it has to leave for "blocked on"; those
that leave least come first."""
_UNSPARED = [(name, cells, 0) for name, cells, _ in _SPARED]


_DESCENDING = {column.order for column in COLUMNS if column.descending}
"""Orders that begin with the newest, or the longest."""


def next_order(order: Order) -> Order:
    """The order by the column after the present one."""
    # In turn and round: one key reaches every order without a menu.
    names = list(SORTS)
    column = names[(names.index(order.column) + 1) % len(names)]
    return Order(column, column in _DESCENDING)


def reversed_order(order: Order) -> Order:
    return Order(order.column, not order.reverse)


def order_by_title(order: Order, title: str) -> Order | None:
    """The order by the column of this title, reversed if it is the present one; None for no title."""
    column = next((name for name, shown in SORTS.items() if shown == title), "")
    if column == order.column:
        return reversed_order(order)
    return Order(column, column in _DESCENDING) if column else None


def order_text(order: Order, *, complete: bool) -> str:
    """What is said of an order once it is in force; only loaded rows can be put in one."""
    direction = "descending" if order.reverse else "ascending"
    return f"sorted by {order.column}, {direction}{'' if complete else ' (loaded rows only)'}"


def order_of(sort: str) -> Order:
    """The order that a view names: a column, with `-` before it when it descends. The default for another."""
    column = sort.removeprefix("-")
    return Order(column, sort.startswith("-")) if column in SORTS else Order()


def sort_of(order: Order) -> str:
    """The order as a view writes it: "" for the default."""
    return "" if order == Order() else f"{'-' if order.reverse else ''}{order.column}"


class TableColumns(Struct, frozen=True):
    """Widths by column, in cells, in the order drawn; a column that does not fit is absent."""

    widths: tuple[tuple[str, int], ...]

    def title(self, name: str) -> str:
        return BY_NAME[name].title


@lru_cache(maxsize=32)  # asked for by every row that is drawn
def columns(width: int, longest_id: int, status: int, shown: tuple[str, ...] = USUAL) -> TableColumns:
    """What of `shown` fits beside a gutter of two cells, each column after one space; `status` is its width.

    What it is blocked on stands after one space more, away from the numbers before it.

    The id is always there. It and what the instance is blocked on share the room that the fixed ones leave,
    the id first. Where that is too little for the id, the status is its glyph alone.
    """
    order = shown if "id" in shown else ("id", *shown)
    fixed = {name: room for name, room in {"status": status, **_FIXED}.items() if name in order}
    if width - 10 - fixed.get("status", 0) < min(longest_id, _LEAST_ID):
        narrow = {"status": GLYPH, **_FIXED}
        widths = {name: room for name, room in narrow.items() if name in order}
        widths["id"] = max(1, width - 2 - sum(widths.values()) - len(widths))
        return TableColumns(tuple((name, widths[name]) for name in order if name in widths))
    room = width - 2 - sum(fixed.values()) - len(fixed)
    widths = dict(fixed)
    # UUIDs of 36 fit whole; longer ids are cut in the middle rather than take the room of the reason.
    wanted = max(_SHORT_ID, min(longest_id, 44))
    for name, cells, spare in _SPARED if "blocked" in order else _UNSPARED:
        if name in order and room - cells - 1 >= min(wanted, 24) + 2 + spare:
            widths[name] = cells
            room -= cells + 1
    # A reason of a few cells says nothing: then the id gets all of it.
    if room < 34 or "blocked" not in order:
        widths["id"] = max(1, room - 1 if room < 34 else min(wanted, room - 1))
    else:
        widths["id"] = min(wanted, max(room // 2 - 1, room - 44))
        widths["blocked"] = room - 3 - widths["id"]
    return TableColumns(tuple((name, widths[name]) for name in order if name in widths))
