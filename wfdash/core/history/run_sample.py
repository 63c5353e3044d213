"""A run that went well, and when another run would end that goes on from where it is as this one went on."""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import inf

from msgspec import Struct

from wfdash.core.history.bucket import percentile
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.step import Step
from wfdash.core.model.step_kind import OWN
from wfdash.core.why.current_steps import current_steps, deadline, doing, is_open
from wfdash.core.why.step_names import plain_step

__all__ = [
    "Key",
    "OpenStep",
    "RunSample",
    "TimedStep",
    "open_steps",
    "sample_of",
    "settled_first",
    "timed_steps",
]

_AT_ONCE = 0.05
"""Seconds by which steps overlap that follow each other, as their times were cut."""

_MOSTLY = 0.9
"""Of ten complete runs how many took no longer than the time for which a settled one was given."""
_LATE = 30.0
"""Seconds after which what was to go on by itself and has not is no usual run."""

Key = tuple[str, str, int]
"""Kind and name of a step, ids and counter taken out, and which of that name it is, from 1."""


class TimedStep(Struct, frozen=True):
    """A step of a run, in epoch seconds; `before` is the place of the step that it follows, -1 for none."""

    key: Key
    start: float
    end: float
    last_try: float
    before: int
    joins: bool
    """Whether nothing ran when it began: then it follows all before it and not one branch."""


class OpenStep(Struct, frozen=True):
    """A step of a run that has begun and not ended; epoch seconds.

    `limit` is when it ends, for a sleep; until when it waits at most; or when it is tried again.
    """

    start: float
    tried: float | None
    """When its last try began or begins, of one that was tried before."""
    doing: str
    limit: float | None

    def end(self, like: TimedStep, now: float) -> tuple[float, float]:
        """When it ends if it goes on as it did in a sample, and until when that can still be so."""
        if self.doing == "sleeps" and self.limit is not None:
            # It is known, however long the same sleep was elsewhere.
            return max(self.limit, now), self.limit + _LATE
        last = self.start if self.tried is None else self.tried
        end = last + (like.end - like.start if self.tried is None else like.last_try)
        if self.doing == "waits" and self.limit is not None:
            return min(end, self.limit), min(end, self.limit)
        return (max(end, now), last + _LATE) if self.doing == "retries" else (end, end)


class RunSample(Struct, frozen=True):
    """A run that went well: seconds from its start to its end, and its steps in the order they began."""

    took: float
    steps: tuple[TimedStep, ...]
    index_of: Mapping[Key, int]

    def end_of(
        self, ended: Mapping[Key, float], expected: Mapping[Key, float], start: float
    ) -> tuple[float, float]:
        """When a run that began at `start` ends if it goes on as this one did; epoch seconds.

        With it how far this one had come, in seconds from its start. `ended` are when the run's steps ended,
        `expected` when those will that have not.
        """
        reached = max(ended.values(), default=start)
        begun = [index for key in (*ended, *expected) if (index := self.index_of.get(key)) is not None]
        at = max((self.steps[self.index_of[key]].end for key in ended if key in self.index_of), default=0.0)
        # What this one did before the last that the run has begun, and the run did not, it leaves out.
        passed = self.steps[max(begun)].start if begun else 0.0
        latest, last = reached, 0.0
        ends: list[float] = []
        for step in self.steps:
            last = max(last, step.end)
            own = ended.get(step.key, expected.get(step.key))
            if own is not None:
                end = own
            elif step.end <= passed + _AT_ONCE:
                end = -inf
            else:
                follows = latest if step.joins else ends[step.before] if step.before >= 0 else start
                since = self.steps[step.before].end if step.before >= 0 else 0.0
                end = max(follows, reached) + max(0.0, step.start - since) + step.end - step.start
            ends.append(end)
            latest = max(latest, end)
        return latest + max(0.0, self.took - last), max(at, passed)


def sample_of(detail: Detail) -> RunSample | None:
    """What can be learned from this run; None of one that did not go well or lacks its times."""
    if detail.status != "complete" or detail.start is None or detail.end is None or not len(detail.steps):
        return None
    found: list[tuple[float, float, Key, float]] = []
    for key, step, end in timed_steps(detail):
        if step.start is not None and end is not None:
            last = step.attempts[-1].start if step.attempts else None
            begun = step.start if last is None else last
            found.append((step.start - detail.start, end - detail.start, key, max(0.0, end - begun)))
    took = detail.end - detail.start
    found.sort()
    # A restarted instance keeps steps of the run before, which ended ahead of this start.
    if took <= 0 or not found or found[0][0] < -1.0:
        return None
    by_end = sorted(range(len(found)), key=lambda index: found[index][1])
    steps: list[TimedStep] = []
    over, before, last_end = 0, -1, -inf
    for index, (start, end, key, last_try) in enumerate(found):
        while over < len(by_end) and found[by_end[over]][1] <= start + _AT_ONCE:
            if by_end[over] < index:
                before = by_end[over]
            over += 1
        steps.append(TimedStep(key, start, end, last_try, before, last_end <= start + _AT_ONCE))
        last_end = max(last_end, end)
    return RunSample(took, tuple(steps), {step.key: index for index, step in enumerate(steps)})


def timed_steps(detail: Detail) -> Iterable[tuple[Key, Step, float | None]]:
    """The steps of the code, oldest first, each with its key and its end; None for one that has not ended."""
    seen: Counter[tuple[str, str]] = Counter()
    current = {step.index for step in current_steps(detail)}
    for step in detail.steps:
        # A sleep that a pause began anew stays open for ever beside its successor.
        if step.kind in OWN and ((is_done := not is_open(step)) or step.index in current):
            name = (step.kind, plain_step(step.name))
            seen[name] += 1
            # The end of an open sleep or wait is when it is to end.
            yield (*name, seen[name]), step, step.end if is_done else None


def open_steps(steps: Iterable[tuple[Key, Step, float | None]]) -> dict[Key, OpenStep]:
    """The steps among these that have begun and not ended, with what each is doing."""
    found: dict[Key, OpenStep] = {}
    for key, step, end in steps:
        if end is not None or step.start is None:
            continue
        at, does = deadline(step)[0], doing(step)
        tries = step.attempts
        tried = at if does == "retries" else tries[-1].start if len(tries) > 1 else None
        found[key] = OpenStep(step.start, tried, does, at if does != "runs" else None)
    return found


def settled_first(rows: Iterable[Instance], now: float) -> list[Instance]:
    """Complete runs as they are worth reading: the newest of those of which the slow ones ended too.

    Of what was created a minute ago only the quick ones are complete: learned from those every run is late.
    """
    complete = [row for row in rows if row.status == "complete" and row.created is not None]
    took = sorted(row.ended - row.created for row in complete if row.ended and row.created)
    longest = percentile(took, _MOSTLY) or 0.0
    complete.sort(key=lambda row: row.created or 0.0, reverse=True)
    settled = [row for row in complete if (row.created or 0.0) <= now - longest]
    return settled + complete[: len(complete) - len(settled)][::-1]
