"""The newest rows of every workflow on screen, a request a minute each: how each of them fares.

Of the one under the cursor the hour is read at once: no level can be told of its newest rows alone.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct, field

from wfdash.api.errors import Forbidden, NotFound, WorkflowsError
from wfdash.api.interface import NEWEST, ListQuery
from wfdash.core.history.earlier_runs import EarlierRuns, earlier_run
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job

__all__ = ["RowsOfWorkflow", "WorkflowRows"]

_EVERY: Final = 60.0
"""Seconds between two reads of one workflow's newest rows."""
_SPAN: Final = 3600.0
"""Seconds back to which older rows are read in between."""
_MOST: Final = 1_000
"""Rows of a workflow that are kept, the newest."""


class RowsOfWorkflow(Struct):
    """The newest rows of one workflow; between the newest and `floor` none is missing."""

    rows: dict[str, Instance] = field(default_factory=dict)
    earlier: EarlierRuns = field(default_factory=EarlierRuns)
    """Runs of these that a restart took away, seen here or remembered, by their own keys."""
    floor: float | None = None
    exhausted: bool = False
    """No row is older than these."""
    asked_at: float = float("-inf")
    read_at: float | None = None
    failure: str = ""
    partial: bool = False
    """Whether older rows are missing that no page brings, as of a record."""
    number: int = 0
    """Changes with each answer."""
    _below: float | None = None
    """Where the page that was read last ends: the next in turn is the one below it."""
    _newest_next: bool = True

    def is_short(self, now: float) -> bool:
        """Whether rows of the last hour are not loaded, and there is room for them."""
        floor = None if self.exhausted or self._below is None else self.floor
        return floor is not None and floor > now - _SPAN and len(self.rows) < _MOST

    def query(self, now: float, *, on: bool = False) -> ListQuery:
        """What to list next: the newest page in turn with the next below, down to an hour ago.

        `on` the latter.
        """
        below = self._below
        if (self._newest_next and not on) or below is None or below <= now - _SPAN:
            return NEWEST
        return ListQuery(date_end=below)

    def take(self, rows: Sequence[Instance], query: ListQuery, *, last: bool, now: float) -> None:
        """Takes a page in; a newest page that leaves a gap to the rows here begins them anew."""
        oldest = min((row.created for row in rows if row.created is not None), default=None)
        above = query.date_end
        runs = (earlier_run(self.rows[row.id], row) for row in rows if row.id in self.rows)
        self.earlier.add(run for run in runs if run is not None)
        if above is None:
            newest = max((row.created or 0.0 for row in self.rows.values()), default=None)
            if last or newest is None or oldest is None or oldest > newest:
                self.rows, self.floor, self.exhausted, self._below = {}, oldest, last, None
            self._newest_next = False
        else:
            self._newest_next = True
        # What such a stretch no longer lists is gone.
        low, high = oldest if oldest is not None else float("inf"), float("inf") if above is None else above
        self.rows = {key: row for key, row in self.rows.items() if not low < (row.created or 0.0) < high}
        self.rows.update((row.id, row) for row in rows)
        if above is not None or self._below is None or self._below <= now - _SPAN:
            self._below = None if last or oldest is None else oldest
        if above is not None:
            self.exhausted = self.exhausted or last
            if oldest is not None and (self.floor is None or oldest < self.floor):
                self.floor = oldest
        if len(self.rows) > _MOST:
            kept = sorted(self.rows.values(), key=lambda row: row.created or 0.0, reverse=True)[:_MOST]
            self.rows = {row.id: row for row in kept}
            self.floor, self.exhausted = kept[-1].created, False
        self.exhausted = self.exhausted and not self.partial
        self.read_at, self.failure = now, ""
        self.number += 1

    def remember(self, runs: Iterable[Instance]) -> bool:
        """Takes in runs that are no rows any more; whether there was one that is not known yet."""
        fresh = self.earlier.add(runs)
        self.number += len(fresh)
        return bool(fresh)


class WorkflowRows(Job):
    """Reads the newest rows of each workflow on screen, in the cloud: a dev session's list tells no ends."""

    purpose = "rows of workflows"
    in_turn = Priority.ROWS
    out_of_turn = Priority.FOREGROUND

    def __init__(self, context: FeedContext) -> None:
        super().__init__(_EVERY)
        self.context = context
        self.wanted: Sequence[str] = ()
        """Those on screen, the one under the cursor first."""
        self.of: dict[str, RowsOfWorkflow] = {}

    @property
    def priority(self) -> Priority:
        """The priority of what somebody waits for while a workflow on screen has no picture yet."""
        unread = any(name not in self.of for name in self.wanted)
        return self.out_of_turn if unread else self.in_turn

    def due(self, now: float) -> float | None:
        name = self._next()
        if name is None or self.context.local:
            return None
        found = self.of.get(name)
        at = found.asked_at + _EVERY if found is not None else 0.0
        if self._reads_on(now):
            at = 0.0
        # After an answer the next workflow is asked about at once; after a failure not before its time.
        return max(at, self.next_at or 0.0) if self.freshness.failure else at

    async def ask(self) -> None:
        name, now = self._next(), self.context.clock()
        if name is None:
            return
        found = self.of.setdefault(name, RowsOfWorkflow())
        query = found.query(now, on=self._reads_on(now))
        found.asked_at = now
        try:
            page = await self.context.api.list_instances(name, query)
        except WorkflowsError as error:
            found.failure = error.sentence
            found.number += 1
            self.context.notify(Update(workflows=True))
            if isinstance(error, (Forbidden, NotFound)):
                return  # the others go on
            raise
        found.partial = page.unbroken > float("-inf")
        listed = Instance.from_items(page.items)
        # Below it only some are there, and these are no fair sample.
        rows = [row for row in listed if not found.partial or (row.created or 0.0) >= page.unbroken]
        for row in rows:
            row.extra = None  # no picture shows what else a row says
            row.seen = None if is_final(row.status) else now
        last = page.cursor is None or len(rows) < len(listed)
        found.take(rows, query, last=last, now=self.context.clock())
        self.context.notify(Update(workflows=True))

    def _next(self) -> str | None:
        """The workflow to ask about next: the one under the cursor while its last hour is incomplete.

        Else the one asked about longest ago.
        """
        if self._reads_on(self.context.clock()):
            return self.wanted[0]
        at = {name: self.of[name].asked_at if name in self.of else float("-inf") for name in self.wanted}
        return min(self.wanted, key=lambda name: at[name], default=None)

    def _reads_on(self, now: float) -> bool:
        """Whether the one under the cursor is read further back; not before each of the others has rows."""
        if any(name not in self.of for name in self.wanted):
            return False
        found = self.of[self.wanted[0]] if self.wanted else None
        return found is not None and not found.failure and found.is_short(now)
