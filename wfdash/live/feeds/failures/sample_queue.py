"""Which of the errored instances is read next, and who reads it: this process or another one beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wfdash.core.triage.error_groups import Sample
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.live.feeds.failures.errored_listing import LISTED_AGAIN, SAMPLE, ErroredListing
from wfdash.live.feeds.failures.sampled_failures import SampledFailures
from wfdash.live.polling.context import FeedContext

if TYPE_CHECKING:
    from wfdash.live.budget.joined_reads import JoinedReads

__all__ = ["SampleQueue"]


class SampleQueue:
    """Gives the newest first, and those that say since when their cause is there once enough were read."""

    def __init__(self, context: FeedContext, listing: ErroredListing, failures: SampledFailures) -> None:
        self._context, self._listing, self._failures = context, listing, failures
        self._asked: set[str] = set()
        """Those that are read right now."""
        self._others: JoinedReads[Sample] | None = None
        """What other processes read of the same failures, while somebody looks."""

    def newest(self) -> Iterator[str]:
        """Ids of the newest that are sampled, as many fewer as were read for their age."""
        listing = self._listing
        some = listing.candidates
        if not listing.everything:
            some = some[: SAMPLE - listing.first_failure.looked]
        return (identity for identity in some if identity not in listing.ruled_out)

    def _waiting(self) -> Iterator[str]:
        """Ids of the newest without an answer, those that are being read among them."""
        store, failures = self._context.store, self._failures
        return (identity for identity in self.newest() if failures.is_unread(identity, store.get(identity)))

    @property
    def refused(self) -> list[str]:
        """Ids of the sample that the server answered with an error when they were read."""
        return [identity for identity in self._waiting() if self.held_until(identity) > 0]

    def held_until(self, identity: str) -> float:
        """When one that the server refused may be asked for again; 0 for all others."""
        return self._context.refusals.until(self._context.workflow, identity)

    def is_open(self, identity: str) -> bool:
        """Whether it may have failed of what nobody has read yet."""
        return identity not in self._listing.ruled_out and identity not in self._failures

    def _is_askable(self, identity: str) -> bool:
        return self.is_open(identity) and self.held_until(identity) <= self._context.clock()

    @property
    def has_enough(self) -> bool:
        """Whether enough of the newest were read to look for the first failure of their cause."""
        return len(self._failures) >= ENOUGH or all(
            self.held_until(identity) > 0 for identity in self._waiting()
        )

    @property
    def reads_left(self) -> int | None:
        """How many causes are still to be read by this process; None while all of them are being listed."""
        if not self._listing.is_listed:
            return SAMPLE
        if self._listing.below is not None:
            return None
        return self.share(sum(1 for identity in self._waiting() if identity not in self._asked)) or 1

    def next(self) -> str | None:
        """The first failure of the commonest cause once enough were read, else the newest."""
        groups = self._failures.groups if self.has_enough else []
        first = None
        if groups:
            top = groups[0].fingerprint
            elsewhere = any(
                each.fingerprint.cause == top.cause and each.fingerprint.version != top.version
                for each in groups[1:]
            )
            search = self._listing.first_failure
            first = search.next(groups[0], self._is_askable, elsewhere=elsewhere)
        return first if first is not None and first not in self._asked else self.next_newest()

    def next_newest(self) -> str | None:
        """The first that nobody reads yet, here or in another process."""
        others, now = self._others, self._context.clock()
        unasked = (
            each for each in self._waiting() if each not in self._asked and self.held_until(each) <= now
        )
        if others is None:
            return next(unasked, None)
        free = [each for each in unasked if not others.is_asked(each)]
        if not free:
            return None
        # From both ends: two that began at once would ask for the same ones in step.
        return free[-1 if others.from_the_end else 0]

    @contextmanager
    def reads(self, identity: str) -> Iterator[None]:
        """Has nobody else read it meanwhile, and gives other processes what came of it."""
        self._asked.add(identity)
        others = self._others
        asked_at = others.asks(identity) if others is not None else 0.0
        try:
            yield
            if others is not None and (offer := self._failures.to_offer(identity)) is not None:
                others.tell(identity, asked_at, *offer)
        finally:
            self._asked.discard(identity)

    def share(self, reads: int) -> int:
        """How many of the `reads` still to be done this process asks for; the others ask for the rest."""
        return reads if self._others is None else self._others.share(reads)

    def look_at_others(self) -> None:
        """Takes what other processes have read of what is unread here: it costs nothing."""
        context = self._context
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
                self._failures.put(replace(sample, apart=False), row.ended, context.clock())

    def leave_others(self) -> None:
        if self._others is not None:
            self._others.close()
            self._others = None
