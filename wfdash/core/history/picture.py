"""How a workflow fares by its newest rows: failures of the last hour, their rate now and before."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from wfdash.core.history.bucket import Tally, percentile
from wfdash.core.history.rate.change import Outcomes, RateChange, changes_of
from wfdash.core.history.sentence import Finding, failed_of, failures
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import AHEAD, HOUR, lasted
from wfdash.core.text.words import age, clock, counted
from wfdash.core.triage.failure_rate import ENOUGH

__all__ = ["PARTS", "Picture", "age_of_failures", "age_of_oldest", "picture", "rank"]

PARTS: Final = 12
"""Parts of the last hour of which the failures are counted, five minutes each."""
_FRESH: Final = 75.0
"""Seconds for which what was listed as open is taken to be: the newest page is listed each minute."""
_BEHIND: Final = 90.0
"""Seconds after which one that was open may well have ended: it is listed in turn with the others."""
_COUNTING: Final = 2.0
"""Seconds that an instance may have come or ended before or after a count and be in it or not."""
_OUTLIVED: Final = 0.9
"""Share of the failures that have come by the age at which what is fine is counted as such."""
_LOOKED: Final = 0.9
"""Share of what ended that is looked through for a change before a level is told of all of it."""
_MOSTLY: Final = 0.95
"""Share of the successes by whose age a stretch has, but for a few, all that ended in it."""


class Picture(Struct, frozen=True):
    """What the rows from `floor` on tell; epoch seconds, seconds and shares."""

    finding: Finding
    failed: tuple[int | None, ...]
    """Failures in each part of the last hour, oldest first; None where not all rows are loaded."""
    now: Tally
    """What ended since the rate rose or fell last; all that ended where it did neither."""
    before: Tally | None
    """What ended before that, back to the change before it."""
    last_failure: float | None
    oldest_active: float | None
    """Creation of the oldest that had not ended when it was listed, a moment ago."""
    floor: float | None
    rows: int
    active: int
    older_active: bool
    """Whether some that have not ended may be older than that."""
    active_seen: float | None
    """When that oldest one was listed last; None for just now."""
    since: float | None = None
    """From when on `now` counts: the change, or the first of those that ended."""
    thin: bool = False
    """Whether what is loaded is too little for a rate: its counts are told, and no level."""

    @property
    def recent_failures(self) -> int:
        """Failures of the last hour, as far as it is loaded."""
        return sum(number or 0 for number in self.failed)


def picture(
    rows: Sequence[Instance],
    *,
    now: float,
    floor: float | None,
    exhausted: bool = False,
    partial: bool = False,
    deployed: Mapping[str, float] | None = None,
    counted: tuple[float, int] | None = None,
    utc: bool = True,
) -> Picture:
    """Counts rows of which none is missing from `floor` on; `exhausted` where none is older.

    `partial` where a record holds only some of the older ones: then nothing has risen within the hour.
    `counted` is when the server counted, before these were listed, and how many had not ended then.
    """
    deployed = deployed or {}
    of = _stretch(rows, now=now, floor=floor, exhausted=exhausted, deployed=deployed)
    kept = "recorded by then" if partial else "loaded"
    missing = "" if exhausted else _missing(of.start, now, len(of.active), of.tally, kept, utc=utc)
    finding, cut = _finding(of, deployed=deployed, now=now, utc=utc), of.cut
    if missing and (partial or finding.at is None):
        finding, cut = Finding(f"{_counted(of.tally, kept, unread=of.unread)}; {missing}"), None
    elif missing:
        finding = replace(finding, sentence=f"{finding.sentence}; {missing}")
    if finding.unusual and not (of.changes and of.changes[-1].rose):
        finding = Finding(finding.sentence, finding.at, finding.version)  # it is over
    before, after = (None, of.tally) if cut is None else (_before(of, cut), _after(of, cut))
    failed = (row.ended for row in of.ended if row.status == "errored" and row.ended is not None)
    oldest, older, seen_at = _oldest(rows, now, None if exhausted else floor, counted)
    return Picture(
        finding,
        _parts(of.ended, now, float("-inf") if exhausted else floor),
        after,
        before,
        max(failed, default=None),
        oldest,
        None if exhausted else floor,
        sum("\n" not in row.id for row in rows),
        len(of.active),
        older,
        seen_at,
        cut if cut is not None else min((row.ended for row in of.ended if row.ended), default=None),
        bool(missing) and cut is None,
    )


class _Stretch(Struct, frozen=True):
    """What ended in the time of which no row is missing, and when the rate of failures changed in it."""

    start: float
    exhausted: bool
    ended: list[Instance]
    active: list[Instance]
    tally: Tally
    """Of those that ended."""
    unread: bool
    """Whether some that had not ended may well have since."""
    settled: float
    """From when on the rate was looked at for changes."""
    seen: Outcomes
    changes: Sequence[RateChange]
    by_end_from: float
    """From when on hardly any is missing that ended beside these."""

    @property
    def by_end(self) -> bool:
        """Whether its rates are counted by end, as the charts of history count."""
        return self.exhausted or all(change.at >= self.by_end_from for change in self.changes)

    @property
    def cut(self) -> float | None:
        """When the rate changed last, where that was at one moment."""
        return self.changes[-1].at if self.changes and not self.changes[-1].between else None


def _stretch(
    rows: Sequence[Instance],
    *,
    now: float,
    floor: float | None,
    exhausted: bool,
    deployed: Mapping[str, float],
) -> _Stretch:
    start = min((row.created for row in rows if row.created is not None), default=now)
    start = min(start, now - HOUR) if exhausted else floor if floor is not None else start
    # A row may be ahead of the clock, as far as to the year 9999: nothing has ended then yet.
    ended = [row for row in rows if row.ended is not None and start <= row.ended <= now + AHEAD]
    active = [row for row in rows if not row.is_over]
    unread = any(row.seen is not None and now - row.seen > _BEHIND for row in active)
    settled = start if exhausted else start + age_of_failures(rows)
    seen, changes = changes_of(rows, start=settled, now=now, deployed=deployed)
    by_end_from = start if exhausted else start + _age_of_successes(ended)
    return _Stretch(
        start, exhausted, ended, active, _tally(ended), unread, settled, seen, changes, by_end_from
    )


def _finding(of: _Stretch, *, deployed: Mapping[str, float], now: float, utc: bool) -> Finding:
    """What history would say of these rows, and since when they ended where their rate did not change."""
    ended, tally, by_end = of.ended, of.tally, of.by_end
    finding = failures(
        of.changes,
        tally,
        [row for row in ended if row.ended is not None and row.ended >= of.by_end_from] if by_end else ended,
        deployed=deployed,
        now=now,
        utc=utc,
        settled=not by_end,
        sampled=not of.exhausted,
        unread=of.unread,
        running=of.active,
    )
    if of.changes:
        return finding
    looked = _tally(row for row in ended if row.ended is not None and row.ended >= of.settled)
    if looked.sample < _LOOKED * tally.sample and tally.sample >= ENOUGH:
        # A rise may lie in what was not looked at.
        finding = Finding(_counted(tally, "loaded", unread=of.unread))
    if tally.sample and (since := _since(ended, now, utc=utc)):
        finding = replace(finding, sentence=finding.sentence + since)
    return finding


def _before(of: _Stretch, cut: float) -> Tally:
    """What ended before the rate changed last, back to the change before that."""
    start = of.changes[-2].at if len(of.changes) > 1 else of.seen.start
    return _between(of.ended, max(start, of.by_end_from), cut) if of.by_end else _tested(of.seen, start, cut)


def _after(of: _Stretch, cut: float) -> Tally:
    """What ended since the rate changed last."""
    return _between(of.ended, cut, inf) if of.by_end else _tested(of.seen, cut, of.changes[-1].until)


def rank(found: Picture | None) -> tuple[int, float, int]:
    """Sorts the unusual first: a rise that lasts by how far, then whatever failed in the last hour."""
    if found is None:
        return 2, 0.0, 0
    if found.finding.unusual:
        before = found.before.failure_rate if found.before is not None else None
        rose = (found.now.failure_rate or 0.0) - (before or 0.0)
        return 0, -rose, -found.recent_failures
    return 1, 0.0, -found.recent_failures


def _oldest(
    rows: Sequence[Instance], now: float, floor: float | None, counted: tuple[float, int] | None
) -> tuple[float | None, bool, float | None]:
    """The creation of the oldest open one, whether one may be older, and when it was listed last.

    Without `floor` all are here.

    What was listed some time ago may have ended since; where that is all of them, nobody looked for a while,
    and what was known then stands until somebody does. Where the server counts more than may be open of
    these, one is older than all of them.
    """
    active = [row for row in rows if not row.is_over]
    fresh = [row for row in active if row.seen is None or now - row.seen <= _FRESH] or active
    first = min((row for row in fresh if row.created is not None), key=_creation, default=None)
    oldest, seen = (first.created, first.seen) if first is not None else (None, None)
    if counted is None:
        return oldest, len(fresh) < len(active) or floor is not None, seen
    at, number = counted
    born = [row for row in rows if row.created is not None and row.created <= at + _COUNTING]
    may_be = sum(not row.is_over or (row.ended or 0.0) > at - _COUNTING for row in born)
    if floor is not None and number > may_be:
        return floor, True, at
    if floor is None and len(fresh) == len(active):
        return oldest, False, seen
    return oldest, number > sum((row.created or 0.0) <= at - _COUNTING for row in fresh), seen


def _creation(row: Instance) -> float:
    return row.created or 0.0


def age_of_oldest(found: Picture, now: float) -> str:
    """`20m`, `>20m` where older ones are not loaded, `20m?` where it may have ended since it was listed.

    Then its age is that of then, for no clock runs in what may be over.
    """
    at, seen = found.oldest_active, found.active_seen
    if at is None:
        return "–"
    stale = seen is not None and now - seen > _FRESH
    more = ">" if found.older_active else ""
    return f"{more}{age((seen if stale and seen is not None else now) - at)}{'?' * stale}"


def age_of_failures(rows: Sequence[Instance]) -> float:
    """Seconds from the oldest row on in which failures are met and none yet of what passes beside them."""
    failed = [row for row in rows if row.status == "errored"]
    ages = sorted(took for row in failed if (took := lasted(row.started, row.ended)) is not None)
    return percentile(ages, _OUTLIVED) or 0.0


def _age_of_successes(ended: Sequence[Instance]) -> float:
    """Seconds from the oldest row on in which some complete that are older than all that are loaded."""
    ages = [took for row in ended if row.status == "complete" and (took := lasted(row.created, row.ended))]
    return percentile(sorted(ages), _MOSTLY) or 0.0


def _missing(start: float, now: float, active: int, tally: Tally, kept: str, *, utc: bool) -> str:
    """Why these rows bear no level; "" where they do.

    What fails ends sooner than what completes: among the newest rows those that ended are mostly failures.
    """
    if start > now - HOUR:
        at = clock(start, utc=utc, now=now, seconds=False)
        return f"what was created before {at} is not {kept}"
    if active > tally.sample:
        return f"{counted(active, 'instance')} of those {kept} {'has' if active == 1 else 'have'} not ended"
    return ""


def _since(ended: Sequence[Instance], now: float, *, utc: bool) -> str:
    """` since 13:05`, when the first of those counted ended, if that is over an hour ago; else ""."""
    first = min((row.ended for row in ended if row.ended is not None), default=now)
    return f" since {clock(first, utc=utc, now=now, seconds=False)}" if first < now - HOUR else ""


def _counted(tally: Tally, kept: str, *, unread: bool) -> str:
    if not tally.sample:
        return f"none of those {kept} completed or failed"
    return failed_of(tally, unread=unread)


def _between(ended: Iterable[Instance], start: float, end: float) -> Tally:
    return _tally(row for row in ended if row.ended is not None and start <= row.ended < end)


def _tested(seen: Outcomes, start: float, end: float) -> Tally:
    """The failed and the completed as the test counts them: a success once it has outlived what failed.

    By end alone mostly failures would be among the oldest rows loaded.
    """
    first, last = (round((at - seen.start) / seen.width) for at in (start, end))
    return Tally(0, sum(seen.passed[first:last]), sum(seen.failed[first:last]))


def _tally(ended: Iterable[Instance]) -> Tally:
    tally = Tally()
    for row in ended:
        if row.status == "errored":
            tally.errored += 1
        elif row.status == "complete":
            tally.complete += 1
        elif row.status == "terminated":
            tally.terminated += 1
        elif row.is_over:
            tally.other += 1
    return tally


def _parts(ended: Iterable[Instance], now: float, floor: float | None) -> tuple[int | None, ...]:
    """Failures of the last hour in PARTS.

    The last ends with a whole part, so that the bars stand still within it.
    """
    width = HOUR / PARTS
    first = int(now // width) - PARTS + 1
    counts = [0] * PARTS
    for row in ended:
        index = int((row.ended or 0.0) // width) - first
        if row.status == "errored" and 0 <= index < PARTS:
            counts[index] += 1
    seen = [floor is not None and (first + index + 1) * width > floor for index in range(PARTS)]
    return tuple(count if loaded else None for count, loaded in zip(counts, seen, strict=True))
