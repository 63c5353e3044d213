"""The ids behind `batch:` in the filter, from the journal; read where no list has brought them."""

from collections.abc import Callable, Sequence
from typing import Any

from textual.screen import Screen

from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.core.filter.query import Query
from wfdash.live.records.batches import LAST
from wfdash.ui.context import Context

__all__ = ["BatchIds"]

_MOST_READ = 200
"""Instances of a batch that are read at most, where the list has not come down to them."""


class BatchIds:
    """Keeps the ids of named batches: `batch:last` stays what it was when the filter was put in force."""

    def __init__(self, context: Context, host: Screen[Any], in_force: Callable[[], Query]) -> None:
        """`host` runs what takes time; what is found once another filter is `in_force` is dropped."""
        self.found: dict[str, frozenset[str]] = {}
        self._context, self._host, self._in_force = context, host, in_force

    def look_up(self, query: Query, workflow: str, on_found: Callable[[], None]) -> None:
        """Finds the batches that a filter names; `on_found` is called when their ids are there."""
        if query.batches:
            work = self._take(query, workflow, on_found)
            self._host.run_worker(work, group="batches", exclusive=True)

    async def _take(self, query: Query, workflow: str, on_found: Callable[[], None]) -> None:
        found = await self._context.desk.batches(query.batches, workflow)
        if query is not self._in_force():
            return
        # Changed in place: the matcher of the table holds this very mapping.
        self.found.clear()
        self.found.update(found)
        if missing := sorted(query.batches - found.keys()):
            none = "of more than one instance" if missing == [LAST] else missing[0]
            self._context.notify(f"no batch {none} in {workflow} is in the journal", severity="warning")
        on_found()
        await self._read(query, workflow, [identity for ids in found.values() for identity in sorted(ids)])

    async def _read(self, query: Query, workflow: str, ids: Sequence[str]) -> None:
        """Reads the ids of a batch that no list has brought; none in a dev session."""
        session = self._context.session
        if session is None or session.poller.local:
            return
        poller = session.poller
        for identity in [identity for identity in ids if identity not in poller.store][:_MOST_READ]:
            number = poller.sink.next_number()
            try:
                detail = await session.reads.instance(workflow, identity, "batch")
            # Expired or deleted since the batch: that is what its journal is for.
            except InstanceNotFound:
                continue
            except WorkflowsError as error:
                self._context.notify(f"not all of the batch could be read: {error}", severity="warning")
                return
            # Each read is a moment in which the person may have gone elsewhere.
            if query is not self._in_force() or session is not self._context.session:
                return
            poller.sink.saw_detail(detail, number)
