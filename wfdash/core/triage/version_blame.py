"""Which version fares worse than the others, and whether that is a fault of the version."""

from collections.abc import Sequence

from wfdash.core.model.instance import Instance
from wfdash.core.text.words import short_version
from wfdash.core.triage.error_groups import OUTCOMES, ErrorGroup, VersionShare
from wfdash.core.triage.failure_rate import ENOUGH, LEAST_FAILED, FailureRate, rate_of, stands_out

__all__ = [
    "is_of_its_time",
    "others_of",
    "rate_of_version",
    "side_by_side",
    "too_few_to_blame",
    "worst_version",
]


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


def is_of_its_time(version: str, groups: Sequence[ErrorGroup], rows: Sequence[Instance]) -> bool:
    """Whether others fail as well since this version does, or it ran well itself until then.

    Over all that is loaded another version may have failed less only because it ran before it began.
    """
    read = {each.id for found in groups if found.fingerprint.version == version for each in found.samples}
    failed = [row for row in rows if row.version == version and row.status == "errored"]
    failed = [row for row in failed if row.id in read] or failed
    begun = min((row.created for row in failed if row.created is not None), default=None)
    first = min((row.ended for row in failed if row.ended is not None), default=None)
    if begun is None or first is None:
        return False
    over = [row for row in rows if row.status in OUTCOMES]
    own = [row for row in over if row.version == version]
    since = rate_of(row for row in own if (row.created or 0.0) >= begun)
    # Or as often of the same cause before: a deploy in the middle of that changed nothing.
    causes = {found.fingerprint.cause for found in groups if found.fingerprint.version == version}
    same = (found for found in groups if found.fingerprint.version != version)
    times = [at for found in same if found.fingerprint.cause in causes for at in found.times if at < first]
    for begin in {first, min(times, default=first)}:
        others = rate_of(row for row in over if row.version != version and (row.ended or 0.0) >= begin)
        if others.failed >= LEAST_FAILED and others.share * 2 > since.share:
            return True
    earlier = rate_of(row for row in own if (row.created or 0.0) < begun)
    return earlier.ended >= ENOUGH and stands_out(since, earlier)


def rate_of_version(share: VersionShare) -> FailureRate:
    return FailureRate(share.errored, share.finished)


def others_of(shares: Sequence[VersionShare], share: VersionShare) -> FailureRate:
    rest = [other for other in shares if other.version != share.version]
    return FailureRate(sum(other.errored for other in rest), sum(other.finished for other in rest))
