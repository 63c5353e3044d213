"""Two runs to compare: the one looked at, and of the last successes the one whose params are most alike."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import GONE, Store
from wfdash.core.triage.compare import best_candidates, differences
from wfdash.live.reads.reads import Reads

__all__ = ["PURPOSE", "RunPair", "read_pair"]

PURPOSE: Final = "comparison"
"""As the budget page names these reads."""
_TRIED: Final = 3
"""Candidates that are read, at most, when those before them have expired."""
_RECORDED: Final = 200
"""Candidates of a record that are looked through for those that were read: that costs no request."""
_WEIGHED: Final = 5
"""Successes of one version that are read, so that two baskets alike are compared and not any two."""

_Run = tuple[Instance, Detail]


class RunPair(Struct, frozen=True):
    mine: Detail
    version: str
    """Of mine; "" where no answer names it."""
    other: _Run | None
    """A success by its row and in full; None when there is none, or the best of them are gone."""
    expired: bool = False
    """Whether there were some, which are gone."""
    unread: bool = False
    """Whether a record has the rows alone, of mine or of all the others: their steps are not known."""
    weighed: int = 1
    """Of how many successes it is the one whose params differ least."""


async def read_pair(
    reads: Reads,
    store: Store,
    workflow: str,
    instance: str,
    *,
    loaded: Detail | None,
    local: bool,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> RunPair:
    """Reads the run looked at and one to compare it with; `loaded` is the first as it was read last.

    `progress` is called with how many of the runs to choose from are read. Raises WorkflowsError.
    """
    row = store.get(instance)
    version = (row.version if row else "") or (loaded.version if loaded is not None else "")
    if loaded is None or loaded.simple:
        loaded = await reads.instance(workflow, instance, PURPOSE)
    if loaded.unread:
        return RunPair(loaded, version, None, unread=True)
    runs = await _last_successes(reads, store, workflow, mine=instance, version=version, local=local)
    listed = len(runs)
    if reads.budget.free:
        runs = await _read_by_then(reads, workflow, runs[:_RECORDED])
    alike = [row for row in runs[:_WEIGHED] if row.version == runs[0].version]
    # Each read of a dev session fills its trace store, and without params all are alike.
    if local or len(alike) < 2 or not loaded.params:
        alike = []
    done = 0

    async def read(row: Instance) -> _Run | None:
        nonlocal done
        run = await reads.first_instance(workflow, [row], PURPOSE)
        progress(done := done + 1, len(alike))
        return run

    progress(0, max(1, len(alike)))
    found = await asyncio.gather(*map(read, alike))
    if there := [run for run in found if run is not None]:
        best = await asyncio.to_thread(_most_alike, loaded, there)
        return RunPair(loaded, version, best, weighed=len(there))
    other = await reads.first_instance(workflow, runs[len(alike) : len(alike) + _TRIED], PURPOSE)
    return RunPair(
        loaded, version, other, expired=bool(runs) and other is None, unread=listed > 0 and not runs
    )


async def _read_by_then(reads: Reads, workflow: str, rows: Sequence[Instance]) -> list[Instance]:
    """The runs of which a record has the steps and params, and not the row alone."""
    runs = [await reads.first_instance(workflow, [row], PURPOSE) for row in rows]
    return [run[0] for run in runs if run is not None and not run[1].unread]


def _most_alike(mine: Detail, runs: Sequence[_Run]) -> _Run:
    """The run whose params differ in the fewest places; of equals the first."""
    return min(runs, key=lambda run: len(differences(mine.params, run[1].params)))


async def _last_successes(
    reads: Reads, store: Store, workflow: str, *, mine: str, version: str, local: bool
) -> list[Instance]:
    """Complete instances to compare with, best first; asks once where none of this version is loaded.

    A dev server is not asked: it takes no filter, and lists everything anyway.
    """
    rows = [
        row
        for identity in store.ids()
        if (row := store.get(identity)) is not None and store.note(identity) != GONE
    ]
    this = store.get(mine)
    created = this.created if this is not None else None
    found = best_candidates(rows, mine=mine, version=version, created=created)
    if local or (found and (not version or found[0].version == version)):
        return found
    listed = await reads.complete_instances(workflow)
    return best_candidates([*rows, *listed], mine=mine, version=version, created=created)
