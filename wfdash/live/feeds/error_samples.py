"""Why instances failed: errored ones sampled out of spare budget, newest first, and grouped by cause."""

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import InstancePage, ListQuery
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.rows.store import CHANGED, GONE, Delta
from wfdash.core.triage.error_groups import ErrorGroup, Sample, group
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.budget.ledger import Priority
from wfdash.live.feeds.first_failure import FirstFailureSearch
from wfdash.live.feeds.past_version import PastVersion
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import read_instance
from wfdash.live.polling.session_watch import AnswerCost

if TYPE_CHECKING:
    from wfdash.live.budget.joined_reads import JoinedReads

__all__ = ["BESIDE", "ErrorSamples", "SampleReads"]

SAMPLE = 50
"""Errored instances that are read at most: enough to tell one cause from five."""
_KEPT = 500
"""Failures that are told of at most, while nobody asks for all of them."""
LISTED_AGAIN = 60.0
"""Seconds until the errored ones are listed again, while somebody looks."""
_FEWER = 5.0
"""The same where fewer are counted than were."""
_REPLICAS = 30.0
"""Seconds after its end in which one may be missing from a list that a replica answers."""
BESIDE = 3
"""Reads that run beside the sample's own: one after another, 50 answers of 0.2 s would take 10 s."""
_BEHIND = 90.0
"""Seconds by which what has not ended may be behind: it is listed in turn."""
_FEW, _FEW_OF_ENDED = 3, 0.2
_COUNTED = 5.0
"""Seconds until the loaded rows are looked through again for their newest version."""


class ErrorSamples(Job):
    """Lists the newest errored instances and reads each once for its cause, while `wanted`.

    An instance that was restarted and failed anew is read anew, as its end moved.
    """

    purpose = "errors"
    in_turn = out_of_turn = Priority.FOREGROUND
    """It asks only while its page is open."""

    def __init__(
        self,
        context: FeedContext,
        *,
        read: Callable[[Detail], None],
        deployed: Callable[[], Mapping[str, float]],
        all_listed: Callable[[], bool],
        errored: Callable[[], int | None],
        look_up: Callable[[list[float]], None],
    ) -> None:
        """`errored`: how many the server counted last; `look_up` asks for rows by when they were created."""
        super().__init__(1.0)
        self.context = context
        self._cost = AnswerCost()
        self._read_too = read
        """Told of every instance that was read, for who learns from it too."""
        self._deployed = deployed
        """When versions came, as far as that was answered."""
        self._all_listed = all_listed
        """Whether the table has every instance that matches its filter: a dev session's takes none."""
        self._errored, self._look_up = errored, look_up
        self.wanted = False
        self.open_read_at: float | None = None
        """When the one was answered, as they were counted last, that was answered longest ago of those that
        had not ended."""
        self.beside = tuple(SampleReads(self) for _ in range(BESIDE))
        self._asked: set[str] = set()
        """Those that are read right now."""
        self._others: JoinedReads[Sample] | None = None
        """What other processes read of the same failures, while somebody looks."""
        self._clear()

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self._clear()
        self.next_at = 0.0

    def _clear(self) -> None:
        self.leave_others()
        self._samples: dict[str, tuple[float | None, Sample]] = {}
        self._lost: set[str] = set()
        self.of_two_versions: set[str] = set()
        """Those of which the list says another version than they do themselves."""
        self._only_listed: set[str] = set()
        self._candidates: list[str] = []
        self._everything = self._walked = self._cut = False
        self._below: str | None = None
        """Cursor of the page below those that were listed to read all of them."""
        self._further: dict[str, Mapping[str, Any]] = {}
        """What those pages told of instances that are not read yet."""
        self._grouped: list[ErrorGroup] | None = None
        self._listed_at: float | None = None
        self._counted_errored: int | None = None
        """How many the server counted when they were listed last, or more since."""
        self._first_failure = FirstFailureSearch()
        self.read_at: float | None = None
        """When the last of the samples was read."""
        self._past = PastVersion()
        self._past_due: tuple[str, float] | None = None
        """The newest version and its time, while the page before it is to be listed."""
        self._below_due: float | None = None
        """The moment to list back from, while of a version that fails too few are loaded to judge it."""
        self._newest_version = ""
        self._counted: tuple[float, int] = (float("-inf"), 0)

    @property
    def groups(self) -> list[ErrorGroup]:
        if self._grouped is None:
            self._grouped = group(sample for _, sample in self._samples.values())
        return self._grouped

    def holds(self, identity: str) -> bool:
        """Whether an instance is among the samples that the groups are made of."""
        return identity in self._samples

    def read_all(self) -> None:
        """Lists the errored ones to the end and reads each, instead of the newest: somebody waits for it."""
        if not self._everything:
            self._everything, self._listed_at = True, None
        self.soon()

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions whose time matters while somebody looks: of the commonest cause, and the newest."""
        if not self.wanted:
            return ()
        return (*(found.fingerprint.version for found in self.groups[:1]), self._newest_version)

    @property
    def compared_with(self) -> int:
        """Rows from before the newest version and below all that is loaded, as far as they were listed."""
        return len(self._past.rows) + len(self._past.below)

    def compared(self) -> tuple[list[Instance], list[Instance], float]:
        """Rows between which none is missing: of the list, and with those from before the newest version.

        And up to when it is known how they ended. The errored ones are listed here by themselves: what
        completed beside them is met later, and of what ended since nearly all would have failed.
        """
        store = self.context.store
        rows = self._past.above(self.context.contiguous.rows(store))
        lost, until = store.lost, self._answered_until()
        if until < self.context.clock():
            rows = [row for row in rows if row.ended is None or row.ended <= until]
        both = self._past.beside(rows)
        self._note_two_versions()
        if left_out := lost | self.of_two_versions:
            # What is not there any more is in no other count either.
            rows, both = ([row for row in some if row.id not in left_out] for some in (rows, both))
        return rows, both, until

    def _note_two_versions(self) -> None:
        """Notes instances that the list and their own answer lay to two versions; they count for neither.

        After a restart on a newer version it is not known of those that completed, for nobody reads them:
        that version would have failures alone.
        """
        self.of_two_versions &= self._samples.keys()
        for identity, (_, sample) in self._samples.items():
            row, version = self.context.store.get(identity), sample.fingerprint.version
            if row is not None and version and row.version and version != row.version:
                self.of_two_versions.add(identity)

    def _answered_until(self) -> float:
        """Up to when what ended is known, save for a few open ones: those change no rate by much."""
        store, now = self.context.store, self.context.clock()
        if self.context.local:  # its list has all, and is asked whenever something moved
            return now
        rows = self.context.contiguous.rows(store)
        answers = sorted(at for row in rows if (at := store.seen_at(row.id)) is not None)
        self.open_read_at = answers[0] if answers else None
        few = max(_FEW, int((len(rows) - len(answers)) * _FEW_OF_ENDED))
        return min(now, answers[few] + _BEHIND) if len(answers) > few else now

    @property
    def listed(self) -> bool:
        """Whether it is known which instances are errored."""
        return self._listed_at is not None

    @property
    def sampled(self) -> bool:
        """Whether only the newest are looked at, and there may be more."""
        return not self.listed or self._cut

    @property
    def since_found(self) -> bool:
        """Whether the first failure of the largest group is the first of its cause."""
        groups = self.groups
        return bool(groups) and self._first_failure.finished(groups[0], self._open)

    @property
    def progress(self) -> tuple[int, int]:
        """How many errored instances were read, and how many are sampled in all."""
        read = len(self._samples)
        newest = (identity for identity in self._newest if identity not in self._lost)
        unread = sum(1 for identity in newest if identity not in self._samples)
        return read, read + unread

    @property
    def refused(self) -> list[str]:
        """Ids of the sample that the server answered with an error when they were read."""
        return [each for each in self._waiting() if self._is_refused(each)]

    def _is_refused(self, identity: str) -> bool:
        return self.context.refusals.until(self.context.workflow, identity) > 0

    @property
    def reads_left(self) -> int | None:
        """How many causes are still to be read by this process; None while all of them are being listed."""
        if not self.listed:
            return SAMPLE
        if self._below is not None:
            return None
        return self.share(sum(1 for identity in self._waiting() if identity not in self._asked)) or 1

    def share(self, reads: int) -> int:
        """How many of the `reads` still to be done this process asks for; the others ask for the rest."""
        return reads if self._others is None else self._others.share(reads)

    @property
    def only_listed(self) -> int:
        """How many failed of which a record has the row and not the cause."""
        return len(self._only_listed)

    def due(self, now: float) -> float | None:
        if not self.wanted or not self.context.workflow:
            self.leave_others()
            return None
        if self.next_at is not None and self.next_at > now:
            return self.next_at
        if not self.context.local:
            self._look_at_others()
        if (
            self._below is not None
            or self._next() is not None
            or self._first_failure.cursor is not None
            or self._wants_past(now)
            or self._below_due is not None
        ):
            return 0.0
        context = self.context
        held = [context.refusals.until(context.workflow, each) for each in self.refused]
        return min([self._next_listing(), *(at for at in held if at > now)])

    def _next_listing(self) -> float:
        """When they are listed again: soon where the server counts fewer of them than it did."""
        if self._listed_at is None:
            return 0.0
        counted, before = self._errored(), self._counted_errored
        fewer = counted is not None and before is not None and counted < before
        if counted is not None:
            self._counted_errored = max(counted, before or 0)
        return self._listed_at + (_FEWER if fewer else LISTED_AGAIN)

    def follow(self, delta: Delta) -> None:
        """Takes out what was restarted: it is errored no more, and read anew if it ends so again.

        What is not there any more failed too, and no other count holds it.
        """
        store = self.context.store
        for identity in delta.changed:
            row, is_gone = store.get(identity), store.note(identity) == GONE
            if row is not None and row.status == "errored" and not is_gone:
                self._lost.discard(identity)
                continue
            if is_gone:
                self._lost.add(identity)
            self._take_out(identity)
        self._lost.difference_update(delta.dropped)
        self._only_listed.difference_update(delta.dropped)

    def _take_out(self, identity: str) -> None:
        if self._samples.pop(identity, None) is not None:
            self._grouped = None

    def set_back(self, seconds: float) -> None:
        super().set_back(seconds)
        self._listed_at = None if self._listed_at is None else self._listed_at - seconds

    def pace(self, took: float) -> float:
        return self._cost.rest(took) if self.context.local else 0.0

    async def ask(self) -> None:
        if self._next_listing() <= self.context.clock():
            await self._list()
        elif self._below is not None:
            await self._list_further(self._below)
        elif (past := self._wants_past(self.context.clock())) is not None:
            await self._list_past(*past)
        elif self._below_due is not None:
            await self._list_below(self._below_due)
        elif self._first_failure.cursor is not None and self._enough:
            await self._list_older(self._first_failure.cursor)
        elif (identity := self._next()) is not None:
            await self.read(identity)

    async def _list(self) -> None:
        """Lists the newest errored ones.

        Of a dev session the loaded rows, for to list it wakes each instance.
        """
        context, more = self.context, False
        if not context.local:
            number = context.next_number()
            page = await context.api.list_instances(context.workflow, ListQuery("errored"))
            context.tell(context.store.apply(page.items, seq=number, now=context.clock()))
            self._first_failure.listed(page.items, page.cursor, older=False)
            self._drop_what_left(page, number)
            self._counted_errored = self._errored()
            more = page.cursor is not None
            if self._everything and not self._walked:
                self._walked, self._below = True, page.cursor
        self._listed_at = context.clock()
        store = context.store
        errored = [
            row for row in store if row.status == "errored" and store.note(row.id) not in (GONE, CHANGED)
        ]
        self._first_failure.note(errored)
        if context.local:
            self._first_failure.complete = self._all_listed()
        # By when they failed and not by when they began: the incident is what failed last.
        errored.sort(key=lambda row: (-(row.ended or row.created or 0.0), row.id))
        self._cut = self._below is not None if self._everything else more or len(errored) > SAMPLE
        listed = {row.id: None for row in (errored if self._everything else errored[:SAMPLE])}
        self._candidates = list(listed | dict.fromkeys(self._further))

    def _drop_what_left(self, page: InstancePage, number: int) -> None:
        """What a listing of the errored should hold and does not was restarted, or is gone: it is looked up.

        Below the newest page nobody lists what has ended again, and its failure would be told for ever.
        """
        store, now = self.context.store, self.context.clock()
        listed = Instance.from_items(page.items)
        oldest = min((row.created or 0.0 for row in listed), default=inf) if page.cursor is not None else 0.0
        on_page = {row.id for row in listed}
        left = [
            row
            for row in store
            if row.status == "errored"
            and row.id not in on_page
            and row.seq < number
            and row.created is not None
            and row.created > oldest
            and (row.ended or 0.0) < now - _REPLICAS
            and store.note(row.id) != GONE
        ]
        for row in left:
            self._lost.add(row.id)
            self._take_out(row.id)
        if left:
            self.context.tell(store.doubt([row.id for row in left], CHANGED))
            self._look_up([row.created for row in left if row.created is not None])

    async def _list_further(self, cursor: str) -> None:
        """Lists the next page of all errored ones, kept out of the table: unread ones would leave gaps."""
        page = await self.context.api.list_instances(
            self.context.workflow, ListQuery("errored", cursor=cursor)
        )
        # A server that gives the same cursor again would be asked for ever.
        self._below = page.cursor if page.items and page.cursor != cursor else None
        self._cut = self._below is not None
        fresh = {str(item.get("id")): item for item in page.items if isinstance(item.get("id"), str)}
        self._further |= {identity: item for identity, item in fresh.items() if self._unread(identity)}
        self._candidates = list(dict.fromkeys([*self._candidates, *fresh]))

    def _wants_past(self, now: float) -> tuple[str, float] | None:
        """The rows are looked through seldom, for there may be many, and when another version is told of."""
        if self.context.local:
            return None
        deployed = self._deployed()
        rest = _COUNTED if self._newest_version else 0.5
        if now - self._counted[0] >= rest or len(deployed) != self._counted[1]:
            self._counted = now, len(deployed)
            rows = [row for row in self.context.contiguous.rows(self.context.store) if row.version]
            newest = max(rows, key=lambda row: row.created or 0.0, default=None)
            self._newest_version = newest.version if newest is not None else ""
            self._past_due = self._past.before(rows, deployed, now) if deployed else None
            self._below_due = self._past.further(rows, deployed, now) if deployed else None
        return self._past_due

    async def _list_past(self, version: str, deployed: float) -> None:
        """Lists rows of any status from just before a version came, to hold that version against them."""
        context = self.context
        self._past_due = None
        self._past.listed(version, (), context.clock())  # one that fails is not tried at once again
        page = await context.api.list_instances(context.workflow, ListQuery(date_end=deployed))
        rows = Instance.from_items(page.items)
        # Of a record, no row from where only some are kept: they would be no fair comparison.
        fair = [row for row in rows if (row.created or 0.0) >= page.unbroken]
        self._past.listed(version, fair, context.clock())

    async def _list_below(self, before: float) -> None:
        """Lists a page below the loaded rows, kept out of the table: nobody asked to have more there."""
        context = self.context
        self._below_due = None
        self._past.asks_below(before, context.clock())
        page = await context.api.list_instances(context.workflow, ListQuery(date_end=before))
        rows = Instance.from_items(page.items)
        fair = [row for row in rows if (row.created or 0.0) >= page.unbroken]
        self._past.listed_below(fair, before)
        self._counted = float("-inf"), 0  # whether these are enough is known at once

    async def _list_older(self, cursor: str) -> None:
        """Lists older errored ones, kept out of the table; one gets its row when it is read."""
        context = self.context
        page = await context.api.list_instances(context.workflow, ListQuery("errored", cursor=cursor))
        self._first_failure.listed(page.items, page.cursor, older=True)

    async def read(self, identity: str) -> None:
        """Takes one into the sample."""
        self._asked.add(identity)
        others = self._others
        asked_at = others.asks(identity) if others is not None else 0.0
        try:
            await self._read_now(identity)
            if others is not None and (read := self._samples.get(identity)) is not None:
                others.tell(identity, asked_at, read[1], str(read[0] or ""))
        except WorkflowsError:
            if not self.context.refusals.passing:
                raise
        finally:
            self._asked.discard(identity)

    async def _read_now(self, identity: str) -> None:
        context = self.context
        self._first_failure.looked += identity not in self._candidates
        listed = Delta()
        item = self._first_failure.items.pop(identity, None) or self._further.pop(identity, None)
        if item is not None:
            listed = context.store.apply([dict(item)], seq=context.next_number(), now=context.clock())
        try:
            detail = await read_instance(context, identity)
        finally:
            context.tell(listed)  # with what the instance itself says: a row that is half known helps nobody
        if detail is None or detail.unread:
            self._lost.add(identity)
            if detail is not None:
                self._only_listed.add(identity)
                context.notify(Update(details=(identity,)))
            return
        self._read_too(detail)
        self.read_at = context.clock()
        if detail.status == "errored":
            row = context.store.get(identity)
            ended = row.ended if row else detail.end
            apart = identity not in self._candidates
            not_undone = detail.rollback_outcome == "failed"
            sample = Sample(identity, detail.end or ended, fingerprint(detail), apart, not_undone)
            self._samples[identity] = (ended, sample)
        else:
            self._samples.pop(identity, None)
            self._lost.add(identity)
        self._grouped = None
        self._forget_oldest()
        context.notify(Update(details=(identity,)))

    def _forget_oldest(self) -> None:
        """Forgets the samples that failed first beyond _KEPT, unless all were asked for."""
        if self._everything or len(self._samples) <= _KEPT:
            return
        kept = self._candidates
        old = [(at or 0.0, each) for each, (at, _) in self._samples.items() if each not in kept]
        for _, identity in sorted(old)[: len(self._samples) - _KEPT]:
            del self._samples[identity]

    @property
    def _enough(self) -> bool:
        """Whether enough of the newest were read to look for the first failure of their cause."""
        return len(self._samples) >= ENOUGH or all(map(self._is_refused, self._waiting()))

    def _open(self, identity: str) -> bool:
        return identity not in self._lost and identity not in self._samples

    def _askable(self, identity: str) -> bool:
        context = self.context
        held = context.refusals.until(context.workflow, identity)
        return self._open(identity) and held <= context.clock()

    @property
    def _newest(self) -> list[str]:
        """Ids of the newest candidates, as many fewer as were read for their age instead."""
        return (
            self._candidates if self._everything else self._candidates[: SAMPLE - self._first_failure.looked]
        )

    def _waiting(self) -> Iterator[str]:
        """Ids of the newest without an answer, those that are being read among them."""
        return (
            identity for identity in self._newest if identity not in self._lost and self._unread(identity)
        )

    def leave_others(self) -> None:
        if self._others is not None:
            self._others.close()
            self._others = None

    def _look_at_others(self) -> None:
        """Takes what other processes have read of what is unread here: it costs nothing."""
        context = self.context
        if self._others is None:
            # Not at the start, where nobody looks at failures.
            from wfdash.live.budget.joined_failures import join_failures

            account = context.api.account_id
            self._others = join_failures(context.shared, account, context.workflow, clock=context.clock)
        self._others.look()
        for identity in list(self._waiting()):
            row = context.store.get(identity)
            sample = self._others.take(identity, str((row and row.ended) or ""), LISTED_AGAIN)
            # One that is asked about here already is answered in a moment, and by what is so now.
            if row is not None and sample is not None and identity not in self._asked:
                self._samples[identity] = (row.ended, replace(sample, apart=False))
                self._grouped, self.read_at = None, context.clock()

    def next_newest(self) -> str | None:
        """The first that nobody reads yet, here or in another process."""
        others, context, now = self._others, self.context, self.context.clock()
        unasked = (
            each
            for each in self._waiting()
            if each not in self._asked and context.refusals.until(context.workflow, each) <= now
        )
        if others is None:
            return next(unasked, None)
        free = [each for each in unasked if not others.is_asked(each)]
        if not free:
            return None
        # From both ends: two that began at once would ask for the same ones in step.
        return free[-1 if others.from_the_end else 0]

    def _next(self) -> str | None:
        groups = self.groups if self._enough else []
        first = None
        if groups:
            top = groups[0].fingerprint
            elsewhere = any(
                each.fingerprint.cause == top.cause and each.fingerprint.version != top.version
                for each in groups[1:]
            )
            first = self._first_failure.next(groups[0], self._askable, elsewhere=elsewhere)
        return first if first is not None and first not in self._asked else self.next_newest()

    def _unread(self, identity: str) -> bool:
        sample, row = self._samples.get(identity), self.context.store.get(identity)
        if sample is None or row is None:
            return sample is None
        return row.ended is not None and sample[0] is not None and row.ended > sample[0]


class SampleReads(Job):
    """Reads beside the sample's own while some are unread; a dev session is asked one thing at a time."""

    purpose = ErrorSamples.purpose
    in_turn = out_of_turn = Priority.FOREGROUND

    def __init__(self, samples: ErrorSamples) -> None:
        super().__init__(1.0)
        self._samples = samples

    def due(self, now: float) -> float | None:
        samples = self._samples
        if not samples.wanted or samples.context.local or samples.next_newest() is None:
            return None
        return max(self.next_at or 0.0, samples.next_at or 0.0)

    @property
    def reads_left(self) -> int | None:
        return self._samples.reads_left

    def pace(self, took: float) -> float:
        return 0.0

    async def ask(self) -> None:
        if (identity := self._samples.next_newest()) is not None:
            await self._samples.read(identity)
