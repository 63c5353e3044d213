"""Which loaded rows may match a filter, and in which order they are read for it."""

from collections.abc import Callable, Container, Iterator
from heapq import heapify, heappop, heappush
from itertools import chain
from typing import TYPE_CHECKING

from wfdash.core.filter.query import Query
from wfdash.core.rows.store import GONE, RECORDED, Delta
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.feeds.search.progress import Allowance
from wfdash.live.feeds.search.record_search import RecordSearch
from wfdash.live.polling.context import FeedContext

if TYPE_CHECKING:
    from wfdash.live.budget.joined_search import JoinedSearch

__all__ = ["Candidates"]

AGAIN = 30.0
"""Seconds until one that changed in its status is read again."""
_SLICE = 2000
"""Rows that are looked through before others have their turn."""


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


class Candidates:
    """Looks through the loaded rows, a slice at a time, and keeps up as they change."""

    def __init__(self, context: FeedContext, details: RowDetails, record: RecordSearch) -> None:
        self._context, self._details, self._record = context, details, record
        self._query: Query | None = None
        self._marks: Container[str] = ()
        self.ids: set[str] = set()
        self.again: dict[str, float] = {}
        """When those that moved on since they were read are read again."""
        self._line = _Line()
        self._survey: Iterator[None] | None = None
        self.surveyed_at = 0.0
        self._begun = 0
        self._counted = (0, 0, 0, 0), 0
        self._ruled_out: dict[str, str] = {}
        """Those of which another process found out that they do not match, and their status then."""
        self.left_to_others = False
        """Whether all that is still unread is being opened elsewhere."""

    def look_for(self, query: Query | None, marks: Container[str]) -> None:
        """Looks through the rows for another filter, unless those of the one before are as good for it."""
        before, self._query, self._marks = self._query, query, marks
        # With each letter of a text another one is looked for, in the same rows.
        if before is None or query is None or not query.has_rows_of(before):
            self.begin()

    def begin(self) -> None:
        """Looks through all loaded rows anew."""
        self.ids, self.again, self._line = set(), {}, _Line()
        self._record.begin()
        self._begun += 1
        self.surveyed_at = self._context.clock()
        self._survey = None if self._query is None else self._look_through(self._query)

    def forget_ruled_out(self) -> None:
        """What others found out stands for the filter alone that they found it out for."""
        self._ruled_out, self.left_to_others = {}, False

    @property
    def is_surveyed(self) -> bool:
        """Whether all loaded rows were looked through."""
        return self._survey is None

    @property
    def in_line(self) -> int:
        """How many wait to be read."""
        return len(self._line)

    @property
    def are_all_read(self) -> bool:
        """Whether all that is loaded and may match was read."""
        return self._survey is None and self.read() >= len(self.ids)

    @property
    def unread(self) -> int:
        return len(self.ids) - self.read()

    @property
    def ruled_out(self) -> int:
        """How many others found out not to match."""
        return len(self._ruled_out)

    def read(self) -> int:
        """How many candidates were read, counted anew only where the number may differ."""
        read, ruled_out = self._details.read, self._ruled_out
        state = (self._begun, len(self.ids), self._details.kept, len(ruled_out))
        if state != self._counted[0]:
            apart = (identity for identity in ruled_out if identity not in read)
            self._counted = state, sum(map(self.ids.__contains__, chain(read, apart)))
        return self._counted[1]

    def look_on(self) -> None:
        """Looks through the next slice of the rows."""
        if self._survey is not None and next(self._survey, self) is self:
            self._survey = None

    def _look_through(self, query: Query) -> Iterator[None]:
        """Looks for candidates among the loaded rows; yields after each slice so that keys go on."""
        matches = query.candidates(self._context.clock(), self._marks)
        for number, identity in enumerate(list(self._context.store.ids())):
            row = self._context.store.get(identity)
            if row is not None and matches(row):
                self.ids.add(identity)
                self._queue(identity)
            if number % _SLICE == _SLICE - 1:
                yield

    def follow(self, delta: Delta) -> None:
        """Takes in that rows changed, or are not kept any more."""
        if self._query is None:
            return
        matches = self._query.candidates(self._context.clock(), self._marks)
        for identity in (*delta.added, *delta.changed):
            row = self._context.store.get(identity)
            if row is None or not matches(row):
                self.ids.discard(identity)
                self.again.pop(identity, None)
            else:
                self.ids.add(identity)
                self._queue(identity)
        for identity in delta.dropped:
            self.ids.discard(identity)
            self.again.pop(identity, None)
            self._ruled_out.pop(identity, None)
        if len(self._line) > 2 * len(self.ids) + _SLICE:
            self._line.keep(self.ids.__contains__)

    def _queue(self, identity: str) -> None:
        """Puts a candidate in line: at once when it was never read, later when it moved on since."""
        row, read = self._context.store.get(identity), self._details.read.get(identity)
        if row is None or self._context.store.note(identity) == GONE:
            return
        if self._ruled_out.get(identity) == row.status:
            return
        self._ruled_out.pop(identity, None)
        if read is None or self._is_recorded(identity):
            place = (-(row.created or 0.0), identity)
            self._line.push(place)
            if read is None:
                self._record.want(place)
        elif read.status != row.status:
            fact = self._details.fact(identity)
            self.again[identity] = (fact.asked_at if fact is not None else 0.0) + AGAIN

    def next_unread(self, others: "JoinedSearch | None", allowance: Allowance) -> str | None:
        """The newest that nobody has opened for this filter, here or in another process, or opens now."""
        put_off, found = [], None
        while found is None and self._line and not allowance.is_spent:
            identity = self._line.first
            row = self._context.store.get(identity)
            unread = identity not in self._details.read or self._is_recorded(identity)
            if identity not in self.ids or not unread:
                self._line.pop()
            elif others is not None and row is not None and others.rules_out(row):
                self._line.pop()
                self._ruled_out[identity] = row.status
                allowance.spent += 1
            elif others is not None and others.is_asked(identity):
                put_off.append(self._line.pop())
            else:
                found = identity
        for place in put_off:
            self._line.push(place)
        self.left_to_others = found is None and bool(put_off)
        return found

    def next_again(self, now: float) -> str | None:
        """One that moved on a while ago."""
        return next((identity for identity, at in self.again.items() if at <= now), None)

    def put_off(self, identity: str, until: float) -> None:
        """Puts one that the server cannot answer for behind all others: they would wait for it else."""
        self._line.keep(lambda each: each != identity)
        self.again[identity] = until

    def set_back(self, seconds: float) -> None:
        """Moves along with a clock that was set back."""
        self.surveyed_at -= seconds
        self.again = {identity: at - seconds for identity, at in self.again.items()}

    def _is_recorded(self, identity: str) -> bool:
        """Whether only the record tells of it, and nobody has asked yet whether it is still there."""
        return self._context.store.note(identity) == RECORDED
