"""One stretch of time and what happened in it; percentiles as durations that an instance really took."""

from collections.abc import Iterable, Sequence
from math import ceil

from msgspec import Struct

from wfdash.core.triage.headline import ENOUGH

__all__ = ["Bucket", "Tally", "percentile", "sum_of"]


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest rank of ascending values: the least that `share` of them do not exceed. None for none.

    Exact: it is one of the values. A sketch would save nothing, the values are kept to take a row back.
    """
    if not ordered:
        return None
    # A product such as 0.95 * 20 is a hair above 19 as floats, and the rank would be one too high.
    return ordered[max(1, ceil(round(share * len(ordered), 9))) - 1]


class Tally(Struct):
    """Instances that were created, and that ended, counted. Durations are seconds, ascending."""

    created: int = 0
    complete: int = 0
    errored: int = 0
    terminated: int = 0
    took: Sequence[float] = ()
    """Of those that ended and whose times say how long they ran."""

    @property
    def ended(self) -> int:
        return self.complete + self.errored + self.terminated

    @property
    def sample(self) -> int:
        """What the failure rate rests on: a person's termination is neither a success nor a failure."""
        return self.complete + self.errored

    @property
    def failure_rate(self) -> float | None:
        return self.errored / self.sample if self.sample else None

    @property
    def p50(self) -> float | None:
        return percentile(self.took, 0.5)

    @property
    def p95(self) -> float | None:
        return percentile(self.took, 0.95)

    @property
    def p99(self) -> float | None:
        return percentile(self.took, 0.99)


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    found = list(tallies)
    took = [duration for tally in found for duration in tally.took]
    took.sort()
    return Tally(
        sum(tally.created for tally in found),
        sum(tally.complete for tally in found),
        sum(tally.errored for tally in found),
        sum(tally.terminated for tally in found),
        took,
    )


class Bucket(Tally, kw_only=True):
    """From `start` to before `end`, epoch seconds; `running` and `queued` are as they stood at its end."""

    start: float
    end: float
    running: int = 0
    """Begun and not ended: what sleeps or waits for an event is among them."""
    queued: int = 0
    sampled: float = 1.0
    """One of so many events was counted, and each counts as so many."""
    rows_from: float | None = None
    """Of one that is from both: what was before that is from analytics, the rest from rows."""
    counted: bool = False
    """From analytics and not from rows: what ran then and how long it took is not known."""

    @property
    def is_thin(self) -> bool:
        """Whether too few were seen for a rate: one of ten events counts as ten and is a single one."""
        return self.sample < ENOUGH * max(1.0, self.sampled)
