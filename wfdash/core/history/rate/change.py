"""Where a failure rate changed: a likelihood-ratio test over every moment it may have, silent on noise."""

from collections.abc import Collection, Container, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from math import inf, log
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from wfdash.core.history.bucket import percentile
from wfdash.core.history.history import SLICE
from wfdash.core.history.rate.slope import Slope, gained_by_steps, slope_of
from wfdash.core.model.instance import Instance
from wfdash.core.model.slices import run_slices
from wfdash.core.model.times import MINUTE
from wfdash.core.triage.failure_rate import ENOUGH, LEAST_FAILED

__all__ = [
    "Outcomes",
    "RateChange",
    "changes_of",
    "find_changes",
    "look_for_changes",
    "outcomes",
    "version_before",
]

_STRENGTH: Final = 6.0
"""How much better two rates explain it than one does, as a logarithm, before a change is named.

At one even rate of 2 to 10 % a rise is seen by chance in 0.2 to 0.5 of 100 hours of 60 ended each, looked at
once an hour; a rise from 2 to 10 % over 200 ended is missed in 7 of 100 with 600 before it (measured).
"""
_AS_WELL: Final = 5.0
"""Strengths that differ by no more: two or three failures of another cause ahead of a rise bring as much."""
SOON: Final = 900.0
"""Seconds after a deploy within which a change is set beside it; a slow step may only fail minutes later."""
_LEAST_TIMES: Final = 2.0
"""How much higher the higher rate is: a rise by a tenth over a whole day is real, and nobody's trouble."""
_MOST: Final = 8
"""Changes in one stretch; a rate that changes more often has no level to speak of."""
_NO_SUCCESS: Final = ("errored", "terminated", "queued")
_PLACES: Final = 3000
"""Stretches at most among which a change is looked for; among those beside it it is dated."""
_FINE_PLACES: Final = 50_000
"""Minutes of 31 days, and some."""
_AROUND: Final = 900.0
"""Seconds before and after a change by which alone it is dated, however much else is loaded."""
_SURE: Final = 0.005
"""Share below which no rate is taken to be: after a hundred without a failure there may still be one."""
_LOOKS: Final = 4
"""How often that is moved to what was found."""
_NEAR: Final = 300.0
"""Seconds between a change and the first failure of the version that made it."""
_GRAIN: Final = 90.0
"""A change is dated to the start of its stretch, which may lie before the deploy that made it."""
_IDLE: Final = 120.0
"""Seconds without an end that shows a change after which it is dated to the next one that does."""
_SLOW: Final = 3600.0
"""Seconds that a slope takes at least: one cause makes instances fail over some time, as long as they try."""
_AS_LIKELY: Final = 2.0
"""How much better than a slope a change explains what ended, as a logarithm, to be told with its minute.

A change of 5 to 25 % over 1,400 ended is told as one in 32 of 40, and a slope of 2 to 40 % over 700 as a
slope in 38 of 40 (measured).
"""
_DEPLOYED: Final = -10.0
"""The same where a deploy is beside it: a version comes at one moment, and what it breaks may fail late."""
_FURTHER: Final = 6.0
"""How much more each further change has to explain, as any has to be named: a slope looks like steps."""
_OUTLIVED: Final = 0.9
"""Share of the failures by whose age an instance that still runs has got past where they fail."""


class Outcomes(Struct, frozen=True):
    """Failures and the other outcomes of equal stretches of `width` seconds from `start` on."""

    start: float
    width: float
    failed: Sequence[int]
    passed: Sequence[int]


class RateChange(Struct, frozen=True):
    """A change of the failure rate at `at` (epoch seconds), from `before` to `after`, shares of `samples`."""

    at: float
    until: float
    """The next change, or the end."""
    before: float
    after: float
    strength: float
    sample: int = 0
    """How many ended before it, back to the change before."""
    between: tuple[float, float] | None = None
    """Where no one moment explains it far better: from when until when it went from `before` to `after`."""

    @property
    def rose(self) -> bool:
        return self.after > self.before


def changes_of(
    rows: Sequence[Instance], *, start: float, now: float, deployed: Mapping[str, float]
) -> tuple[Outcomes, list[RateChange]]:
    """The outcomes since `start` and the changes of their failure rate, found in one way for all pages."""
    return run_slices(look_for_changes(rows, start=start, now=now, deployed=deployed))


def look_for_changes(
    rows: Sequence[Instance], *, start: float, now: float, deployed: Mapping[str, float]
) -> Generator[None, None, tuple[Outcomes, list[RateChange]]]:
    """Does what `changes_of` does, and gives way after each slice of rows."""
    oldest = min((row.created for row in rows if row.created is not None), default=None)
    first, width = _places(oldest, start=start, now=now)
    seen = yield from _count_outcomes(rows, start=first, end=now + width, width=width)
    changes = find_changes(seen, deployed.values())
    if changes:
        changes = yield from _dated(changes, seen, rows, deployed)
        changes = yield from _spread(changes, seen, deployed)
    return seen, changes


def _spread(
    changes: Sequence[RateChange], seen: Outcomes, deployed: Mapping[str, float]
) -> Generator[None, None, list[RateChange]]:
    """The same changes; those of one direction that a slope explains as well become one without a minute.

    A rate that grows evenly has no minute at which it rose, and somebody would look for what was done then.
    """
    found: list[RateChange] = []
    for _, group in groupby(changes, key=lambda change: change.rose):
        steps = list(group)
        low, high = (
            round((at - seen.start) / seen.width)
            for at in (found[-1].at if found else seen.start, steps[-1].until)
        )
        failed, passed = seen.failed[low:high], seen.passed[low:high]
        slope = slope_of(failed, passed, least=int(-(-_SLOW // seen.width)))
        yield
        places = [round((step.at - seen.start) / seen.width) - low for step in steps]
        better = gained_by_steps(failed, passed, places) - (slope.gained if slope else 0.0)
        beside = any(version_before(step.at, deployed)[0] for step in steps)
        enough = _DEPLOYED if beside else _AS_LIKELY + _FURTHER * (len(steps) - 1)
        if slope is None or better >= enough or (slope.after > slope.before) != steps[0].rose:
            found += steps
        else:
            found.append(_joined_changes(steps, slope, seen, low))
    return found


def _joined_changes(steps: Sequence[RateChange], slope: Slope, seen: Outcomes, low: int) -> RateChange:
    start, end = (seen.start + (low + index) * seen.width for index in (slope.start, slope.end))
    return replace(
        max(steps, key=lambda step: step.strength),
        until=steps[-1].until,
        before=slope.before,
        after=slope.after,
        sample=steps[0].sample,
        between=(start, min(end, steps[-1].until)),
    )


def _dated(
    changes: Sequence[RateChange], seen: Outcomes, rows: Sequence[Instance], deployed: Mapping[str, float]
) -> Generator[None, None, list[RateChange]]:
    """The same changes, each dated by what ended around it, or by the first failure of the version blamed.

    A page that has a day loaded and one that has an hour would each find its own minute for the same rise:
    the failures of long ago say when what is fine counts as such, and the rate before.
    """
    width = seen.width
    end = seen.start + len(seen.failed) * width
    edges = [seen.start, *(change.at for change in changes), end]
    found: list[float] = []
    for number, change in enumerate(changes):
        # Of what is near alone: what is loaded beside it must not move the minute, or two pages would date
        # one rise apart.
        at, near = change.at, list[Instance]()
        for row in _slowly(rows):
            if row is None:
                yield
            elif "\n" in row.id or _is_near(row, at - 2 * _AROUND, at + 2 * _AROUND):
                near.append(row)
        # Where it is looked for follows what is found, so that it matters little where one began.
        for _ in range(_LOOKS):
            low, high = max(edges[number], at - _AROUND), min(edges[number + 2], at + _AROUND)
            levels = change.before, change.after
            moment = yield from _moment(near, low, high, width, levels, deployed.values())
            if moment == at:
                break
            at = moment
        if change.rose:
            at = _first_failure(near, at, change.until, width, deployed)
        at = _first_shown(seen, at, edges[number + 2], rose=change.rose)
        found.append(max([at, *found[-1:]]))
    failed, total = _sums(seen.failed), _sums([a + b for a, b in zip(seen.failed, seen.passed, strict=True)])
    stood = [0, *(round((at - seen.start) / width) for at in found), len(seen.failed)]
    rates = [(failed[b] - failed[a]) / ((total[b] - total[a]) or 1) for a, b in pairwise(stood)]
    return [
        replace(
            change,
            at=at,
            until=found[number + 1] if number + 1 < len(found) else change.until,
            before=rates[number],
            after=rates[number + 1],
            sample=total[stood[number + 1]] - total[stood[number]],
        )
        for number, (change, at) in enumerate(zip(changes, found, strict=True))
        if (rates[number + 1] > rates[number]) == change.rose
    ]


def _moment(
    rows: Sequence[Instance],
    low: float,
    high: float,
    width: float,
    rates: tuple[float, float],
    deploys: Collection[float],
) -> Generator[None, None, float]:
    """The moment, between two, from which on what ended fits the second of two rates and not the first."""
    around = yield from _count_outcomes(rows, start=low, end=high, width=width)
    likely = _likely(deploys, low, width)
    before, after = min(max(rates[0], _SURE), 1 - _SURE), min(max(rates[1], _SURE), 1 - _SURE)
    best = best_likely = (-inf, 0)
    gained = 0.0
    # The rates are given, so that a time with hardly any ended before the change dates it as well.
    for index, (failed, passed) in enumerate(zip(around.failed, around.passed, strict=True)):
        if failed or passed:
            best = max(best, (gained, index), key=lambda each: each[0])
            if index in likely:
                best_likely = max(best_likely, (gained, index), key=lambda each: each[0])
        gained += failed * log(before / after) + passed * log((1 - before) / (1 - after))
    return low + (best_likely if best_likely[0] > best[0] - _AS_WELL else best)[1] * width


def _first_failure(
    rows: Sequence[Instance], at: float, until: float, width: float, deployed: Mapping[str, float]
) -> float:
    """The minute in which the version that is blamed for a rise failed first, if that is near; else `at`."""
    version, _ = version_before(at, deployed)
    failed = [row for row in rows if row.status == "errored" and row.ended is not None]
    since = [row.version for row in failed if at <= (row.ended or 0.0) < until]
    # A version that had no part in most of it did not make it, however close by it came.
    if not version or since.count(version) * 2 <= len(since):
        return at
    first = min(row.ended or 0.0 for row in failed if row.version == version)
    return first // width * width if abs(first - at) <= _NEAR else at


def _first_shown(seen: Outcomes, at: float, until: float, *, rose: bool) -> float:
    """When one ended that shows it, if none did for a while: of few that ended the test needs some of before.

    The rates are counted from then on too: a rate and a minute of two moments would be of no change at all.
    """
    shows = seen.failed if rose else seen.passed
    shown, last = (max(0, round((moment - seen.start) / seen.width)) for moment in (at, until))
    first = next((each for each in range(shown, min(last, len(shows))) if shows[each]), shown)
    return seen.start + first * seen.width if (first - shown) * seen.width > _IDLE else at


def version_before(at: float, deployed: Mapping[str, float]) -> tuple[str, float]:
    """The version that came last in the time before a change in which it may have made it, and when."""
    came = [(moment, version) for version, moment in deployed.items() if -_GRAIN <= at - moment <= SOON]
    return max(came)[::-1] if came else ("", 0.0)


def _is_near(row: Instance, low: float, high: float) -> bool:
    """Whether it ended there, or can have outlived there what failed."""
    began = row.began if row.began is not None else row.created
    return (row.ended is None or row.ended >= low) and (began is None or began < high)


def _places(oldest: float | None, *, start: float, now: float) -> tuple[float, float]:
    """Start and width of the stretches among which a change is looked for, the same for every longer span.

    From the creation of the oldest row on: an empty week ahead of it would only make the stretches too wide
    for an hour.
    """
    start = start if oldest is None else max(start, oldest)
    width = max(MINUTE, (now - start) / _FINE_PLACES)
    return start // width * width, width


def outcomes(rows: Sequence[Instance], *, start: float, end: float, width: float) -> Outcomes:
    """Dates each failure at its end, and each success when it had outlived nine tenths of the failures.

    What fails ends sooner than what completes. By end alone a surge of new instances would look like trouble
    until the first of them are complete, and a trouble like less than it is.
    """
    return run_slices(_count_outcomes(rows, start=start, end=end, width=width))


def _count_outcomes(
    rows: Sequence[Instance], *, start: float, end: float, width: float
) -> Generator[None, None, Outcomes]:
    """Does what `outcomes` does, and gives way after each slice of rows."""
    size = max(1, int(-(-(end - start) // width)))
    failed, passed = [0] * size, [0] * size
    ages: list[float] = []
    again: set[str] = set()
    for row in _slowly(rows):
        if row is None:
            yield
            continue
        if "\n" in row.id:
            again.add(row.id.partition("\n")[0])  # of a run before a restart
        if row.status == "errored" and (at := row.ended) is not None:
            if row.started is not None:
                ages.append(at - row.started)
            if start <= at < end:
                failed[int((at - start) // width)] += 1
    # Nine tenths, since one failure after a long wait would have every success wait as long to count.
    outlived = percentile(sorted(ages), _OUTLIVED)
    for row in _slowly(rows):
        if row is None:
            yield
            continue
        if row.status in _NO_SUCCESS:
            continue
        passes, began = row.ended, row.began
        if row.id in again:
            # What was restarted may keep its first start: it outlived nothing then, it failed.
            if passes is None:
                continue
            began = None
        if outlived is not None and began is not None and (passes is None or began + outlived < passes):
            passes = began + outlived
            if row.seen is not None and passes > row.seen:
                continue  # it may have failed since it was read
        if passes is not None and start <= passes < end:
            passed[int((passes - start) // width)] += 1
    return Outcomes(start, width, failed, passed)


def _slowly(rows: Sequence[Instance]) -> Iterator[Instance | None]:
    """Yields the rows, with a None after each slice, at which others get their turn."""
    for at in range(0, len(rows), SLICE):
        yield from rows[at : at + SLICE]
        yield None


def find_changes(seen: Outcomes, deploys: Iterable[float] = ()) -> list[RateChange]:
    """The moments at which the rate changed, oldest first; none where one rate explains it all.

    Of moments that explain it about as well, one soon after a deploy is taken. A long time is looked
    through in wider stretches first.
    """
    deploys, count = list(deploys), len(seen.failed)
    # The test tries each moment against each: over 31 days of minutes that would be seconds.
    size = -(-count // _PLACES)
    if size <= 1:
        return _changes(seen, deploys)
    failed, passed = (
        [sum(numbers[at : at + size]) for at in range(0, count, size)]
        for numbers in (seen.failed, seen.passed)
    )
    coarse = Outcomes(seen.start, seen.width * size, failed, passed)
    return _sharpened(_changes(coarse, deploys), coarse, seen, size, deploys)


def _changes(seen: Outcomes, deploys: Collection[float]) -> list[RateChange]:
    likely = _likely(deploys, seen.start, seen.width)
    failed, total = _sums(seen.failed), _sums([a + b for a, b in zip(seen.failed, seen.passed, strict=True)])
    cuts: list[tuple[int, float]] = []
    stretches = [(0, len(seen.failed))]
    while stretches and len(cuts) < _MOST:
        low, high = stretches.pop()
        index, strength = _best(failed, total, low, high, likely)
        if strength >= _STRENGTH:
            cuts.append((index, strength))
            stretches += [(low, index), (index, high)]
    cuts.sort()
    edges = [0, *(index for index, _ in cuts), len(seen.failed)]
    rates = [
        (failed[high] - failed[low]) / ((total[high] - total[low]) or 1) for low, high in pairwise(edges)
    ]
    return [
        RateChange(
            seen.start + index * seen.width,
            seen.start + edges[number + 2] * seen.width,
            rates[number],
            rates[number + 1],
            strength,
            total[index] - total[edges[number]],
        )
        for number, (index, strength) in enumerate(cuts)
    ]


def _sharpened(
    changes: Sequence[RateChange], coarse: Outcomes, seen: Outcomes, size: int, deploys: Collection[float]
) -> list[RateChange]:
    """The same changes, each dated among the stretches beside it, `size` of which were taken together."""
    failed, passed = _sums(coarse.failed), _sums(coarse.passed)
    places = [round((change.at - coarse.start) / coarse.width) for change in changes]
    edges, dated = [0, *places, len(coarse.failed)], list[float]()
    for number, index in enumerate(places):
        low, high = edges[number], edges[number + 2]
        first, last = max(low, index - 1), min(high, index + 1)
        # Before and after them all that the change was told by, as one stretch each.
        near = slice(first * size, last * size)
        failures = [failed[first] - failed[low], *seen.failed[near], failed[high] - failed[last]]
        passes = [passed[first] - passed[low], *seen.passed[near], passed[high] - passed[last]]
        start = seen.start + (near.start - 1) * seen.width
        totals = _sums([a + b for a, b in zip(failures, passes, strict=True)])
        found, strength = _best(
            _sums(failures), totals, 0, len(failures), _likely(deploys, start, seen.width)
        )
        dated.append(start + found * seen.width if strength > 0 else changes[number].at)
    ends = [*dated[1:], *(change.until for change in changes[-1:])]
    return [
        replace(change, at=at, until=until) for change, at, until in zip(changes, dated, ends, strict=True)
    ]


def _likely(deploys: Collection[float], start: float, width: float) -> set[int]:
    """The places soon after a deploy, where a change is likelier than elsewhere."""
    return {
        index
        for deploy in deploys
        for index in range(max(0, int((deploy - start) // width)), int((deploy - start + SOON) // width) + 1)
    }


def _best(
    failed: Sequence[int], total: Sequence[int], low: int, high: int, likely: Container[int]
) -> tuple[int, float]:
    """The cut of a stretch that explains it best, and the logarithm of how much better than none."""
    all_failed, every = failed[high] - failed[low], total[high] - total[low]
    if all_failed < LEAST_FAILED or every < 2 * ENOUGH:
        return low, 0.0
    alone = _fit(all_failed, every)
    best, found, best_likely, found_likely = low, 0.0, low, 0.0
    for index in range(low + 1, high):
        left, ended = failed[index] - failed[low], total[index] - total[low]
        right, others = all_failed - left, every - ended
        if ended < ENOUGH or others < ENOUGH or total[index] == total[index - 1]:
            continue
        strength = _fit(left, ended) + _fit(right, others) - alone
        if strength <= found and (index not in likely or strength <= found_likely):
            continue
        if _differ(left, ended, right, others):
            best, found = (index, strength) if strength > found else (best, found)
            if index in likely and strength > found_likely:
                best_likely, found_likely = index, strength
    return (best_likely, found_likely) if found_likely > max(0.0, found - _AS_WELL) else (best, found)


def _differ(failed: int, ended: int, others_failed: int, others: int) -> bool:
    """Whether the higher of two rates is so much higher, on enough failures, that somebody would care."""
    a, b = failed * others, others_failed * ended
    return max(a, b) >= _LEAST_TIMES * min(a, b) and (failed if a > b else others_failed) >= LEAST_FAILED


def _fit(failed: int, ended: int) -> float:
    """Logarithm of the likelihood of so many failures at their own rate."""
    fine = ended - failed
    return (failed * log(failed / ended) if failed else 0.0) + (fine * log(fine / ended) if fine else 0.0)


def _sums(values: Sequence[int]) -> list[int]:
    sums = [0]
    for value in values:
        sums.append(sums[-1] + value)
    return sums
