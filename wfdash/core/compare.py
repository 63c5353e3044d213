"""This run against another of the same workflow: where they first differ, what is missing, what took long."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from msgspec import Struct, field

from wfdash.core.detail import Detail
from wfdash.core.instance import Instance
from wfdash.core.naming import shown_name
from wfdash.core.payload import Path
from wfdash.core.step import ABSENT, Step
from wfdash.core.text import clean

__all__ = ["Comparison", "Difference", "Pair", "best_candidates", "compare", "differences"]

_SLOWER: Final = 3.0
_LEAST: Final = 0.5
"""Seconds below which a duration is not worth comparing."""
_DEEPEST: Final = 50

Verdict = Literal["same", "missing", "extra", "failed", "slower", "faster", "open"]


class Pair(Struct, frozen=True):
    """A step of this run beside its twin in the other; one of them may be missing."""

    mine: Step | None
    theirs: Step | None
    verdict: Verdict

    @property
    def name(self) -> str:
        step = self.mine if self.mine is not None else self.theirs
        if step is None:
            return ""
        kind = f"{clean(step.kind[:80])} " if step.kind not in ("step", "sleep", "waitForEvent") else ""
        return kind + shown_name(step) if step.name else shown_name(step)


class Difference(Struct, frozen=True):
    """Where two JSON values differ; ABSENT on the side that has nothing there."""

    path: Path
    mine: Any
    theirs: Any


class Comparison(Struct):
    pairs: list[Pair]
    first: int | None
    """Index of the first pair that is not the same; None when all are."""
    params: list[Difference] = field(default_factory=list)

    @property
    def counts(self) -> dict[Verdict, int]:
        counts: dict[Verdict, int] = defaultdict(int)
        for pair in self.pairs:
            counts[pair.verdict] += 1
        return dict(counts)

    def sentence(self) -> str:
        """`first differs at charge card, which failed; 2 missing, 1 extra, 1 slower`."""
        if self.first is None:
            said = "the same steps, none of them slower or failed"
        else:
            pair = self.pairs[self.first]
            said = f"first differs at {pair.name}, {_CLAUSES[pair.verdict]}"
            counts = self.counts
            rest = [f"{counts[one]:,} {one}" for one in _CLAUSES if counts.get(one)]
            said += f"; {', '.join(rest)}"
        if self.params:
            said += (
                f"; params differ in {len(self.params):,} {'place' if len(self.params) == 1 else 'places'}"
            )
        return said


_CLAUSES: Final[dict[Verdict, str]] = {
    "failed": "which failed here",
    "missing": "which this run never reached",
    "extra": "which the other run did not have",
    "slower": "which took over 3 times as long",
    "faster": "which took less than a third of the time",
    "open": "which is still open",
}


def best_candidates(rows: Iterable[Instance], *, mine: str, version: str) -> list[Instance]:
    """Complete instances to compare with, best first: of the same version, then others, newest first."""
    complete = [row for row in rows if row.status == "complete" and row.id != mine]
    newest = sorted(complete, key=lambda row: row.created or 0.0, reverse=True)
    return [
        *[row for row in newest if version and row.version == version],
        *[row for row in newest if not version or row.version != version],
    ]


def compare(mine: Detail, theirs: Detail) -> Comparison:
    """Align the steps by type and name, counter included, in the order of this run, and compare pairs."""
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
    pairs = _merged(mine.steps, theirs.steps, matched, taken)
    first = next((index for index, pair in enumerate(pairs) if pair.verdict != "same"), None)
    return Comparison(pairs, first, differences(mine.params, theirs.params))


def _merged(
    mine: Sequence[Step], theirs: Sequence[Step], matched: dict[int, Step], taken: set[int]
) -> list[Pair]:
    """Every pair, the other run's own steps put in right before the next one both have."""
    pairs: list[Pair] = []
    position = 0
    for step in mine:
        if step.kind in ("rollback", "termination") and step.index not in matched:
            pairs.append(Pair(step, None, "extra"))
            continue
        twin = matched.get(step.index)
        while twin is not None and position < twin.index:
            if theirs[position].index not in taken:
                pairs.append(Pair(None, theirs[position], "missing"))
            position += 1
        pairs.append(Pair(step, twin, _verdict(step, twin)))
        if twin is not None:
            position = max(position, twin.index + 1)
    pairs.extend(Pair(None, step, "missing") for step in theirs[position:] if step.index not in taken)
    return pairs


def _verdict(mine: Step, theirs: Step | None) -> Verdict:
    if theirs is None:
        return "extra"
    if _failed(mine) and not _failed(theirs):
        return "failed"
    here, there = _length(mine), _length(theirs)
    if here is None:
        return "same" if there is None else "open"
    if there is None:
        return "same"
    if here > _LEAST and here > _SLOWER * there:
        return "slower"
    return "faster" if there > _LEAST and there > _SLOWER * here else "same"


def _failed(step: Step) -> bool:
    return step.error is not None or step.success is False


def _length(step: Step) -> float | None:
    if step.start is None or step.end is None or step.finished is False:
        return None
    return max(0.0, step.end - step.start)


def differences(mine: Any, theirs: Any, *, limit: int = 200) -> list[Difference]:
    """Where two JSON values differ, deepest paths, in order; `limit` at most."""
    found: list[Difference] = []
    waiting: list[tuple[Path, Any, Any]] = [((), mine, theirs)]
    while waiting and len(found) < limit:
        path, one, other = waiting.pop()
        children: list[tuple[Path, Any, Any]] = []
        if len(path) < _DEEPEST and isinstance(one, dict) and isinstance(other, dict):
            keys = [*one, *(key for key in other if key not in one)]
            children = [((*path, key), one.get(key, ABSENT), other.get(key, ABSENT)) for key in keys]
        elif len(path) < _DEEPEST and isinstance(one, list) and isinstance(other, list):
            longest = min(max(len(one), len(other)), 1000)
            children = [((*path, index), _at(one, index), _at(other, index)) for index in range(longest)]
        elif not _equal(one, other):
            found.append(Difference(path, one, other))
        waiting.extend(reversed(children))
    return found


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT


def _equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other) and not (isinstance(one, int | float) and isinstance(other, int | float)):
        return False
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    try:
        return bool(one == other)
    except RecursionError:
        return False
