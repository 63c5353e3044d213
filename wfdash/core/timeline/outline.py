"""An instance's steps in order for a timeline: their states, repeated names, what failed or was slow."""

import statistics
from collections import Counter
from collections.abc import Generator, Mapping
from typing import Any, Final, Literal

from msgspec import Struct, field

from wfdash.core.model.detail import Detail
from wfdash.core.model.slices import run_slices
from wfdash.core.model.status import is_final
from wfdash.core.model.step_columns import Steps
from wfdash.core.model.step_kind import RUNS_CODE
from wfdash.core.model.times import lasted
from wfdash.core.timeline.idle_gaps import IdleGaps, work_in_slices
from wfdash.core.why.current_steps import Doing, current_steps, doing, is_open
from wfdash.core.why.step_names import family

__all__ = [
    "ALIVE",
    "ALWAYS_SHOWN",
    "Family",
    "Outline",
    "State",
    "build_outline",
    "moments_of",
    "outline_in_slices",
    "spans_of",
]

State = Literal[
    "done", "failed", "runs", "retries", "sleeps", "waits", "pending", "cut", "stopped", "unknown"
]
"""What became of a row: `cut` never ended although its instance did (or its session died)."""

_SLICE: Final = 2000
"""Steps that are looked at before others have their turn: some milliseconds of work."""
_REPEATS: Final = 5
"""A name repeated this often is folded into one row."""
ALWAYS_SHOWN: Final = 20
"""Failing (and running) members shown beneath a folded row, at most, of each kind."""
_SLOW_TIMES: Final = 3.0
"""Times the median of its family from which a step is slow: below that durations vary by themselves."""
_SLOW_LEAST: Final = 1.0
"""Seconds that it must be longer: three times a few milliseconds is nothing."""
_SLOWEST: Final = 3
"""Slow members shown beneath a folded row, at most."""
_FINEST: Final = 500
"""Of a family's working time, the part below which a gap between two members is not drawn."""
ALIVE: Final = frozenset(("runs", "retries", "sleeps", "waits", "pending"))


class Family(Struct):
    """Steps that repeat one name, shown as a fold; `pulled` are shown even while it is folded."""

    name: str
    kind: str
    members: list[int]
    pulled: list[int] = field(default_factory=list)
    failed: int = 0
    slow: list[int] = field(default_factory=list)
    least: float = 0.0
    middle: float = 0.0
    most: float = 0.0
    """Durations in seconds: minimum, median and maximum of those that ended."""
    alive: list[int] = field(default_factory=list)
    """Members that something is still going to happen to."""
    first_alive: list[int] = field(default_factory=list)
    """Of very many, the ones that are drawn; empty until they are."""
    spans: list[tuple[float, float, State]] | None = None
    """See `spans_of`; None until it is asked for."""


class Outline(Struct):
    """What of the timeline depends on the answer alone, not on the clock, the scale or what is unfolded."""

    detail: Detail
    states: list[State] = field(default_factory=list)
    lengths: list[float | None] = field(default_factory=list)
    """Seconds each step took; None for those that did not end."""
    failed: list[int] = field(default_factory=list)
    """Steps that failed, ascending."""
    alive: list[int] = field(default_factory=list)
    """Steps that something is still going to happen to, ascending."""
    families: list[Family] = field(default_factory=list)
    """Those with repeats enough to fold."""
    of_step: dict[int, Family] = field(default_factory=dict)
    """The folding family of a step, for those that have one."""
    targets: list[int] = field(default_factory=list)
    """Steps that failed or were slow, in order: where `]` and `[` go."""
    slow: set[int] = field(default_factory=set)
    joined: dict[int, list[Any]] = field(default_factory=dict)
    """By step what is drawn of thousands of attempts that are over, once it was drawn."""
    work: IdleGaps = field(default_factory=IdleGaps)
    start: float = 0.0
    end: float = 0.0
    """The first and the last moment of all, attempts included; neither is in the future of the answer."""
    moving: bool = False
    """Not final: the right edge is now."""


def build_outline(detail: Detail) -> Outline:
    """The outline at once; see `outline_in_slices` for thousands of steps."""
    return run_slices(outline_in_slices(detail))


def outline_in_slices(detail: Detail) -> Generator[None, None, Outline]:
    """Builds the outline, yielding every millisecond or two of work so that a screen stays alive."""
    outline, count = Outline(detail), len(detail.steps)
    outline.moving = not is_final(detail.status)
    current = {step.index: doing(step) for step in current_steps(detail)}
    outline.alive = sorted(current)
    yield
    for first in range(0, count, _SLICE):
        _extend(outline, range(first, min(first + _SLICE, count)), current)
        yield
    # A loop of thousands of steps is one row until somebody unfolds it.
    outline.families = yield from _families(detail.steps)
    for number, group in enumerate(outline.families):
        _measure(group, outline)
        if number % 50 == 49 or len(group.members) > _SLICE:
            yield
    _jump_targets(outline)
    yield
    outline.work = yield from work_in_slices(detail.steps, current)
    yield
    ends = [at for at in (detail.start, detail.end, *outline.work.ends) if at is not None]
    ends += moments_of(outline)
    outline.start, outline.end = min(ends, default=0.0), max(ends, default=0.0)
    return outline


def _extend(outline: Outline, indices: range, current: Mapping[int, Doing]) -> None:
    """Adds the states and lengths of these steps to the outline."""
    steps, columns = outline.detail.steps, outline.detail.steps.columns
    of_these = slice(indices.start, indices.stop)
    marks = zip(indices, columns.kinds[of_these], columns.errors[of_these], columns.successes[of_these])
    states: list[State] = [
        "done"
        if success and not error and kind != "termination" and index not in current
        else _state(steps, index, current)
        for index, kind, error, success in marks
    ]
    outline.states += states
    outline.failed += [index for index, state in zip(indices, states) if state == "failed"]
    times = zip(columns.starts[of_these], columns.ends[of_these], columns.finished[of_these])
    outline.lengths += [None if over is False else lasted(start, end) for start, end, over in times]


def _state(steps: Steps, index: int, current: Mapping[int, Doing]) -> State:
    columns = steps.columns
    if columns.kinds[index] == "termination":
        return "stopped"
    if index in current:
        return current[index]
    success = columns.successes[index]
    if columns.errors[index] or success is False:
        return "failed"
    if success or columns.finished[index]:
        return "done"
    if is_open(steps[index]):
        return "cut"
    return "unknown" if columns.ends[index] is None else "done"


def _families(steps: Steps) -> Generator[None, None, list[Family]]:
    """Finds steps of one type and name.

    Most names never repeat, so they are counted before they are gathered.
    """
    keys: list[tuple[str, str]] = []
    for first in range(0, len(steps), _SLICE):
        these = slice(first, first + _SLICE)
        keys += zip(steps.columns.kinds[these], map(family, steps.columns.names[these]))
        yield
    times = Counter(keys).items()
    members: dict[tuple[str, str], list[int]] = {
        key: [] for key, count in times if count >= _REPEATS and key[0]
    }
    yield
    for index, key in enumerate(keys):
        if key in members:
            members[key].append(index)
    return [Family(name, kind, indices) for (kind, name), indices in members.items()]


def _measure(group: Family, outline: Outline) -> None:
    """Fills in the family's durations, what stands out of it, and which members stay visible when folded."""
    lengths, states, members = outline.lengths, outline.states, group.members
    measured = sorted([length for index in members if (length := lengths[index]) is not None])
    slowest: list[int] = []
    if measured:
        group.least, group.middle, group.most = measured[0], statistics.median(measured), measured[-1]
        limit = max(_SLOW_TIMES * group.middle, group.middle + _SLOW_LEAST)
        if group.most > limit:
            group.slow = [index for index in members if (lengths[index] or 0.0) > limit]
            # Slow is said against the family's own median, never against a fixed number of seconds.
            slowest = sorted(group.slow, key=lambda index: (lengths[index] or 0.0, index))[-_SLOWEST:]
    failed = [index for index in members if states[index] == "failed"]
    group.failed = len(failed)
    group.alive = [index for index in members if states[index] in ALIVE]
    group.pulled = sorted({*failed[:ALWAYS_SHOWN], *group.alive[-ALWAYS_SHOWN:], *slowest})
    outline.slow.update(group.slow)
    outline.of_step.update(dict.fromkeys(members, group))


def _jump_targets(outline: Outline) -> None:
    """Fills in where `e` jumps.

    What failed, what was slow beside its family, and what took much of the run.
    """
    kinds = outline.detail.steps.columns.kinds
    worked = [took or 0.0 if kind in RUNS_CODE else 0.0 for kind, took in zip(kinds, outline.lengths)]
    least = max(_SLOW_LEAST, sum(worked) / 4)
    if sum(kinds.count(kind) for kind in RUNS_CODE) >= _REPEATS:
        outline.slow.update(index for index, took in enumerate(worked) if took > least)
    outline.targets = sorted({*outline.failed, *outline.slow})


def moments_of(outline: Outline) -> list[float]:
    """When steps began and ended (not attempts), in no order. An end that is not reached yet is no moment."""
    columns, alive = outline.detail.steps.columns, set(outline.alive)
    ends = enumerate(zip(columns.ends, columns.finished))
    moments = [start for start in columns.starts if start is not None]
    moments += [
        end for index, (end, over) in ends if end is not None and over is not False and index not in alive
    ]
    return moments


def spans_of(outline: Outline, group: Family) -> list[tuple[float, float, State]]:
    """When the members that are settled ran, neighbours of one state joined where no gap could be seen."""
    if group.spans is None:
        group.spans = _joined(group, outline)
    return group.spans


def _joined(group: Family, outline: Outline) -> list[tuple[float, float, State]]:
    columns, states, alive = outline.detail.steps.columns, outline.states, set(group.alive)
    near = sum(outline.lengths[index] or 0.0 for index in group.members) / _FINEST
    limit = outline.detail.end
    spans: list[tuple[float, float, State]] = []
    for index in group.members:
        start, end, state = columns.starts[index], columns.ends[index], states[index]
        if start is None or index in alive:
            continue
        end = limit if end is None or state == "cut" else end
        end = start if end is None or end < start else end
        # Of a family of thousands a bar each would be drawn over the same few cells.
        if spans and spans[-1][2] == state and -near <= start - spans[-1][1] <= near:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]), state)
        else:
            spans.append((start, end, state))
    return spans
