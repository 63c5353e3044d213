"""What usually comes next and how long it takes, learned from runs of the same version that went well.

A run is matched by how far it has come: each sample is looked at from the moment at which it had ended the
same steps. What was left of it then, less what has gone by since, is one guess; all together are the spread.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import ceil, floor
from typing import Final

from msgspec import Struct, field

from wfdash.core.model.detail import Detail
from wfdash.core.model.step_kind import OWN
from wfdash.core.why.current_steps import is_open
from wfdash.core.why.step_names import base_name, plain_step

__all__ = ["LEAST_SAMPLES", "Forecast", "RunSample", "UsualRun", "UsualStep", "sample_of"]

LEAST_SAMPLES: Final = 5
"""Samples without which nothing is told."""
_MOVING: Final = ("running", "waiting")
"""Statuses in which a run goes on as it usually does: not paused, not rolling back."""
_WIDEST: Final = 3.0
"""How many times its middle a spread may be wide and still help anybody."""
_NEAR: Final = 60.0
"""Seconds of a spread that is never too wide."""
_OFTEN: Final = 0.5
"""In what part of the samples a step has to come for it to be usual."""
_MOST_STEPS: Final = 2000
"""Steps of a run that are learned from: nobody is told of more, and each is compared with each sample."""

Key = tuple[str, str, int]
"""Kind and name of a step, ids and counter taken out, and which of that name it is, from 1."""


class RunSample(Struct, frozen=True):
    """A run that went well: seconds from its start to the start and end of each step, and to its own end."""

    took: float
    starts: dict[Key, float]
    ends: dict[Key, float]


class UsualStep(Struct, frozen=True):
    """Steps of one name that usually come next. `took` is the median in seconds of one."""

    kind: str
    name: str
    count: int
    took: float


class Forecast(Struct, frozen=True):
    """Seconds until the end: the middle, and the tenth and ninetieth of a hundred; what it rests on."""

    left: float
    least: float
    most: float
    samples: int
    ended: int
    """Steps of this run that have ended."""
    steps: int
    """Steps that runs which came this far had in all, the middle of them."""
    coming: tuple[UsualStep, ...]


def sample_of(detail: Detail) -> RunSample | None:
    """What can be learned from this run; None of one that did not go well or lacks its times."""
    if detail.status != "complete" or detail.start is None or detail.end is None or not len(detail.steps):
        return None
    starts: dict[Key, float] = {}
    ends: dict[Key, float] = {}
    for key, start, end in _timed(detail):
        if start is not None and end is not None:
            starts[key], ends[key] = start - detail.start, end - detail.start
    took = detail.end - detail.start
    # A restarted instance keeps steps of the run before, which ended ahead of this start.
    if took <= 0 or not ends or min(starts.values()) < -1.0:
        return None
    return RunSample(took, starts, ends)


class UsualRun:
    """What runs of one version have in common. Pure: the same samples tell the same, in whatever order."""

    def __init__(self, samples: Iterable[RunSample]) -> None:
        self.samples = tuple(samples)
        self._progress: tuple[Detail, _Progress] | None = None
        """Of the answer looked at last: the clock alone changes nothing of it."""

    def forecast(self, detail: Detail, now: float) -> Forecast | None:
        """What is usually left of this run at `now` (epoch seconds); None where too little is known."""
        moving = detail.status in _MOVING
        if not moving or detail.start is None or len(detail.steps) > _MOST_STEPS:
            return None
        if self._progress is None or self._progress[0] is not detail:
            self._progress = detail, self._compare(detail, detail.start)
        so_far = self._progress[1]
        gone = max(0.0, now - so_far.reached)
        guesses = [
            (sample.took - at - gone, sample, at) for sample, at in so_far.alike if sample.took - at > gone
        ]
        if len(guesses) < LEAST_SAMPLES or 2 * len(guesses) < len(so_far.alike):
            return None
        lefts = sorted(left for left, _, _ in guesses)
        least, most = _spread(lefts)
        middle = statistics.median(lefts)
        if most - least > max(_NEAR, _WIDEST * middle):
            return None
        runs = [(sample, at) for _, sample, at in guesses]
        steps = round(statistics.median(len(sample.ends) for sample, _ in runs))
        # Time only takes guesses away, those that were over first: their number says which are left.
        if len(runs) not in so_far.coming:
            so_far.coming[len(runs)] = _coming(runs, so_far.begun)
        ended = so_far.ended
        return Forecast(middle, least, most, len(runs), ended, max(steps, ended), so_far.coming[len(runs)])

    def _compare(self, detail: Detail, start: float) -> "_Progress":
        """How far the run has come, and where each sample was when it had come as far."""
        ended: dict[Key, float] = {}
        open_keys: list[Key] = []
        for key, began, end in _timed(detail):
            if end is not None:
                ended[key] = end
            elif began is not None:
                open_keys.append(key)
        alike = [sample for sample in self.samples if all(key in sample.ends for key in open_keys)]
        return _Progress(
            max(ended.values(), default=start),
            len(ended),
            {*ended, *open_keys},
            [(sample, _reached(sample, ended)) for sample in alike],
        )


class _Progress(Struct):
    reached: float
    """When the step that ended last did, epoch seconds."""
    ended: int
    begun: set[Key]
    alike: list[tuple[RunSample, float]]
    """Samples that have the open steps, each with the moment up to which it had got as far."""
    coming: dict[int, tuple[UsualStep, ...]] = field(default_factory=dict)
    """By the number of samples that they are told from."""


def _timed(detail: Detail) -> Iterable[tuple[Key, float | None, float | None]]:
    """Each step of the code, oldest first, with its times."""
    seen: Counter[tuple[str, str]] = Counter()
    for step in detail.steps:
        if step.kind in OWN:
            name = (step.kind, plain_step(step.name))
            seen[name] += 1
            # The end of an open sleep or wait is when it is to end.
            yield (*name, seen[name]), step.start, None if is_open(step) else step.end


def _reached(sample: RunSample, ended: Iterable[Key]) -> float:
    """When in the sample all of these had ended, as far as it has them; its start where it has none."""
    return max((sample.ends[key] for key in ended if key in sample.ends), default=0.0)


def _spread(lefts: Sequence[float]) -> tuple[float, float]:
    """The tenth and the ninetieth of a hundred, each the nearest guess outwards."""
    last = len(lefts) - 1
    return lefts[floor(0.1 * last)], lefts[ceil(0.9 * last)]


def _coming(runs: Sequence[tuple[RunSample, float]], begun: set[Key]) -> tuple[UsualStep, ...]:
    """Steps that most of these runs began later and this one has not begun, in order; a loop is one.

    Each run comes with the moment up to which it had got as far as this one.
    """
    begins: dict[tuple[str, str], list[float]] = defaultdict(list)
    counts: dict[tuple[str, str], list[int]] = defaultdict(list)
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    for run, at in runs:
        fresh = Counter[tuple[str, str]]()
        first: dict[tuple[str, str], float] = {}
        for key, start in run.starts.items():
            if key not in begun and start >= at:
                name = key[:2]
                fresh[name] += 1
                first[name] = min(start, first.get(name, start))
                took[name].append(run.ends[key] - start)
        for name, number in fresh.items():
            counts[name].append(number)
            # From the end, since runs differ most in how long they waited before.
            begins[name].append(first[name] - run.took)
    usual = [name for name, numbers in counts.items() if len(numbers) >= _OFTEN * len(runs)]
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
