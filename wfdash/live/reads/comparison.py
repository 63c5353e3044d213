"""Two runs to compare: the one looked at and the last success, a loaded one or as the server lists it."""

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import EXPIRED, Store
from wfdash.core.triage.compare import best_candidates
from wfdash.live.reads.reads import Reads

__all__ = ["RunPair", "read_pair"]

_TRIED = 3
"""Candidates that are read, at most, when those before them have expired."""


class RunPair(Struct, frozen=True):
    mine: Detail
    version: str
    """Of mine; "" where no answer names it."""
    other: tuple[Instance, Detail] | None
    """The last success by its row and in full; None when there is none, or the best of them are gone."""
    expired: bool = False
    """Whether there were some, which are gone."""


async def read_pair(
    reads: Reads, store: Store, workflow: str, instance: str, *, loaded: Detail | None, local: bool
) -> RunPair:
    """`loaded` is this run as it was read last, if it was: read here only without its steps.

    Raises WorkflowsError.
    """
    row = store.get(instance)
    version = (row.version if row else "") or (loaded.version if loaded is not None else "")
    if loaded is None or loaded.simple:
        loaded = await reads.instance(workflow, instance)
    runs = await _last_successes(reads, store, workflow, mine=instance, version=version, local=local)
    other = await reads.first_instance(workflow, runs[:_TRIED])
    return RunPair(loaded, version, other, expired=bool(runs) and other is None)


async def _last_successes(
    reads: Reads, store: Store, workflow: str, *, mine: str, version: str, local: bool
) -> list[Instance]:
    """Complete instances, best first. The server is asked once where none of this version is loaded.

    A dev server is not asked: it takes no filter, and lists everything anyway.
    """
    rows = [
        row
        for identity in store.ids()
        if (row := store.get(identity)) is not None and store.note(identity) != EXPIRED
    ]
    this = store.get(mine)
    created = this.created if this is not None else None
    found = best_candidates(rows, mine=mine, version=version, created=created)
    if local or (found and (not version or found[0].version == version)):
        return found
    listed = await reads.complete_instances(workflow)
    return best_candidates([*rows, *listed], mine=mine, version=version, created=created)
