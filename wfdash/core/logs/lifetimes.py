"""When other instances were there, as a workflow's list tells: who was not has printed no line."""

from collections.abc import Iterable

from msgspec import Struct

from wfdash.core.model.instance import Instance

__all__ = ["SLACK", "Lifetime", "lifetimes_of"]

SLACK = 1.0
"""Seconds by which two clocks may differ."""
_LATE = 5.0
"""Seconds for which a run may go on when its instance has ended."""


class Lifetime(Struct, frozen=True, gc=False):
    """When an instance was there, from creation to end, and the moments at which its code surely ran."""

    created: float = float("-inf")
    ended: float = float("inf")
    ran: tuple[float, ...] = ()

    def holds(self, first: float, last: float) -> bool:
        """Whether a run from one moment to another may have been its own."""
        return self.created - SLACK <= first and last <= self.ended + _LATE

    def meets(self, first: float, last: float) -> bool:
        """Whether it may have been there at some moment of a time."""
        return self.created - SLACK <= last and first <= self.ended + _LATE

    def ran_within(self, first: float, last: float) -> bool:
        return any(first <= at <= last for at in self.ran)


def lifetimes_of(rows: Iterable[Instance]) -> dict[str, Lifetime]:
    """The lifetimes of these rows by id.

    A terminated one ends without code of its own: its end is no such moment.
    """
    found = {}
    for row in rows:
        ends = [row.ended] if row.status in ("complete", "errored") else []
        ran = tuple(at for at in (row.started, *ends) if at is not None)
        created = float("-inf") if row.created is None else row.created
        found[row.id] = Lifetime(created, float("inf") if row.ended is None else row.ended, ran)
    return found
