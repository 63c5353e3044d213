"""The rows in their order: the newest page again and again, and older pages as they are asked for."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from wfdash.api.errors import Refused
from wfdash.api.interface import InstancePage, ListQuery
from wfdash.core.filter.query import Pushdown
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import CHANGED, GONE
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.session_watch import AnswerCost

if TYPE_CHECKING:
    from wfdash.live.budget.joined_lists import JoinedLists

__all__ = ["LOCAL_INTERVAL", "NewestInstances", "OlderInstances", "pushed"]

LOCAL_INTERVAL = 5.0
"""Seconds between two lists of a dev session at least: each wakes its instances."""
_UNFOCUSED = 30.0
"""Seconds between two lists of a terminal without focus: nobody looks at it, and its polls come out of the
same window."""
_FULL = 100
"""Rows of a page at most (reference, List instances)."""
_FEWEST = 10
"""Rows asked of a dev session at least: each leaves five rows in its trace store, so that only those on
screen are asked for, and no fewer than these."""
_FULL_EVERY = 30.0
"""Seconds after which all rows of the page are asked of a dev session again, not only those looked at."""
_FULL_EVERY_QUIET = 60.0
"""The same where the session stands still: a whole page is five hundred rows in its developer's trace
store."""
_UNWRITTEN = 600.0
"""Seconds after which a dev session is listed again although nothing was written meanwhile."""
_SAME_START = 0.5
"""Seconds by which the start of one process is read apart at most: it is reckoned from two clocks."""
_CATCH_UP = 60
"""Pages that are walked at most to reach rows known before."""
_RECENT = 10.0
"""Seconds for which a page that another process asked for is as good as one's own: the newest one is never
older, and of those below it no list tells anew."""
_LOOK = 0.05
"""Seconds between two looks whether another process has it by now."""
_SPAN_PAGES = 20
"""Older pages that are read by themselves at most where what ended at a moment is looked for."""


class NewestInstances(Job):
    """Asks for the newest page, and for those below it down to what was known, when more came than fit."""

    purpose = "list"
    out_of_turn = Priority.FOREGROUND
    on_screen = True
    longest = 10.0
    """Whoever waits for a lost connection looks here."""

    def __init__(self, context: FeedContext, interval: float) -> None:
        super().__init__(max(interval, LOCAL_INTERVAL) if context.local else interval)
        self.patience = min(self.interval, self.patience)
        self.context = context
        self._cost = AnswerCost()
        self._answer = 0.0
        """Seconds that the last answer took, without what was looked up beside it."""
        self.focused = True
        self.total: int | None = None
        self.counts: dict[str, int] | None = None
        self.hidden = 0
        self.left_out = 0
        self.lists_all = False
        """Whether the last page held every instance there is."""
        self.recorded: int | None = None
        """Instances that a record holds by then; None of a server."""
        self.unbroken = float("-inf")
        """Creation below which rows are missing that were there: of a record, which holds what was seen."""
        self.complete_at: int | None = None
        """Number of the last request whose one page was all there is; None when there was more."""
        self.below: str | None = None
        """Cursor of the page after the newest one."""
        self.listed: Sequence[Mapping[str, Any]] = ()
        """The rows of that one, as they were listed."""
        self.asked: tuple[int, str, float | None] = (0, "", None)
        """Of the last newest page: its request, the one status asked for, how far back it goes if it ends."""
        self._reached: float | None = None
        self._newest: float | None = None
        """Creation of the newest row that the last page on top told."""
        self._catching: tuple[str, float | None, int] | None = None
        self._page: set[str] = set()
        """Ids on the last newest page."""
        self._missing: set[str] = set()
        """Those that it should have held and did not."""
        self._unquiet = 0.0
        """Seconds from the last answer to the next question if the session were not quiet."""
        self._unrested: float | None = None
        """When it would be asked again if something moved; None where it does not rest for stillness."""
        self.looked_at = 0
        """How many of the newest rows are on screen; 0 where a filter or an order makes it any."""
        self._full_at: float | None = None
        """When a whole page was asked of a dev session; None where the next is to be one."""
        self.listed_at: float | None = None
        """When a list was asked for last; later it may be known that nothing has changed since."""
        self.is_unwritten = False
        """Whether the last answer was that, which a dev session's files gave."""
        self._sees_writes = False
        self._looked = 0.0
        """Seconds that it took to look for that."""

    def reset(self) -> None:
        """Begins anew: another list is asked for from now on."""
        # A late answer to the old question carries its old number and is dropped where it is applied.
        self.total = self.counts = self.complete_at = self.below = self._reached = self._catching = None
        self.hidden = self.left_out = 0
        self.lists_all, self.unbroken, self.recorded = False, float("-inf"), None
        self._page, self._missing = set(), set()
        self.looked_at, self._full_at = 0, None
        self.listed_at, self.is_unwritten, self._sees_writes = None, False, False
        self.asked, self.listed = (0, "", None), ()
        self.soon()
        fresh = self.freshness
        fresh.answered_at, fresh.missed, fresh.failure, fresh.error = None, 0, "", None

    @property
    def page(self) -> Set[str]:
        """Ids on the last newest page; none while the list is filtered by the server."""
        return set() if pushed(self.context) else self._page

    @property
    def partial(self) -> bool:
        """Whether it is known that rows are missing which no page will bring."""
        return self.unbroken > float("-inf")

    def due(self, now: float) -> float | None:
        if not self.context.workflow:
            return None
        # A dev session that was thought to stand still, and of which another read showed that it moves.
        if self._unrested is not None and not self.context.session.is_quiet(now):
            if self.next_at is not None:
                self.next_at = self.freshness.due_at = min(self.next_at, self._unrested)
            self._unrested = None
        return super().due(now)

    def answered(self, now: float, took: float) -> None:
        super().answered(now, took)
        unrested = now - took + max(self._unquiet, took)
        self._unrested = unrested if self.next_at is not None and self.next_at > unrested else None

    def pace(self, took: float) -> float:
        beyond = self.context.local and self._full_at is None and not self._missing
        if self._catching or beyond:
            self._unquiet = 0.0
            return 0.0
        # Only a terminal that reports lost focus slows the list; no keys are no sign that nobody looks.
        pace = self.interval if self.focused else max(self.interval, _UNFOCUSED)
        if not self.context.local:
            self._unquiet = pace
            return pace
        if self.is_unwritten:
            self._unquiet = max(pace, AnswerCost.SHARE * self._looked)
            return self._unquiet
        self._unquiet = max(pace, self._cost.rest(self._answer))
        if self._sees_writes:
            return self._unquiet  # no list is asked for before anything was written
        return max(self._unquiet, self.context.session.rest(self.context.clock()))

    def failed(self, sentence: str, now: float, *, wait: float = 0.0) -> None:
        super().failed(sentence, now, wait=wait)
        if self.context.local:
            self.context.session.failed(self.freshness.error, now)

    async def ask(self) -> None:
        self.is_unwritten = self.context.local and await self._look_for_writes()
        if self.is_unwritten:
            return
        context, number = self.context, self.context.next_number()
        catching, asked_at = self._catching, context.clock()
        rows = self._rows(asked_at)
        page = await _page(context, catching[0] if catching else None, rows)
        self.listed_at = asked_at
        # Each list wakes objects in the session's own process: it rests ten times as long as an answer takes.
        if context.local:
            answered_at = context.clock()
            self._answer = answered_at - asked_at
            context.session.answered(asked_at, answered_at, await context.api.session_started())
        delta = context.store.apply(page.items, seq=number, now=context.clock())
        context.arrived += len(delta.added)
        context.tell(delta)
        # A filtered page skips rows, so it says nothing of which rows lie side by side.
        if not pushed(context):
            context.contiguous.note_ends(page.items)
        oldest, newest = _span(page)
        if catching:
            self._catch_up(page, oldest, catching[1], catching[2] - 1)
            return
        fewer = page.total is not None and self.total is not None and page.total < self.total
        self.total, self.counts, self.unbroken = page.total, page.counts, page.unbroken
        self.recorded = page.recorded
        self.lists_all = page.cursor is None and not pushed(context) and not self.partial
        if not pushed(context):
            bound = oldest if page.cursor is not None else None
            self._look_for_deleted(page, bound, number, full=rows == _FULL)
        self._newest = newest
        if rows == _FULL:
            self.hidden, self.left_out, self.below = page.hidden, page.left_out, page.cursor
            self.listed = page.items
            self.complete_at = number if page.cursor is None and not pushed(context) else None
            before = self.asked
            self.asked = (number, _status(context), oldest if page.cursor is not None else None)
            self._doubt_those_that_left(before)
            self._full_at = None if self._missing else asked_at
            self._catch_up(page, oldest, self._reached, _CATCH_UP)
        elif fewer or (self._reached is not None and oldest is not None and oldest > self._reached):
            # One was deleted, which may be any, or more came than were asked for.
            self._full_at = None
        else:
            self._catch_up(page, oldest, self._reached, 0)
        if rows == _FULL or self._full_at is not None:
            self._reached = newest if newest is not None else self._reached

    async def _look_for_writes(self) -> bool:
        """Whether a dev session has written nothing since it was listed last: its list would be the same.

        To list it wakes its instances, all of them each half minute for its counts (measured on wrangler
        4.164), and each leaves five rows in its trace store; its files say the same for nothing.
        """
        context, listed_at = self.context, self.listed_at
        begun = context.clock()
        still = await context.api.session_still(context.workflow)
        self._sees_writes = still is not None
        if still is None:
            return False
        now = context.clock()
        self._looked = now - begun
        context.session.wrote(still, now)
        if self.asked_for or self._catching or self._missing or self._full_at is None or listed_at is None:
            return False
        if context.session.holds(listed_at) is None or now - listed_at >= _UNWRITTEN:
            return False
        # A reload cuts what runs and writes nothing of it.
        before, started = context.session.started, await context.api.session_started()
        return before is not None and started is not None and abs(started - before) < _SAME_START

    def _rows(self, now: float) -> int:
        """How many of the newest to ask for: in a dev session each leaves five rows in its trace store."""
        looked_at = self.looked_at + self.hidden
        if not self.context.local or not self.looked_at or self._full_at is None:
            return _FULL
        every = _FULL_EVERY_QUIET if self.context.session.is_quiet(now) else _FULL_EVERY
        return _FULL if now - self._full_at >= every else min(max(looked_at, _FEWEST), _FULL)

    def _look_for_deleted(self, page: InstancePage, oldest: float | None, number: int, *, full: bool) -> None:
        """Notes rows that two newest pages in a row should hold and do not: they are not there any more.

        Not after one: the list is answered by replicas, and a row may be late on one of them.
        """
        store = self.context.store
        now = {identity for item in page.items if isinstance(identity := item.get("id"), str)}
        rows = [row for identity in (self._page | self._missing) - now if (row := store.get(identity))]
        missing = {
            row.id
            for row in rows
            if row.seq < number and row.created is not None and (oldest is None or row.created > oldest)
        }
        self.context.tell(store.doubt(missing & self._missing, GONE))
        # A page of fewer rows says nothing of those below it.
        below = set() if full else {row.id for row in rows if row.id not in missing}
        self._page, self._missing = now | below, missing

    def has_left(self, identity: str) -> bool:
        """Whether a row has left the newest page, on which it belongs by its status and age."""
        number, status, oldest = self.asked
        row = self.context.store.get(identity)
        if row is None or not status or row.status != status or row.seq >= number or row.created is None:
            return False
        return oldest is None or row.created > oldest

    def _doubt_those_that_left(self, before: tuple[int, str, float | None]) -> None:
        """Marks active rows as changed that two listings of their status in a row did not hold.

        Those on screen are read; thousands below it are not, and would count for the status that they had.
        """
        number, status, oldest = before
        store = self.context.store
        if not status or status != self.asked[1]:
            return
        departed = [
            identity
            for identity in store.active
            if self.has_left(identity)
            and (row := store.get(identity)) is not None
            and row.seq < number
            and (oldest is None or (row.created or 0.0) > oldest)
            and store.note(identity) == ""
        ]
        self.context.tell(store.doubt(departed, CHANGED))

    def _catch_up(self, page: InstancePage, oldest: float | None, reached: float | None, pages: int) -> None:
        # More than a page arrived since the last poll: without the pages between, they would be missing in
        # the middle of the table.
        gap = reached is not None and oldest is not None and oldest > reached
        self._catching = (page.cursor, reached, pages) if gap and page.cursor and pages else None
        if not self._catching and not pushed(self.context):
            below = page.unbroken if oldest is None else max(oldest, page.unbroken)
            if self._newest is not None and below <= self._newest:
                self.context.contiguous.reach_up(below, self._newest)


class OlderInstances(Job):
    """Asks for a page of older rows each time somebody wants more; one that another process has is taken."""

    purpose = "older rows"
    in_turn = out_of_turn = Priority.FOREGROUND
    patience = 1.0

    def __init__(self, context: FeedContext, newest: NewestInstances) -> None:
        super().__init__(1.0)
        self.context = context
        self.newest = newest
        self._cost = AnswerCost()
        self.wanted = False
        self._begun = False
        self._pages = 0
        self._cursor: str | None = None
        self._below: float | None = None
        """Creation of the newest row that is not kept any more: from there on they are listed again."""
        self._bottom: Sequence[Mapping[str, Any]] = ()
        """The last row that was walked over."""
        self._others: JoinedLists | None = None
        """What other processes walk of this list, while somebody here does."""
        self._wanted_at = 0.0

    def reset(self) -> None:
        self.wanted = self._begun = False
        self._pages = 0
        self._cursor = self._below = None
        self.next_at = 0.0
        self.leave_others()

    @property
    def complete(self) -> bool:
        """Whether the oldest row of what is asked for has been listed."""
        first = self.newest.freshness.answered_at
        if first is None or (self._below is not None and not self._begun):
            return False
        return (self._cursor if self._begun else self.newest.below) is None

    def begin_below(self, created: float) -> None:
        """Has older rows listed again from this creation time on down, for they are not kept any more.

        A dev session takes no dates: its list is walked from the top.
        """
        self._begun, self._cursor, self._bottom = False, None, ()
        self._below = None if self.context.local else created
        self.leave_others()

    def due(self, now: float) -> float | None:
        wanted = self.wanted or (self._pages < _SPAN_PAGES and _is_of_a_moment(self.context))
        ready = wanted and self.newest.freshness.answered_at is not None and not self.complete
        if not ready:
            if self._others is not None and not 0 <= now - self._wanted_at < _RECENT:
                self.leave_others()
            return None
        at = super().due(now)
        if at is None or at > now or self.context.local or self.context.shared is None:
            return at
        self._wanted_at = now
        return self._look_at_others(now, self.context.shared)

    def pace(self, took: float) -> float:
        return self._cost.rest(took) if self.context.local else 0.0

    async def ask(self) -> None:
        context, number, others = self.context, self.context.next_number(), self._others
        before = others.taken if others is not None else 0
        try:
            page = await (others or context.api).list_instances(context.workflow, self._query())
        # A cursor grows old; the next turn begins again below the newest page.
        except Refused:
            self._begun, self._below = False, None
            self.leave_others()
            raise
        if others is not None and others.taken > before:
            self._take_in(page, context.number_at(others.taken_at), others.taken_at)
        else:
            self._take_in(page, number, context.clock())

    def _query(self) -> ListQuery:
        if self._below is None:
            return _query(self.context, self._cursor if self._begun else self.newest.below)
        query = _query(self.context, self._cursor)
        return replace(query, date_end=min(self._below, query.date_end or self._below))

    def _take_in(self, page: InstancePage, number: int, at: float) -> None:
        context = self.context
        self.wanted = False
        self._pages += 1
        self._begun = True
        self._cursor, self._bottom = page.cursor, page.items[-1:] or self._bottom
        context.tell(context.store.apply(page.items, seq=number, now=at))
        if not pushed(context):
            context.contiguous.note_ends(page.items)
            oldest = _span(page)[0]
            context.contiguous.reach_down(None if oldest is None else max(oldest, page.unbroken))

    def _look_at_others(self, now: float, beside: Path) -> float | None:
        """When to ask: never for a page that another process has, later for one it asks for now."""
        context, query = self.context, self._query()
        if self._others is None:
            # Not at the start, where nobody reads further than the newest page.
            from wfdash.live.budget.joined_lists import JoinedLists, page_file

            path = page_file(beside, context.api.account_id, context.workflow, query)
            self._others = JoinedLists(
                context.api, path, clock=context.clock, recent=_RECENT, covers=self._is_walked
            )
            above = () if self._below is not None else self.newest.listed
            self._others.walked(self._bottom if self._begun else above)
        found = self._others.look(query)
        if found is None:
            return now + _LOOK
        if isinstance(found, ListQuery):
            return now
        self._others.walked(found.items)
        taken_at = self._others.taken_at
        self._take_in(found, context.number_at(taken_at), taken_at)
        self.answered(now, 0.0)
        context.notify(Update())
        return None

    def _is_walked(self, identity: str) -> bool:
        """Whether all rows from the newest down to this one are loaded."""
        context, floor = self.context, self.context.contiguous.floor
        row = context.store.get(identity) if floor is not None and not pushed(context) else None
        return row is not None and floor is not None and (row.created or 0.0) >= floor

    def leave_others(self) -> None:
        if self._others is not None:
            self._others.close()
            self._others = None


def _asked(context: FeedContext) -> Pushdown | None:
    """What of the filter goes to the API; a dev session takes none."""
    return context.query.pushdown(context.clock()) if context.query and not context.local else None


async def _page(context: FeedContext, cursor: str | None, rows: int) -> InstancePage:
    return await context.api.list_instances(context.workflow, _query(context, cursor, rows))


def _query(context: FeedContext, cursor: str | None, rows: int = _FULL) -> ListQuery:
    asked = _asked(context)
    if asked is None:
        return ListQuery(cursor=cursor, per_page=rows)
    return ListQuery(asked.status, asked.date_start, asked.date_end, cursor=cursor)


def _is_of_a_moment(context: FeedContext) -> bool:
    """Whether rows made in a closed span are searched for those that ended in a time.

    All pages are wanted.
    """
    asked = _asked(context)
    closed = asked is not None and asked.date_start is not None and asked.date_end is not None
    return closed and context.query is not None and context.query.looks_for_ends


def _status(context: FeedContext) -> str:
    """The one status that is asked for, where nothing else is; "" for any."""
    asked = _asked(context)
    return asked.status if asked and asked.date_start is None and asked.date_end is None else ""


def pushed(context: FeedContext) -> bool:
    """Whether the API is asked for a part of the list only, by status or creation."""
    asked = _asked(context)
    return bool(asked and (asked.status or asked.date_start is not None or asked.date_end is not None))


def _span(page: InstancePage) -> tuple[float | None, float | None]:
    """Creation times of the oldest and the newest row of a page."""
    times = [created for created in Instance.created_times(page.items) if created is not None]
    return (min(times), max(times)) if times else (None, None)
