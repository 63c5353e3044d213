"""Runs that a restart took out of the list: a row tells the last run of its instance alone."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final

__all__ = ["earlier_run", "earlier_runs"]

_SAME = 1.0
"""Seconds by which the times of one and the same end may differ, as they were told at different moments."""


def earlier_run(before: Instance, now: Instance) -> Instance | None:
    """The run that an older row told, where the newer row is of another; None where it is the same run.

    It counts beside the instance under a key of its own, and nothing of it is created a second time.
    """
    if not is_final(before.status) or before.ended is None:
        return None
    if now.ended is not None and now.ended <= before.ended + _SAME:
        return None
    if is_final(now.status) and now.ended is None:
        return None
    # A restart changes the row: what is no newer than the end is the same run, told late by a replica.
    if now.ended is None and now.modified is not None and now.modified <= before.ended:
        return None
    return replace(before, id=f"{before.id}\n{before.ended:.3f}", created=None, extra=None)


def earlier_runs(kept: Iterable[Instance], rows: Mapping[str, Instance]) -> dict[str, Instance]:
    """Of the rows that a record kept those that are of an earlier run than the present rows, by their keys.

    What the list holds no more is left out: beside it there would be runs that nobody recorded.
    """
    found: dict[str, Instance] = {}
    for row in kept:
        now = rows.get(row.id)
        if now is not None and (run := earlier_run(row, now)) is not None:
            found[run.id] = run
    return found
