"""Counts that outlive the instances: what came and ended, without durations, as analytics tell it."""

from math import inf

from msgspec import Struct, field

from wfdash.core.history.bucket import Bucket, Tally
from wfdash.core.text.words import count

__all__ = ["Analytics"]


class Analytics(Struct):
    """What came and ended, by the start of each stretch of `grain` seconds (epoch).

    Durations are not in it.
    """

    since: float
    until: float
    grain: float
    tallies: dict[float, Tally] = field(default_factory=dict)
    sampled: float = 1.0
    """One of so many events was counted where it was most; 0 where the server does not say."""
    cut: bool = False
    """There were more rows than one answer holds."""
    asked: float = inf
    """When: the stretch that it lies in was not over by then."""

    def between(self, start: float, end: float) -> Tally | None:
        """What came and ended there; None where it does not reach, or the stretches do not fit."""
        if self.cut or start < self.since or end > self.until or start % self.grain or end % self.grain:
            return None
        found = [tally for at, tally in self.tallies.items() if start <= at < end]
        return Tally(
            sum(tally.created for tally in found),
            sum(tally.complete for tally in found),
            sum(tally.errored for tally in found),
            sum(tally.terminated for tally in found),
        )

    def in_place_of(self, bucket: Bucket) -> Bucket:
        """The bucket with the counts of analytics in place of its own.

        The bucket itself where they do not reach.
        """
        counts = self.between(bucket.start, bucket.end)
        if counts is None:
            return bucket
        return Bucket.of(counts, start=bucket.start, end=bucket.end, sampled=self.sampled, counted=True)

    @property
    def sampling(self) -> str:
        """How exact the counts are, in words; "" where every event was counted."""
        if self.sampled > 1:
            return f"sampled, about 1 of {count(round(self.sampled))} events"
        return "" if self.sampled else "may be sampled"
