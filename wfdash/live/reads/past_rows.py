"""Rows of a workflow further and further back, page by page, for whoever looks at its history."""

from collections.abc import AsyncIterator

from msgspec import Struct

from wfdash.api.errors import Refused
from wfdash.api.interface import NEWEST, InstancePage, ListQuery, Workflows
from wfdash.api.paging import walk
from wfdash.core.model.instance import Instance
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.joined_lists import JoinedLists, page_file
from wfdash.live.budget.ledger import Priority

__all__ = ["PastRows"]

_BEYOND = 10
"""Pages that are read beyond a moment at most, as long as they hold what ended after it."""


class PastRows(Struct):
    """Reads rows back in time, a page a read, in the foreground; above `floor` none is missing."""

    api: Workflows
    budget: Budget
    workflow: str
    floor: float | None = None
    """Creation of the oldest row read, epoch seconds."""
    exhausted: bool = False
    """The list has come to its end."""
    end: float = float("-inf")
    """Creation below which rows are missing that no page brings, as of a record; they are left out."""
    dates_refused: bool = False

    async def back_to(self, since: float) -> AsyncIterator[list[Instance]]:
        """Yields pages down to what was created at `since`, and further while older ones ended after it.

        Raises WorkflowsError; begun anew it goes on below what it has read.
        """
        beyond = 0
        while not self.exhausted:
            below = None if self.dates_refused or self.api.local else self.floor
            query = ListQuery(date_end=below)
            path = page_file(self.budget.shared_file, self.api.account_id, self.workflow, query)
            lists = JoinedLists(_Turns(self.api, self.budget), path, clock=self.budget.clock)
            try:
                async for page in walk(lists, self.workflow, query):
                    self.end = max(self.end, page.unbroken)
                    rows = [row for row in Instance.from_items(page.items) if self._is_followed(row)]
                    for row in rows:
                        row.extra = None  # 100,000 dicts of what no chart shows would be 18 MB
                    created = [row.created for row in rows if row.created is not None]
                    if created:
                        oldest = min(created)
                        self.floor = oldest if self.floor is None else min(self.floor, oldest)
                    yield rows
                    if self.floor is not None and self.floor < since:
                        beyond += 1
                        late = any(row.ended is not None and row.ended >= since for row in rows)
                        if beyond > _BEYOND or not late:
                            return
                self.exhausted = True
            except Refused:
                # Not every server takes dates: the list is walked from its top then, which costs more.
                if below is None:
                    raise
                self.dates_refused = True
            finally:
                lists.close()

    def _is_followed(self, row: Instance) -> bool:
        """Whether rows are missing neither here nor above: those further down are no fair sample."""
        return row.created is None or row.created >= self.end


class _Turns(Struct, frozen=True):
    api: Workflows
    budget: Budget

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        await self.budget.acquire(Priority.FOREGROUND, "history")
        return await self.api.list_instances(workflow, query)
