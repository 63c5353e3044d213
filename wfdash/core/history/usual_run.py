"""What usually comes next and how long it takes, learned from runs of the same version that went well.

A run is matched by how far it has come: each sample is looked at from the moment at which it had ended the
same steps. What was left of it then, less what has gone by since, is one guess; all together are the spread.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import cycle
from math import ceil, floor, inf
from typing import Final

from msgspec import Struct, field

from wfdash.core.history.run_sample import Key, RunSample, open_steps, timed_steps
from wfdash.core.model.detail import Detail
from wfdash.core.why.step_names import base_name

__all__ = ["LEAST_SAMPLES", "Forecast", "UsualRun", "UsualStep"]

LEAST_SAMPLES: Final = 5
"""Samples without which nothing is told."""
_MOVING: Final = ("running", "waiting")
"""Statuses in which a run goes on as it usually does: not paused, not rolling back."""
_WIDEST: Final = 3.0
"""How many times its middle a spread may be wide and still help anybody."""
_NEAR: Final = 60.0
"""Seconds of a spread that is never too wide."""
_OUTLIVED: Final = 3.0
"""Of how many samples one at least has to be still possible: past more of them it is no usual run."""
_OFTEN: Final = 0.5
"""In what part of the samples a step has to come for it to be usual."""
_MOST_STEPS: Final = 2000
"""Steps of a run that are learned from: nobody is told of more, and each is compared with each sample."""
_MOST_COMPARED: Final = 20_000
"""Steps of all samples that a run is held against at each answer, some 15 ms."""


class UsualStep(Struct, frozen=True):
    """Steps of one name that usually come next. `took` is the median in seconds of one."""

    kind: str
    name: str
    count: int
    took: float


class Forecast(Struct, frozen=True):
    """Seconds until the end: the middle, and the tenth and ninetieth of a hundred; what it rests on."""

    remaining: float
    least: float
    most: float
    samples: int
    ended: int
    """Steps of this run that have ended."""
    steps: int
    """Steps that runs which came this far had in all, the middle of them."""
    coming: tuple[UsualStep, ...]


class UsualRun:
    """What runs of one version have in common. Pure: the same samples tell the same, in whatever order."""

    def __init__(self, samples: Iterable[RunSample]) -> None:
        self.samples = tuple(samples)
        self._progress: _Progress | None = None

    def forecast(self, detail: Detail, now: float) -> Forecast | None:
        """What is usually left of this run at `now` (epoch seconds); None where too little is known."""
        moving = detail.status in _MOVING
        if not moving or detail.start is None or len(detail.steps) > _MOST_STEPS:
            return None
        so_far = self._progress
        if so_far is None or so_far.detail is not detail or now >= so_far.until:
            so_far = self._progress = self._compare(detail, detail.start, now)
        alike = [guess for guess in so_far.alike if guess.end > now]
        if len(alike) < LEAST_SAMPLES:
            return None
        lefts = sorted(guess.end - now for guess in alike)
        least, most = _spread(lefts)
        middle = statistics.median(lefts)
        if most - least > max(_NEAR, _WIDEST * middle):
            return None
        steps = round(statistics.median(len(guess.sample.steps) for guess in alike))
        # Time only takes guesses away, those that were over first: their number says which are left.
        if len(alike) not in so_far.coming:
            so_far.coming[len(alike)] = _coming(alike, so_far.begun)
        ended = so_far.ended
        return Forecast(middle, least, most, len(alike), ended, max(steps, ended), so_far.coming[len(alike)])

    def _compare(self, detail: Detail, start: float, now: float) -> "_Progress":
        """How far the run has come, and when it ends by each sample that has its open steps."""
        steps = list(timed_steps(detail))
        ended = {key: end for key, _, end in steps if end is not None}
        opened = open_steps(steps)
        begun = {key for key, _, _ in steps}
        samples: list[RunSample] = []
        compared = 0
        for sample in self.samples:
            if all(key in sample.index_of for key in opened):
                compared += len(sample.steps)
                if compared > _MOST_COMPARED and len(samples) >= LEAST_SAMPLES:
                    break
                samples.append(sample)
        until, expected = inf, [dict[Key, float]() for _ in samples]
        for key, step in opened.items():
            ends_of = [step.end(sample.steps[sample.index_of[key]], now) for sample in samples]
            # One in which the step was over by now tells nothing of how long it still takes, and may well
            # tell what comes after it.
            possible = [end for end, valid in ends_of if valid > now]
            if len(possible) < LEAST_SAMPLES or _OUTLIVED * len(possible) < len(ends_of):
                return _Progress(detail, inf, len(ended), begun, [])
            others = cycle(possible)
            for ends, (end, valid) in zip(expected, ends_of, strict=True):
                ends[key] = end if valid > now else next(others)
            until = min(until, *(valid for _, valid in ends_of if valid > now))
        found = [
            _Guess(sample, *sample.end_of(ended, ends, start))
            for sample, ends in zip(samples, expected, strict=True)
        ]
        return _Progress(detail, until, len(ended), begun, found)


class _Guess(Struct, frozen=True):
    sample: RunSample
    end: float
    """When the run ends if it goes on as this one did, epoch seconds."""
    at: float
    """The moment up to which this one had come as far, seconds from its start."""


class _Progress(Struct):
    detail: Detail
    """The answer that it is told of: the clock alone changes little of it."""
    until: float
    """Until when it stands, epoch seconds."""
    ended: int
    begun: set[Key]
    alike: list[_Guess]
    """By samples that have the open steps."""
    coming: dict[int, tuple[UsualStep, ...]] = field(default_factory=dict)
    """By the number of samples that they are told from."""


def _spread(lefts: Sequence[float]) -> tuple[float, float]:
    """The tenth and the ninetieth of a hundred, each the nearest guess outwards."""
    last = len(lefts) - 1
    return lefts[floor(0.1 * last)], lefts[ceil(0.9 * last)]


def _coming(alike: Sequence[_Guess], begun: set[Key]) -> tuple[UsualStep, ...]:
    """Steps that most of these runs began later and this one has not begun, in order; a loop is one."""
    begins: dict[tuple[str, str], list[float]] = defaultdict(list)
    counts: dict[tuple[str, str], list[int]] = defaultdict(list)
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    for guess in alike:
        fresh = Counter[tuple[str, str]]()
        first: dict[tuple[str, str], float] = {}
        for step in guess.sample.steps:
            if step.key not in begun and step.start >= guess.at:
                name = step.key[:2]
                fresh[name] += 1
                first[name] = min(step.start, first.get(name, step.start))
                took[name].append(step.end - step.start)
        for name, number in fresh.items():
            counts[name].append(number)
            # From the end, since runs differ most in how long they waited before.
            begins[name].append(first[name] - guess.sample.took)
    usual = [name for name, numbers in counts.items() if len(numbers) >= _OFTEN * len(alike)]
    usual.sort(key=lambda name: statistics.median(begins[name]))
    return tuple(
        UsualStep(
            kind,
            base_name(name),
            round(statistics.median(counts[kind, name])),
            statistics.median(took[kind, name]),
        )
        for kind, name in usual
    )
