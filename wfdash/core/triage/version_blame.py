"""Which version fares worse than the others, and whether that is a fault of the version."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf
from typing import Final

from msgspec import Struct

from wfdash.core.model.instance import Instance
from wfdash.core.text.words import short_version
from wfdash.core.triage.error_groups import OUTCOMES, ErrorGroup, VersionShare
from wfdash.core.triage.failure_rate import BY_CHANCE, ENOUGH, LEAST_FAILED, FailureRate, rate_of, stands_out
from wfdash.core.triage.fingerprint import Cause

__all__ = [
    "CauseOfVersion",
    "cause_of_version",
    "had_begun_before",
    "is_of_its_time",
    "others_of",
    "rate_of_version",
    "side_by_side",
    "too_few_to_blame",
    "worst_version",
]

_IN_A_ROW: Final = 2
"""Failures one after another right before a deploy that are none of its doing."""
_CAUSES: Final = 5
"""Causes that are looked at one by one, the commonest."""
_BY_CHANCE_OF_MANY: Final = 0.001
"""Stricter than of versions alone: of many causes on many versions one stands out by chance."""


def worst_version(shares: Sequence[VersionShare]) -> VersionShare | None:
    """The version that fares worse than all the others together, by more than chance; None for none.

    What fails mostly ends sooner than what completes: of a new version only failures may have ended yet.
    So those that have outlived its failures are set against them as well, as if they had ended.
    """
    return max(
        (share for share in _standing_out(shares) if share.finished >= ENOUGH),
        key=lambda share: share.share,
        default=None,
    )


def too_few_to_blame(shares: Sequence[VersionShare]) -> VersionShare | None:
    """A version that stands out as well, of which fewer have ended than a judgement needs.

    Three bad orders in its first five runs look the same: its counts are told wherever it is spoken of, and
    it is blamed nowhere.
    """
    if worst_version(shares) is not None:
        return None
    return max(_standing_out(shares), key=lambda share: share.share, default=None)


def _standing_out(shares: Sequence[VersionShare]) -> list[VersionShare]:
    tested = [FailureRate(share.errored, share.finished + share.outlived) for share in shares]
    # Of thousands of versions not each is held against each.
    failed, ended = sum(rate.failed for rate in tested), sum(rate.ended for rate in tested)
    return [
        share
        for share, rate in zip(shares, tested, strict=True)
        if stands_out(rate, FailureRate(failed - rate.failed, ended - rate.ended))
    ]


def side_by_side(shares: Sequence[VersionShare], share: VersionShare, came: str = "") -> str:
    """`3 of 3 under version 6e8cb420, 0 of 40 under others`; `came` are words on when the version did."""
    own, others = rate_of_version(share), others_of(shares, share)
    named = ", ".join([short_version(share.version), *([came] if came else [])])
    return f"{own} under version {named}, {others} under others"


def is_of_its_time(
    version: str,
    groups: Sequence[ErrorGroup],
    rows: Sequence[Instance],
    deployed: float | None = None,
    causes: Collection[Cause] | None = None,
) -> bool:
    """Whether it is the time that fails, and not this version.

    Others fail as well since it does, or just before it came, or it ran well itself until then. Over all that
    is loaded another version may have failed less only because it ran before it began. `causes` are those
    alone that are looked at; what was not read may be of them. None for whatever failed.
    """
    over = [row for row in rows if row.status in OUTCOMES]
    cause_of = {each.id: found.fingerprint.cause for found in groups for each in found.samples}
    failed = {
        row.id
        for row in over
        if row.status == "errored" and (causes is None or cause_of.get(row.id) in (None, *causes))
    }
    own = [row for row in over if row.version == version]
    mine = [row for row in own if row.id in failed]
    mine = [row for row in mine if row.id in cause_of] or mine
    begun = min((row.created for row in mine if row.created is not None), default=None)
    first = min((row.ended for row in mine if row.ended is not None), default=None)
    if begun is None or first is None:
        return False
    since = rate_of((row for row in own if (row.created or 0.0) >= begun), failed)
    # Or as often of the same cause before: a deploy in the middle of that changed nothing.
    if causes is None:
        causes = {found.fingerprint.cause for found in groups if found.fingerprint.version == version}
    same = (found for found in groups if found.fingerprint.version != version)
    times = [at for found in same if found.fingerprint.cause in causes for at in found.times if at < first]
    beside = [row for row in over if row.version != version]
    for begin in {first, min(times, default=first)}:
        others = rate_of((row for row in beside if (row.ended or 0.0) >= begin), failed)
        if others.failed >= LEAST_FAILED and others.share * 2 > since.share:
            return True
    if deployed is not None:
        same_cause = {each for each in failed if cause_of.get(each) in (None, *causes)}
        if had_begun_before(beside, deployed, same_cause):
            return True
    earlier = rate_of((row for row in own if (row.created or 0.0) < begun), failed)
    return earlier.ended >= ENOUGH and stands_out(since, earlier)


def had_begun_before(
    others: Iterable[Instance], deployed: float, failed: Collection[str], rate: float | None = None
) -> bool:
    """Whether the last of the others before a deploy failed one after another, and hardly any before that.

    Then what broke had broken by then; few of the older one may be left to show it. Where enough of them
    ended since, those show it. `rate`: how often they failed before that, where that is known better.
    """
    ended = sorted((row for row in others if row.ended is not None), key=lambda row: row.ended or 0.0)
    before = [row.id in failed for row in ended if (row.ended or 0.0) < deployed]
    last = next((n for n, fails in enumerate(reversed(before)) if not fails), len(before))
    rest = before[: len(before) - last]
    if last < _IN_A_ROW or len(ended) - len(before) >= ENOUGH:
        return False
    if rate is None:
        rate = sum(rest) / len(rest) if rest else 1.0
    return rate**last < BY_CHANCE


class CauseOfVersion(Struct, frozen=True):
    """A cause that comes far more often on one version than on the others, over one stretch."""

    cause: Cause
    version: str
    own: FailureRate
    others: FailureRate
    other_causes: int
    """How many of the others are known to have failed of something else."""


def cause_of_version(
    groups: Sequence[ErrorGroup],
    rows: Sequence[Instance],
    shares: Sequence[VersionShare],
    deployed: Mapping[str, float],
) -> CauseOfVersion | None:
    """The cause that a version has to itself, where it fails no more than the others do of all causes.

    Of several that of the version that came last: it is the news. What of others was not read may be of it.
    """
    ended = Counter(row.version for row in rows if row.status in OUTCOMES)
    outlived = {share.version: share.outlived for share in shares}
    every = sum(ended.values())
    if len(ended) < 2:
        return None
    version_of = {row.id: row.version for row in rows if row.status == "errored"}
    read = {each.id for found in groups for each in found.samples}
    unread = Counter(version for identity, version in version_of.items() if identity not in read)
    by_cause: dict[Cause, Counter[str]] = {}
    for found in groups:
        counts = by_cause.setdefault(found.fingerprint.cause, Counter())
        counts.update(version_of[each.id] for each in found.samples if each.id in version_of)
    found_all = []
    for cause, counts in sorted(by_cause.items(), key=lambda each: -each[1].total())[:_CAUSES]:
        for version, number in counts.items():
            own = FailureRate(number, ended[version])
            of_it = counts.total() - number
            rest = FailureRate(of_it, every - ended[version])
            tested = FailureRate(number, ended[version] + outlived.get(version, 0))
            worst = FailureRate(of_it + unread.total() - unread[version], rest.ended)
            if (
                version
                and own.ended >= ENOUGH
                and stands_out(tested, worst, by_chance=_BY_CHANCE_OF_MANY)
                and not is_of_its_time(version, groups, rows, deployed.get(version), {cause})
            ):
                errored = sum(each != version for name, each in version_of.items() if name in read)
                found_all.append(CauseOfVersion(cause, version, own, rest, errored - of_it))
    return max(found_all, key=lambda each: (deployed.get(each.version, -inf), each.own.failed), default=None)


def rate_of_version(share: VersionShare) -> FailureRate:
    return FailureRate(share.errored, share.finished)


def others_of(shares: Sequence[VersionShare], share: VersionShare) -> FailureRate:
    rest = [other for other in shares if other.version != share.version]
    return FailureRate(sum(other.errored for other in rest), sum(other.finished for other in rest))
