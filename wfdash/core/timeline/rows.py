"""The rows of a timeline: what of it is unfolded, each row made only when somebody looks at it."""

from collections.abc import Hashable, Iterator, Sequence, Set
from typing import overload

from msgspec import Struct

from wfdash.core.model.retry import is_used_up
from wfdash.core.model.step import Step
from wfdash.core.timeline.outline import ALIVE, Family, Outline, State

__all__ = ["Row", "Rows", "attempt_state", "fold_key"]

RowRef = int | tuple[int, int]
"""A row in short: a step's index; -1 less the first step's of a fold; or a step and one of its attempts,
-1 for the try to come. Thousands of rows are numbers until they are on screen."""
_TO_COME = -1
"""In place of an attempt's position: the one that is due next."""


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


class Rows(Sequence[Row]):
    """The rows of a timeline: steps in order, a fold at its first step, attempts beneath their step."""

    def __init__(self, outline: Outline, unfolded: Set[Hashable]) -> None:
        self._outline = outline
        self._unfolded = unfolded
        self._refs = list(_refs(outline, unfolded))
        self._index: dict[RowRef, int] = {}
        self._rows: dict[RowRef, Row] = {}

    def __len__(self) -> int:
        return len(self._refs)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._row(ref) for ref in self._refs[index]]
        return self._row(self._refs[index])

    def index_of(self, key: Hashable) -> int | None:
        """Where the row of that key is; None when it has none now."""
        if not self._index:
            self._index = {ref: index for index, ref in enumerate(self._refs)}
        ref = _ref_of(self._outline, key)
        return None if ref is None else self._index.get(ref)

    def _row(self, ref: RowRef) -> Row:
        row = self._rows.get(ref)
        if row is None:
            row = self._rows[ref] = self._new_row(ref)
        return row

    def _new_row(self, ref: RowRef) -> Row:
        if isinstance(ref, tuple):
            return _attempt_row(self._outline, *ref)
        if ref < 0:
            return _fold_row(self._outline, self._outline.of_step[-1 - ref], self._unfolded)
        return _step_row(self._outline, self._outline.detail.steps[ref], self._unfolded)


def _refs(outline: Outline, unfolded: Set[Hashable]) -> Iterator[RowRef]:
    opened = {key[1] for key in unfolded if isinstance(key, tuple) and key[0] == "step"}
    for index in range(len(outline.detail.steps)):
        group = outline.of_step.get(index)
        if group is None:
            yield index
            if index in opened:
                yield from _beneath(outline, index)
        elif group.members[0] == index:
            yield -1 - index
            for member in group.members if fold_key(group) in unfolded else group.pulled:
                yield member
                if member in opened:
                    yield from _beneath(outline, member)


def _beneath(outline: Outline, index: int) -> Iterator[RowRef]:
    """The rows beneath a step that can be unfolded: its attempts, and the try that is to come."""
    step = outline.detail.steps[index]
    if _unfolds(outline, step):
        yield from ((index, position) for position in range(len(step.attempts)))
        # Of a step without a retry left no try is to come.
        if outline.states[index] == "retries" and not is_used_up(step):
            yield index, _TO_COME


def _unfolds(outline: Outline, step: Step) -> bool:
    return len(step.attempts) > 1 or (outline.states[step.index] == "retries" and not is_used_up(step))


def _ref_of(outline: Outline, key: Hashable) -> RowRef | None:
    match key:
        case ("step", int(step)):
            return step
        case ("attempt", int(step), int(position)):
            return step, position
        case ("next", int(step)):
            return step, _TO_COME
        case ("fold", _, _):
            return next(
                (-1 - family.members[0] for family in outline.families if fold_key(family) == key), None
            )
    return None


def fold_key(group: Family) -> Hashable:
    return "fold", group.kind, group.name


def _fold_row(outline: Outline, group: Family, unfolded: Set[Hashable]) -> Row:
    key, first = fold_key(group), group.members[0]
    is_open = key in unfolded
    visible = set(group.pulled)
    members = () if is_open else tuple(index for index in group.members if index not in visible)
    return Row(key, "fold", _fold_state(outline, group), 0, first, -1, members, is_open, bool(group.slow))


def _fold_state(outline: Outline, group: Family) -> State:
    """The state of the family's last member that says something: alive, else any failure, else the last."""
    last = outline.states[group.members[-1]]
    if last in ALIVE:
        return last
    return "failed" if group.failed else last


def _depth(outline: Outline, index: int) -> int:
    return 1 if index in outline.of_step else 0


def _step_row(outline: Outline, step: Step, unfolded: Set[Hashable]) -> Row:
    key, index = ("step", step.index), step.index
    state = outline.states[index]
    is_open = key in unfolded if _unfolds(outline, step) else None
    slow = index in outline.slow
    return Row(key, step.kind, state, _depth(outline, index), index, unfolded=is_open, slow=slow)


def _attempt_row(outline: Outline, index: int, position: int) -> Row:
    step, depth = outline.detail.steps[index], _depth(outline, index) + 1
    if position == _TO_COME:
        return Row(("next", index), "next", "retries", depth, index, len(step.attempts))
    became = attempt_state(step, position, outline.states[index])
    return Row(("attempt", index, position), "attempt", became, depth, index, position)


def attempt_state(step: Step, position: int, state: State) -> State:
    """What became of one attempt of a step in that state."""
    attempt = step.attempts[position]
    if attempt.success is not None:
        return "done" if attempt.success else "failed"
    if attempt.error is not None:
        return "failed"
    last = position + 1 == len(step.attempts)
    if attempt.end is None:
        return "runs" if last and state == "runs" else "cut"
    return "unknown"
