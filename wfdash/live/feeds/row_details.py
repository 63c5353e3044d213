"""What visible active rows are blocked on, read one by one out of spare budget."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from wfdash.api.errors import WorkflowsError
from wfdash.core.filter.detail_fields import DetailFields, read_fields
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.rows.store import CHANGED, ENDED, GONE, Delta
from wfdash.core.triage.anomalies import StepTimes
from wfdash.core.why.context import WhyContext
from wfdash.core.why.session_times import last_moved
from wfdash.core.why.why import TimeWords, Why
from wfdash.live.budget.ledger import Priority
from wfdash.live.feeds.detail_cache import DetailCache, RowDetail
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import read_instance
from wfdash.live.polling.session_watch import AnswerCost

__all__ = ["RowDetails"]

OLD = 60.0
"""Seconds after which a fact is read again."""
_LEAST = 5.0
"""Seconds a fact is kept at least, whatever its deadline said."""
_SOON = 1.0
"""Seconds after which a row that is listed with another status is read anew."""
_STILL = 300.0
"""Seconds after which a row of a dev session is read again at most: each read leaves nine rows in the trace
store of its developer (measured on wrangler 4.164)."""
_AS_OF_NOW = 15.0
"""Seconds after its read up to which a step is said to run on, `charge card, 2m+`."""
_HELD = 15.0
"""Seconds for which it is taken to go on that nothing is written: it is looked for each 5 s."""
_LATE = 0.5
"""Seconds that a change is given to come after its predicted moment: 10 to 30 ms on the engine."""
_SEARCHED = 64_000_000
"""Characters of params and outputs that are kept for searching; what was read longest ago goes first."""
_MOST_SEARCHED = 100_000
"""Instances whose contents are kept for searching, beside the details that screens draw from: a row that was
found stays found."""
_SMALL = 100
"""Steps of a detail that is kept so that its sentence can follow the clock."""


class RowDetails(Job):
    """Reads what visible active rows wait for, one by one.

    `wanted` are on screen, `watched` marked or watched.
    """

    purpose = "rows on screen"

    def __init__(
        self,
        context: FeedContext,
        why_context: Callable[[Detail], WhyContext],
        *,
        missed: Callable[[], Collection[str]],
        opened: Callable[[], str | None],
    ) -> None:
        """`missed` are ids that the last sweep did not meet; `opened` is read in full by somebody else."""
        super().__init__(1.0)
        self.context = context
        self._why_context, self._missed, self._opened = why_context, missed, opened
        self._cost = AnswerCost()
        self.wanted: Sequence[str] = ()
        self.watched: Iterable[str] = ()
        self.departed: dict[str, float] = {}
        """Visible rows that do not answer any more what the list asks for, and since when that is known."""
        self.utc = True
        """How instants in the sentences are written."""
        self._details = DetailCache()
        self.read: dict[str, DetailFields] = {}
        self.rows_only: set[str] = set()
        """Instances of which a record holds no more than their rows."""
        self.unrecorded: set[str] = set()
        """What instances held that the record they were read from left out."""
        self.kept = 0
        """Changes with each that is kept."""
        self._characters = 0
        self.unseen = False
        """Whether nothing is shown or searched, as in a program that only records: then little is kept."""
        self.times = StepTimes()
        """How long each step usually takes, over every instance that was read."""

    @property
    def priority(self) -> Priority:
        """ROWS while a row on screen was never read or may have ended, else BACKGROUND behind the sweep."""
        read, wanted = self.progress
        return Priority.ROWS if read < wanted or self.urgent else Priority.BACKGROUND

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self.wanted = self.watched = ()
        self.departed = {}
        self._details.clear()
        self.read = {}
        self.rows_only, self.unrecorded = set(), set()
        self.kept += 1
        self._characters = 0
        self.times = StepTimes()

    def fact(self, identity: str) -> RowDetail | None:
        return self._details.get(identity)

    def newest_first(self) -> Iterator[tuple[str, RowDetail]]:
        """What was read and is kept, by id."""
        return self._details.newest_first()

    def why(self, identity: str, detail: Detail | None = None) -> Why | None:
        """The why of a row: worded for now where its detail was kept, else as it was when it was read.

        Without `detail`, which is the one that is kept, the row counts as looked at.

        None once the row has moved on to another status, for what was said belongs to the one it was read in,
        and once it is gone before it ended, for it waits for nothing any more. When it changed within its
        status, what was read is told as what was, and no clock runs in it: `earlier: charge card`.
        """
        store = self.context.store
        fact, row = self._details.get(identity), store.get(identity)
        if fact is None or (row is not None and row.status != fact.status):
            return None
        if store.note(identity) == GONE and not is_final(fact.status):
            return None
        if store.note(identity) in (ENDED, CHANGED) or self.moved_on(identity) or self._overtaken(fact):
            return _was(fact.why)
        if detail is None:
            self._details.looked_at(identity, on_screen=len(self.wanted))
            detail = fact.unpacked
        if detail is None:
            return fact.why
        why, held = self._diagnose(detail), self.read_or_held_at(identity) or fact.read_at
        until = held + _AS_OF_NOW
        if self.context.clock() > until and why.lasts:
            # It may have failed within its status since: no clock runs in what may be over.
            return replace(why, short=self._diagnose(detail, until).short)
        return why

    def was(self, identity: str) -> Why | None:
        """What the row was blocked on before its status changed; None where `why` tells more.

        What has completed is past that, and says how long it took.
        """
        fact, row = self._details.get(identity), self.context.store.get(identity)
        if fact is None or row is None or row.status in (fact.status, "complete") or is_final(fact.status):
            return None
        return _was(fact.why)

    def moved_on(self, identity: str) -> bool:
        """Whether the list tells of a change since it was read: its open steps may be other ones now."""
        fact, row = self._details.get(identity), self.context.store.get(identity)
        if fact is None or row is None or row.modified is None or is_final(row.status):
            return False
        return row.modified != fact.modified and row.modified > fact.read_at

    def _overtaken(self, fact: RowDetail) -> bool:
        """Whether its deadline has passed since it was read, so that nobody knows what it is at now."""
        deadline = fact.why.deadline
        if deadline is None or not fact.read_at < deadline < self.context.clock() - _LEAST:
            return False
        held = self.context.session.holds(fact.asked_at) if self.context.local else None
        return held is None or held < deadline

    def set_back(self, seconds: float) -> None:
        super().set_back(seconds)
        self.context.refusals.set_back(seconds)
        self.departed = {identity: since - seconds for identity, since in self.departed.items()}
        for fact in self._details:
            fact.read_at -= seconds
            fact.asked_at -= seconds

    def remember(self, detail: Detail, answered_at: float | None = None) -> None:
        """Takes in a detail that anybody read, now, at `answered_at`, or when a record says.

        What was opened once is kept as it was then, and must not stand for what was read since.
        """
        context, row, before = self.context, self.context.store.get(detail.id), self._details.get(detail.id)
        now = answered_at or detail.read_at or context.clock()
        # One without its steps says less than what is kept, and of two reads the later one may be answered
        # first.
        if detail.simple or (before is not None and before.read_at > now):
            return
        kept = detail if len(detail.steps) <= _SMALL else None
        modified, moved = row.modified if row else None, last_moved(detail, now)
        asked = answered_at or context.clock()
        if before is not None:
            # What is open beside it is handed on with each read: of a record its time is long ago, where the
            # clock stands, and its row would be read again for ever.
            asked = max(asked, before.asked_at)
        read = RowDetail(now, asked, modified, self._diagnose(detail), detail.status, kept, moved)
        self._details.put(detail.id, read, unseen=self.unseen, on_screen=len(self.wanted))
        # What is first seen of a dev session moved when its answer says: one that stood still before it was
        # opened rests at once.
        if before is None and moved is not None:
            context.session.moved(moved, now)
        elif before is not None and before.moved != moved:
            context.session.moved(now, now)
        if detail.unread:
            self.rows_only.add(detail.id)
        if not self.unseen:
            self.keep_fields(detail.id, read_fields(detail))
        self.times.learn(detail)

    def follow(self, delta: Delta) -> None:
        """Forgets what was read of an end after which it ran again: it may have failed otherwise.

        Of one that has ended since it was read no clock runs any more in what was said; and nothing is kept
        of rows that are not kept themselves.
        """
        store = self.context.store
        for identity in delta.dropped:
            self._details.drop(identity)
            self.rows_only.discard(identity)
            if (fields := self.read.pop(identity, None)) is not None:
                self._characters -= fields.contents.size
                self.kept += 1
        for identity in delta.changed:
            fact, row = self._details.get(identity), store.get(identity)
            if fact is None or row is None:
                continue
            if not is_final(fact.status):
                if is_final(row.status):
                    self._details.let_go(identity)
                continue
            # What was read of one end stood for the next where no list had seen it run in between.
            if row.status != fact.status or (row.ended or 0.0) > fact.read_at:
                self._details.drop(identity)

    def keep_fields(self, identity: str, fields: DetailFields) -> None:
        """Keeps what filters search by, also for rows that left the screen: a found row stays found."""
        if (before := self.read.pop(identity, None)) is not None:
            self._characters -= before.contents.size
        self.read[identity] = fields
        if identity not in self.rows_only:  # of these nothing was left out: they were not read
            self.unrecorded |= fields.unrecorded
        self.kept += 1
        self._characters += fields.contents.size
        while len(self.read) > 1 and (self._characters > _SEARCHED or len(self.read) > _MOST_SEARCHED):
            oldest = next(iter(self.read))
            self._characters -= self.read.pop(oldest).contents.size

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
        return self._cost.rest(took) if self.context.local else 0.0

    async def ask(self) -> None:
        context = self.context
        identity = self._next(context.clock())
        if identity is None:
            return
        try:
            detail = await read_instance(context, identity)
        except WorkflowsError:
            if context.refusals.passing:
                return
            raise
        if detail is None:
            return
        self.remember(detail)
        context.notify(Update(details=(identity,)))

    def _next(self, now: float) -> str | None:
        if urgent := self.urgent:
            return urgent
        times = [
            (time, identity) for identity in self.wanted if (time := self._due(identity, now)) is not None
        ]
        time, first = min(times, key=lambda pair: pair[0], default=(now + 1, None))
        return first if time <= now else None

    def look_for(self, has_left: Callable[[str], bool]) -> None:
        """Notes, after a listing, which of the visible rows it should hold and does not."""
        now = self.context.clock()
        self.departed = {
            identity: self.departed.get(identity, now) for identity in self.wanted if has_left(identity)
        }

    @property
    def urgent(self) -> str | None:
        """A row on screen, marked or watched that the last listing or sweep missed; None for none."""
        store = self.context.store
        held, workflow, now = self.context.refusals, self.context.workflow, self.context.clock()
        for identity, since in self.departed.items():
            fact = self._details.get(identity)
            if held.until(workflow, identity) > now:
                continue
            if (fact is None or fact.asked_at < since) and store.note(identity) != GONE:
                return identity
        missed = self._missed()
        # A sweep of many misses thousands, of which few are watched: it is asked at each turn of the poller.
        prioritised = [identity for identity in self.watched if identity in missed] if missed else []
        for identity in (*prioritised, *self.wanted):
            if identity in missed and identity in store.active and held.until(workflow, identity) <= now:
                fact = self._details.get(identity)
                if (
                    fact is None
                    or fact.asked_at + OLD / 2 < self.context.clock()
                    or store.note(identity) == ENDED
                ):
                    return identity
        return None

    def _due(self, identity: str, now: float) -> float | None:
        """When to read an instance: None for one that is gone or not listed, or final and read as such.

        One that answers with an error each time has its turn after the others.
        """
        at, context = self._due_by_answer(identity, now), self.context
        return None if at is None else max(at, context.refusals.until(context.workflow, identity))

    def _due_by_answer(self, identity: str, now: float) -> float | None:
        row = self.context.store.get(identity)
        if row is None or identity == self._opened() or self.context.store.note(identity) == GONE:
            return None
        fact = self._details.get(identity)
        if fact is None:
            return 0.0
        if is_final(row.status):
            return None if fact.status == row.status else fact.asked_at + self._rest_of_end(row, fact)
        # Of another status nothing is said until it is read; a dev session tells no change but that of it.
        moved = row.modified is not None and row.modified != fact.modified
        if moved and row.status != fact.status and not self.context.local:
            return fact.asked_at + _SOON
        if moved or row.status != fact.status:
            return fact.asked_at + _LEAST
        return fact.asked_at + self._rest(fact, now)

    def _rest_of_end(self, row: Instance, fact: RowDetail) -> float:
        """Seconds after which one that has ended since is read: longer where its answer lagged already."""
        return _LEAST if self.context.local or row.modified == fact.modified else _SOON

    def _rest(self, fact: RowDetail, now: float) -> float:
        """Seconds from one read of a row that says it still runs to the next.

        What a dev session runs tells by its list alone that it ended: the longer it stood still, the longer.
        """
        rest, session = OLD, self.context.session
        if self.context.local:
            if (held := session.holds(fact.asked_at)) is not None and now - held < _HELD:
                return now - fact.asked_at + _LEAST
            if fact.why.cut and session.has_written_since(fact.asked_at):
                # What woke it shows in no list; of many that are cut one a second is looked at.
                return max(_LEAST, sum(self._is_cut(identity) for identity in self.wanted))
            quiet = session.is_quiet(now)
            still = (fact.read_at - fact.moved) / (1 if quiet else 2) if fact.moved is not None else OLD
            rest = min(max(still, _LEAST), _STILL if quiet else OLD)
        if (deadline := fact.why.deadline) is None:
            return rest
        if deadline > fact.read_at:
            return min(rest, max(deadline + _LATE - fact.read_at, _LEAST))
        # It was to change and had not: what was predicted is wrong until it is read again.
        return min(rest, max(fact.read_at - deadline, _LEAST))

    def _is_cut(self, identity: str) -> bool:
        fact = self._details.get(identity)
        return fact is not None and bool(fact.why.cut)

    def read_or_held_at(self, identity: str) -> float | None:
        """When it was read, or later: up to when a dev session is known to have written nothing since."""
        fact = self._details.get(identity)
        if fact is None:
            return None
        held = self.context.session.holds(fact.asked_at) if self.context.local else None
        return fact.read_at if held is None else max(fact.read_at, held)

    def allowed(self, detail: Detail) -> float | None:
        """How many of its workflow may run at once, where its version says."""
        return self._why_context(detail).allowed

    def words(self, detail: Detail) -> TimeWords:
        """How its times are told, with what is known of its pauses."""
        row = self.context.store.get(detail.id)
        return self._why_context(detail).words(detail, now=self.context.clock(), row=row, utc=self.utc)

    def _diagnose(self, detail: Detail, now: float | None = None) -> Why:
        row, now = self.context.store.get(detail.id), self.context.clock() if now is None else now
        return self._why_context(detail).why(detail, now=now, row=row, utc=self.utc)


def _was(why: Why) -> Why:
    """`earlier: charge card`: the same of before its row moved on."""
    return replace(why, short=why.short and f"earlier: {why.short}", looks_stuck=False, past=True)
