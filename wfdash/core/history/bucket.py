"""One stretch of time and what happened in it; percentiles as durations that an instance really took."""

from collections.abc import Iterable, Sequence
from math import ceil, sqrt
from typing import Final

from msgspec import Struct

from wfdash.core.triage.failure_rate import ENOUGH

__all__ = ["Bucket", "LevelShift", "Tally", "durations_shift", "pace_shift", "percentile", "sum_of"]

_TIMES: Final = 2.0
"""How much higher the higher of two levels is: nobody acts on less."""
_BY_CHANCE: Final = 4.5
"""Standard deviations by which ranks have to be off: at any of 200 places that is chance in 1 of 700."""
_EACH: Final = 8
"""Values on either side at least."""
_RANKED: Final = 20_000
"""Values that are ranked at most, which takes some 20 ms."""


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
    other: int = 0
    """Ended in a status that is unknown here: whether that is a failure nobody can tell."""

    @property
    def ended(self) -> int:
        return self.complete + self.errored + self.terminated + self.other

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


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """Adds tallies up to one, with all their durations in order."""
    found = list(tallies)
    took = [duration for tally in found for duration in tally.took]
    took.sort()
    return Tally(
        sum(tally.created for tally in found),
        sum(tally.complete for tally in found),
        sum(tally.errored for tally in found),
        sum(tally.terminated for tally in found),
        took,
        sum(tally.other for tally in found),
    )


class Bucket(Tally, kw_only=True):
    """What happened from `start` to before `end`, epoch seconds; `running` and `queued` are as at its end."""

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

    @classmethod
    def of(
        cls,
        tally: Tally,
        *,
        start: float,
        end: float,
        running: int = 0,
        queued: int = 0,
        sampled: float = 1.0,
        rows_from: float | None = None,
        counted: bool = False,
    ) -> "Bucket":
        """The bucket in which this was counted."""
        return cls(
            tally.created,
            tally.complete,
            tally.errored,
            tally.terminated,
            tally.took,
            tally.other,
            start=start,
            end=end,
            running=running,
            queued=queued,
            sampled=sampled,
            rows_from=rows_from,
            counted=counted,
        )

    @property
    def is_thin(self) -> bool:
        """Whether too few were seen for a rate: one of ten events counts as ten and is a single one."""
        return self.sample < ENOUGH * max(1.0, self.sampled)


class LevelShift(Struct, frozen=True):
    """A lasting change of what is usual, from `at` on: of seconds, or of how many came a second."""

    at: float
    before: float
    after: float


def durations_shift(buckets: Sequence[Bucket]) -> LevelShift | None:
    """When what ended began to take at least twice as long, or half; None where that may be chance.

    `buckets` hold all that ended in them: where long ones are missing all would seem to become slower.
    """
    found = _split([bucket.took for bucket in buckets])
    if found is None:
        return None
    sides = sum_of(buckets[:found]), sum_of(buckets[found:])
    before, after = (percentile(side.took, 0.5) or 0.0 for side in sides)
    return LevelShift(buckets[found].start, before, after) if _is_shift(before, after) else None


def pace_shift(buckets: Sequence[Bucket]) -> LevelShift | None:
    """When at least twice as many began to come, or half as many; a burst is no shift."""
    found = _split([[bucket.created / (bucket.end - bucket.start)] for bucket in buckets])
    if found is None:
        return None

    def middle(part: Sequence[Bucket]) -> float:
        return percentile(sorted(each.created / (each.end - each.start) for each in part), 0.5) or 0.0

    def pace(part: Sequence[Bucket]) -> float:
        return sum(each.created for each in part) / (part[-1].end - part[0].start)

    before, after = buckets[:found], buckets[found:]
    is_shift = _is_shift(middle(before), middle(after)) and _is_shift(pace(before), pace(after))
    return LevelShift(buckets[found].start, pace(before), pace(after)) if is_shift else None


def _is_shift(before: float, after: float) -> bool:
    return min(before, after) > 0 and max(before, after) >= _TIMES * min(before, after)


def _split(groups: Sequence[Sequence[float]]) -> int | None:
    """The index before which values are of another height than after it, by their ranks; None for none.

    Ranks, so that a few that are far off weigh no more than others. Of many values each so-manieth is
    taken: they are ascending, so that the shape of each group stays.
    """
    step = -(-sum(map(len, groups)) // _RANKED) or 1
    values = sorted((value, index) for index, group in enumerate(groups) for value in group[::step])
    size, sums, sizes = len(values), [0.0] * len(groups), [0] * len(groups)
    start = 0
    for end in range(1, size + 1):
        if end < size and values[end][0] == values[start][0]:
            continue
        for _, index in values[start:end]:
            sums[index] += (start + 1 + end) / 2
            sizes[index] += 1
        start = end
    best, found, before, ranks = _BY_CHANCE, None, 0, 0.0
    for index in range(1, len(groups)):
        before, ranks = before + sizes[index - 1], ranks + sums[index - 1]
        after = size - before
        if min(before, after) < _EACH or not sizes[index]:
            continue
        off = abs(ranks - before * (size + 1) / 2) / sqrt(before * after * (size + 1) / 12)
        if off > best:
            best, found = off, index
    return found
