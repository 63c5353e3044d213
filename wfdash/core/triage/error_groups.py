"""Errored instances grouped by cause, and how the versions fare."""

import re
from collections import Counter
from collections.abc import Iterable
from math import ceil, inf

from msgspec import Struct, field

from wfdash.core.filter.grammar import And, Term, unparse
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.model.times import lasted
from wfdash.core.text.words import short_version
from wfdash.core.triage.fingerprint import UNNAMED, Fingerprint

__all__ = ["OUTCOMES", "ErrorGroup", "Sample", "VersionShare", "blame", "filter_for", "group"]


class Sample(Struct, frozen=True):
    """An errored instance that was read; `at` is when it ended, epoch seconds."""

    id: str
    at: float | None
    fingerprint: Fingerprint
    apart: bool = False
    """It was read for its age: those between it and the others were not."""
    not_undone: bool = False
    """Its rollback failed as well: what it did still stands."""


class ErrorGroup(Struct):
    """The samples of one fingerprint, newest first."""

    fingerprint: Fingerprint
    samples: list[Sample] = field(default_factory=list)
    total: int = 0
    """Samples over all groups."""

    @property
    def count(self) -> int:
        return len(self.samples)

    @property
    def not_undone(self) -> int:
        """How many of its samples have a rollback that failed."""
        return sum(sample.not_undone for sample in self.samples)

    @property
    def share(self) -> float:
        """Part of all that was read, 0 to 1."""
        return self.count / self.total if self.total else 0.0

    @property
    def times(self) -> list[float]:
        return [sample.at for sample in self.samples if sample.at is not None]

    @property
    def recent(self) -> list[float]:
        """When these ended, without samples read for their age, beside which others were left out."""
        return [sample.at for sample in self.samples if sample.at is not None and not sample.apart]

    @property
    def first(self) -> float | None:
        return min(self.times, default=None)

    @property
    def last(self) -> float | None:
        return max(self.times, default=None)

    def over_time(self, bins: int, *, start: float, end: float) -> list[int]:
        """How many fell into each of `bins` equal stretches from start to end."""
        counts = [0] * bins
        width = (end - start) / bins
        for at in self.recent:
            if start <= at <= end and width > 0:
                counts[min(bins - 1, int((at - start) / width))] += 1
        return counts


OUTCOMES = ("complete", "errored")
"""Ends that tell how it fares: what was terminated counts in no failure rate."""


class VersionShare(Struct, frozen=True):
    """How one version fared over a stretch of the list."""

    version: str
    errored: int
    finished: int
    first_seen: float | None
    """Creation of its oldest instance in the stretch, epoch seconds."""
    rows: int = 0
    """All of it in the stretch, however they ended."""
    open: int = 0
    """Those of them that have not ended."""
    outlived: int = 0
    """Of the open ones those that have run for longer than nearly all that failed."""

    @property
    def share(self) -> float:
        return self.errored / self.finished if self.finished else 0.0


_OUTLIVED = 0.9
"""Share of a version's failures that have come by the age at which an open one counts as not failed."""


def group(samples: Iterable[Sample]) -> list[ErrorGroup]:
    """Groups by fingerprint, the largest first; equal ones by the newest failure."""
    groups: dict[Fingerprint, ErrorGroup] = {}
    total = 0
    for sample in samples:
        groups.setdefault(sample.fingerprint, ErrorGroup(sample.fingerprint)).samples.append(sample)
        total += 1
    for group in groups.values():
        group.total = total
        group.samples.sort(key=lambda sample: -(sample.at or 0.0))
    return sorted(
        groups.values(), key=lambda found: (-found.count, -(found.last or 0.0), found.fingerprint.message)
    )


def blame(listed: Iterable[Instance], now: float) -> list[VersionShare]:
    """Versions over an unbroken, unfiltered stretch of the list, the worst errored share first."""
    errored: Counter[str] = Counter()
    finished: Counter[str] = Counter()
    first: dict[str, float] = {}
    ages: dict[str, list[float]] = {}
    failed_after: dict[str, list[float]] = {}
    rows: Counter[str] = Counter()
    for row in listed:
        # A row without a version says nothing of any.
        if not row.version:
            continue
        rows[row.version] += 1
        if row.created is not None:
            first[row.version] = min(first.get(row.version, row.created), row.created)
        if row.status in OUTCOMES:
            finished[row.version] += 1
            errored[row.version] += row.status == "errored"
        if not is_final(row.status):
            ages.setdefault(row.version, []).append(now - row.started if row.started else 0.0)
        elif row.status == "errored" and (took := lasted(row.started, row.ended)) is not None:
            failed_after.setdefault(row.version, []).append(took)
    shares = []
    for version, number in rows.items():
        failed, open_ages = sorted(failed_after.get(version, ())), ages.get(version, [])
        fails_by = failed[ceil(len(failed) * _OUTLIVED) - 1] if failed else inf
        outlived = sum(age > fails_by for age in open_ages)
        shares.append(
            VersionShare(
                version,
                errored[version],
                finished[version],
                first.get(version),
                number,
                len(open_ages),
                outlived,
            )
        )
    return sorted(shares, key=lambda share: (-share.share, -share.errored, share.version))


_LONGEST = 60
"""Characters of a message in a filter: a longer text says no more and fills the line."""


def filter_for(mark: Fingerprint) -> str:
    """Terms that the instances of this fingerprint match once they were read.

    Of the message the longest stretch without anything taken out is used.
    """
    terms = [Term("status", ":", ("errored",))]
    if mark.version:
        terms.append(Term("version", ":", (short_version(mark.version),)))
    if mark.step:
        terms.append(Term("step", "~", (mark.step,)))
    # What was taken out differs from instance to instance, so that no term can hold it.
    longest = max(re.split(r"<\w+>", mark.message), key=len).strip()[:_LONGEST].strip()
    if longest or mark.error != UNNAMED:
        terms.append(Term("error", "~", (longest or mark.error,)))
    return unparse(And(tuple(terms)))
