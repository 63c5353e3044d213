"""An instance's steps in order for a timeline: their states, repeated names, what failed or was slow."""

from collections.abc import Generator, Sequence
from heapq import nlargest
from statistics import median
from typing import Final, Literal

from msgspec import Struct, field

from wfdash.core.current import current_steps, doing, is_open
from wfdash.core.detail import Detail, Step
from wfdash.core.naming import family

__all__ = ["Family", "Outline", "State", "outline", "outline_in_slices", "spans_of"]

State = Literal["done", "failed", "runs", "retries", "sleeps", "waits", "cut", "stopped", "unknown"]
"""What became of a row: `cut` never ended although its instance did (or its session died)."""

_SLICE: Final = 500
_REPEATS: Final = 5
"""A name repeated this often is folded into one row."""
_PULLED: Final = 20
"""Failing (and running) members shown beneath a folded row, at most, of each kind."""
_SLOW_TIMES: Final = 3.0
_SLOW_LEAST: Final = 1.0
_SLOWEST: Final = 3
_FINEST: Final = 500
"""Of a family's working time, the part below which a gap between two members is not drawn."""
_ALIVE: Final = ("runs", "retries", "sleeps", "waits")


class Family(Struct):
    """Steps that repeat one name. `pulled` are shown even while it is folded."""

    name: str
    kind: str
    members: list[int] = field(default_factory=list)
    pulled: list[int] = field(default_factory=list)
    failed: int = 0
    slow: list[int] = field(default_factory=list)
    least: float = 0.0
    middle: float = 0.0
    most: float = 0.0
    """Durations in seconds: minimum, median and maximum of those that ended."""
    alive: list[int] = field(default_factory=list)
    """Members that something is still going to happen to."""
    spans: list[tuple[float, float, State]] | None = None
    """See `spans_of`; None until it is asked for."""


class Outline(Struct):
    """What of the timeline depends on the answer alone, not on the clock, the scale or what is unfolded."""

    detail: Detail
    states: list[State] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    """Those with repeats enough to fold."""
    of_step: dict[int, Family] = field(default_factory=dict)
    """The folding family of a step, for those that have one."""
    targets: list[int] = field(default_factory=list)
    """Steps that failed or were slow, in order: where `]` and `[` go."""
    slow: set[int] = field(default_factory=set)
    busy: list[tuple[float, float]] = field(default_factory=list)
    """When attempts ran: ascending, disjoint, inf where one still runs."""
    moments: list[float] = field(default_factory=list)
    """When steps began and ended (not attempts), ascending."""
    start: float = 0.0
    end: float = 0.0
    """The first and the last moment of all, attempts included; neither is in the future of the answer."""
    moving: bool = False
    """Not final: the right edge is now."""


def outline(detail: Detail) -> Outline:
    """The outline at once; see `outline_in_slices` for thousands of steps."""
    slices = outline_in_slices(detail)
    while True:
        try:
            next(slices)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


def outline_in_slices(detail: Detail) -> Generator[None, None, Outline]:
    """Build it, yielding about every millisecond of work so that a screen stays alive meanwhile."""
    made = Outline(detail)
    current = {step.index: doing(step) for step in current_steps(detail)}
    made.moving = detail.status not in ("complete", "errored", "terminated")
    families: dict[tuple[str, str], Family] = {}
    found = _Found()
    for number, step in enumerate(detail.steps):
        made.states.append(_state(step, current))
        found.lengths.append(_length(step))
        key = family(step)
        group = families.get(key)
        if group is None:
            group = families[key] = Family(key[1], key[0])
        group.members.append(number)
        _collect(step, number in current, found)
        if number % _SLICE == _SLICE - 1:
            yield
    yield
    made.families = [one for one in families.values() if len(one.members) >= _REPEATS and one.kind]
    for number, one in enumerate(made.families):
        _measure(one, made, found.lengths)
        if number % 50 == 49 or len(one.members) > _SLICE:
            yield
    _aim(made, found.lengths)
    yield
    made.busy = _merged(found.spans)
    yield
    ends = [one for one in (detail.start, detail.end) if one is not None] + found.strays
    ends += [at for span in (*made.busy[:1], *made.busy[-1:]) for at in span]
    made.busy = _with_open(_merged([*made.busy, *found.planned]) if found.planned else made.busy, found.open)
    found.moments.sort()
    made.moments = found.moments
    made.start = min([*made.moments[:1], *ends], default=0.0)
    made.end = max([*made.moments[-1:], *ends], default=0.0)
    return made


class _Found(Struct):
    """What is gathered step by step."""

    lengths: list[float | None] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    """When attempts ran that ended."""
    planned: list[tuple[float, float]] = field(default_factory=list)
    """The same of steps whose end is not reached yet."""
    open: list[float] = field(default_factory=list)
    """When those began that still run."""
    strays: list[float] = field(default_factory=list)
    """When others began, of which no more is known."""


def _state(step: Step, current: dict[int, Literal["runs", "retries", "sleeps", "waits"]]) -> State:
    if step.kind == "termination":
        return "stopped"
    now = current.get(step.index)
    if now is not None:
        return now
    if step.error is not None or step.success is False:
        return "failed"
    if step.success or step.finished:
        return "done"
    if is_open(step):
        return "cut"
    return "unknown" if step.end is None else "done"


def _collect(step: Step, current: bool, found: _Found) -> None:
    """Note when the step ran and when it began and ended. A planned end, not reached yet, is no moment."""
    begun, ended, tries = step.start, step.end, step.attempts
    if begun is not None:
        found.moments.append(begun)
    if ended is not None and not current and step.finished is not False:
        found.moments.append(ended)
    last = len(tries) - 1 if current else -1
    for position, one in enumerate(tries):
        start, end = one.start, one.end
        if start is None:
            continue
        if end is not None:
            found.spans.append((start, end if end > start else start))
        else:
            found.strays.append(start)
            if position == last:
                found.open.append(start)
    if not tries and begun is not None and step.kind not in ("sleep", "waitForEvent"):
        if ended is not None:
            planned = current or step.finished is False
            (found.planned if planned else found.spans).append((begun, max(begun, ended)))
        elif current:
            found.open.append(begun)


def _measure(group: Family, made: Outline, lengths: Sequence[float | None]) -> None:
    """Fill in the family's durations, what stands out of it, and which members stay visible when folded."""
    lasted = [(lengths[index], index) for index in group.members]
    known = sorted(length for length, _ in lasted if length is not None)
    if known:
        group.least, group.middle, group.most = known[0], median(known), known[-1]
    limit = max(_SLOW_TIMES * group.middle, group.middle + _SLOW_LEAST)
    slow = [(length, index) for length, index in lasted if length is not None and length > limit]
    group.slow = sorted(index for _, index in slow)
    failed = [index for index in group.members if made.states[index] == "failed"]
    group.failed = len(failed)
    group.alive = [index for index in group.members if made.states[index] in _ALIVE]
    slowest = [index for _, index in sorted(slow, reverse=True)[:_SLOWEST]]
    group.pulled = sorted({*failed[:_PULLED], *group.alive[-_PULLED:], *slowest})
    made.slow.update(group.slow)
    for index in group.members:
        made.of_step[index] = group


def spans_of(made: Outline, group: Family) -> list[tuple[float, float, State]]:
    """When the members that are settled ran, neighbours of one state joined where no gap could be seen."""
    if group.spans is None:
        group.spans = _joined(group, made)
    return group.spans


def _joined(group: Family, made: Outline) -> list[tuple[float, float, State]]:
    steps, states, alive = made.detail.steps, made.states, set(group.alive)
    near = sum(_length(steps[index]) or 0.0 for index in group.members) / _FINEST
    limit = made.detail.end
    spans: list[tuple[float, float, State]] = []
    for index in group.members:
        step, state = steps[index], states[index]
        if step.start is None or index in alive:
            continue
        end = step.end if step.end is not None and state != "cut" else limit
        end = step.start if end is None or end < step.start else end
        if spans and spans[-1][2] == state and -near <= step.start - spans[-1][1] <= near:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]), state)
        else:
            spans.append((step.start, end, state))
    return spans


def _aim(made: Outline, lengths: Sequence[float | None]) -> None:
    """The failed, the slow of their family, and the slowest of the run where they make up much of it."""
    steps = made.detail.steps
    lasted = [(lengths[step.index] or 0.0, step.index) for step in steps if step.kind in ("step", "rollback")]
    total = sum(length for length, _ in lasted)
    for length, index in nlargest(_SLOWEST, lasted):
        if length >= _SLOW_LEAST and length > total / 4 and len(lasted) >= _REPEATS:
            made.slow.add(index)
    failed = {index for index, state in enumerate(made.states) if state == "failed"}
    made.targets = sorted(failed | made.slow)


def _length(step: Step) -> float | None:
    if step.start is None or step.end is None or step.finished is False:
        return None
    return max(0.0, step.end - step.start)


def _merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for left, right in sorted(spans):
        if merged and left <= merged[-1][1]:
            if right > merged[-1][1]:
                merged[-1] = (merged[-1][0], right)
        else:
            merged.append((left, right))
    return merged


def _with_open(busy: list[tuple[float, float]], open_since: Sequence[float]) -> list[tuple[float, float]]:
    """The same with what still runs, which takes in all that comes later."""
    if not open_since:
        return busy
    since = min(open_since)
    while busy and busy[-1][1] >= since:
        since = min(since, busy.pop()[0])
    return [*busy, (since, float("inf"))]
