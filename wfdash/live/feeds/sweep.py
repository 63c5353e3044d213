"""Every instance that can still move, status by status, so that none changes unseen."""

from collections.abc import Callable

from msgspec import Struct, field

from wfdash.api.errors import Refused
from wfdash.api.interface import ListQuery
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import ACTIVE
from wfdash.core.rows.store import ENDED
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.job import Job

__all__ = ["MOST_PAGES", "Sweep"]

MOST_PAGES = 60
"""Pages of one round: 6,000 rows. What is left out is said on the page."""
PERIOD = 30.0
"""Seconds from the start of a sweep to the next one's, when the budget would allow more."""


_LOOKED_UP = 10
"""Pages of the list that are asked for after a round at most, for the rows that it missed."""
_AROUND = 1.0
"""Seconds beyond a row's creation from which a page is asked, so that the row is surely on it."""


class _Round(Struct):
    """One walk over the statuses."""

    at: float
    number: int
    """Of the request before its first."""
    remaining: list[str]
    status: str = ""
    cursor: str | None = None
    pages: int = 0
    rows: int = 0
    cut: list[str] = field(default_factory=list)
    """Statuses that were not walked to their end."""


class Sweep(Job):
    """Lists each active status in rounds.

    Rows that one round missed are `missed`, those that two missed `ended?`.
    What it missed has ended, most likely: the list itself, around those rows, tells how. Else what completes
    below the newest page would never be counted, and what fails, which other pages look for, would.
    """

    purpose = "sweep"
    in_turn = out_of_turn = Priority.SWEEP

    def __init__(self, context: FeedContext, *, skip: Callable[[], bool]) -> None:
        """`skip` says whether the newest page is all there is."""
        super().__init__(PERIOD)
        self.context = context
        self._skip = skip
        self.seen = 0
        """Active rows the last round met."""
        self.left_out: tuple[str, ...] = ()
        """Statuses the last round could not walk to their end."""
        self.period: float | None = None
        """Seconds the last round took, its rest included."""
        self.missed: set[str] = set()
        """Active ids the last complete round did not meet."""
        self._round: _Round | None = None
        self._before: int | None = None
        self._next_start = 0.0
        self._lost: list[float] = []
        """When the missed rows were created that are to be looked up, the newest last."""
        self._looked_up = 0
        """Pages that were asked for them since the last round."""
        self._dates_refused = False

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self._round = self._before = self.period = None
        self.missed, self._lost = set(), []
        self.left_out = ()
        self.seen = 0
        self.next_at = 0.0

    def set_back(self, seconds: float) -> None:
        super().set_back(seconds)
        self._next_start -= seconds
        if self._round is not None:
            self._round.at -= seconds

    def due(self, now: float) -> float | None:
        context = self.context
        # A status filter wakes every instance of a dev session (measured on the engine); and a list that is
        # complete on one page is its own sweep.
        if context.local or not context.workflow or self._skip() or not len(context.store):
            return None
        return super().due(now)

    def pace(self, took: float) -> float:
        if self._round is not None or self._lost:
            return 0.0
        return max(0.0, self._next_start - self.context.clock()) + took

    @property
    def pages(self) -> int:
        """How many pages the round under way has read so far."""
        return self._round.pages if self._round else 0

    # `status` takes one value, no list of them (reference, List instances): a round walks them in turn.
    async def ask(self) -> None:
        context = self.context
        if self._lost and self._round is None:
            await self._look_up()
            return
        run = self._round or self._start()
        number = context.next_number()
        page = await context.api.list_instances(context.workflow, ListQuery(run.status, cursor=run.cursor))
        context.tell(context.store.apply(page.items, seq=number, now=context.clock()))
        run.pages += 1
        run.rows += len(page.items)
        run.cursor = page.cursor
        # A page a turn, so that whatever is more urgent goes in between.
        if page.cursor is not None and run.pages < MOST_PAGES:
            return
        if page.cursor is not None:
            run.cut.append(run.status)
        self._go_on(run)

    def look_up(self, created: list[float]) -> None:
        """Has rows around these moments of creation listed: they left a listing that should hold them."""
        if not self._dates_refused:
            self._lost, self._looked_up = sorted({*self._lost, *created}), 0
            self.next_at = 0.0

    def covered(self, number: int) -> None:
        """Takes a listing of everything for a round; `number` is that of its request."""
        self._judge(number - 1)

    def _start(self) -> _Round:
        statuses = list(ACTIVE)
        if self.left_out:
            # What the last round had no room for comes first, so that in a workflow of thousands every status
            # has its turn.
            statuses.sort(key=lambda status: status not in self.left_out)
        self._round = run = _Round(self.context.clock(), self.context.number, statuses)
        run.status = run.remaining.pop(0)
        return run

    def _go_on(self, run: _Round) -> None:
        run.cursor = None
        if run.remaining and run.pages < MOST_PAGES:
            run.status = run.remaining.pop(0)
            return
        now = self.context.clock()
        run.cut += run.remaining
        self.seen, self.left_out = run.rows, tuple(run.cut)
        # Reckoned from its start: a round over thousands takes minutes of budget, and would otherwise rest
        # besides.
        self._next_start = max(now, run.at + PERIOD)
        self.period = self._next_start - run.at
        self._round = None
        # A round that was cut short may have missed an instance only for want of pages.
        if not run.cut:
            self._judge(run.number)

    def _judge(self, number: int) -> None:
        """Works out which rows the complete round that began after this request missed, and which two did."""
        store, before = self.context.store, self._before
        # A row told by a later request was seen since, whatever the round met.
        rows = [row for identity in store.active if (row := store.get(identity)) and row.seq <= number]
        self.missed = {row.id for row in rows}
        created = (row.created for row in rows if row.created is not None)
        self._lost, self._looked_up = [] if self._dates_refused else sorted(created), 0
        # Missed once may be a row that changed status between two pages of the round; missed twice is doubt.
        if before is not None:
            self.context.tell(store.doubt([row.id for row in rows if row.seq <= before], ENDED))
        self._before = number

    async def _look_up(self) -> None:
        """Asks for the page on which the newest of them stands, with all the others that are on it."""
        context, number = self.context, self.context.next_number()
        newest = self._lost.pop()
        self._looked_up += 1
        try:
            page = await context.api.list_instances(context.workflow, ListQuery(date_end=newest + _AROUND))
        except Refused:  # not every server takes dates
            self._lost, self._dates_refused = [], True
            return
        # What was not loaded before would stand in the table with a gap above it.
        items = [item for item in page.items if str(item.get("id")) in context.store]
        context.tell(context.store.apply(items, seq=number, now=context.clock()))
        context.contiguous.note_ends(items)
        oldest = min((created or 0.0 for created in Instance.created_times(page.items)), default=newest)
        self._lost = [at for at in self._lost if at < oldest] if self._looked_up < _LOOKED_UP else []
