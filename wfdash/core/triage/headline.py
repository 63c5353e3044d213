"""What the failures come to in one sentence: the cause, what that rests on, and whether it is unusual."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from wfdash.core.model.instance import Instance
from wfdash.core.model.times import DAY
from wfdash.core.text.clean import fit
from wfdash.core.text.words import clock, count, percent, short_version, spoken
from wfdash.core.triage.error_groups import OUTCOMES, ErrorGroup, VersionShare
from wfdash.core.triage.failure_rate import BY_CHANCE, ENOUGH, LEAST_FAILED, FailureRate, Thirds, stands_out
from wfdash.core.triage.fingerprint import DEPLOYED
from wfdash.core.triage.version_blame import (
    CauseOfVersion,
    cause_of_version,
    is_of_its_time,
    others_of,
    rate_of_version,
    side_by_side,
    too_few_to_blame,
    worst_version,
)

__all__ = ["Evidence", "Headline", "Trend", "headline"]

_MOST: Final = 0.5
"""Part of what ended lately whose failing is an alarm whatever was before: that may be the same trouble."""
_BY_CHANCE_IN_TIME: Final = 0.001
"""Stricter: two stretches of time differ by the hour of the day as well."""
_DEPLOY_RESETS: Final = 180.0
"""Seconds within which a deploy resets what runs."""
_MESSAGE_CELLS: Final = 40
"""Cells of a message that tells two causes of one name apart."""
_LOOKED_AT: Final = 5
"""Causes that are held against the time before one by one, the commonest."""
_DEPLOYS: Final = 3
"""Deploys that are told with their times."""


class Trend(Struct, frozen=True):
    """The last change of the failure rate, at `at` (epoch seconds), as shares of what ended."""

    at: float
    before: float
    after: float
    between: tuple[float, float] | None = None
    """Where it went so little by little: from when until when."""


class Evidence(Struct, frozen=True):
    """What a headline rests on besides its groups."""

    read: int = 0
    of: int = 0
    """Errored instances that are to be read."""
    shares: Sequence[VersionShare] = ()
    rows: Sequence[Instance] = ()
    """An unbroken stretch of the list, to set what ended lately against the time before."""
    deployed: Mapping[str, float] = field(default_factory=dict)
    """When versions came, epoch seconds."""
    exact: bool = True
    """False where older failures of the same cause may not have been read."""
    partial: bool = False
    """Whether a record holds only a part of what was there: what is missing in it may be anything."""
    trend: Trend | None = None
    """How the rate of `rows` changed last; None where it did not."""

    @property
    def enough(self) -> bool:
        return self.read >= min(ENOUGH, max(1, self.of))


class Headline(Struct, frozen=True):
    sentence: str
    unusual: bool = False
    """It stands out against another version or the time before: somebody must look."""
    version: str = ""
    """The one that it blames."""


def headline(groups: Sequence[ErrorGroup], evidence: Evidence, *, now: float, utc: bool = True) -> Headline:
    """Names the cause once enough was read, and blames a version only beside one that fares better."""
    if not groups:
        return Headline("no errored instance has been read yet")
    rows, deployed = evidence.rows, evidence.deployed
    worst = worst_version(evidence.shares) if not evidence.partial else None
    if worst is not None and is_of_its_time(worst.version, groups, rows, deployed.get(worst.version)):
        worst = None  # what ran beside it failed too, or it ran well itself: that is no fault of the version
    if not evidence.enough:
        when = "recorded by then" if evidence.partial else "read so far"
        said = f"{evidence.read} of {evidence.of} errored instances {when}"
        if worst is not None:
            return Headline(f"{said}; {_fares_worse(worst, evidence)}", unusual=True, version=worst.version)
        if evidence.partial:
            return Headline(f"{said}: too few to name a cause")
        return Headline(f"{said}; a cause is named after {min(ENOUGH, evidence.of)}")
    alone = cause_of_version(groups, rows, evidence.shares, deployed) if not evidence.partial else None
    unread = _unread(groups, rows)
    if worst is not None:
        of_worst = [each for each in groups if each.fingerprint.version == worst.version]
        if alone is not None and alone.version == worst.version:
            # What fails as often on the others is not what is wrong with it, however often it comes.
            of_worst = [each for each in of_worst if each.fingerprint.cause == alone.cause] or of_worst
        if of_worst:
            return _blamed(_most_often(of_worst), worst, groups, unread, evidence, now, utc)
    elif alone is not None and (found := _blamed_for(alone, groups, unread, evidence, now, utc)):
        return found
    return _unblamed(groups, worst, unread, evidence, now, utc)


def _blamed(
    top: Sequence[ErrorGroup],
    worst: VersionShare,
    groups: Sequence[ErrorGroup],
    unread: Sequence[Instance],
    evidence: Evidence,
    now: float,
    utc: bool,
) -> Headline:
    """What the version that fares worse fails of."""
    said, first, named = _causes(top, groups), _first(top), short_version(worst.version)
    own = [row for row in evidence.rows if row.version == worst.version]
    own_unread = [row for row in unread if row.version == worst.version]
    if fine := _fine_since(top, _ends(own, own_unread)):
        over = f"none of the {count(fine)} of version {named} that ended since"
        return Headline(f"{said}{_from_to(top, now, utc)}, {over}")
    newer, others = _newer(worst, evidence), others_of(evidence.shares, worst)
    beside = "" if newer is not None else f", others {others}{_long_ago(worst.version, evidence, now)}"
    elsewhere = len(unread) > len(own_unread)
    said += f": {_scope(groups, top, elsewhere)} version {named} ({_failed(worst)}{beside})"
    said += _times(first, worst.version, evidence, now, utc, exact=evidence.exact and not elsewhere)
    if newer is not None:
        came = clock(evidence.deployed[newer.version], utc=utc, now=now)
        fared = rate_of_version(newer)
        said += f"; the newer {short_version(newer.version)}, deployed {came}: {fared} failed"
    return Headline(said, unusual=True, version=worst.version)


def _blamed_for(
    alone: CauseOfVersion,
    groups: Sequence[ErrorGroup],
    unread: Sequence[Instance],
    evidence: Evidence,
    now: float,
    utc: bool,
) -> Headline | None:
    """What a version alone fails of, though others fail as often of something else; None where it is over."""
    top = [found for found in _by_cause(groups) if found.fingerprint.cause == alone.cause]
    on_it = [found for found in groups if found.fingerprint.cause == alone.cause]
    on_it = [found for found in on_it if found.fingerprint.version == alone.version]
    own = [row for row in evidence.rows if row.version == alone.version]
    own_unread = [row for row in unread if row.version == alone.version]
    if not on_it or _fine_since(on_it, _ends(own, own_unread)):
        return None
    elsewhere = len(unread) > len(own_unread)
    least = "at least " * bool(own_unread)
    also = f", {count(alone.other_causes)} of other causes" if alone.other_causes else ""
    said = (
        f"{_causes(top, groups)}: {_scope(groups, on_it, elsewhere)} version {short_version(alone.version)}"
    )
    said += f" ({least}{alone.own} failed of it; of others {alone.others}{also})"
    exact = evidence.exact and not own_unread and not elsewhere
    said += _times(_first(on_it), alone.version, evidence, now, utc, exact=exact)
    return Headline(said, unusual=True, version=alone.version)


def _unblamed(
    groups: Sequence[ErrorGroup],
    worst: VersionShare | None,
    unread: Sequence[Instance],
    evidence: Evidence,
    now: float,
    utc: bool,
) -> Headline:
    """What failed most; without blame the versions of a cause are taken together."""
    thirds = Thirds(evidence.rows)
    (lately, before), trend = thirds.rates, evidence.trend
    rose = _differ_in_time(lately, before)
    rose = rose or (trend is not None and trend.after > trend.before)
    # What failed two hours ago is not what fails now, however often it did.
    causes = _of_late(groups, evidence.rows) if rose else _by_cause(groups)
    ends = _ends(evidence.rows, unread)
    causes = sorted(causes, key=lambda found: _fine_since([found], ends) > 0)
    if not rose and not unread:
        # One that rises may do so while another falls: all of them together then stay as they were.
        rising = [found for found in causes[:_LOOKED_AT] if _rises(found, thirds)]
        causes = [*rising, *(found for found in causes if found not in rising)] if rising else causes
    # One that came as often as another is not told alone.
    top = _most_often(causes)
    said, first = _causes(top, groups), _first(top)
    few = too_few_to_blame(evidence.shares) if worst is None and not evidence.partial else None
    if few is not None and is_of_its_time(
        few.version, groups, evidence.rows, evidence.deployed.get(few.version)
    ):
        few = None
    if few is not None and {sample.fingerprint.version for found in top for sample in found.samples} == {
        few.version
    }:
        # What ends well under the others says nothing of whether it is over.
        own = [row for row in evidence.rows if row.version == few.version]
        ends = _ends(own, [row for row in unread if row.version == few.version])
    # One that failed before these of a cause that nobody knows may have begun with it.
    earlier = first is not None and bool(ends.unread) and ends.unread[0] < first
    exact, fine = evidence.exact and not earlier, _fine_since(top, ends)
    if fine:
        said += f"{_from_to(top, now, utc)}, none of the {count(fine)} that ended since"
    else:
        said += _since(first, exact, now, utc)
    for reset in (found for found in top if found.fingerprint.error == DEPLOYED):
        said += _deploys(reset, evidence.deployed, now, utc)
    if evidence.partial:
        return Headline(f"{said}; others are not recorded, so there is nothing to compare it with")
    if worst is not None:
        return Headline(f"{said}; {_fares_worse(worst, evidence)}", unusual=True, version=worst.version)
    of_time = _beside_before(
        groups, top, unread, evidence, thirds, ends.times, first if exact else None, rose, now, utc
    )
    if few is not None:
        said += f"; {of_time.sentence}" if of_time.unusual else ""
        return Headline(f"{said}; {_too_few(few, evidence, now, utc)}", unusual=True)
    if fine and not lately.failed and not before.failed:
        return Headline(said)  # that none of these failed is said already
    return Headline(f"{said}; {of_time.sentence}", unusual=of_time.unusual)


def _rises(found: ErrorGroup, thirds: Thirds) -> bool:
    """Whether this cause came more often lately than before; all that failed was read."""
    return _differ_in_time(*thirds.rates_of({each.id for each in found.samples}))


def _differ_in_time(lately: FailureRate, before: FailureRate) -> bool:
    return stands_out(lately, before, by_chance=_BY_CHANCE_IN_TIME)


def _too_few(few: VersionShare, evidence: Evidence, now: float, utc: bool) -> str:
    """`3 of 3 under version c1a90000, deployed 13:48:00, 1 of 40 under others: too few to blame it`."""
    came = evidence.deployed.get(few.version)
    when = "" if came is None else f"deployed {clock(came, utc=utc, now=now)}"
    return f"{side_by_side(evidence.shares, few, when)}: too few to blame it"


def _beside_before(
    groups: Sequence[ErrorGroup],
    top: Sequence[ErrorGroup],
    unread: Sequence[Instance],
    evidence: Evidence,
    thirds: Thirds,
    ends: Sequence[float],
    first: float | None,
    rose: bool,
    now: float,
    utc: bool,
) -> Headline:
    """How often instances fail lately beside the time before, in words, and whether that is unusual.

    Where there are several causes this one is judged by itself, once all that failed was read: another that
    came all the time would hide that it is new. `ends`: when they ended, in order; `first`: when this cause
    came first, where that is known.
    """
    several = len({found.fingerprint.cause for found in groups}) > 1
    of_any = ", of any cause" if several else ""
    (lately, before), trend = thirds.rates, evidence.trend
    going_on = sum(row.status not in OUTCOMES for row in evidence.rows)
    if going_on > lately.ended + before.ended:
        # What fails mostly ends sooner than what completes: the few that ended first are no measure.
        did = FailureRate(lately.failed + before.failed, lately.ended + before.ended)
        newest = f"of the newest {count(len(evidence.rows))}, {count(going_on)} have not ended"
        return Headline(f"{newest}; {did} that did failed{of_any}")
    if trend is not None and trend.after > trend.before:
        return Headline(f"{_spoken_trend(trend, now, utc)}{of_any}", unusual=True)
    of_it = several and len(top) == 1 and not unread
    mine = thirds.rates_of({each.id for each in top[0].samples}) if of_it else None
    if mine is not None and not rose and lately.share < _MOST and _differ_in_time(*mine):
        return Headline(f"{mine[0]} failed lately, {mine[1]} before, of this cause", unusual=True)
    if trend is not None:
        return Headline(f"{_spoken_trend(trend, now, utc)}{of_any}")
    if lately.failed >= LEAST_FAILED and lately.share >= _MOST:
        when = " lately" if before.ended else ""
        return Headline(f"{lately} that ended{when} failed{of_any}", unusual=True)
    if not before.ended:
        return Headline("nothing to compare it with yet")
    if rose:
        return Headline(f"{lately} failed lately, {before} before{of_any}", unusual=True)
    if mine is not None:
        (lately, before), of_any = mine, ", of this cause"
    ends = sorted(row.ended for row in evidence.rows if row.status in OUTCOMES and row.ended is not None)
    # Of what began with the first of these rows nobody knows what was usual before.
    is_level = (
        first is not None and bool(ends) and 0 <= bisect_left(ends, first) < ENOUGH and first >= ends[0]
    )
    span = _back_to(evidence.rows, now, utc)
    return Headline(
        f"{'level' if is_level else 'not unusual'}{span}: {lately} failed lately, {before} before{of_any}"
    )


def _of_late(groups: Sequence[ErrorGroup], rows: Sequence[Instance]) -> Sequence[ErrorGroup]:
    """The causes, first the one that failed most in the last third of what ended.

    With all that was read of it: of that time alone its numbers would be others than in its line.
    """
    causes = _by_cause(groups)
    ends = sorted(row.ended for row in rows if row.status in OUTCOMES and row.ended is not None)
    if len(ends) < 3 * ENOUGH:
        return causes
    cut = ends[len(ends) - len(ends) // 3]
    late = {id(found): sum(at >= cut for at in found.times) for found in causes}
    return sorted(causes, key=lambda found: (-late[id(found)], -found.count))


def _failed(share: VersionShare) -> str:
    """`40 of 45 failed`; where more of it have not ended, that it rests on the newest alone is said."""
    if not share.open:
        return f"{rate_of_version(share)} failed"
    return (
        f"{count(share.errored)} of the {count(share.finished)} that ended failed, newest {count(share.rows)}"
    )


def _fares_worse(worst: VersionShare, evidence: Evidence) -> str:
    named = short_version(worst.version)
    return f"version {named} fails more: {_failed(worst)}, others {others_of(evidence.shares, worst)}"


def _by_cause(groups: Sequence[ErrorGroup]) -> list[ErrorGroup]:
    """The groups of one cause as one, whatever their versions; the most often first."""
    found: dict[tuple[str, str, str], ErrorGroup] = {}
    for each in groups:
        merged = found.setdefault(each.fingerprint.cause, ErrorGroup(each.fingerprint, [], each.total))
        merged.samples += each.samples
    return sorted(found.values(), key=lambda merged: -merged.count)


def _most_often(groups: Sequence[ErrorGroup]) -> Sequence[ErrorGroup]:
    return [found for found in groups if found.count == groups[0].count]


def _causes(top: Sequence[ErrorGroup], groups: Sequence[ErrorGroup]) -> str:
    """`TimeoutError at "charge card", 7 of 9 read`, or two that came as often, or how many more did.

    With its message where another cause has the same name.
    """
    of = f"{top[0].count} of {top[0].total} read"
    # It looks like any other of its cause, and money that was taken was not given back.
    not_undone = sum(found.not_undone for found in top)
    undone = f" (rollback failed in {count(not_undone)})" if not_undone else ""
    if len(top) == 1:
        named = _cause(top[0])
        causes = {found.fingerprint.cause for found in groups if _cause(found) == named}
        message = fit(top[0].fingerprint.message, _MESSAGE_CELLS).rstrip() if len(causes) > 1 else ""
        return f"{named}{f' ({message})' if message else ''}, {of}{undone}"
    if len(top) > 2:
        return f"{_cause(top[0])} and {len(top) - 1} other causes, {of} each{undone}"
    first, second = map(_cause, top)
    if first == second:
        messages = (fit(found.fingerprint.message, _MESSAGE_CELLS).rstrip() for found in top)
        first, second = (f"{_cause(top[0])} ({message or 'no message'})" for message in messages)
    return f"{first} and {second}, {of} each{undone}"


def _cause(found: ErrorGroup) -> str:
    mark = found.fingerprint
    return f'{mark.error} at "{mark.step}"' if mark.step else mark.error


def _first(top: Sequence[ErrorGroup]) -> float | None:
    return min((found.first for found in top if found.first is not None), default=None)


def _newer(worst: VersionShare, evidence: Evidence) -> VersionShare | None:
    """The newest version deployed after this one that has ended instances; it may be the cure.

    None for none.
    """
    came = evidence.deployed
    since = came.get(worst.version)
    if since is None:
        return None
    newer = [share for share in evidence.shares if share.finished and came.get(share.version, since) > since]
    return max(newer, key=lambda share: came[share.version], default=None)


def _unread(groups: Sequence[ErrorGroup], rows: Iterable[Instance]) -> list[Instance]:
    """The errored rows whose cause was not read: each may be of any group."""
    read = {each.id for found in groups for each in found.samples}
    return [row for row in rows if row.status == "errored" and row.id not in read]


class _Ends(Struct, frozen=True):
    """When instances ended, sorted, and of which of them that failed the cause is not known."""

    times: Sequence[float]
    unread: Sequence[float]


def _ends(rows: Iterable[Instance], unread: Iterable[Instance]) -> _Ends:
    return _Ends(
        sorted(row.ended for row in rows if row.status in OUTCOMES and row.ended is not None),
        sorted(row.ended for row in unread if row.ended is not None),
    )


def _fine_since(top: Sequence[ErrorGroup], ends: _Ends) -> int:
    """How many have ended since this cause was seen last; 0 where a gap of that length may be chance.

    0 while it may go on, or where one of those that failed since was not read.
    """
    times = [at for found in top for at in found.times]
    if not times or (ends.unread and ends.unread[-1] > max(times)):
        return 0
    until = bisect_right(ends.times, max(times))
    meanwhile, since = float(until - bisect_left(ends.times, min(times))), len(ends.times) - until
    if since < ENOUGH:
        return 0
    # Of what failed before all that is loaded nobody knows beside how many: as many as in such a time since.
    loaded = ends.times[0], ends.times[-1]
    if (ahead := min(max(times), loaded[0]) - min(times)) > 0 and loaded[1] > loaded[0]:
        meanwhile += ahead * len(ends.times) / (loaded[1] - loaded[0])
    share = min(1.0, len(times) / meanwhile) if meanwhile else 1.0
    return since if (1.0 - share) ** since < BY_CHANCE else 0


def _from_to(top: Sequence[ErrorGroup], now: float, utc: bool) -> str:
    times = [at for found in top for at in found.times]
    return f", from {clock(min(times), utc=utc, now=now)} to {clock(max(times), utc=utc, now=now)}"


def _long_ago(version: str, evidence: Evidence, now: float) -> str:
    """`, the last 3 d ago`: what broke meanwhile broke for others too, had they run."""
    ends = [row.ended or 0.0 for row in evidence.rows if row.version != version and row.status in OUTCOMES]
    return f", the last {spoken(now - max(ends))} ago" if ends and now - max(ends) > DAY else ""


def _spoken_trend(trend: Trend, now: float, utc: bool) -> str:
    """`failing rose from 0 % to 91 % at 06:38`."""
    went = "rose" if trend.after > trend.before else "fell"
    said = f"errors {went} from {percent(trend.before)} to {percent(trend.after)}"
    if trend.between is None:
        return f"{said} at {clock(trend.at, utc=utc, now=now, seconds=False)}"
    begun, until = (clock(at, utc=utc, now=now, seconds=False) for at in trend.between)
    return f"{said} little by little, {begun} to {until}"


def _back_to(rows: Sequence[Instance], now: float, utc: bool) -> str:
    """` since 06:40`, when the first of these rows ended: nothing before that was looked at."""
    ends = [row.ended for row in rows if row.status in OUTCOMES and row.ended is not None]
    return f" since {clock(min(ends), utc=utc, now=now, seconds=False)}" if ends else ""


def _scope(groups: Sequence[ErrorGroup], top: Sequence[ErrorGroup], unread: bool) -> str:
    causes = {found.fingerprint.cause for found in top}
    same = sum(other.count for other in groups if other.fingerprint.cause in causes)
    mine = sum(found.count for found in top)
    if same == mine:
        return "so far seen only on" if unread else "only on"
    return "mostly on" if same < 2 * mine else "partly on"


def _times(
    first: float | None, version: str, evidence: Evidence, now: float, utc: bool, *, exact: bool
) -> str:
    deployed = evidence.deployed.get(version)
    later = first - deployed if first is not None and deployed is not None else -1.0
    # What ran well for longer than that did not break by being deployed.
    said = "" if deployed is None or later > DAY else f", deployed {clock(deployed, utc=utc, now=now)}"
    if exact and 0 <= later <= DAY:
        return f"{said}, first failure {spoken(later)} later"
    return said + _since(first, exact, now, utc)


def _since(first: float | None, exact: bool, now: float, utc: bool) -> str:
    return "" if first is None else f", since {'' if exact else 'at least '}{clock(first, utc=utc, now=now)}"


def _deploys(top: ErrorGroup, deployed: Mapping[str, float], now: float, utc: bool) -> str:
    """The versions whose coming reset these, the newest first, each with its time."""
    came = sorted(((at, version) for version, at in deployed.items()), reverse=True)
    did = [
        f"{short_version(version)} at {clock(at, utc=utc, now=now)}"
        for at, version in came
        if any(-1.0 <= failed - at <= _DEPLOY_RESETS for failed in top.times)
    ]
    if not did:
        return ""
    more = f" and {len(did) - _DEPLOYS} more" if len(did) > _DEPLOYS else ""
    return f"; {'versions' if len(did) > 1 else 'version'} {', '.join(did[:_DEPLOYS])}{more}"
