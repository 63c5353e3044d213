"""What a chart shows, in one sentence: since when, from how much to how much, and what came just before."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import inf
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from wfdash.core.history.bucket import LevelShift, Tally, sum_of
from wfdash.core.history.rate.change import RateChange, version_before
from wfdash.core.model.instance import Instance
from wfdash.core.text.clean import clean
from wfdash.core.text.words import clock, count, percent, short_version, spoken, took_words
from wfdash.core.triage.error_groups import OUTCOMES, VersionShare, blame
from wfdash.core.triage.failure_rate import ENOUGH, FailureRate, stands_out
from wfdash.core.triage.version_blame import (
    had_begun_before,
    is_of_its_time,
    side_by_side,
    too_few_to_blame,
    worst_version,
)

__all__ = [
    "Finding",
    "OddTimes",
    "busier",
    "durations",
    "earlier_rate",
    "failed_of",
    "failures",
    "read_within",
    "slower",
    "throughput",
]

_IDLE: Final = 120.0
"""Seconds without an end after which a change is dated to the next one."""
_HARDLY: Final = 15.0
"""Seconds by which the newest rows are behind anyway: one list, and the next one that is slow."""
_LEVEL: Final = 50
"""Ended in a stretch without which its rate is told as counts: 0 of 10 may well be one in four."""
_NAMED: Final = 3
"""Unknown statuses that are named."""
_MOSTLY: Final = 0.8
"""Share of a chart below which a rate tells how long a time it rests on; its last step is not over yet."""


class Finding(Struct, frozen=True):
    """What a chart shows in a sentence, with the moment and the version that the sentence is about."""

    sentence: str
    at: float | None = None
    version: str = ""
    unusual: bool = False
    """A rise that still lasts or that came last."""
    until: float = inf
    """When the rate changed next after that."""
    before: str = ""
    """What the rate was before it, in the words of the sentence."""
    since: Mapping[str, Tally] = field(default_factory=dict)
    """Of a rise what completed and failed from then until it changed next, by version."""


class OddTimes(Struct, frozen=True):
    """How many rows have times that cannot be, or lack some: what is not counted is never silent."""

    ahead: int = 0
    """Created or ended after now."""
    crossed: int = 0
    """Ended before they began."""
    undated: int = 0
    """Ended, and do not say when."""
    uncreated: int = 0
    """Do not say when they were created."""
    resumed: int = 0
    """Restarted from a step: their start is that of the run before."""
    others: Mapping[str, int] = field(default_factory=dict)
    """Ended in a status that is unknown here."""

    def sentence(self) -> str:
        """Each kind of which there are any; "" for none."""
        said = []
        if self.ahead:
            said.append(f"{count(self.ahead)} with times after now are left out: the clocks differ")
        if self.crossed:
            said.append(f"{count(self.crossed)} ended before they began, as they say: in no duration")
        if self.resumed:
            said.append(f"{count(self.resumed)} restarted from a step: in no duration")
        if self.undated:
            said.append(f"{count(self.undated)} ended and do not say when: left out")
        if self.uncreated:
            said.append(f"{count(self.uncreated)} do not say when they were created")
        named = sorted(self.others.items(), key=lambda pair: -pair[1])
        said += [
            f"{count(number)} ended as {clean(status) or 'nothing'}, a status not known here: in no rate"
            for status, number in named[:_NAMED]
            if number > 0
        ]
        return " · ".join(said)


class _Cause(Struct, frozen=True):
    """The version that a change is laid to and when it came; `beside` where it was so under others too."""

    version: str = ""
    deploy: float = 0.0
    beside: str = ""


def failures(
    changes: Sequence[RateChange],
    tally: Tally,
    rows: Sequence[Instance],
    *,
    deployed: Mapping[str, float],
    now: float,
    utc: bool = True,
    settled: bool = False,
    sampled: bool = False,
    looked_since: float | None = None,
    so_far: bool = False,
    unread: bool = False,
    running: Sequence[Instance] = (),
) -> Finding:
    """Tells the latest rise of the failure rate and what followed it, else the level; of nothing no rate.

    `looked_since`: where changes were looked for in less than the tally counts, which then bears no level.
    `so_far`: more is being read. What fails ends sooner than what completes, so the newest bear neither a
    level nor a change.
    `unread`: some that may have ended were not read since.
    `running`: those that have not ended, beside `rows`.
    `settled`: its rates are those of the test, where older rows that ended beside these are not loaded.
    `sampled`: some of those are not, so that a page which has them all finds a percent more or less.

    A rate that rose in steps is told from the step that came with a deploy on, else from the first.
    """
    if not tally.sample:
        ended = f": all {count(tally.terminated)} that ended were terminated" if tally.terminated > 1 else ""
        if so_far:
            return Finding(f"none of those loaded so far completed or failed{ended}")
        return Finding(f"no instance completed or failed in this time{ended}")
    if not changes:
        since = "" if looked_since is None else _time(looked_since, now, utc)
        if so_far:
            return Finding(f"{failed_of(tally)} so far")
        return Finding(_level(tally, rows, running, deployed, now, since=since, unread=unread))
    # Of what came before a change some is missing; by end what follows is whole. One cell: at 80 columns
    # the version stands at the end.
    about, near = "~" if sampled else "", "~" if sampled and settled else ""
    of = _Changes(changes, rows, deployed, now, utc, settled, about, near)
    steps = _last_rises(changes)
    if not steps:
        return Finding(f"{_fell(of)}: {failed_of(tally, unread=unread)}")
    return _rose_slowly(of, steps[0]) if steps[0].between else _rose(of, steps)


class _Changes(Struct, frozen=True):
    """The moments at which a rate changed, and what the words for them rest on."""

    changes: Sequence[RateChange]
    rows: Sequence[Instance]
    deployed: Mapping[str, float]
    now: float
    utc: bool
    settled: bool
    about: str
    """What stands before a rate of before a change, where some that ended then are missing."""
    near: str
    """The same before a rate of after it."""

    def time(self, at: float) -> str:
        return _time(at, self.now, self.utc)


def _fell(of: _Changes) -> str:
    """`errors fell from 38 % to 3 % at 05:10, with version b689fb30`."""
    if between := of.changes[-1].between:
        return f"errors fell {_slowly(of, of.changes[-1], between)}"
    was, after, at, cure = _fall(of)
    said = f"errors fell from {of.about}{percent(was)} to {of.near}{percent(after)}"
    return f"{said} at {of.time(at)}{_beside(at, cure)}"


def _rose_slowly(of: _Changes, rise: RateChange) -> Finding:
    """Tells of a rise without a minute: there is none to look beside for a deploy, nor to count from."""
    assert rise.between is not None
    said = f"errors rose {_slowly(of, rise, rise.between)}"
    return Finding(said + _and_fell(of, rise), unusual=True)


def _rose(of: _Changes, steps: Sequence[RateChange]) -> Finding:
    """Tells of a rise from the step that came with a deploy on, and of the last step after it."""
    rows = of.rows
    causes = [_deploy(step, rows, of.deployed) for step in steps]
    first = next((number for number, cause in enumerate(causes) if cause.version), 0)
    rise, cause, last = steps[first], causes[first], steps[-1]
    earlier, after = _levels_of_rise(of, rise)
    said = f"errors rose from {earlier} to {of.near}{_later_rate(after, _ended(rows, rise.at, rise.until))}"
    # A change is dated to the start of its stretch, and none comes before what made it.
    at = max(_came(rows, rise), cause.deploy)
    said += f" at {of.time(at)}"
    said += _beside(at, cause)
    if last is not rise:
        rate, later = _rate(rows, last.at, last.until), causes[-1]
        after = rate if rate > after and not of.settled else last.after
        said += f", and on to {of.near}{percent(after)} at {of.time(max(last.at, later.deploy))}"
        said += _beside(last.at, later if later.version != cause.version else _Cause())
    said += _and_fell(of, replace(last, after=after))
    own, others = _apart(cause.version, rows, RateChange(rise.at, last.until, 0.0, 1.0, 0.0))
    ran = others | ({cause.version: own} if own.sample else {})
    return Finding(said, at, cause.version, unusual=True, until=last.until, before=earlier, since=ran)


def _levels_of_rise(of: _Changes, rise: RateChange) -> tuple[str, float]:
    """What the rate was before a rise, in words, and what it was after it."""
    start = _start(of.changes, rise)
    before, after = _rate(of.rows, start, rise.at), _rate(of.rows, rise.at, rise.until)
    sample = _ended(of.rows, start, rise.at).sample
    # What the test counts before it may have ended beside the rise: then nothing had, and that is no rate.
    if of.settled or after <= before or not sample:
        before, after, sample = rise.before, rise.after, rise.sample
    few = of.about if sample >= _LEVEL else ""
    return f"{few}{earlier_rate(before, sample)}", after


def _slowly(of: _Changes, change: RateChange, between: tuple[float, float]) -> str:
    """`from about 3 % to about 38 % between 01:37 and 07:35`: nothing says that it was at one minute."""
    start, end = map(of.time, between)
    return f"from {_about(change.before)} to {_about(change.after)} between {start} and {end}"


def _about(rate: float) -> str:
    """`about 3 %`: a rate that was fitted, without tenths."""
    return f"about {percent(max(round(rate, 2), 0.01) if rate else 0.0)}"


def _and_fell(of: _Changes, rise: RateChange) -> str:
    """`, and fell to 2 % at 05:10, with version b689fb30`; "" where the rate has not fallen since."""
    fall = next((change for change in of.changes if change.at >= rise.until), None)
    if fall is None:
        return ""
    if fall.between:
        start, end = map(of.time, fall.between)
        return f", and fell to {_about(fall.after)} between {start} and {end}"
    fell, cure = _rate(of.rows, fall.at, fall.until), _cure(fall, of.rows, of.deployed)
    share = fell if fell < rise.after and not of.settled else fall.after
    when = max(_came(of.rows, fall), cure.deploy)
    return f", and fell to {of.near}{percent(share)} at {of.time(when)}{_beside(when, cure)}"


def read_within(oldest: float | None, now: float) -> str:
    """`open ones read within 2 m`, by when the first of them was answered; "" for hardly any.

    What has ended since is in no count. In whole minutes, so that it stands still.
    """
    if oldest is None or now - oldest < _HARDLY:
        return ""
    return f"open ones read within {spoken(-(-(now - oldest) // 60.0) * 60.0)}"


def failed_of(tally: Tally, *, unread: bool = False) -> str:
    """`3 of 40 that ended failed`; of what was not read since nobody knows whether it ended."""
    ended = "known to have ended" if unread else "that ended"
    return f"{count(tally.errored)} of {count(tally.sample)} {ended} failed"


def _level(
    tally: Tally,
    rows: Sequence[Instance],
    running: Sequence[Instance],
    deployed: Mapping[str, float],
    now: float,
    *,
    since: str,
    unread: bool,
) -> str:
    """What is said where nothing changed; `since` a moment alone a change can be seen, "" for all of it."""
    said = failed_of(tally, unread=unread)
    if tally.sample < ENOUGH:
        return said
    if apart := _fails_alone(rows, running, deployed, now):
        return f"{said}: {apart}"
    failed = percent(tally.failure_rate or 0.0)
    if since:
        counted = f"{failed} failed: {said.removesuffix(' failed')}"
        return f"{counted}; only since {since} a change can be seen, and there is none"
    return f"errors are level at {failed}: {said}"


def _fall(of: _Changes) -> tuple[float, float, float, _Cause]:
    """The rates before and after the last fall, when it was, and what it is laid to."""
    last, rows = of.changes[-1], of.rows
    cure = _cure(last, rows, of.deployed)
    at = max(_came(rows, last), cure.deploy)
    # As the bars beside it count them: by the test's own count a time at 100 % fell from 66.
    was = _ended(rows, _start(of.changes, last), last.at).failure_rate
    since = _ended(rows, at, last.until).failure_rate
    after = since if since is not None else last.after
    if of.settled or was is None or after >= was:
        was, after = last.before, last.after
    return was, after, at, cure


def _fails_alone(
    rows: Sequence[Instance], running: Sequence[Instance], deployed: Mapping[str, float], now: float
) -> str:
    """`6 of 10 under version 6e8cb420, 0 of 190 under others`: no change in time, and no level either.

    By the judgement of the errors page, or one page would blame a version above which another says "level".
    """
    # Of all workflows something else stands for the version. Most often none stands out by its counts alone,
    # and those of 100,000 rows are soon made.
    ended = Counter((row.version, row.status) for row in rows)
    names = {name for name, _ in ended if name in deployed}
    counts = [
        VersionShare(n, ended[n, "errored"], ended[n, "errored"] + ended[n, "complete"], None) for n in names
    ]
    if worst_version(counts) is None and too_few_to_blame(counts) is None:
        return ""
    shares = blame([*rows, *running], now)
    found = worst_version(shares) or too_few_to_blame(shares)
    if (
        found is None
        or found.version not in deployed
        or is_of_its_time(found.version, (), rows, deployed[found.version])
    ):
        return ""
    return side_by_side(shares, found)


def throughput(
    tally: Tally,
    seconds: float,
    *,
    undated: int = 0,
    shown: float = 0.0,
    so_far: bool = False,
    unread: bool = False,
    until: str = "",
) -> str:
    """How many came and ended, and how fast; the unit is the one that gives a number above 1.

    `undated` have ended at a time that no list tells: in this one or in another.
    `shown`: seconds of the chart, which may be longer than those that the rate rests on.
    `so_far`: more is being read.
    `unread`: some that may have ended were not read since.
    `until`: the time of day up to which is counted; "" for up to now.
    """
    if so_far and not undated:
        if not tally.created and not tally.ended:
            return "nothing that is loaded so far was created or ended in this time"
        return f"so far {throughput(tally, seconds, shown=shown, until=until)}"
    if undated:
        return f"{count(tally.created)} created; {count(undated)} have ended, this server does not say when"
    if not tally.created and not tally.ended:
        return f"nothing was created and nothing ended {_up_to(until) or 'in this time'}"
    said = _sums(tally, unread=unread, until=until)
    if not tally.ended:
        return said
    unit, length = next(
        ((unit, length) for unit, length in _PER if tally.ended * length >= seconds),
        ("day", 86400.0),
    )
    if seconds <= 0:
        return said
    over = f" over {spoken(seconds)}" if seconds < _MOSTLY * shown else ""
    return f"{said}: {tally.ended * length / seconds:.1f} per {unit}{over}"


def durations(
    tally: Tally,
    *,
    undated: int = 0,
    so_far: bool = False,
    resumed: int = 0,
    marks: tuple[str, str] | None = None,
) -> str:
    """What half of those that ended took, and what 95 of 100 did; `so_far` while more is being read.

    `marks` are those of a chart that stands for the two.
    `resumed`: those that were restarted from a step, of which the start is the first run's, where all were.
    """
    if undated:
        return "this server's list does not say how long they took"
    if tally.p50 is None or tally.p95 is None:
        none = "none that is loaded so far" if so_far else "no instance that ended in this time"
        if resumed:
            return f"{count(resumed)} were restarted from a step: how long that took no row says"
        return f"{none} says how long it took"
    half, most = (f" ({mark})" for mark in marks) if marks else ("", "")
    said = f"{took_words(spoken(tally.p50), spoken(tally.p95), half)}{most}"
    return f"so far {said}" if so_far else said


def slower(shift: LevelShift, *, now: float, utc: bool) -> str:
    """`half took 7 m 36 s or less since 00:08, 1 m 3 s before`."""
    moment = clock(shift.at, utc=utc, now=now, seconds=False)
    return f"half took {spoken(shift.after)} or less since {moment}, {spoken(shift.before)} before"


def busier(
    tally: Tally, shift: LevelShift, *, now: float, utc: bool, unread: bool = False, until: str = ""
) -> str:
    """`866 created, 857 ended; 6.7 came per minute since 00:25, 3.3 before`."""
    moment = clock(shift.at, utc=utc, now=now, seconds=False)
    least = min(shift.before, shift.after)
    unit, length = next(((unit, length) for unit, length in _PER if least * length >= 1), ("day", 86_400.0))
    paces = f"{shift.after * length:.1f} came per {unit} since {moment}, {shift.before * length:.1f} before"
    return f"{_sums(tally, unread=unread, until=until)}; {paces}"


def _sums(tally: Tally, *, unread: bool, until: str) -> str:
    """`866 created, at least 857 ended`; `unread` where open ones may have ended since they were read."""
    ended = f"{'at least ' * unread}{count(tally.ended)}" if tally.ended else "none known to have" * unread
    said = f"{count(tally.created)} created, {ended or 'none'} ended"
    return f"{said} {_up_to(until)}" if until else said


def _up_to(until: str) -> str:
    return f"up to {until}" if until else ""


def earlier_rate(rate: float, sample: int) -> str:
    """What a rate was before it rose: 0 % of ten is no level, and is told as `0 of 10`."""
    return percent(rate) if sample >= _LEVEL else f"{round(rate * sample)} of {count(sample)}"


def _later_rate(rate: float, since: Tally) -> str:
    """What a rate rose to: of less than ten that ended since it is told as `3 of 3`."""
    few = 0 < since.sample < ENOUGH and since.failure_rate == rate
    return f"{count(since.errored)} of {count(since.sample)}" if few else percent(rate)


_PER: Final = (("second", 1.0), ("minute", 60.0), ("hour", 3600.0))


def _rate(rows: Sequence[Instance], start: float, end: float) -> float:
    """The failed among those that completed or failed in a stretch, as every table counts them."""
    return _ended(rows, start, end).failure_rate or 0.0


def _ended(rows: Sequence[Instance], start: float, end: float) -> Tally:
    ended = Counter(row.status for row in rows if row.ended is not None and start <= row.ended < end)
    return Tally(complete=ended["complete"], errored=ended["errored"])


def _came(rows: Sequence[Instance], change: RateChange) -> float:
    """When a change showed first: an end after it that fits it, where nothing had ended for a while."""
    shows = "errored" if change.rose else "complete"
    ends = (row.ended for row in rows if row.status == shows and row.ended is not None)
    first = min((at for at in ends if at >= change.at), default=change.at)
    return first if first - change.at > _IDLE else change.at


def _last_rises(changes: Sequence[RateChange]) -> list[RateChange]:
    """The latest rise, after those between which the rate never fell."""
    rises: list[RateChange] = []
    for change in reversed(changes):
        if change.rose:
            rises.insert(0, change)
        elif rises:
            break
    return rises


def _start(changes: Sequence[RateChange], change: RateChange) -> float:
    return max((other.at for other in changes if other.at < change.at), default=float("-inf"))


def _deploy(rise: RateChange, rows: Sequence[Instance], deployed: Mapping[str, float]) -> _Cause:
    """The version that came just before a rise, if most of what failed since is of it and others fare better.

    What it is held against is what others did in the same time: before it they may have failed as little.
    """
    version, at = version_before(rise.at, deployed)
    if not version:
        return _Cause()
    own, others = _apart(version, rows, rise)
    older = sum_of(others.values())
    if older.sample >= ENOUGH and (older.failure_rate or 0.0) * 2 > (own.failure_rate or 0.0):
        return _Cause(beside=_side_by_side(version, own, others))
    others_ran = [row for row in rows if row.version != version and row.status in OUTCOMES]
    failed = {row.id for row in others_ran if row.status == "errored"}
    if own.errored <= older.errored or had_begun_before(others_ran, at, failed, rise.before):
        return _Cause()
    return _Cause(version, at)


def _cure(fall: RateChange, rows: Sequence[Instance], deployed: Mapping[str, float]) -> _Cause:
    """The version that came just before a fall, unless what is older fails as little since."""
    version, at = version_before(fall.at, deployed)
    if not version:
        return _Cause()
    own, others = _apart(version, rows, fall)
    older = sum_of(others.values())
    if older.sample >= ENOUGH and (older.failure_rate or 0.0) * 2 < fall.before:
        fell = (own.failure_rate or 0.0) * 2 < fall.before
        return _Cause(beside=_side_by_side(version, own, others) if fell else "")
    # What has not completed anything yet has mended nothing.
    return _Cause(version, at) if own.complete else _Cause()


def _apart(version: str, rows: Sequence[Instance], change: RateChange) -> tuple[Tally, dict[str, Tally]]:
    """The completed and failed from a change to the next: of that version, and of each other version."""
    found: defaultdict[str, Tally] = defaultdict(Tally)
    for row in rows:
        if row.ended is not None and change.at <= row.ended < change.until:
            found[row.version].complete += row.status == "complete"
            found[row.version].errored += row.status == "errored"
    return found.pop(version, Tally()), dict(found)


def _side_by_side(version: str, own: Tally, others: Mapping[str, Tally]) -> str:
    """`, under version 36bc190f as under cd823cc4`: the older one first, that of which most ended.

    Of one that fares far better than it `, 0 of 35 under version cd823cc4`: it may well be what mends it.
    """
    older = max(others, key=lambda each: others[each].sample)
    theirs = others[older]
    if min(own.sample, theirs.sample) < ENOUGH:
        return ""
    rate, their_rate = own.failure_rate or 0.0, theirs.failure_rate or 0.0
    if min(rate, their_rate) * 2 >= max(rate, their_rate):
        named = f"version {short_version(older)}" if older else "others"
        return f", under {named} as under {short_version(version)}"
    failed = FailureRate(own.errored, own.sample)
    if stands_out(FailureRate(theirs.errored, theirs.sample), failed):
        return f", {failed} under version {short_version(version)}"
    return ""


def _beside(at: float, cause: _Cause) -> str:
    if not cause.version:
        return cause.beside
    after = int(at - cause.deploy) // 60
    when = "with" if after <= 0 else f"{after} m after"
    return f", {when} version {short_version(cause.version)}"


def _time(at: float, now: float, utc: bool) -> str:
    return clock(at, utc=utc, now=now, seconds=False)
