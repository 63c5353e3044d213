"""What a filter can tell only of instances that were read: those are read one by one, out of spare budget."""

from collections.abc import Container
from math import inf
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wfdash.api.errors import WorkflowsError
from wfdash.core.filter.query import Query
from wfdash.core.rows.store import Delta
from wfdash.live.budget.ledger import Priority
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.feeds.search.candidates import Candidates
from wfdash.live.feeds.search.progress import Allowance, Reached, Searched
from wfdash.live.feeds.search.record_search import IdSearch, RecordSearch
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import read_instance
from wfdash.live.polling.session_watch import AnswerCost

if TYPE_CHECKING:
    from wfdash.live.budget.joined_search import JoinedSearch

__all__ = ["MOST", "FilterSearch"]

MOST = 200
"""Instances that are read for one filter before it is asked to go on: a sixth of five minutes' quota."""
SURVEY = 60.0
"""Seconds until the rows are looked through again for a filter whose answer moves with the clock."""
_SOON, _LOOK = 0.01, 0.05
"""Seconds until the rows are looked through further, and until another process may have opened one."""


class FilterSearch(Job):
    """Reads the newest candidates first, final ones too, each once and again when it moved on."""

    purpose = "filter"
    patience = 1.0

    def __init__(self, context: FeedContext, details: RowDetails) -> None:
        super().__init__(1.0)
        self.context = context
        self._cost = AnswerCost()
        self._details = details
        self.free = False
        """Whether reading costs nobody a request, as out of a record: then nothing is left unread."""
        self.attended = True
        """Whether the page that shows what is found is looked at."""
        self._ended = False
        """Whether all was read that was to be read for this filter."""
        self._query: Query | None = None
        self._allowance = Allowance(MOST)
        self.record = RecordSearch(context, details)
        self.ids = IdSearch(context)
        self.candidates = Candidates(context, details, self.record)
        self._others: JoinedSearch | None = None
        """What other processes open for the same filter, while it is in force here."""

    @property
    def priority(self) -> Priority:
        """FOREGROUND while somebody waits for what the filter finds; else as other details of rows."""
        waited_for = self.busy or self.ids.doubtful
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
        self._query = query if query is not None and query.needs_details else None
        self._allowance = Allowance(0 if waits else self._most, waits)
        if reached is not None:
            self._allowance = Allowance(
                reached.allowed, spent=reached.spent, began_at=reached.began_at, goal=reached.goal
            )
        self.next_at, self._ended = 0.0, False
        self.leave_others()
        self.candidates.look_for(self._query, marks)
        self.ids.look_for(query)
        # What is listed is known by then: a record that is searched at each letter holds the next one up.
        self.record.look_for(self._query, typed=waits and self.candidates.are_all_read)

    def go_on(self) -> None:
        """Allows as many reads again, where the search stopped for having spent what it was allowed."""
        if self._query is not None and self._allowance.is_spent:
            self._allowance.go_on(self._most)
            self.next_at, self._ended = 0.0, False
            self.candidates.begin()

    def stop(self) -> None:
        """Reads no more for this filter, until somebody wants it; what was found stays."""
        self._allowance.stop()

    @property
    def reached(self) -> Reached:
        """How far it is, for `look_for` to go on from there once another filter was looked for."""
        return self._allowance.reached

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self.record.reset()
        self.look_for(None)

    def leave_others(self) -> None:
        """Shares nothing any more; what was found out stays so for this filter alone."""
        self.candidates.forget_ruled_out()
        if self._others is not None:
            self._others.close()
            self._others = None

    @property
    def searched(self) -> Searched | None:
        """How far the search is; None while list rows alone tell what matches."""
        if self._query is None:
            return None
        candidates, allowance = self.candidates, self._allowance
        found = Searched(
            candidates.read(),
            len(candidates.ids),
            allowance.is_spent or candidates.are_all_read,
            not candidates.is_surveyed or self.record.is_asked,
            self.waits,
            since=allowance.since,
            goal=allowance.goal,
        )
        if not self.free:
            return replace(found, asked=self._share(found.ahead))
        unrecorded = self._query.unrecorded(self._details.unrecorded)
        rows_only = len(candidates.ids & self._details.rows_only)
        return replace(found, unrecorded=unrecorded, rows_only=rows_only)

    @property
    def reads_left(self) -> int | None:
        """How many instances this process still opens for the filter, without what others open."""
        ahead = self._ahead
        return None if ahead == inf else max(len(self.ids.doubtful), self._share(int(ahead))) or None

    def _share(self, reads: int) -> int:
        return reads if self._others is None else self._others.share(reads)

    @property
    def _ahead(self) -> float:
        return min(self._allowance.allowed - self._allowance.spent, self.candidates.unread)

    @property
    def _most(self) -> float:
        return inf if self.free else MOST

    @property
    def waits(self) -> bool:
        """Whether nothing may be read for the filter yet."""
        return self._query is not None and self._allowance.only_typed

    @property
    def busy(self) -> bool:
        """Whether rows that are loaded are still to be read."""
        if self._query is None or self._allowance.is_spent:
            return False
        return not self.candidates.is_surveyed or self.candidates.in_line > 0

    def follow(self, delta: Delta) -> None:
        """Takes in that rows changed, or are not kept any more."""
        self.record.forget(delta.dropped)
        self.candidates.follow(delta)

    def due(self, now: float) -> float | None:
        if self.ids.doubtful and self.context.workflow:
            return self.next_at if self.next_at is not None and self.next_at > now else now
        if self._query is None or not self.context.workflow:
            return None
        candidates = self.candidates
        if candidates.is_surveyed and self._query.moves and now - candidates.surveyed_at >= SURVEY:
            candidates.begin()
        candidates.look_on()
        # What the record holds costs no request: it is asked first.
        if self.record.is_asked or (candidates.is_surveyed and self.record.look_up()):
            return now + _SOON
        if self.next_at is not None and self.next_at > now:
            return self.next_at
        times = [candidates.surveyed_at + SURVEY] if self._query.moves else []
        if not candidates.is_surveyed:
            times.append(now + _SOON)
        else:
            self._look_at_others()
            self._ended = self._ended or (self._next_unread() is None and not candidates.left_to_others)
            # Set once a stretch: were it to follow each row that comes, the time that is told would never
            # fall.
            self._allowance.aim(self._ahead)
            # Rows that come and move on are read for who looks; it would never end for nobody.
            if self._ended and not self.attended:
                return None
            if self._next(now) is not None:
                return now
            if candidates.left_to_others:
                times.append(now + _LOOK)
        return min([*times, *candidates.again.values()], default=None)

    def pace(self, took: float) -> float:
        return self._cost.rest(took) if self.context.local else 0.0

    def set_back(self, seconds: float) -> None:
        super().set_back(seconds)
        self.candidates.set_back(seconds)

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
            self.ids.settle(identity)
            self.candidates.put_off(identity, context.refusals.until(context.workflow, identity))
            return
        # One that is read again takes the place of itself, and costs nothing of what is allowed.
        if not self.ids.settle(identity) and self.candidates.again.pop(identity, None) is None:
            self._allowance.spent += 1
        if detail is None:
            self.candidates.ids.discard(identity)
            return
        self._details.remember(detail)
        row, fields = context.store.get(identity), self._details.read.get(identity)
        if others is not None and row is not None and fields is not None:
            others.tell(row, fields, asked_at)
        context.notify(Update(details=(identity,)))

    def _look_at_others(self) -> None:
        """Takes in what other processes opened for this filter: what does not match is opened once."""
        context, query, before = self.context, self._query, self.candidates.ruled_out
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
        if self.candidates.ruled_out != before:
            context.notify(Update())

    def _next(self, now: float) -> str | None:
        """The newest that was not read yet, else one that moved on a while ago."""
        if self.ids.doubtful:
            return self.ids.doubtful[-1]
        unread = self._next_unread()
        return unread if unread is not None else self.candidates.next_again(now)

    def _next_unread(self) -> str | None:
        return self.candidates.next_unread(self._others, self._allowance)
