"""Reads targets again just before a write and while it settles, by the cheapest fresh request."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.errors import BadAnswer, InstanceNotFound, Refused, WorkflowsError
from wfdash.api.interface import InstancePage, ListQuery, Workflows
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.live.actions.read_sink import ReadSink
from wfdash.live.polling.read_instance import read_answer

__all__ = ["FEW", "ActionBudget", "Rereader", "Snapshot"]

# One list page tells of 100 instances at the price of one detail.
FEW = 20
"""Up to this many targets each is read by itself; above, by list pages."""
_PAGE = 100
"""Rows of a page at most (the API's reference for List instances)."""


class ActionBudget(Protocol):
    """Gives leave to send requests on behalf of an action, one at a time."""

    async def acquire_action(self) -> None: ...
    async def acquire_detail(self) -> None:
        """Waits for leave for a read that does not count as an action: with all steps, or for many."""


class Snapshot(Struct, frozen=True):
    """What one answer said of an instance. Times are epoch seconds; two readings compare by one `source`."""

    status: str
    at: float
    source: str
    queued: float | None = None
    started: float | None = None
    ended: float | None = None

    def began_again(self, earlier: "Snapshot", *, from_step: bool = False) -> bool | None:
        """Whether the times show a run begun since `earlier`; None when they cannot tell.

        A restart from a step leaves `queued` and `start` alone, so only a finished run's end can tell.
        """
        # List and detail are fed apart and differ by seconds.
        if self.source != earlier.source:
            return None
        # What has ended has an end: an answer that lacks it left out times, and its null cleared nothing.
        if self.ended is None and is_final(self.status):
            return None
        # A restart clears the end; a full one also makes queued and start new (measured on the engine).
        if earlier.ended is not None and self.ended != earlier.ended:
            return True
        if from_step:
            return None if earlier.ended is None else False
        pairs = [(earlier.queued, self.queued), (earlier.started, self.started)]
        pairs_read = [(then, now) for then, now in pairs if then is not None]
        if not pairs_read:
            return None
        return any(now is None or now > then for then, now in pairs_read)

    def moved_since(self, earlier: "Snapshot") -> bool:
        """Whether a time of the instance is another one than in the `earlier` reading of the same source."""
        if self.source != earlier.source:
            return False
        return (self.queued, self.started, self.ended) != (earlier.queued, earlier.started, earlier.ended)


class Rereader:
    """Reads the targets of a plan; each request waits for the action budget. Raises WorkflowsError."""

    def __init__(
        self,
        api: Workflows,
        workflow: str,
        ids: Sequence[str],
        *,
        budget: ActionBudget,
        clock: Callable[[], float],
        sink: ReadSink,
        created: tuple[float, float] | None = None,
    ) -> None:
        """`created` is the span in which these were made: a restart keeps its old place in the list."""
        self._api = api
        self._workflow = workflow
        self._ids = frozenset(ids)
        self._budget = budget
        self.now = clock
        """The clock on which a reading has its age; nobody may set it."""
        self._sink = sink
        self._created = None if api.local else created
        self._rows: dict[str, Snapshot] = {}
        self._pages: dict[str, tuple[str, str | int | None]] = {}
        self._swept: dict[str, float] = {}
        self._lock = asyncio.Lock()

    async def read(self, identity: str, *, expect: str, max_age: float = 0.0) -> Snapshot:
        """A reading no older than `max_age` seconds; of few targets, one of this moment.

        `expect`, the status it had last, says where to look.
        """
        with _understood():
            return await self._read(identity, expect, max_age)

    async def _read(self, identity: str, expect: str, max_age: float) -> Snapshot:
        if len(self._ids) > FEW:
            since = self.now() - max_age
            async with self._lock:
                row = await self._from_lists(identity, expect, since)
            if row is not None:
                return row
        # To ask a dev session for an id that it does not have makes a ghost, which its lists show from then
        # on (measured).
        elif self._api.local and identity not in self._pages and await self._absent(identity):
            raise InstanceNotFound(f"no list shows an instance {identity}")
        return await self._detail(identity)

    async def read_alone(self, identity: str) -> Snapshot:
        """A reading of this one as it is now, whatever a list page has said of it."""
        with _understood():
            return await self._detail(identity)

    async def read_full(self, identity: str) -> tuple[Snapshot, Detail]:
        """The instance with all its steps."""
        with _understood():
            return await self._answer(identity, simple=False, full=True)

    async def find(self, identity: str, *, since: float) -> Snapshot | None:
        """An instance that may be there, or None: of many, one that the lists show, asked `since` then.

        A local server is never asked about an id unseen.
        """
        if len(self._ids) > FEW:
            async with self._lock:
                with _understood():
                    return await self._from_lists(identity, "", since)
        try:
            return await self.read(identity, expect="")
        except InstanceNotFound:
            return None

    async def _detail(self, identity: str) -> Snapshot:
        # A dev session knows no `simple`; in the cloud the steps may be megabytes, and nothing here looks at
        # them.
        return (await self._answer(identity, simple=not self._api.local))[0]

    async def _answer(self, identity: str, *, simple: bool, full: bool = False) -> tuple[Snapshot, Detail]:
        await self._acquire(read=full)
        # Before the request: an answer that comes late must not override what a later question was told.
        number = self._sink.next_number()
        try:
            answer = await self._api.get_instance(self._workflow, identity, simple=simple)
        except InstanceNotFound:
            self._sink.saw_gone(self._workflow, identity)
            raise
        detail = read_answer(self._workflow, identity, answer, simple=simple)
        self._sink.saw_detail(detail, number)
        snapshot = Snapshot(detail.status, self.now(), "detail", detail.queued, detail.start, detail.end)
        return snapshot, detail

    async def _absent(self, identity: str) -> bool:
        async with self._lock:
            await self._sweep("")
        return identity not in self._pages

    async def _from_lists(self, identity: str, expect: str, since: float) -> Snapshot | None:
        # A dev session takes no filter; in the cloud the list of the status that they had is the shortest
        # that may hold them.
        status = "" if self._api.local else expect
        if (row := self._fresh(identity, since)) is not None:
            return row
        if (found := self._pages.get(identity)) is not None and found[0] in (status, ""):
            await self._fetch(*found)
        elif self._swept.get(status, -1e9) < since:
            await self._sweep(status)
        if (row := self._fresh(identity, since)) is not None or self._swept.get("", -1e9) >= since:
            return row
        # Hundreds move on faster than they are looked for: the list of any status has them where they were.
        await self._sweep("")
        return self._fresh(identity, since)

    def _fresh(self, identity: str, since: float) -> Snapshot | None:
        row = self._rows.get(identity)
        return row if row is not None and row.at >= since else None

    async def _sweep(self, status: str) -> None:
        """Walks the list until every target was seen, it ends, or further pages would cost too much."""
        began = self.now()
        cursor: str | int | None = None
        # Targets lie together as a rule. Twice as many pages as they fill, and what is not met then is read
        # by itself.
        pages = 2 + 2 * (len(self._ids) // _PAGE + 1)
        missing = set(self._ids)
        for number in range(1, pages + 1):
            page = await self._fetch(status, number if self._api.local else cursor)
            missing -= {str(item.get("id")) for item in page.items}
            cursor = page.cursor
            more = len(page.items) >= _PAGE if self._api.local else cursor
            if not missing or not more:
                break
        self._swept[status] = began

    async def _fetch(self, status: str, cursor: str | int | None) -> InstancePage:
        await self._acquire()
        asked, number = self.now(), self._sink.next_number()
        if isinstance(cursor, int):
            query = ListQuery(page=cursor, per_page=_PAGE)
        else:
            start, end = self._created or (None, None)
            query = ListQuery(status, start, end, cursor=cursor, per_page=_PAGE)
        page = await self._list(query)
        self._sink.saw_rows(self._workflow, page.items, number)
        # The place is kept, for most of the targets on a page are read again on the same one.
        for item in page.items:
            row = Instance.from_item(item)
            if row is not None and row.id in self._ids:
                self._pages[row.id] = (status, cursor)
                self._rows[row.id] = Snapshot(row.status, asked, "list", row.created, row.started, row.ended)
        return page

    async def _acquire(self, *, read: bool = False) -> None:
        """Waits for leave to read, as an action or as a read.

        Hundreds would use up what their writes need.
        """
        if read or len(self._ids) > FEW:
            await self._budget.acquire_detail()
        else:
            await self._budget.acquire_action()

    async def _list(self, query: ListQuery) -> InstancePage:
        """Reads a page of the list; without dates, and so in more pages, where the server takes none."""
        try:
            return await self._api.list_instances(self._workflow, query)
        except Refused:
            if self._created is None:
                raise
            self._created = None
            # From the top: a cursor of the list with dates means nothing in the one without.
            query = replace(query, date_start=None, date_end=None, cursor=None)
            return await self._api.list_instances(self._workflow, query)


@contextmanager
def _understood() -> Iterator[None]:
    """Turns any other exception of a read into BadAnswer: the read fails, and the action goes on."""
    try:
        yield
    except WorkflowsError:
        raise
    except Exception as error:
        raise BadAnswer(f"The instance could not be read: {type(error).__name__} in its answer.") from error
