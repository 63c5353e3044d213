"""When an instance was at work: the stretches in which no step worked, found over all its steps at once."""

from collections.abc import Container, Generator, Iterable, Sequence
from itertools import islice
from math import inf
from typing import Any, Final

from msgspec import Struct, field

from wfdash.core.model.json_values import fields_of
from wfdash.core.model.step_columns import StepColumns, Steps
from wfdash.core.model.step_kind import RUNS_CODE, kind_of
from wfdash.core.model.times import parse_times

__all__ = ["LEAST_QUIET", "IdleGaps", "work_in_slices"]

LEAST_QUIET: Final = 0.5
"""Seconds of quiet that no axis ever cuts."""
_SLICE: Final = 2000
"""Steps that are looked at before others have their turn: some milliseconds of work."""
_FINEST: Final = 40
"""Of all work, the part above which a step's own back-offs are looked into: what is shorter cannot be cut."""
_Over = tuple[float, float, int]
"""Start and end of a step that is over, and its index."""


class IdleGaps(Struct):
    """When nothing was at work (epoch seconds), and how long; a step in a short back-off is at work."""

    gaps: list[tuple[float, float]] = field(default_factory=list)
    """When nothing was at work for longer than LEAST_QUIET, from the first work to the last, ascending."""
    pauses: float = 0.0
    """How long the gaps are together that are shorter."""
    first: float = inf
    last: float = -inf
    """The hull of all work; `last` is inf where some still goes on. `first` is inf where there was none."""
    ends: tuple[float, ...] = ()
    """The first and the last moment at which an attempt truly began or ended; empty where none did."""

    def quiet(self, start: float, edge: float) -> list[tuple[float, float]]:
        """The long gaps from `start` to `edge`, what is before and after all work included."""
        if self.first > self.last:
            return [(start, edge)]
        gaps = [(start, self.first), *self.gaps, (self.last, edge)]
        cut = [(max(start, left), min(edge, right)) for left, right in gaps]
        return [(left, right) for left, right in cut if right - left > LEAST_QUIET]


class _Spans:
    """Starts and ends of work, in no order; the nth start need not belong to the nth end."""

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.ends: list[float] = []
        self.strays: list[float] = []
        """When attempts began of which no more is known."""
        self.planned: list[tuple[float, float]] = []
        """Of steps that are not over: what they are expected to take, or endless."""

    def add(self, start: float, end: float) -> None:
        self.starts.append(start)
        self.ends.append(end if end > start else start)


def work_in_slices(steps: Steps, current: Container[int]) -> Generator[None, None, IdleGaps]:
    """Finds the idle gaps, yielding every millisecond or so. `current` are the steps that are not over."""
    spans, over = _Spans(), list[_Over]()
    for first in range(0, len(steps), _SLICE):
        of_these = range(first, min(first + _SLICE, len(steps)))
        over += yield from _sorted_out(steps, of_these, current, spans)
        yield
    while True:
        work = _work(spans, over)
        yield
        least = max(LEAST_QUIET, _worked(work) / _FINEST)
        # A step that is over is one span at first: only where it is long enough to hide a gap that an axis
        # would cut are its attempts read, since thousands of them are never looked at.
        long = [index for start, end, index in over if end - start > least]
        if not long:
            return work
        over = [span for span in over if span[1] - span[0] <= least]
        yield from _look_into(steps, long, spans)


def _sorted_out(
    steps: Steps, indices: range, current: Container[int], spans: _Spans
) -> Generator[None, None, list[_Over]]:
    """Picks the steps that ended, each as good as one span, and adds the spans of all others."""
    columns, these = steps.columns, slice(indices.start, indices.stop)
    steps_seen = zip(indices, columns.kinds[these], columns.starts[these], columns.ends[these])
    over = [
        (start, end if end > start else start, index)
        for index, kind, start, end in steps_seen
        if start is not None and end is not None and kind in RUNS_CODE and index not in current
    ]
    others = set(indices).difference(index for _, _, index in over) if len(over) < len(indices) else ()
    read = 0
    for index in sorted(others):
        tries = steps.attempts(index)
        read += len(tries)
        if read > _SLICE:
            read = 0
            yield
        if not tries:
            _add_step(columns, index, index in current, spans)
        elif index in current:
            _of_open(tries, spans)
        else:
            yield from _look_into(steps, [index], spans)
    return over


def _work(spans: _Spans, over: Sequence[_Over]) -> IdleGaps:
    """Puts all spans together to gaps; `over` are steps that are a span each."""
    starts = [*spans.starts, *[start for start, _, _ in over]]
    ends = [*spans.ends, *[end for _, end, _ in over]]
    edges = [min(starts), max(ends)] if starts else []
    edges += spans.strays
    starts = sorted(starts + [start for start, _ in spans.planned])
    ends = sorted(ends + [end for _, end in spans.planned])
    # Between the nth end and the start after it nothing runs, or they overlap: sorted apart they tell.
    gaps = [(left, right) for left, right in zip(ends, islice(starts, 1, None)) if left < right]
    long = [gap for gap in gaps if gap[1] - gap[0] > LEAST_QUIET]
    hull = (starts[0], ends[-1]) if starts else (inf, -inf)
    return IdleGaps(long, _sum(gaps) - _sum(long), *hull, (min(edges), max(edges)) if edges else ())


def _sum(gaps: Iterable[tuple[float, float]]) -> float:
    return sum([right - left for left, right in gaps])


def _worked(work: IdleGaps) -> float:
    """Seconds at work, of what is known to be over."""
    if not work.ends:
        return 0.0
    start, end = work.ends
    return end - start - work.pauses - _sum(work.quiet(start, end))


def _look_into(steps: Steps, indices: Sequence[int], spans: _Spans) -> Generator[None, None, None]:
    """Adds the attempts of steps that are over, a thousand or so at a time; yields in between."""
    several: list[Any] = []
    for index in indices:
        tries = steps.attempts(index)
        if tries:
            several += tries
        else:
            _add_step(steps.columns, index, False, spans)
        if len(several) > _SLICE:
            _add_attempts(several, spans)
            several.clear()
            yield
    _add_attempts(several, spans)


def _add_attempts(attempts: Sequence[Any], spans: _Spans) -> None:
    for began, ended in _moments(attempts):
        if began is not None and ended is not None:
            spans.add(began, ended)
        elif began is not None:
            spans.strays.append(began)


def _moments(attempts: Sequence[Any]) -> Iterable[tuple[float | None, float | None]]:
    several = [fields_of(attempt) for attempt in attempts]
    times = parse_times([at for attempt in several for at in (attempt.get("start"), attempt.get("end"))])
    return zip(times[::2], times[1::2])


def _of_open(tries: Sequence[object], spans: _Spans) -> None:
    """Adds the attempts of a step that is not over; the last one may still run."""
    for position, (began, ended) in enumerate(_moments(tries), 1):
        if began is None:
            continue
        if ended is not None:
            spans.add(began, ended)
            continue
        spans.strays.append(began)
        if position == len(tries):
            spans.planned.append((began, inf))


def _add_step(columns: StepColumns, index: int, current: bool, spans: _Spans) -> None:
    """Adds a step without attempts as one span of work, unless it slept or waited."""
    start, end = columns.starts[index], columns.ends[index]
    if start is None or kind_of(columns.kinds[index]).rests:
        return
    if end is None:
        if current:
            spans.planned.append((start, inf))
    elif current or columns.finished[index] is False:
        spans.planned.append((start, max(start, end)))
    else:
        spans.add(start, end)
