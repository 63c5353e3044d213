"""Which step got slower, or fails more, than before: each in recent runs beside the same in earlier ones."""

from collections.abc import Iterable, Sequence
from math import inf, sqrt
from typing import Final

from msgspec import Struct

from wfdash.core.history.steps import StepTally, tally_steps
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.text.words import count, percent, spoken
from wfdash.core.triage.failure_rate import FailureRate, stands_out

__all__ = ["StepChange", "choose_runs", "compare_steps", "steps_sentence"]

_UNSURE: Final = 3
"""Failures of a step now, twice as often as before, of which it is not said that it fails no more."""
_LEAST_RUNS: Final = 8
"""Runs of a step on either side, without which none is slower."""
_SLOWER: Final = 1.5
"""How many times as long the middle run takes before anybody cares."""
_LEAST_SLOWER: Final = 0.25
"""And by how many seconds: a step of a millisecond is not slow at two."""
_CERTAIN: Final = 3.7
"""Standard deviations by which the ranks differ (Mann-Whitney): by chance in one of 9,000 steps.

A workflow may have thirty, and each is looked at each time the page is opened.
"""
_BY_CHANCE: Final = 0.001
"""How likely a difference of failures may be without a reason: stricter than for one rate alone."""


class StepChange(Struct, frozen=True):
    """One step in the runs of now and of before; either may have none."""

    step: str
    type: str
    now: StepTally
    before: StepTally

    @property
    def runs(self) -> int:
        return self.now.runs + self.before.runs

    @property
    def fails_more(self) -> bool:
        return stands_out(
            FailureRate(self.now.failed, self.now.runs),
            FailureRate(self.before.failed, self.before.runs),
            by_chance=_BY_CHANCE,
        )

    @property
    def may_be_worse(self) -> bool:
        """Whether it failed so much more often that nobody would call it the same."""
        if self.now.failed < _UNSURE or not self.before.runs:
            return False
        return self.now.failed * self.before.runs >= 2 * self.before.failed * self.now.runs

    @property
    def slower(self) -> bool:
        """Whether its runs take longer than before, and hardly by chance."""
        now, before = self.now.took, self.before.took
        if min(len(now), len(before)) < _LEAST_RUNS or self.now.p50 is None or self.before.p50 is None:
            return False
        if self.now.p50 < max(_SLOWER * self.before.p50, self.before.p50 + _LEAST_SLOWER):
            return False
        return _ranks_apart(now, before) >= _CERTAIN

    @property
    def example(self) -> str:
        """The instance that shows it: of now, the one in which it took longest; else of before."""
        return self.now.slowest or self.before.slowest


def choose_runs(
    rows: Iterable[Instance], cut: float | None, each: int, *, until: float = inf, version: str = ""
) -> tuple[list[Instance], list[Instance]]:
    """Runs that ended, to read: some from `cut` to `until`, and as many from before, both evenly spread.

    Where a version is blamed, now are those of it and before those of the others: both ended side by side.
    Without `cut` the newest are now. With it the newest would be others than those of which the rate is told.
    """
    ended = sorted(
        (row for row in rows if row.status in ("complete", "errored") and row.ended is not None),
        key=lambda row: row.ended or 0.0,
        reverse=True,
    )
    within = [row for row in ended if cut is None or cut <= (row.ended or 0.0) < until]
    if version:
        others = [row for row in ended if row.version != version and (row.ended or 0.0) < until]
        return _spread([row for row in within if row.version == version], each), _spread(others, each)
    now = _spread(within, each) if cut is not None else within[:each]
    last = cut if cut is not None else min((row.ended or 0.0 for row in now), default=inf)
    return now, _spread([row for row in ended if (row.ended or 0.0) < last], each)


def _spread(rows: Sequence[Instance], each: int) -> list[Instance]:
    """`each` of these rows, from the first to the last as evenly as may be."""
    return list(rows) if len(rows) <= each else [rows[number * len(rows) // each] for number in range(each)]


def compare_steps(now: Iterable[Detail], before: Iterable[Detail]) -> list[StepChange]:
    """Every step with its runs of now and before: what fails more first, then what is slower."""
    sides = [{(tally.step, tally.type): tally for tally in tally_steps(side)} for side in (now, before)]
    found = [
        StepChange(*key, sides[0].get(key) or StepTally(*key), sides[1].get(key) or StepTally(*key))
        for key in dict.fromkeys((*sides[0], *sides[1]))
    ]
    return sorted(
        found,
        key=lambda step: (
            not step.fails_more,
            not step.slower,
            -step.now.failed - step.before.failed,
            -step.runs,
            step.step,
        ),
    )


def steps_sentence(steps: Sequence[StepChange], *, so_far: bool = False, is_over: bool = False) -> str:
    """`"charge card" fails more: 38 % of 40 runs, 2 % of 45 before`; what got worse first.

    That nothing is worse is told of enough runs alone, and not `so_far`, while more are read.
    `is_over`: the runs of now are those of a time that has ended.
    """
    said = []
    for step in steps:
        now, before = step.now, step.before
        if step.fails_more:
            was = (
                f"{percent(before.failed / before.runs)} of {count(before.runs)}" if before.runs else "no run"
            )
            rate = f"{percent(now.failed / now.runs)} of {count(now.runs)} runs"
            said.append(f'"{step.step}" {"failed" if is_over else "fails"} more: {rate}, {was} before')
        elif step.slower and now.p50 is not None and before.p50 is not None:
            said.append(
                f'"{step.step}" {"was" if is_over else "is"} slower: half {"took" if is_over else "take"} '
                f"{spoken(now.p50)} or less, {spoken(before.p50)} before"
            )
    if said:
        return "; ".join(said[:2])
    if not any(step.now.runs and step.before.runs for step in steps):
        return "there is nothing to compare with yet"
    if so_far:
        return "no step stands out so far: more runs are read"
    if all(min(step.now.runs, step.before.runs) < _LEAST_RUNS for step in steps):
        return f"too few runs to tell: a step needs {_LEAST_RUNS} now and {_LEAST_RUNS} before"
    unsure = [step for step in steps if step.may_be_worse]
    if unsure:
        step = max(unsure, key=lambda step: step.now.failed / step.now.runs)
        return (
            f'"{step.step}" failed in {count(step.now.failed)} of {count(step.now.runs)} runs, '
            f"{count(step.before.failed)} of {count(step.before.runs)} before: too few to be sure"
        )
    return "no step fails more than before, nor takes longer for half of its runs"


def _ranks_apart(values: Sequence[float], others: Sequence[float]) -> float:
    """How far these lie above the others, in standard deviations of what chance does; ties count half."""
    from bisect import bisect_left, bisect_right

    ordered = sorted(others)
    above = sum((bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in values)
    n, m = len(values), len(others)
    return (above - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
