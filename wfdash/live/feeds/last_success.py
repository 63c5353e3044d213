"""The last successes of a workflow, to compare a run with: loaded ones, or as the server lists them."""

from wfdash.api.errors import InstanceNotFound
from wfdash.api.interface import Workflows
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import EXPIRED, Store
from wfdash.core.triage.compare import best_candidates
from wfdash.live.budget.budget import Budget, Priority
from wfdash.live.polling.read_instance import read_run

__all__ = ["last_successes", "read_first"]

_TRIED = 3
"""Candidates that are read, at most, when those before them have expired."""


async def last_successes(
    api: Workflows, budget: Budget, store: Store, workflow: str, *, mine: str, version: str, local: bool
) -> list[Instance]:
    """Complete instances, best first. The server is asked once where none of this version is loaded.

    A dev server is not asked: it takes no filter, and lists everything anyway. Raises WorkflowsError.
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
    await budget.acquire(Priority.FOREGROUND, "comparison")
    page = await api.list_instances(workflow, status="complete", per_page=100)
    listed = [row for row in map(Instance.from_item, page.items) if row is not None]
    return best_candidates([*rows, *listed], mine=mine, version=version, created=created)


async def read_first(
    api: Workflows, budget: Budget, workflow: str, rows: list[Instance]
) -> tuple[Instance, Detail] | None:
    """The first of these that is still there, in full; None when the best of them are gone."""
    for row in rows[:_TRIED]:
        try:
            return row, await read_run(api, budget, workflow, row.id)
        except InstanceNotFound:
            continue
    return None
