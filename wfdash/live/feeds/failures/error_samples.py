"""Why instances failed: errored ones sampled out of spare budget, newest first, and grouped by cause."""

from collections.abc import Callable, Mapping

from wfdash.api.errors import WorkflowsError
from wfdash.core.model.detail import Detail
from wfdash.live.budget.ledger import Priority
from wfdash.live.feeds.failures.errored_listing import ErroredListing
from wfdash.live.feeds.failures.sample_queue import SampleQueue
from wfdash.live.feeds.failures.sampled_failures import SampledFailures
from wfdash.live.feeds.failures.version_rows import VersionRows
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import read_instance
from wfdash.live.polling.session_watch import AnswerCost

__all__ = ["BESIDE", "ErrorSamples", "SampleReads"]

_KEPT = 500
"""Failures that are told of at most, while nobody asks for all of them."""
BESIDE = 3
"""Reads that run beside the sample's own: one after another, 50 answers of 0.2 s would take 10 s."""


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
        self.wanted = False
        self.failures = SampledFailures()
        self.listing = ErroredListing(
            context, self.failures, counted=errored, lists_all=all_listed, look_up=look_up
        )
        self.queue = SampleQueue(context, self.listing, self.failures)
        self.compared = VersionRows(context, self.failures, deployed)
        self.beside = tuple(SampleReads(self) for _ in range(BESIDE))

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self.queue.leave_others()
        self.failures.clear()
        self.listing.reset()
        self.compared.reset()
        self.next_at = 0.0

    def read_all(self) -> None:
        """Lists the errored ones to the end and reads each, instead of the newest: somebody waits for it."""
        self.listing.want_all()
        self.soon()

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions whose time matters while somebody looks: of the commonest cause, and the newest."""
        if not self.wanted:
            return ()
        top = (found.fingerprint.version for found in self.failures.groups[:1])
        return (*top, self.compared.newest_version)

    @property
    def since_found(self) -> bool:
        """Whether the first failure of the largest group is the first of its cause."""
        groups = self.failures.groups
        return bool(groups) and self.listing.first_failure.finished(groups[0], self.queue.is_open)

    @property
    def progress(self) -> tuple[int, int]:
        """How many errored instances were read, and how many are sampled in all."""
        read = len(self.failures)
        return read, read + sum(1 for each in self.queue.newest() if each not in self.failures)

    @property
    def reads_left(self) -> int | None:
        return self.queue.reads_left

    def due(self, now: float) -> float | None:
        if not self.wanted or not self.context.workflow:
            self.queue.leave_others()
            return None
        if self.next_at is not None and self.next_at > now:
            return self.next_at
        if not self.context.local:
            self.queue.look_at_others()
        listing, queue = self.listing, self.queue
        if (
            listing.below is not None
            or queue.next() is not None
            or listing.first_failure.cursor is not None
            or self.compared.want_page(now)
        ):
            return 0.0
        held = [queue.held_until(identity) for identity in queue.refused]
        return min([listing.next_at(), *(at for at in held if at > now)])

    def set_back(self, seconds: float) -> None:
        super().set_back(seconds)
        self.listing.set_back(seconds)

    def pace(self, took: float) -> float:
        return self._cost.rest(took) if self.context.local else 0.0

    async def ask(self) -> None:
        listing, now = self.listing, self.context.clock()
        older = listing.first_failure.cursor
        if listing.next_at() <= now:
            await listing.list_newest()
        elif listing.below is not None:
            await listing.list_further(listing.below)
        elif self.compared.want_page(now):
            await self.compared.list_page()
        elif older is not None and self.queue.has_enough:
            await listing.list_older(older)
        elif (identity := self.queue.next()) is not None:
            await self.read(identity)

    async def read(self, identity: str) -> None:
        """Reads one errored instance and adds it to the samples."""
        try:
            with self.queue.reads(identity):
                await self._read(identity)
        except WorkflowsError:
            if not self.context.refusals.passing:
                raise

    async def _read(self, identity: str) -> None:
        context, listing = self.context, self.listing
        listed = listing.give_row(identity)
        try:
            detail = await read_instance(context, identity)
        finally:
            context.tell(listed)  # with what the instance itself says: a row that is half known helps nobody
        if detail is None or detail.unread:
            listing.ruled_out.add(identity)
            if detail is not None:
                listing.only_listed.add(identity)
                context.notify(Update(details=(identity,)))
            return
        self._read_too(detail)
        row, apart = context.store.get(identity), identity not in listing.candidates
        self.failures.take(detail, row, context.clock(), apart=apart)
        if detail.status != "errored":
            listing.ruled_out.add(identity)
        if not listing.everything:
            self.failures.keep(_KEPT, listing.candidates)
        context.notify(Update(details=(identity,)))


class SampleReads(Job):
    """Reads beside the sample's own while some are unread; a dev session is asked one thing at a time."""

    purpose = ErrorSamples.purpose
    in_turn = out_of_turn = Priority.FOREGROUND

    def __init__(self, samples: ErrorSamples) -> None:
        super().__init__(1.0)
        self._samples = samples

    def due(self, now: float) -> float | None:
        samples = self._samples
        if not samples.wanted or samples.context.local or samples.queue.next_newest() is None:
            return None
        return max(self.next_at or 0.0, samples.next_at or 0.0)

    @property
    def reads_left(self) -> int | None:
        return self._samples.reads_left

    def pace(self, took: float) -> float:
        return 0.0

    async def ask(self) -> None:
        if (identity := self._samples.queue.next_newest()) is not None:
            await self._samples.read(identity)
