"""Steps and attempts as rows on a time axis: what is unfolded, each row's bar and its words."""

from collections.abc import Hashable, Iterator, Set
from typing import Literal, NamedTuple

from msgspec import Struct, field

from wfdash.core.axis import Axis, Scale, compressed_axis, step_axis, true_axis
from wfdash.core.detail import Detail, Step
from wfdash.core.outline import Outline, State, outline, spans_of

__all__ = ["Row", "Segment", "Timeline", "arrange", "axis_of", "segments", "timeline"]

Stroke = Literal["work", "failed", "open", "cut", "backoff", "pending", "sleep", "wait", "stop"]


class Segment(NamedTuple):
    """A part of a row's bar, epoch seconds. What is open ends now."""

    start: float
    end: float
    stroke: Stroke


class Row(Struct):
    """One line of the timeline. `key` stays the same from answer to answer."""

    key: Hashable
    kind: str
    """The API's type verbatim, or `attempt`, `next` (the try to come) or `fold` (steps of one name)."""
    state: State
    depth: int = 0
    step: int = 0
    """The step it is or belongs to; of a fold the first one."""
    attempt: int = -1
    members: tuple[int, ...] = ()
    """Of a fold: the steps that have no row of their own now."""
    unfolded: bool | None = None
    """None: there is nothing beneath it."""
    slow: bool = False


class Timeline(Struct):
    """The rows as unfolded, and the axis they share."""

    outline: Outline
    rows: list[Row]
    axis: Axis
    targets: list[Hashable] = field(default_factory=list)
    """Keys of the failed and the slow steps, in order, whether they have a row now or are folded away."""
    _index: dict[Hashable, int] = field(default_factory=dict)

    def index_of(self, key: Hashable) -> int | None:
        if not self._index:
            self._index.update((row.key, index) for index, row in enumerate(self.rows))
        return self._index.get(key)

    def holding(self, step: int) -> Row | None:
        """The row in which that step is to be seen: its own, or the fold it is in."""
        index = self.index_of(("step", step))
        if index is None:
            index = self.index_of(_fold_key(self.outline, step))
        return None if index is None else self.rows[index]


def timeline(
    detail: Detail, *, now: float, unfolded: Set[Hashable] = frozenset(), scale: Scale = Scale.COMPRESSED
) -> Timeline:
    """The whole timeline at once. For large ones build the outline in slices and then `arrange` it."""
    made = outline(detail)
    return arrange(made, axis_of(made, scale, now), unfolded)


def arrange(made: Outline, axis: Axis, unfolded: Set[Hashable]) -> Timeline:
    """Lay the outline out as rows: 10,000 unfolded steps take some 10 ms."""
    rows: list[Row] = []
    seen: set[int] = set()
    for step in made.detail.steps:
        group = made.of_step.get(step.index)
        if group is None:
            rows.extend(_step_rows(made, step, 0, unfolded))
        elif id(group) not in seen:
            seen.add(id(group))
            rows.extend(_fold_rows(made, step.index, unfolded))
    return Timeline(made, rows, axis, [("step", index) for index in made.targets])


def _fold_key(made: Outline, step: int) -> Hashable:
    group = made.of_step.get(step)
    return ("fold", group.kind, group.name) if group is not None else None


def _fold_rows(made: Outline, first: int, unfolded: Set[Hashable]) -> Iterator[Row]:
    group = made.of_step[first]
    key = _fold_key(made, first)
    is_open = key in unfolded
    shown = group.members if is_open else group.pulled
    visible = set(shown)
    members = () if is_open else tuple(index for index in group.members if index not in visible)
    yield Row(key, "fold", _fold_state(made, group.members), 0, first, -1, members, is_open, bool(group.slow))
    for index in shown:
        yield from _step_rows(made, made.detail.steps[index], 1, unfolded)


def _fold_state(made: Outline, members: list[int]) -> State:
    """The state of the family's last member that says something: alive, else any failure, else the last."""
    last = made.states[members[-1]]
    if last in ("runs", "retries", "sleeps", "waits"):
        return last
    return "failed" if made.of_step[members[0]].failed else last


def _step_rows(made: Outline, step: Step, depth: int, unfolded: Set[Hashable]) -> Iterator[Row]:
    key = ("step", step.index)
    state = made.states[step.index]
    inner = len(step.attempts) > 1 or state == "retries"
    is_open = inner and key in unfolded
    slow = step.index in made.slow
    yield Row(key, step.kind, state, depth, step.index, unfolded=is_open if inner else None, slow=slow)
    if not is_open:
        return
    for position in range(len(step.attempts)):
        became = _attempt_state(step, position, state)
        yield Row(("attempt", step.index, position), "attempt", became, depth + 1, step.index, position)
    if state == "retries":
        yield Row(("next", step.index), "next", "retries", depth + 1, step.index, len(step.attempts))


def _attempt_state(step: Step, position: int, state: State) -> State:
    one = step.attempts[position]
    if one.success is not None:
        return "done" if one.success else "failed"
    if one.error is not None:
        return "failed"
    last = position + 1 == len(step.attempts)
    if one.end is None:
        return "runs" if last and state == "runs" else "cut"
    return "unknown"


def axis_of(made: Outline, scale: Scale, now: float) -> Axis:
    """The axis in that scale. It changes only when the outline does or `now` passes its right end."""
    live = max(now, made.end) if made.moving else None
    if scale is Scale.TRUE:
        return true_axis(made.start, made.end, live)
    if scale is Scale.BY_STEP:
        return step_axis(made.moments, live)
    return compressed_axis(made.start, made.end, made.busy, live, made.end)


def segments(made: Outline, row: Row, now: float) -> list[Segment]:
    """The row's bar, in order. Nothing reaches past now, nor past the end of a final instance."""
    limit = now if made.moving else made.end
    limit = max(limit, made.start)
    step = made.detail.steps[row.step]
    if row.kind == "fold":
        group = made.of_step[row.step]
        alive = (_whole(made.detail.steps[index], made.states[index], limit) for index in group.alive)
        settled = (Segment(start, end, _settled(row, state)) for start, end, state in spans_of(made, group))
        return [*settled, *(part for part in alive if part is not None)]
    if row.kind == "attempt":
        return list(_attempt_segments(step, row.attempt, row.state, limit))
    if row.kind == "next":
        last = step.attempts[-1].end if step.attempts else None
        return [Segment(last, max(last, limit), "pending")] if last is not None else []
    if row.kind == "termination":
        at = made.detail.end if made.detail.end is not None else made.end
        return [Segment(at, at, "stop")]
    return _step_segments(step, row.state, limit)


def _settled(row: Row, state: State) -> Stroke:
    kind = _kind_of(row)
    return "sleep" if kind == "sleep" else "wait" if kind == "waitForEvent" else _STROKES.get(state, "cut")


def _kind_of(row: Row) -> str:
    """The API's type of a fold's members, which its key holds."""
    return str(row.key[1]) if isinstance(row.key, tuple) else ""


def _step_segments(step: Step, state: State, limit: float) -> list[Segment]:
    if step.kind in ("sleep", "waitForEvent") or not step.attempts:
        part = _whole(step, state, limit)
        return [part] if part is not None else []
    parts: list[Segment] = []
    for position in range(len(step.attempts)):
        parts.extend(_attempt_segments(step, position, _attempt_state(step, position, state), limit))
    if state == "retries" and (last := step.attempts[-1].end) is not None:
        parts.append(Segment(last, max(last, limit), "pending"))
    return parts


def _attempt_segments(step: Step, position: int, state: State, limit: float) -> Iterator[Segment]:
    """The attempt, then the wait up to the next one."""
    one = step.attempts[position]
    if one.start is None:
        return
    after = step.attempts[position + 1].start if position + 1 < len(step.attempts) else None
    end = one.end
    if end is None:
        end = limit if state == "runs" else (after if after is not None else step.end)
        end = limit if end is None else end
    stroke: Stroke = {"done": "work", "failed": "failed", "runs": "open"}.get(state, "cut")  # type: ignore[assignment]
    end = max(one.start, end)
    yield Segment(one.start, end, stroke)
    if after is not None and after > end and one.end is not None:
        yield Segment(end, after, "backoff")


def _whole(step: Step, state: State, limit: float) -> Segment | None:
    """A step as one stretch: all of a sleep or a wait, or of a step without attempts, or one of many."""
    if step.start is None:
        return None if step.end is None else Segment(step.end, step.end, "cut")
    alive = state in ("sleeps", "waits", "runs", "retries")
    end = limit if alive or step.end is None else min(step.end, max(limit, step.start))
    stroke: Stroke
    if step.kind == "sleep":
        stroke = "sleep"
    elif step.kind == "waitForEvent":
        stroke = "wait"
    else:
        stroke = _STROKES.get(state, "cut")
    return Segment(step.start, max(step.start, end), stroke)


_STROKES: dict[str, Stroke] = {
    "done": "work",
    "failed": "failed",
    "runs": "open",
    "retries": "open",
    "unknown": "cut",
}
