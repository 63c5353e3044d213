"""How often instances failed, and whether these fail more often than those by more than chance."""

from collections.abc import Collection, Iterable
from math import exp, lgamma
from typing import Final

from msgspec import Struct

from wfdash.core.model.instance import Instance
from wfdash.core.text.words import count, percent
from wfdash.core.triage.error_groups import OUTCOMES

__all__ = ["BY_CHANCE", "ENOUGH", "LEAST_FAILED", "FailureRate", "Thirds", "rate_of", "share", "stands_out"]

ENOUGH: Final = 10
"""Errored instances that are read, or all there are, before a cause is named."""
LEAST_FAILED: Final = 3
"""Failures without which nothing stands out: two may be anything."""
BY_CHANCE: Final = 0.01
"""How likely a difference may be without a reason before it counts as one."""


class FailureRate(Struct, frozen=True):
    """How many of the instances that have ended failed."""

    failed: int
    ended: int

    @property
    def share(self) -> float:
        return self.failed / self.ended if self.ended else 0.0

    def __str__(self) -> str:
        return f"{count(self.failed)} of {count(self.ended)}"


def share(number: int, of: int) -> str:
    """`38 %`, or `1 of 3` where those are too few for a rate."""
    if not of:
        return "–"
    return percent(number / of) if of >= ENOUGH else f"{number} of {of}"


def rate_of(rows: Iterable[Instance], failed: Collection[str]) -> FailureRate:
    """How many of these are among those `failed`, by their ids."""
    hits = [row.id in failed for row in rows]
    return FailureRate(sum(hits), len(hits))


class Thirds:
    """What ended last, a third of all, and what ended before it; all together where they are few.

    A dev session lists no ends, and of all that ended only what failed is read there: then all of it is
    taken as it was created, else the failed ones alone would be what ended.
    """

    def __init__(self, rows: Iterable[Instance]) -> None:
        over = [row for row in rows if row.status in OUTCOMES]
        dated = all(row.ended or row.modified for row in over)
        ends = [((row.ended or row.modified) if dated else row.created) or 0.0 for row in over]
        in_turn = [row for _, row in sorted(zip(ends, over, strict=True), key=lambda each: each[0])]
        cut = len(in_turn) - len(in_turn) // 3 if len(in_turn) >= 3 * ENOUGH else 0
        self._lately, self._before = in_turn[cut:], in_turn[:cut]
        self._ids: tuple[set[str], set[str]] | None = None

    @property
    def rates(self) -> tuple[FailureRate, FailureRate]:
        """The failure rate of what ended lately, and of what ended before."""
        lately, before = (
            FailureRate(sum(row.status == "errored" for row in part), len(part))
            for part in (self._lately, self._before)
        )
        return lately, before

    def rates_of(self, failed: Collection[str]) -> tuple[FailureRate, FailureRate]:
        """How many of what ended lately, and of what ended before, are among these ids.

        Those of one cause.
        """
        if self._ids is None:
            self._ids = {row.id for row in self._lately}, {row.id for row in self._before}
        lately, before = (FailureRate(sum(each in part for each in failed), len(part)) for part in self._ids)
        return lately, before


def stands_out(these: FailureRate, others: FailureRate, *, by_chance: float = BY_CHANCE) -> bool:
    """Whether these fail at least twice as often, and hardly by chance (Fisher's exact test)."""
    if these.failed < LEAST_FAILED or not others.ended or these.share < 2 * others.share:
        return False
    failed, ended = these.failed + others.failed, these.ended + others.ended
    most = min(failed, these.ended)
    ways = _log_choose(ended, these.ended)
    tail = 0.0
    for hits in range(these.failed, most + 1):
        chance = exp(_log_choose(failed, hits) + _log_choose(ended - failed, these.ended - hits) - ways)
        tail += chance
        if tail >= by_chance:
            return False
        if chance < by_chance * 1e-6:
            break  # they only get smaller from here
    return True


def _log_choose(of: int, number: int) -> float:
    if number < 0 or number > of:
        return float("-inf")
    return lgamma(of + 1) - lgamma(number + 1) - lgamma(of - number + 1)
