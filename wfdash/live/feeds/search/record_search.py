"""What the record of earlier runs knows that no list tells: found without a request, while somebody types."""

import asyncio
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.filter.query import Query
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import RECORDED
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update

if TYPE_CHECKING:
    from wfdash.live.records.search.finding import RecordedInstance

__all__ = ["IdRecall", "IdSearch", "Recall", "RecordSearch"]

_TYPED = 0.3
"""Seconds without typing after which the record is asked for what no list tells, once all listed is known."""
_NAMED = 20
"""Instances that the list does not tell of and an id may name: of more the word was not meant for one."""
_AT_ONCE = 500
"""Rows that are looked up in the record at one time: what is found shows as it comes."""


class IdRecall(Protocol):
    """Which instances were there in earlier runs."""

    async def find_ids(self, workflow: str, query: Query, now: float, most: int) -> Sequence[Instance]:
        """Recorded instances that a filter for ids names; none where they are more than `most`."""


class Recall(IdRecall, Protocol):
    """Tells what earlier runs read of instances, out of the record."""

    async def __call__(self, workflow: str, rows: Sequence[Instance]) -> Mapping[str, DetailFields]:
        """The fields of those rows that did not change since they were recorded, by id."""

    def find(
        self, workflow: str, query: Query, now: float, apart_from: Container[str] = ()
    ) -> AsyncIterator["Sequence[RecordedInstance]"]:
        """Yields all other recorded instances that match, newest first, listed or not."""


class RecordSearch:
    """Takes in what the record knows of rows, and what in it matches a filter; the newest rows first."""

    def __init__(self, context: FeedContext, details: RowDetails) -> None:
        self._context, self._details = context, details
        self.recall: Recall | None = None
        self._query: Query | None = None
        self._finding: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._wanted: list[tuple[float, str]] = []
        """Rows to be looked up, by the negative creation and the id."""
        self._looked_up: set[str] = set()
        """What was looked for in the record: what it does not hold now it gets by being read."""

    @property
    def is_asked(self) -> bool:
        return any(task is not None and not task.done() for task in (self._finding, self._looking))

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self._looked_up = set()

    def forget(self, ids: Sequence[str]) -> None:
        """Forgets rows that are not kept any more."""
        self._looked_up.difference_update(ids)

    def look_for(self, query: Query | None, *, typed: bool) -> None:
        """Looks for what matches a filter; where it is `typed` a moment later: another letter may come."""
        if self._finding is not None:
            # What is found late for the letters before would be shown for those of now.
            self._finding.cancel()
            self._finding = None
        self._query = query
        if query is not None and self.recall is not None and self._context.workflow:
            find = self._find(self.recall, self._context.workflow, query, _TYPED if typed else 0.0)
            self._finding = asyncio.create_task(find)

    async def _find(self, recall: Recall, workflow: str, query: Query, rest: float) -> None:
        """Takes in what matches in the record; what of it no list tells of is asked for afterwards."""
        await asyncio.sleep(rest)
        async for found in recall.find(workflow, query, self._context.clock(), self._details.read):
            context, store, read = self._context, self._context.store, self._details.read
            if query is not self._query or context.workflow != workflow:
                return
            fresh = [each for each in found if each.row.id not in read]
            sure = [each for each in fresh if (row := store.get(each.row.id)) is None or each.tells_of(row)]
            for each in sure:
                self._details.keep_fields(each.row.id, each.fields)
            # Whatever a dev session still has stands in its list, and it is asked for nothing else.
            unlisted = store.add_recorded([each.row for each in found], gone=context.local)
            if sure or unlisted:
                context.notify(Update(delta=unlisted, details=tuple(each.row.id for each in sure)))

    def begin(self) -> None:
        """Begins with no row to be looked up."""
        self._wanted = []

    def want(self, place: tuple[float, str]) -> None:
        """Has a row looked up that nobody has read, unless that was done: by negative creation and id."""
        if self.recall is not None and place[1] not in self._looked_up:
            self._wanted.append(place)

    def look_up(self) -> bool:
        """Asks the record for the rows that are wanted; whether there were any."""
        if self.recall is None or not self._wanted:
            return False
        wanted, self._wanted = [identity for _, identity in sorted(self._wanted)], []
        rows = [row for identity in wanted if (row := self._context.store.get(identity)) is not None]
        self._looked_up.update(wanted)
        if not rows:
            return False
        self._looking = asyncio.create_task(self._look_up(self.recall, self._context.workflow, rows))
        return True

    async def _look_up(self, recall: Recall, workflow: str, rows: Sequence[Instance]) -> None:
        for start in range(0, len(rows), _AT_ONCE):
            found = await recall(workflow, rows[start : start + _AT_ONCE])
            # The answer is of the workflow that was left meanwhile.
            if self._context.workflow != workflow:
                return
            for identity, fields in found.items():
                # What was read here is younger than what the record has.
                if identity not in self._details.read:
                    self._details.keep_fields(identity, fields)
            if found:
                self._context.notify(Update(details=tuple(found)))


class IdSearch:
    """Finds in the record what an id names and no list tells of; the server is asked whether it is there."""

    def __init__(self, context: FeedContext) -> None:
        self._context = context
        self.recall: IdRecall | None = None
        self._finding: asyncio.Task[None] | None = None
        self.doubtful: list[str] = []
        """Those that an id named in the record, and of which the server is still to be asked."""

    def look_for(self, query: Query | None) -> None:
        """Looks for a filter that names ids and asks for nothing else."""
        if self._finding is not None:
            self._finding.cancel()
            self._finding = None
        self.doubtful = []
        if query is not None and query.id_words and not query.needs_details and self.recall is not None:
            self._finding = asyncio.create_task(self._find(self.recall, query))

    async def _find(self, recall: IdRecall, query: Query) -> None:
        """Takes in recorded instances that an id names and no list tells of.

        They are asked for afterwards.
        """
        await asyncio.sleep(_TYPED)
        context, workflow = self._context, self._context.workflow
        found = await recall.find_ids(workflow, query, context.clock(), _NAMED)
        store = context.store
        unlisted = [row for row in found if row.id not in store or row.id in store.gone]
        if context.workflow != workflow or not unlisted:
            return
        delta = store.add_recorded(unlisted, gone=context.local)
        self.doubtful = [row.id for row in unlisted if store.note(row.id) == RECORDED]
        context.notify(Update(delta=delta))

    def settle(self, identity: str) -> bool:
        """Asks for one no more; whether it was one of these."""
        was = identity in self.doubtful
        self.doubtful = [each for each in self.doubtful if each != identity]
        return was
