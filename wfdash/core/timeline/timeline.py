"""Steps and attempts as rows on a time axis: what is unfolded, each row's bar and its words."""

from collections.abc import Hashable, Iterator, Sequence, Set
from heapq import nlargest
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Step
from wfdash.core.model.step_kind import kind_of
from wfdash.core.timeline.axis import Axis, Scale, compressed_axis, step_axis, true_axis
from wfdash.core.timeline.outline import ALIVE, Family, Outline, State, build_outline, moments_of, spans_of
from wfdash.core.timeline.rows import Row, Rows, attempt_state, fold_key

__all__ = ["Segment", "Timeline", "arrange", "axis_of", "segments", "timeline"]

Stroke = Literal["work", "failed", "open", "cut", "backoff", "pending", "sleep", "wait", "stop"]


_MANY: Final = 200
"""Open members of a fold that are drawn each; of more one of each state says the same."""
_MANY_ATTEMPTS: Final = 400
"""Attempts of a step with a segment each: of more the bar has fewer cells than it has attempts."""


class Segment(NamedTuple):
    """A part of a row's bar, epoch seconds. What is open ends now."""

    start: float
    end: float
    stroke: Stroke


class Timeline(Struct):
    """The rows as unfolded, and the axis they share."""

    outline: Outline
    rows: Rows
    axis: Axis

    @property
    def targets(self) -> list[int]:
        """Steps that failed or were slow, in order, whether they have a row now or are folded away."""
        return self.outline.targets

    def holding(self, step: int) -> Row | None:
        """The row in which that step is to be seen: its own, or the fold it is in."""
        group = self.outline.of_step.get(step)
        index = self.rows.index_of(("step", step))
        if index is None and group is not None:
            index = self.rows.index_of(fold_key(group))
        return None if index is None else self.rows[index]


def timeline(
    detail: Detail, *, now: float, unfolded: Set[Hashable] = frozenset(), scale: Scale = Scale.COMPRESSED
) -> Timeline:
    """The whole timeline at once. For large ones build the outline in slices and then `arrange` it."""
    outline = build_outline(detail)
    return arrange(outline, axis_of(outline, scale, now), unfolded)


def arrange(outline: Outline, axis: Axis, unfolded: Set[Hashable]) -> Timeline:
    """Lays the outline out as rows: 10,000 steps take a millisecond or two."""
    return Timeline(outline, Rows(outline, unfolded), axis)


def axis_of(outline: Outline, scale: Scale, now: float) -> Axis:
    """The axis in that scale. It changes only when the outline does or `now` passes its right end."""
    live = max(now, outline.end) if outline.moving else None
    if scale is Scale.TRUE:
        return true_axis(outline.start, outline.end, live)
    if scale is Scale.BY_STEP:
        return step_axis(moments_of(outline), live)
    return compressed_axis(outline.start, outline.end, outline.work, live)


def segments(outline: Outline, row: Row, now: float) -> list[Segment]:
    """The row's bar, in order. Nothing reaches past now, nor past the end of a final instance."""
    # What is open in a final instance ended with it, whatever the answer leaves out.
    limit = now if outline.moving else outline.end
    limit = max(limit, outline.start)
    step = outline.detail.steps[row.step]
    if row.kind == "fold":
        group = outline.of_step[row.step]
        alive = (
            _step_segment(outline.detail.steps[index], outline.states[index], limit)
            for index in _drawn_alive(outline, group)
        )
        settled = (
            Segment(start, end, _settled(row, state)) for start, end, state in spans_of(outline, group)
        )
        return [*settled, *(part for part in alive if part is not None)]
    if row.kind == "attempt":
        return list(_attempt_segments(step, row.attempt, row.state, limit))
    if row.kind == "next":
        last = step.attempts[-1].end if step.attempts else None
        return [Segment(last, max(last, limit), "pending")] if last is not None else []
    if row.kind == "termination":
        at = outline.detail.end if outline.detail.end is not None else outline.end
        return [Segment(at, at, "stop")]
    return _step_segments(outline, step, row.state, limit)


def _drawn_alive(outline: Outline, group: Family) -> Sequence[int]:
    """The open members to draw: of thousands the first of each state, for all of them last until now."""
    if len(group.alive) <= _MANY:
        return group.alive
    if not group.first_alive:
        starts, first = outline.detail.steps.columns.starts, dict[State, int]()
        for index in group.alive:
            if starts[index] is not None:
                first.setdefault(outline.states[index], index)
        group.first_alive = sorted(first.values())
    return group.first_alive


def _settled(row: Row, state: State) -> Stroke:
    return _STROKES.get(kind_of(_kind_of(row)).rests or state, "cut")


def _kind_of(row: Row) -> str:
    """The API's type of a fold's members, which its key holds."""
    return str(row.key[1]) if isinstance(row.key, tuple) else ""


def _step_segments(outline: Outline, step: Step, state: State, limit: float) -> list[Segment]:
    if kind_of(step.kind).rests or not step.attempts:
        part = _step_segment(step, state, limit)
        return [part] if part is not None else []
    count = len(step.attempts)
    parts: list[Segment] = []
    if count > _MANY_ATTEMPTS:
        if step.index not in outline.joined:
            outline.joined[step.index] = _joined_attempts(step)
        parts += outline.joined[step.index]
    for position in range(count - 1 if parts else 0, count):
        parts.extend(_attempt_segments(step, position, attempt_state(step, position, state), limit))
    if state == "retries" and (last := step.attempts[-1].end) is not None:
        parts.append(Segment(last, max(last, limit), "pending"))
    return parts


def _joined_attempts(step: Step) -> list[Segment]:
    """Segments of all attempts but the last, joined over all but the longest gaps; the last alone moves.

    Of 25,000 attempts a part each would be drawn over the same few cells, with each frame; a gap that is
    shorter than hundreds of others is smaller than a cell.
    """
    spans: list[tuple[float, float, Stroke, bool]] = []
    tries = step.attempts
    for position, attempt in enumerate(tries[:-1]):
        start, end, ended = attempt.start, attempt.end, attempt.end is not None
        if start is None:
            continue
        end = end if ended else tries[position + 1].start
        end = start if end is None or end < start else end
        failed = attempt.success is False
        stroke = "failed" if failed else _STROKES.get(attempt_state(step, position, "unknown"), "cut")
        spans.append((start, end, stroke, ended))
    if not spans:
        return []
    following = [start for start, *_ in spans[1:]] + [step.attempts[-1].start or spans[-1][1]]
    gaps = [start - end for (_, end, _, _), start in zip(spans, following)]
    near = nlargest(_MANY_ATTEMPTS, gaps)[-1]
    parts: list[Segment] = []
    open_parts: dict[Stroke, tuple[float, float]] = {}
    for (start, end, stroke, ended), gap in zip(spans, gaps):
        if (span := open_parts.get(stroke)) is None:
            open_parts[stroke] = (start, end)
        else:
            first, last = span
            open_parts[stroke] = (start if start < first else first, end if end > last else last)
        if gap > near:
            parts += [Segment(*span, kind) for kind, span in open_parts.items()]
            open_parts.clear()
            if ended and gap > 0:
                parts.append(Segment(end, end + gap, "backoff"))
    return parts + [Segment(*span, kind) for kind, span in open_parts.items()]


def _attempt_segments(step: Step, position: int, state: State, limit: float) -> Iterator[Segment]:
    """Segments of one attempt, and of the wait up to the next one."""
    attempt = step.attempts[position]
    if attempt.start is None:
        return
    after = step.attempts[position + 1].start if position + 1 < len(step.attempts) else None
    end = attempt.end
    if end is None:
        end = limit if state == "runs" else (after if after is not None else step.end)
        end = limit if end is None else end
    stroke = _STROKES.get(state, "cut")
    end = max(attempt.start, end)
    yield Segment(attempt.start, end, stroke)
    # An attempt without an end was cut: the gap behind it is no back-off.
    if after is not None and after > end and attempt.end is not None:
        yield Segment(end, after, "backoff")


def _step_segment(step: Step, state: State, limit: float) -> Segment | None:
    """A step as one stretch: all of a sleep or a wait, or of a step without attempts, or one of many."""
    if step.start is None:
        return None if step.end is None else Segment(step.end, step.end, "cut")
    alive = state in ALIVE
    end = limit if alive or step.end is None else min(step.end, max(limit, step.start))
    stroke = _STROKES.get(kind_of(step.kind).rests or state, "cut")
    return Segment(step.start, max(step.start, end), stroke)


_STROKES: dict[str, Stroke] = {
    "done": "work",
    "failed": "failed",
    "runs": "open",
    "retries": "open",
    "unknown": "cut",
    "sleeps": "sleep",
    "waits": "wait",
}
