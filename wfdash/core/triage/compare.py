"""This run against another of the same workflow: where they first differ, what is missing, what took long."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from msgspec import Struct, field

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.model.step import ABSENT, Step
from wfdash.core.model.step_kind import kind_of
from wfdash.core.model.times import lasted
from wfdash.core.payload.tree import Path
from wfdash.core.text.words import counted
from wfdash.core.why.step_names import shown_name, titled_name

__all__ = ["Comparison", "Difference", "Pair", "best_candidates", "compare", "differences"]

_SLOWER: Final = 3.0
"""Times the other run's duration from which one is called slower: two runs of one step differ by less for no
reason."""
_LEAST: Final = 0.5
"""Seconds below which a duration is not worth comparing."""
_DEEPEST: Final = 50
"""Levels down to which values are compared; what lies deeper is compared as a whole."""

Verdict = Literal[
    "same", "missing", "not reached", "to come", "rollback", "extra", "failed", "slower", "faster", "open"
]
_AS_EXPECTED: Final = ("same", "open", "to come", "not reached", "rollback")
"""A rollback comes of the failure, which is the difference."""
_MOST_PLACES: Final = 200
"""Differences that are counted: of two large values that have nothing in common there is no end."""


class Pair(Struct, frozen=True):
    """A step of this run beside its twin in the other; one of them may be missing."""

    mine: Step | None
    theirs: Step | None
    verdict: Verdict

    @property
    def name(self) -> str:
        step = self.mine if self.mine is not None else self.theirs
        return "" if step is None else titled_name(step)

    @property
    def other_name(self) -> str:
        """What the other run calls the step of the same place, where that is another name."""
        mine, theirs = self.mine, self.theirs
        return "" if mine is None or theirs is None or mine.name == theirs.name else shown_name(theirs)


class Difference(Struct, frozen=True):
    """Where two JSON values differ; ABSENT on the side that has nothing there."""

    path: Path
    mine: Any
    theirs: Any


class Comparison(Struct):
    pairs: list[Pair]
    first: int | None
    """Index of the first step that failed here and not there, else of the first pair that differs otherwise.

    None when none does. A step that is open, to come or was not reached does not.
    """
    params: list[Difference] = field(default_factory=list)
    now: float | None = None
    """When this run was looked at, where it has not ended."""

    @property
    def counts(self) -> dict[Verdict, int]:
        counts: dict[Verdict, int] = defaultdict(int)
        for pair in self.pairs:
            counts[pair.verdict] += 1
        return dict(counts)

    def sentence(self) -> str:
        """`"charge card" failed here and succeeded there; 13 later steps not reached; 1 extra`."""
        counts = self.counts
        rest = [f"{counts[verdict]:,} {verdict}" for verdict in _CLAUSES if counts.get(verdict)]
        if rollbacks := counts.get("rollback"):
            rest.insert(0, counted(rollbacks, "rollback"))
        if not_reached := counts.get("not reached"):
            rest.insert(0, f"{counted(not_reached, 'later step')} not reached")
        if failed := counts.get("failed"):
            assert self.first is not None
            more = f" and {counted(failed - 1, 'more step')}" if failed > 1 else ""
            said = f'"{self.pairs[self.first].name}"{more} failed here and succeeded there'
        elif self.first is not None:
            said = f'first differs at "{self.pairs[self.first].name}", {self._clause(self.first)}'
        elif rest:
            said = "so far the same steps, none of them slower or failed"
        else:
            said = "the same steps, none of them slower or failed"
        if rest:
            said += f"; {'; '.join(rest)}"
        if self.params:
            number = len(self.params)
            least = "at least " if number >= _MOST_PLACES else ""
            said += f"; params differ in {least}{counted(number, 'place')}"
        return said

    def _clause(self, index: int) -> str:
        pair = self.pairs[index]
        if pair.verdict == "missing" and any(
            later.mine and later.theirs for later in self.pairs[index + 1 :]
        ):
            return "which this run does not have"
        if pair.verdict == "slower" and pair.mine is not None and _length(pair.mine) is None:
            return "which has been open over 3 times as long"
        return _CLAUSES[pair.verdict]


_CLAUSES: Final[dict[Verdict, str]] = {
    "missing": "which this run never reached",
    "extra": "which the other run did not have",
    "slower": "which took over 3 times as long",
    "faster": "which took less than a third of the time",
    "open": "which is still open",
    "to come": "which this run has not reached yet",
}


def best_candidates(
    rows: Iterable[Instance], *, mine: str, version: str, created: float | None = None
) -> list[Instance]:
    """Complete instances to compare with, best first: of the same version, then of one before, then others.

    Newest first; of other versions, what was `created` before this run comes first.
    """
    complete = {row.id: row for row in rows if row.status == "complete" and row.id != mine}
    newest = sorted(complete.values(), key=lambda row: row.created or 0.0, reverse=True)

    def rank(row: Instance) -> int:
        if version and row.version == version:
            return 0
        return 1 if created is None or (row.created or 0.0) < created else 2

    return sorted(newest, key=rank)


def compare(mine: Detail, theirs: Detail, *, now: float | None = None) -> Comparison:
    """Aligns the steps by type and name, counter included, in the order of this run, and compares pairs.

    Up to `now` (epoch seconds) the open steps of a run that has not ended have lasted.
    """
    over = is_final(mine.status)
    now = None if over else now
    twins: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in theirs.steps:
        twins[step.kind, step.name].append(step)
    for queue in twins.values():
        queue.reverse()
    matched: dict[int, Step] = {}
    taken: set[int] = set()
    for step in mine.steps:
        queue = twins.get((step.kind, step.name), [])
        if queue:
            matched[step.index] = queue.pop()
            taken.add(matched[step.index].index)
    _match_alike(mine.steps, theirs.steps, matched, taken)
    pairs, position = _merged(mine.steps, theirs.steps, matched, taken, now)
    rest: Verdict = "to come" if not over else "missing" if mine.status == "complete" else "not reached"
    pairs.extend(Pair(None, step, rest) for step in theirs.steps[position:] if step.index not in taken)
    differing = [index for index, pair in enumerate(pairs) if pair.verdict not in _AS_EXPECTED]
    failed = (index for index in differing if pairs[index].verdict == "failed")
    first = next(failed, differing[0] if differing else None)
    return Comparison(pairs, first, differences(mine.params, theirs.params), now)


def _match_alike(
    mine: Sequence[Step], theirs: Sequence[Step], matched: dict[int, Step], taken: set[int]
) -> None:
    """Pairs what is left: steps of one kind whose names begin with the same word, in their order.

    A step for each thing of a list has it in its name: `reserve mug` here is `reserve pen` there.
    """
    unmatched: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in reversed(theirs):
        if step.index not in taken and (key := _template(step)) is not None:
            unmatched[key].append(step)
    for step in mine:
        key = _template(step) if step.index not in matched else None
        if key is not None and (queue := unmatched.get(key)):
            matched[step.index] = queue.pop()
            taken.add(matched[step.index].index)


def _template(step: Step) -> tuple[str, str] | None:
    """What steps of one template have in common; None for a name of one word."""
    first, _, rest = step.name.partition(" ")
    return (step.kind, first) if rest and not kind_of(step.kind).added else None


def _merged(
    mine: Sequence[Step],
    theirs: Sequence[Step],
    matched: dict[int, Step],
    taken: set[int],
    now: float | None,
) -> tuple[list[Pair], int]:
    """Pairs every step down to the last one that both runs have; and where in the other run that is.

    The other run's own steps stand right before the next one that both have.
    """
    pairs: list[Pair] = []
    position = 0
    for step in mine:
        if kind_of(step.kind).added and step.index not in matched:
            pairs.append(Pair(step, None, "rollback" if step.kind == "rollback" else "extra"))
            continue
        twin = matched.get(step.index)
        while twin is not None and position < twin.index:
            if theirs[position].index not in taken:
                pairs.append(Pair(None, theirs[position], "missing"))
            position += 1
        pairs.append(Pair(step, twin, _verdict(step, twin, now)))
        if twin is not None:
            position = max(position, twin.index + 1)
    return pairs, position


def _verdict(mine: Step, theirs: Step | None, now: float | None) -> Verdict:
    if theirs is None:
        return "extra"
    if _failed(mine) and not _failed(theirs):
        return "failed"
    here, there = _length(mine), _length(theirs)
    if there is None:
        return "same"
    if mine.end is None or mine.finished is False:
        so_far = now - mine.start if now is not None and mine.start is not None else 0.0
        return "slower" if so_far > _LEAST and so_far > _SLOWER * there else "open"
    if here is None:
        return "same"
    if here > _LEAST and here > _SLOWER * there:
        return "slower"
    return "faster" if there > _LEAST and there > _SLOWER * here else "same"


def _failed(step: Step) -> bool:
    return step.error is not None or step.success is False


def _length(step: Step) -> float | None:
    return None if step.finished is False else lasted(step.start, step.end)


def differences(mine: Any, theirs: Any, *, limit: int = _MOST_PLACES) -> list[Difference]:
    """Where two JSON values differ, deepest paths, in order; `limit` at most."""
    found: list[Difference] = []
    waiting: list[tuple[Path, Any, Any]] = [((), mine, theirs)]
    while waiting and len(found) < limit:
        path, this, other = waiting.pop()
        children: list[tuple[Path, Any, Any]] = []
        if len(path) < _DEEPEST and isinstance(this, dict) and isinstance(other, dict):
            keys = [*this, *(key for key in other if key not in this)]
            children = [((*path, key), this.get(key, ABSENT), other.get(key, ABSENT)) for key in keys]
        elif len(path) < _DEEPEST and isinstance(this, list) and isinstance(other, list):
            longest = min(max(len(this), len(other)), 1000)
            children = [((*path, index), _at(this, index), _at(other, index)) for index in range(longest)]
        elif not _equal(this, other):
            found.append(Difference(path, this, other))
        waiting.extend(reversed(children))
    return found


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT


def _equal(mine: Any, other: Any) -> bool:
    if type(mine) is not type(other) and not (
        isinstance(mine, int | float) and isinstance(other, int | float)
    ):
        return False
    if isinstance(mine, bool) != isinstance(other, bool):
        return False
    try:
        return bool(mine == other)
    except RecursionError:
        return False
