"""Runs that a restart took out of the list: a row tells the last run of its instance alone."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.model.times import SAME_END

__all__ = ["EarlierRuns", "earlier_run", "earlier_runs", "last_ends"]

_SAME = 1.0
"""Seconds by which the times of one and the same end may differ in list rows of different moments."""


def earlier_run(before: Instance, now: Instance, *, same: float = _SAME) -> Instance | None:
    """The run that an older row told, where the newer row is of another; None where it is the same run.

    `same`: seconds by which the times of one and the same end may differ.
    It counts beside the instance under a key of its own, and nothing of it is created a second time.
    """
    if not is_final(before.status) or before.ended is None:
        return None
    if now.ended is not None and now.ended <= before.ended + same:
        return None
    if is_final(now.status) and now.ended is None:
        return None
    # An id may be given again once what had it is erased: that was another instance.
    if now.created is not None and before.ended < now.created - same:
        return None
    # A restart changes the row: what is no newer than the end is the same run, told late by a replica.
    if now.ended is None and now.modified is not None and now.modified <= before.ended:
        return None
    return replace(before, id=f"{before.id}\n{before.ended:.3f}", created=None, extra=None)


class EarlierRuns(Struct):
    """Earlier runs by keys of their own, each once, although row and instance tell its end a little apart."""

    runs: dict[str, Instance] = field(default_factory=dict)
    _ends: dict[str, list[float]] = field(default_factory=dict)

    def add(self, runs: Iterable[Instance]) -> list[Instance]:
        """Takes runs in, and gives those that were not there yet."""
        fresh = []
        for run in runs:
            ends = self._ends.setdefault(run.id.partition("\n")[0], [])
            if run.ended is not None and not any(abs(run.ended - end) <= SAME_END for end in ends):
                ends.append(run.ended)
                self.runs[run.id] = run
                fresh.append(run)
        return fresh

    def forget_before(self, at: float) -> None:
        """Lets those go that ended before this moment."""
        self.runs = {key: run for key, run in self.runs.items() if (run.ended or 0.0) >= at}
        ends = {identity: [end for end in ends if end >= at] for identity, ends in self._ends.items()}
        self._ends = {identity: later for identity, later in ends.items() if later}


def last_ends(runs: Iterable[Instance]) -> dict[str, float]:
    """When each instance ended last before its present run."""
    found: dict[str, float] = {}
    for run in runs:
        identity = run.id.partition("\n")[0]
        found[identity] = max(run.ended or 0.0, found.get(identity, 0.0))
    return found


def earlier_runs(
    kept: Iterable[Instance], rows: Mapping[str, Instance], *, noted: Iterable[Instance] = ()
) -> dict[str, Instance]:
    """Rows of a record that are of an earlier run than the present rows, by keys of their own.

    `noted` are ends that were read just before a restart was sent: they lack all that a list row tells
    besides, so that the row of the same end goes before them.
    What the list holds no more is left out: beside it there would be runs that nobody recorded.
    """
    found = EarlierRuns()
    for source, same in ((kept, _SAME), (noted, SAME_END)):
        pairs = ((row, rows[row.id]) for row in source if row.id in rows)
        runs = (earlier_run(row, now, same=same) for row, now in pairs)
        found.add(run for run in runs if run is not None)
    return found.runs
