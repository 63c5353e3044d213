"""What a filter can tell only of instances that were read: those are read one by one, out of spare budget."""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.errors import WorkflowsError
from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.filter.query import Query
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import GONE, RECORDED, Delta
from wfdash.live.budget.ledger import Priority
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import read_instance
from wfdash.live.polling.session_watch import AnswerCost

if TYPE_CHECKING:
    from wfdash.live.budget.joined_search import JoinedSearch
    from wfdash.live.records.search.finding import RecordedInstance

__all__ = ["MOST", "FilterSearch", "IdRecall", "Reached", "Recall", "Searched"]


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


MOST = 200
"""Instances that are read for one filter before it is asked to go on: a sixth of five minutes' quota."""
AGAIN = 30.0
"""Seconds until one that changed in its status is read again."""
SURVEY = 60.0
"""Seconds until the rows are looked through again for a filter whose answer moves with the clock."""
_SLICE = 2000
_SOON, _LOOK = 0.01, 0.05
"""Seconds until the rows are looked through further, and until another process may have opened one."""
_TYPED = 0.3
"""Seconds without typing after which the record is asked for what no list tells, once all listed is known."""
_NAMED = 20
"""Instances that the list does not tell of and an id may name: of more the word was not meant for one."""
_AT_ONCE = 500
"""Rows that are looked up in the record at one time: what is found shows as it comes."""


class Reached(Struct, frozen=True):
    """How far the reading for a filter came, so that it can be taken up again as it was left."""

    spent: int
    began_at: int
    goal: int
    allowed: float


class Searched(Struct, frozen=True):
    """How many of the loaded rows that may match were read."""

    read: int
    candidates: int
    over: bool
    """No more of them will be read for this filter unless somebody wants it."""
    looking: bool = False
    """Whether more of them may be known in a moment, without a request."""
    waits: bool = False
    """Whether nothing is read for it yet: it is only typed."""
    unrecorded: str = ""
    """What the filter looks through that the record left out: `params and outputs`."""
    since: int = 0
    """How many were read since somebody last wanted it to."""
    goal: int = 0
    """How many that will be: as many as were unread then, or since all of those were read."""
    asked: int = 0
    """How many of those that it is reading now it still asks for itself; others open the rest."""
    rows_only: int = 0
    """Of those that were read, how many the record holds no more of than their rows."""

    @property
    def unread(self) -> int:
        return max(0, self.candidates - self.read)

    @property
    def is_reading(self) -> bool:
        return not self.over and not self.looking and self.since < self.goal

    @property
    def ahead(self) -> int:
        """How many of those it is reading now are still to be read."""
        return min(self.unread, max(0, self.goal - self.since))


class _Line:
    """Who is still to be read, the newest first: each once, however often it changes while it waits.

    Where enough was read for a filter nobody leaves the line, and a busy list would stand in it for days.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []
        self._ids: set[str] = set()

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def first(self) -> str:
        return self._heap[0][1]

    def push(self, place: tuple[float, str]) -> None:
        """Puts an id in line by its place: the creation, negative, and the id; once only."""
        if place[1] not in self._ids:
            self._ids.add(place[1])
            heappush(self._heap, place)

    def pop(self) -> tuple[float, str]:
        place = heappop(self._heap)
        self._ids.discard(place[1])
        return place

    def keep(self, wanted: Callable[[str], bool]) -> None:
        """Takes everyone out of the line who is not `wanted`."""
        self._heap = [place for place in self._heap if wanted(place[1])]
        heapify(self._heap)
        self._ids = {identity for _, identity in self._heap}


class FilterSearch(Job):
    """Reads the newest candidates first, final ones too, each once and again when it moved on."""

    purpose = "filter"
    patience = 1.0

    def __init__(self, context: FeedContext, details: RowDetails) -> None:
        super().__init__(1.0)
        self.free = False
        """Whether reading costs nobody a request, as out of a record: then nothing is left unread."""
        self.attended = True
        """Whether the page that shows what is found is looked at."""
        self._ended = False
        """Whether all was read that was to be read for this filter."""
        self.recall: Recall | None = None
        self.id_recall: IdRecall | None = None
        """What is asked for ids."""
        self._recalling: asyncio.Task[None] | None = None
        self._naming: asyncio.Task[None] | None = None
        self._doubtful: list[str] = []
        """Those that an id named in the record, and of which the server is still to be asked."""
        self._finding: asyncio.Task[None] | None = None
        self._looked_up: set[str] = set()
        """What was looked for in the record: what it does not hold now it gets by being read."""
        self._to_look_up: list[tuple[float, str]] = []
        self.context = context
        self._cost = AnswerCost()
        self._details = details
        self._query: Query | None = None
        self._marks: Container[str] = ()
        self._candidates: set[str] = set()
        self._unread = _Line()
        self._again: dict[str, float] = {}
        self._survey: Iterator[None] | None = None
        self._surveyed_at = 0.0
        self._begun = 0
        self._counted = (0, 0, 0, 0), 0
        self._spent = self._began_at = 0
        """Those that were read for this filter, and how many of them before it last went on."""
        self._goal = 0
        """Of these `_since` are read. Rows that come meanwhile do not move it, or no time told would fall."""
        self._allowed: float = MOST
        self._only_typed = False
        self._others: JoinedSearch | None = None
        """What other processes open for the same filter, while it is in force here."""
        self._ruled_out: dict[str, str] = {}
        """Those of which another one found out that they do not match, and their status then."""
        self._left_to_others = False
        """Whether all that is still unread is being opened elsewhere."""

    @property
    def priority(self) -> Priority:
        """FOREGROUND while somebody waits for what the filter finds; else as other details of rows."""
        waited_for = self.busy or self._doubtful
        return Priority.FOREGROUND if waited_for and self.attended else Priority.ROWS

    def look_for(
        self,
        query: Query | None,
        marks: Container[str] = (),
        *,
        waits: bool = False,
        reached: Reached | None = None,
    ) -> None:
        """Reads what this filter needs to know; a filter that needs no details wants nothing.

        One that `waits` finds what is known already, and what it costs is said before `go_on` begins it.
        One that had `reached` something reads what it was still to read then, and no more.
        """
        before = self._query
        self._query, self._marks = (query if query is not None and query.needs_details else None), marks
        self._spent = self._began_at = self._goal = 0
        self._allowed, self._only_typed = 0 if waits else self._most, waits
        if reached is not None:
            self._spent, self._began_at, self._goal = reached.spent, reached.began_at, reached.goal
            self._allowed, self._only_typed = reached.allowed, False
        self.next_at, self._ended = 0.0, False
        self.leave_others()
        # With each letter of a text another one is looked for, in the same rows.
        if before is None or self._query is None or not self._query.has_rows_of(before):
            self._begin()
        # What is found late for the letters before would be shown for those of now.
        for task in filter(None, (self._finding, self._naming)):
            task.cancel()
        self._finding = self._naming = None
        self._doubtful = []
        if query is not None and query.id_words and not query.needs_details and self.id_recall is not None:
            self._naming = asyncio.create_task(self._find_ids(self.id_recall, query))
        if self._query is not None and self.recall is not None and self.context.workflow:
            # What is listed is known by then: a record that is searched at each letter holds the next one up.
            rest = _TYPED if waits and self._knows_all else 0.0
            self._finding = asyncio.create_task(
                self._find(self.recall, self.context.workflow, self._query, rest)
            )

    def go_on(self) -> None:
        """Allows as many reads again, where the search stopped for having spent what it was allowed."""
        if self._query is not None and self._spent >= self._allowed:
            self._allowed, self._began_at, self._goal = self._spent + self._most, self._spent, 0
            self._only_typed = False
            self.next_at, self._ended = 0.0, False
            self._begin()

    def stop(self) -> None:
        """Reads no more for this filter, until somebody wants it; what was found stays."""
        self._allowed, self._only_typed = self._spent, False

    @property
    def reached(self) -> Reached:
        """How far it is, for `look_for` to go on from there once another filter was looked for."""
        return Reached(self._spent, self._began_at, self._goal, self._allowed)

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self._looked_up = set()
        self.look_for(None)

    def leave_others(self) -> None:
        """Shares nothing any more; what was found out stays so for this filter alone."""
        self._ruled_out, self._left_to_others = {}, False
        if self._others is not None:
            self._others.close()
            self._others = None

    @property
    def searched(self) -> Searched | None:
        """How far the search is; None while no filter asks for what only reading tells."""
        if self._query is None:
            return None
        read = self._read()
        looking = self._survey is not None or self._asks_the_record
        over = self._spent >= self._allowed or self._knows_all
        found = Searched(
            read, len(self._candidates), over, looking, self.waits, since=self._since, goal=self._goal
        )
        if not self.free:
            return replace(found, asked=self._share(found.ahead))
        unrecorded = self._query.unrecorded(self._details.unrecorded)
        rows_only = len(self._candidates & self._details.rows_only)
        return replace(found, unrecorded=unrecorded, rows_only=rows_only)

    @property
    def reads_left(self) -> int | None:
        """How many instances this process still opens for the filter, without what others open."""
        ahead = self._ahead
        return None if ahead == inf else max(len(self._doubtful), self._share(int(ahead))) or None

    def _share(self, reads: int) -> int:
        return reads if self._others is None else self._others.share(reads)

    @property
    def _since(self) -> int:
        return self._spent - self._began_at

    @property
    def _ahead(self) -> float:
        return min(self._allowed - self._spent, len(self._candidates) - self._read())

    @property
    def _knows_all(self) -> bool:
        """Whether all that is loaded and may match was read."""
        return self._survey is None and self._read() >= len(self._candidates)

    def _read(self) -> int:
        """How many candidates were read, counted anew only where the number may differ."""
        read, ruled_out = self._details.read, self._ruled_out
        state = (self._begun, len(self._candidates), self._details.kept, len(ruled_out))
        if state != self._counted[0]:
            apart = (identity for identity in ruled_out if identity not in read)
            self._counted = state, sum(map(self._candidates.__contains__, chain(read, apart)))
        return self._counted[1]

    @property
    def _most(self) -> float:
        return inf if self.free else MOST

    @property
    def waits(self) -> bool:
        """Whether nothing may be read for the filter yet."""
        return self._query is not None and self._only_typed

    @property
    def busy(self) -> bool:
        """Whether rows that are loaded are still to be read."""
        return self._query is not None and self._spent < self._allowed and bool(self._survey or self._unread)

    def follow(self, delta: Delta) -> None:
        """The rows changed, or are not kept any more."""
        self._looked_up.difference_update(delta.dropped)
        if self._query is None:
            return
        matches = self._query.candidates(self.context.clock(), self._marks)
        for identity in (*delta.added, *delta.changed):
            row = self.context.store.get(identity)
            if row is None or not matches(row):
                self._candidates.discard(identity)
                self._again.pop(identity, None)
            else:
                self._candidates.add(identity)
                self._queue(identity)
        for identity in delta.dropped:
            self._candidates.discard(identity)
            self._again.pop(identity, None)
            self._ruled_out.pop(identity, None)
        if len(self._unread) > 2 * len(self._candidates) + _SLICE:
            self._unread.keep(self._candidates.__contains__)

    def due(self, now: float) -> float | None:
        if self._doubtful and self.context.workflow:
            return self.next_at if self.next_at is not None and self.next_at > now else now
        if self._query is None or not self.context.workflow:
            return None
        if self._survey is None and self._query.moves and now - self._surveyed_at >= SURVEY:
            self._begin()
        if self._survey is not None and next(self._survey, self) is self:
            self._survey = None
        if self._is_recalling():
            return now + _SOON
        if self.next_at is not None and self.next_at > now:
            return self.next_at
        times = [self._surveyed_at + SURVEY] if self._query.moves else []
        if self._survey is not None:
            times.append(now + _SOON)
        else:
            self._look_at_others()
            self._ended = self._ended or (self._next_unread() is None and not self._left_to_others)
            # Set once a stretch: were it to follow each row that comes, the time that is told would never
            # fall.
            if self._since >= self._goal and 0 < self._ahead < inf:
                self._goal = self._since + int(self._ahead)
            # Rows that come and move on are read for who looks; it would never end for nobody.
            if self._ended and not self.attended:
                return None
            if self._next(now) is not None:
                return now
            if self._left_to_others:
                times.append(now + _LOOK)
        return min([*times, *self._again.values()], default=None)

    def pace(self, took: float) -> float:
        return self._cost.rest(took) if self.context.local else 0.0

    def set_back(self, seconds: float) -> None:
        super().set_back(seconds)
        self._surveyed_at -= seconds
        self._again = {identity: at - seconds for identity, at in self._again.items()}

    async def ask(self) -> None:
        context, others = self.context, self._others
        if others is not None:
            others.look()  # it may have been asked for while this waited for its turn
        identity = self._next(context.clock())
        if identity is None:
            return
        asked_at = others.asks(identity) if others is not None else 0.0
        try:
            detail = await read_instance(context, identity)
        except WorkflowsError:
            if not context.refusals.passing:
                raise
            self._put_off(identity)
            return
        if identity in self._doubtful:
            self._doubtful.remove(identity)
        else:
            self._over(identity)
        if detail is None:
            self._candidates.discard(identity)
            return
        self._details.remember(detail)
        row, fields = context.store.get(identity), self._details.read.get(identity)
        if others is not None and row is not None and fields is not None:
            others.tell(row, fields, asked_at)
        context.notify(Update(details=(identity,)))

    def _look_at_others(self) -> None:
        """Takes in what other processes opened for this filter: what does not match is opened once."""
        context, query, before = self.context, self._query, len(self._ruled_out)
        if self._others is None:
            if query is None or context.local or context.shared is None or not self.busy:
                return
            # Not at the start, where nothing is searched.
            from wfdash.live.budget.joined_search import JoinedSearch, can_be_joined

            if not can_be_joined(query):
                return
            self._others = JoinedSearch(
                context.shared, context.api.account_id, context.workflow, query, clock=context.clock
            )
        self._others.look()
        self._next_unread()
        if len(self._ruled_out) != before:
            context.notify(Update())

    @property
    def _asks_the_record(self) -> bool:
        return any(task is not None and not task.done() for task in (self._finding, self._recalling))

    def _is_recalling(self) -> bool:
        """Whether the record is being asked: what it holds costs no request."""
        if self._asks_the_record:
            return True
        if self.recall is None or self._survey is not None:
            return False
        if not self._to_look_up:
            return False
        wanted = [identity for _, identity in sorted(self._to_look_up)]
        self._to_look_up = []
        rows = [row for identity in wanted if (row := self.context.store.get(identity)) is not None]
        self._looked_up.update(wanted)
        if not rows:
            return False
        self._recalling = asyncio.create_task(self._look_up(self.recall, self.context.workflow, rows))
        return True

    async def _look_up(self, recall: Recall, workflow: str, rows: Sequence[Instance]) -> None:
        for start in range(0, len(rows), _AT_ONCE):
            found = await recall(workflow, rows[start : start + _AT_ONCE])
            # The answer is of the workflow that was left meanwhile.
            if self.context.workflow != workflow:
                return
            for identity, fields in found.items():
                # What was read here is younger than what the record has.
                if identity not in self._details.read:
                    self._details.keep_fields(identity, fields)
            if found:
                self.context.notify(Update(details=tuple(found)))

    async def _find(self, recall: Recall, workflow: str, query: Query, rest: float) -> None:
        """Takes in what matches in the record; what of it no list tells of is asked for afterwards."""
        await asyncio.sleep(rest)
        async for found in recall.find(workflow, query, self.context.clock(), self._details.read):
            context, store, read = self.context, self.context.store, self._details.read
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

    async def _find_ids(self, recall: IdRecall, query: Query) -> None:
        """Takes in recorded instances that an id names and no list tells of.

        They are asked for afterwards.
        """
        await asyncio.sleep(_TYPED)
        context, workflow = self.context, self.context.workflow
        found = await recall.find_ids(workflow, query, context.clock(), _NAMED)
        store = context.store
        unlisted = [row for row in found if row.id not in store or row.id in store.gone]
        if context.workflow != workflow or not unlisted:
            return
        delta = store.add_recorded(unlisted, gone=context.local)
        self._doubtful = [row.id for row in unlisted if self._is_recorded(row.id)]
        context.notify(Update(delta=delta))

    def _begin(self) -> None:
        self._candidates, self._unread, self._again, self._to_look_up = set(), _Line(), {}, []
        self._begun += 1
        self._surveyed_at = self.context.clock()
        self._survey = None if self._query is None else self._look_through(self._query)

    def _look_through(self, query: Query) -> Iterator[None]:
        """Looks for candidates among the loaded rows; yields after each slice so that keys go on."""
        matches = query.candidates(self.context.clock(), self._marks)
        for number, identity in enumerate(list(self.context.store.ids())):
            row = self.context.store.get(identity)
            if row is not None and matches(row):
                self._candidates.add(identity)
                self._queue(identity)
            if number % _SLICE == _SLICE - 1:
                yield

    def _queue(self, identity: str) -> None:
        """Puts a candidate in line: at once when it was never read, later when it moved on since."""
        row, read = self.context.store.get(identity), self._details.read.get(identity)
        if row is None or self.context.store.note(identity) == GONE:
            return
        if self._ruled_out.get(identity) == row.status:
            return
        self._ruled_out.pop(identity, None)
        if read is None or self._is_recorded(identity):
            place = (-(row.created or 0.0), identity)
            self._unread.push(place)
            if self.recall is not None and read is None and identity not in self._looked_up:
                self._to_look_up.append(place)
        elif read is not None and read.status != row.status:
            fact = self._details.fact(identity)
            self._again[identity] = (fact.asked_at if fact is not None else 0.0) + AGAIN

    def _next(self, now: float) -> str | None:
        """The newest that was not read yet, else one that moved on a while ago."""
        if self._doubtful:
            return self._doubtful[-1]
        unread = self._next_unread()
        if unread is not None:
            return unread
        return next((identity for identity, at in self._again.items() if at <= now), None)

    def _next_unread(self) -> str | None:
        """The newest that nobody has opened for this filter, here or in another process, or opens now."""
        others, put_off, found = self._others, [], None
        while found is None and self._unread and self._spent < self._allowed:
            identity = self._unread.first
            row = self.context.store.get(identity)
            unread = identity not in self._details.read or self._is_recorded(identity)
            if identity not in self._candidates or not unread:
                self._unread.pop()
            elif others is not None and row is not None and others.rules_out(row):
                self._unread.pop()
                self._ruled_out[identity] = row.status
                self._spent += 1
            elif others is not None and others.is_asked(identity):
                put_off.append(self._unread.pop())
            else:
                found = identity
        for place in put_off:
            self._unread.push(place)
        self._left_to_others = found is None and bool(put_off)
        return found

    def _is_recorded(self, identity: str) -> bool:
        """Whether only the record tells of it, and nobody has asked yet whether it is still there."""
        return self.context.store.note(identity) == RECORDED

    def _put_off(self, identity: str) -> None:
        """Puts one that the server cannot answer for behind all others: they would wait for it else."""
        context = self.context
        self._doubtful = [each for each in self._doubtful if each != identity]
        self._unread.keep(lambda each: each != identity)
        self._again[identity] = context.refusals.until(context.workflow, identity)

    def _over(self, identity: str) -> None:
        """Counts a first read as spent.

        A read again takes the place of one and costs nothing of what is allowed.
        """
        if self._again.pop(identity, None) is None:
            self._spent += 1
