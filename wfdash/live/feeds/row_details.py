"""What visible active rows are blocked on, read one by one out of spare budget."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from wfdash.core.filter.detail_fields import DetailFields, read_fields
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.rows.store import ENDED, EXPIRED
from wfdash.core.triage.anomalies import StepTimes
from wfdash.core.why.context import WhyContext
from wfdash.core.why.why import Why
from wfdash.live.budget.budget import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import DetailChanged
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import read_instance

__all__ = ["RowDetail", "RowDetails"]

OLD = 60.0
"""Seconds after which a fact is read again."""
_LEAST = 5.0
"""Seconds a fact is kept at least, whatever its deadline said."""
_KEPT = 2000
_SMALL = 100
"""Steps of a detail that is kept so that its sentence can follow the clock."""


class RowDetail(Struct):
    """What one instance said of itself. Times are epoch seconds."""

    read_at: float
    modified: float | None
    why: Why
    status: str
    detail: Detail | None = None
    """None when it is too long to be kept."""


class RowDetails(Job):
    """`wanted` are visible rows, active or errored; `watched` the marked and the watched ones."""

    purpose = "rows on screen"

    def __init__(self, context: FeedContext, why_context: Callable[[Detail], WhyContext]) -> None:
        super().__init__(1.0)
        self.context = context
        self._why_context = why_context
        self.wanted: Sequence[str] = ()
        self.watched: Container[str] = ()
        self.missed: Collection[str] = ()
        self.open: str | None = None
        """The instance that is read in full by somebody else."""
        self.left: dict[str, float] = {}
        """Visible rows that do not answer any more what the list asks for, and since when that is known."""
        self.utc = True
        """How instants in the sentences are written."""
        self._details: OrderedDict[str, RowDetail] = OrderedDict()
        self.read: dict[str, DetailFields] = {}
        self.times = StepTimes()
        """How long each step usually takes, over every instance that was read."""

    @property
    def priority(self) -> Priority:
        """A row on screen that was never read, or that may have ended, goes before the sweep."""
        read, wanted = self.progress
        return Priority.ROWS if read < wanted or self.urgent else Priority.BACKGROUND

    def reset(self) -> None:
        """Another workflow is watched from now on."""
        self.wanted = self.watched = self.missed = ()
        self.left = {}
        self._details.clear()
        self.read = {}
        self.times = StepTimes()

    def fact(self, identity: str) -> RowDetail | None:
        return self._details.get(identity)

    def newest_first(self) -> Iterator[tuple[str, RowDetail]]:
        """What was read and is kept, by id."""
        return reversed(self._details.items())

    def why(self, identity: str) -> Why | None:
        """Worded for now where the detail was kept, else as it was when it was read.

        None once the row has moved on to another status, for what was said belongs to the one it was read in,
        and once it is gone before it ended, for it waits for nothing any more. When it changed within its
        status, what was read is told as what was, and no clock runs in it: `was: charge card 2/4, in <10s`.
        """
        store = self.context.store
        fact, row = self._details.get(identity), store.get(identity)
        if fact is None or (row is not None and row.status != fact.status):
            return None
        if store.note(identity) == EXPIRED and not is_final(fact.status):
            return None
        if self.moved_on(identity):
            return replace(fact.why, short=fact.why.short and f"was: {fact.why.short}", looks_stuck=False)
        return self._diagnose(fact.detail) if fact.detail is not None else fact.why

    def moved_on(self, identity: str) -> bool:
        """Whether the list tells of a change since it was read: its open steps may be other ones now."""
        fact, row = self._details.get(identity), self.context.store.get(identity)
        if fact is None or row is None or row.modified is None or is_final(row.status):
            return False
        return row.modified != fact.modified and row.modified > fact.read_at

    def set_back(self, seconds: float) -> None:
        super().set_back(seconds)
        self.left = {identity: since - seconds for identity, since in self.left.items()}
        for fact in self._details.values():
            fact.read_at -= seconds

    def remember(self, detail: Detail) -> None:
        """Take in what was read of an instance, whoever read it."""
        if detail.simple:
            return
        row = self.context.store.get(detail.id)
        kept = detail if len(detail.steps) <= _SMALL else None
        self._details[detail.id] = RowDetail(
            self.context.clock(), row.modified if row else None, self._diagnose(detail), detail.status, kept
        )
        self.read[detail.id] = read_fields(detail)
        self.times.learn(detail)
        self._details.move_to_end(detail.id)
        while len(self._details) > _KEPT:
            oldest, _ = self._details.popitem(last=False)
            del self.read[oldest]

    @property
    def progress(self) -> tuple[int, int]:
        """How many of the visible active rows have been read, of how many."""
        return sum(1 for identity in self.wanted if identity in self._details), len(self.wanted)

    def due(self, now: float) -> float | None:
        if not self.context.workflow:
            return None
        if (self.next_at or 0.0) > now:
            return self.next_at
        times = [self._due(identity, now) for identity in self.wanted]
        if self.urgent:
            return 0.0
        return min((time for time in times if time is not None), default=None)

    def pace(self, took: float) -> float:
        return took * 10 if self.context.local else 0.0

    async def ask(self) -> None:
        context = self.context
        identity = self._next(context.clock())
        if identity is None:
            return
        detail = await read_instance(context, identity)
        if detail is None:
            return
        self.remember(detail)
        context.notify(DetailChanged(identity))

    def _next(self, now: float) -> str | None:
        if urgent := self.urgent:
            return urgent
        times = [
            (time, identity) for identity in self.wanted if (time := self._due(identity, now)) is not None
        ]
        time, first = min(times, key=lambda pair: pair[0], default=(now + 1, None))
        return first if time <= now else None

    def look_for(self, left: Callable[[str], bool]) -> None:
        """After a listing: which of the visible rows it should hold and does not."""
        now = self.context.clock()
        self.left = {identity: self.left.get(identity, now) for identity in self.wanted if left(identity)}

    @property
    def urgent(self) -> str | None:
        """A row on screen, marked or watched that the last listing or the last sweep did not meet."""
        store = self.context.store
        for identity, since in self.left.items():
            fact = self._details.get(identity)
            if (fact is None or fact.read_at < since) and store.note(identity) != EXPIRED:
                return identity
        prioritised = [identity for identity in self.missed if identity in self.watched]
        for identity in (*prioritised, *self.wanted):
            if identity in self.missed and identity in store.active:
                fact = self._details.get(identity)
                if (
                    fact is None
                    or fact.read_at + OLD / 2 < self.context.clock()
                    or store.note(identity) == ENDED
                ):
                    return identity
        return None

    def _due(self, identity: str, now: float) -> float | None:
        """When to read an instance: None for one that is gone or not listed, or final and read as such."""
        row = self.context.store.get(identity)
        if row is None or identity == self.open or self.context.store.note(identity) == EXPIRED:
            return None
        fact = self._details.get(identity)
        if fact is None:
            return 0.0
        if is_final(row.status):
            return None if fact.status == row.status else fact.read_at + _LEAST
        if row.modified is not None and row.modified != fact.modified:
            return fact.read_at + _LEAST
        deadline = fact.why.deadline
        at = fact.read_at + OLD
        if deadline is not None and deadline > fact.read_at:
            at = min(at, max(deadline, fact.read_at + _LEAST))
        return at

    def _diagnose(self, detail: Detail) -> Why:
        row = self.context.store.get(detail.id)
        return self._why_context(detail).why(detail, now=self.context.clock(), row=row, utc=self.utc)
