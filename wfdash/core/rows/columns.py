"""The columns of the list of instances: all that there is to say of one stands in its record."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.text.words import age, brief, count, short_version

__all__ = ["BY_NAME", "COLUMNS", "FAR", "USUAL", "BesideRow", "Column"]

FAR = 1e11
"""Seconds more than any run lasts."""

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

Value = float | str | None


class BesideRow(Struct, frozen=True):
    """What a cell may say beside what the list row holds."""

    now: float
    note: str = ""
    """What stands in place of the status, such as `gone`; "" for none."""
    why: str = ""
    """What it is blocked on, or why it ended."""
    fields: DetailFields | None = None
    """What was found in the instance's own answer; None while it was not read."""


class Column(Struct, frozen=True):
    """A column of the list. `cells` is its width.

    0 where that follows from what is shown or the room left.
    """

    name: str
    """As the config and the display page call it."""
    title: str
    about: str
    text: Callable[[Instance, BesideRow], str]
    cells: int = 0
    spare: int | None = None
    """Cells that it has to leave for "blocked on"; None where it always has its room."""
    right: bool = False
    quiet: bool = False
    read: bool = False
    """Whether it says what the instance's own answer said, which may be older than the row."""
    usual: bool = True
    """Whether it is there unless a person chose other columns."""
    order: str = ""
    """What the order by it is called; "" for a column that none goes by."""
    value: Callable[[Instance], Value] | None = None
    """What that order compares; rows without one come last."""
    descending: bool = False
    """Whether the order begins with the newest, or the longest."""


def _took(row: Instance, beside: BesideRow) -> str:
    """`48s`, or `3h12m+` while it is not known to have ended."""
    lasted = row.lasted(beside.now)
    if lasted is None:
        return ""
    return brief(lasted) if is_final(row.status) else f"{age(lasted)}+"


def _lasted(row: Instance) -> Value:
    """Seconds it lasted; what still runs comes after all that does not, the longest running last."""
    if row.seen is not None or is_final(row.status):
        return row.lasted(0.0)
    began = row.began
    return None if began is None else FAR - began


def _steps(_: Instance, beside: BesideRow) -> str:
    steps = beside.fields.step_count if beside.fields is not None else None
    return "" if steps is None else count(steps)


COLUMNS: Final = (
    Column(
        "status",
        "STATUS",
        "glyph and word",
        lambda row, beside: beside.note or row.status,
        order="status",
        value=lambda row: _RANK.get(row.status, -1),
    ),
    Column("id", "ID", "always there", lambda row, _: row.id, order="id", value=lambda row: row.id),
    Column(
        "age",
        "AGE",
        "since it was created",
        lambda row, beside: "" if row.created is None else age(beside.now - row.created),
        cells=6,  # `19h43m`
        right=True,
        quiet=True,
        order="created",
        value=lambda row: row.created,
        descending=True,
    ),
    # Of active rows TOOK says what AGE says, and a version is mostly the same in every row: what a row is
    # blocked on needs that room more.
    Column(
        "took",
        "TOOK",
        "from its start to its end, or until now",
        _took,
        cells=8,
        spare=52,
        right=True,
        order="took",
        value=_lasted,
        descending=True,
    ),
    Column(
        "blocked",
        "BLOCKED ON",
        "what it is blocked on, or why it ended",
        lambda _, beside: beside.why,
        read=True,
    ),
    Column(
        "trigger",
        "TRIGGER",
        "what started it",
        lambda row, _: row.trigger,
        cells=8,
        spare=56,
        quiet=True,
        order="trigger",
        value=lambda row: row.trigger,
    ),
    Column(
        "version",
        "VERSION",
        "the first eight digits",
        lambda row, _: short_version(row.version),
        cells=8,
        spare=60,
        quiet=True,
        order="version",
        value=lambda row: row.version,
    ),
    # Not a usual one: what has completed is not read for its cell, so that most rows would have none.
    Column(
        "steps",
        "STEPS",
        "how many, of those that were read",
        _steps,
        cells=6,
        spare=20,  # who chose it wants it before what is usual
        right=True,
        read=True,
        usual=False,
    ),
)
BY_NAME: Final = {column.name: column for column in COLUMNS}
USUAL: Final = tuple(column.name for column in COLUMNS if column.usual)
"""In the order in which they stand unless a person chose another."""
