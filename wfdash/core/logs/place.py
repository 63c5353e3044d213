"""Puts the lines of a time in order and each in its place: an attempt, the instance, or perhaps another's."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import merge
from itertools import islice
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from wfdash.core.logs.attempts import Attempts
from wfdash.core.logs.calls import Call, CallTree
from wfdash.core.logs.cloud_runs import CloudRun, RunsAtOnce
from wfdash.core.logs.earlier import mark_earlier
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.line import LogLine, PlacedLine
from wfdash.core.logs.naming import attempts_named
from wfdash.core.logs.objects import InstanceObjects, TracedObjects
from wfdash.core.logs.session import TracedSession
from wfdash.core.logs.whose import Ownership, Whose
from wfdash.core.model.detail import Detail
from wfdash.core.why.failure import failing_step
from wfdash.core.why.step_names import base_name

__all__ = ["failing_lines", "fold_replays", "in_order", "place_lines"]

_PIECE = 10_000
"""Lines that are sorted in one call."""
_CUT = 0.0015
"""Times are cut to the millisecond."""
_NOTHING = TracedObjects()
_UNTOLD = "the session does not tell whose run it was"
_NAMES_ANOTHER = "they name another one first"
_BEFORE = 2.0
"""Seconds before the start in which the run's own code may have printed already, by its own clock."""


def place_lines(
    lines: Iterable[LogLine],
    detail: Detail,
    *,
    others: Mapping[str, Lifetime] = MappingProxyType({}),
    as_of: float | None = None,
    calls: Mapping[str, Call] = MappingProxyType({}),
    objects: TracedObjects = _NOTHING,
    now: float = float("inf"),
    invocations: Sequence[CloudRun] = (),
) -> list[PlacedLine]:
    """Places every line that may be the instance's, oldest first.

    `others` are other instances by their ids, and when they were there. `as_of` is when the detail was asked
    for: an attempt that ran then may have ended since. `calls` are those that a dev session has traced, by
    their id, and `objects` what it told of whose they are, by `now`. `invocations` are all that the cloud
    tells of that went on when a run did that names the instance.
    Never by the nearest start alone: of ten instances at once that was wrong for eight (measured).
    """
    ordered = in_order(lines)
    tree = CallTree(calls, {line.request for line in ordered if line.source == "local"})
    attempts = Attempts(detail, tree, ordered, as_of, now)
    named = InstanceObjects(objects, detail.workflow, detail.id, others)
    session = TracedSession(detail, tree, named, attempts, ordered, others)
    at_once = RunsAtOnce(
        invocations,
        detail.id,
        others,
        steps={base_name(name) for name in detail.steps.columns.names},
        ran_within=attempts.ran_within,
        lived=attempts.lived,
    )
    ownership = Ownership(
        detail.id,
        others,
        run_of=lambda line: tree.run_of(line.request),
        origin_of=session.origins.get,
        agrees=attempts.agrees,
        spans_both=attempts.spans_both,
        is_sole=at_once.is_sole,
    )
    ownership.learn(ordered)
    rules = _Placement(detail, ordered, attempts, session, at_once, ownership)
    placed = [
        rules.placed(line, whose)
        for line in ordered
        if (whose := ownership.of(line)) is not Whose.OTHERS and rules.may_be_of_it(line, whose)
    ]
    placed = mark_earlier(placed, attempts, speaks=rules.speaks_of_it)
    if not detail.steps:  # what only a record holds the row of: whether a step ran then is not known
        return placed
    begun = _begun(detail, is_traced=bool(calls))
    return fold_replays(
        placed,
        lambda at: at >= begun and attempts.none_ran(at),
        lambda entry: entry.certain or ownership.speaks_in(entry.line),
    )


def _begun(detail: Detail, *, is_traced: bool) -> float:
    """From when on (epoch seconds) the answer tells of steps; a run before the last restart had others."""
    begun = (detail.start if detail.start is not None else float("-inf")) - _BEFORE
    # A dev session prints and notes by one clock.
    return max(begun, detail.queued - _CUT) if is_traced and detail.queued is not None else begun


class _Placement:
    """The rules by which a line gets its place, once it is known whose lines are whose."""

    def __init__(
        self,
        detail: Detail,
        ordered: Sequence[LogLine],
        attempts: Attempts,
        session: TracedSession,
        at_once: RunsAtOnce,
        ownership: Ownership,
    ) -> None:
        self._attempts, self._session = attempts, session
        self._at_once, self._ownership = at_once, ownership
        # What is queued has run no code: at most a run before its restart has, and said so.
        self._has_run = detail.status != "queued" or detail.start is not None
        self._queued = detail.queued if detail.queued is not None else float("-inf")
        has_earlier = bool(ordered) and ordered[0].source == "local" and ordered[0].at < self._queued
        self._created_in = self._traces_of_now(ordered) if has_earlier else set()
        self._restarted = self._traces_before(ordered) if has_earlier else set()

    def _traces_of_now(self, ordered: Sequence[LogLine]) -> set[str]:
        """Traces in which the present run speaks.

        What was created by another's run may be spoken of there earlier.
        """
        return {line.trace for line in ordered if line.at >= self._queued and self._ownership.speaks_in(line)}

    def _traces_before(self, ordered: Sequence[LogLine]) -> set[str]:
        """Traces of a run before a restart that the session may have lost, by lines that say an attempt."""
        return {
            line.trace
            for line in ordered
            if line.at < self._queued
            and line.trace
            and attempts_named(line.message)
            and self._session.is_before(line, is_ours=True)
            and self._ownership.speaks_in(line)
        }

    def may_be_of_it(self, line: LogLine, whose: Whose) -> bool:
        """Whether a run of the instance can have printed it."""
        return self._has_run or whose is Whose.OURS or self._ownership.speaks_in(line)

    def speaks_of_it(self, line: LogLine) -> bool:
        """Whether the line's trace names the instance, and the session does not tell it is another's."""
        return self._ownership.speaks_in(line) and not self._session.is_traced_others(line)

    def placed(self, line: LogLine, whose: Whose) -> PlacedLine:
        """The line in an attempt, or outside all of them."""
        doubt = self._doubt(line, whose)
        is_named = whose is Whose.OURS and not doubt
        is_untold = is_named and self._attempts.is_untold(line)
        certain = is_named and (not is_untold or self._session.is_alone(line))
        why = _UNTOLD if is_named and not certain else doubt
        span = None if line.foreign else self._attempts.of(line, is_own=whose is Whose.OURS)
        if span is not None:
            is_sure = self._attempts.is_sure(line, span) and not self._attempts.says_another(line, span)
            likely = is_untold or not is_named or not is_sure
            return PlacedLine(line, certain, span.step, span.number, likely=likely, why=why)
        gone = self._is_gone(line, whose)
        among = () if line.foreign or gone else self._attempts.among(line)
        # Of one step it may be that one's, or be printed outside it.
        likely = len(among) == 1 or (is_untold and not gone)
        return PlacedLine(line, certain, among=among, gone=gone, likely=likely, why=why)

    def _doubt(self, line: LogLine, whose: Whose) -> str:
        """Why it may be another instance's; "" for no reason."""
        if whose is Whose.PERHAPS:
            return self._at_once.why.get(line.request, "")
        if self._session.contradicts(line):
            return _UNTOLD
        if self._ownership.speaks_for_another(line, of_a_step=self._attempts.names_a_step):
            return _NAMES_ANOTHER
        return ""

    def _is_gone(self, line: LogLine, whose: Whose) -> bool:
        """Whether a run before the last restart printed it, whose steps nobody tells of any more."""
        if self._session.is_traced_others(line):
            return False
        is_ours = whose is Whose.OURS or (line.trace in self._restarted and self._ownership.speaks_in(line))
        is_ours = is_ours and line.trace not in self._created_in
        is_own = self._session.is_traced_own(line)
        return self._attempts.is_gone(line, is_traced_own=is_own) or self._session.is_before(
            line, is_ours=is_ours
        )


def failing_lines(placed: Sequence[PlacedLine], detail: Detail) -> Sequence[PlacedLine]:
    """What an errored instance printed as it failed: in the attempt it died of, else before it was undone.

    What rollback handlers printed after it says nothing of why.
    """
    if detail.status != "errored":
        return placed
    step = failing_step(detail)
    if step is not None:
        own = [entry for entry in placed if entry.step == step.index]
        if own:
            return [entry for entry in own if entry.attempt == own[-1].attempt]
    columns = detail.steps.columns
    undone = [at for at, kind in zip(columns.starts, columns.kinds) if kind == "rollback" and at is not None]
    return [entry for entry in placed if not undone or entry.line.at < min(undone)]


def in_order(lines: Iterable[LogLine]) -> list[LogLine]:
    """Sorts lines, oldest first, each once: sources overlap, and send lines late, twice and in disorder.

    The same line from two sources counts once; a source that gives one line twice calls it by the same name.
    """
    kept: dict[tuple[object, ...], LogLine] = {}
    # A tail names the instance, so its line goes before the same one of another source.
    for line in _sorted(lines, lambda line: (line.source != "tail", line.at, line.order)):
        kept.setdefault((line.source, line.request, line.order) if line.order else ("", id(line)), line)
    per_source: Counter[tuple[object, ...]] = Counter()
    seen: dict[tuple[object, ...], int] = {}
    found: list[LogLine] = []
    for line in kept.values():
        words = (round(line.at * 1000), line.level, line.message)
        nth = per_source[(line.source, *words)] = per_source[(line.source, *words)] + 1
        if nth > seen.get(words, 0):
            seen[words] = nth
            found.append(line)
    return list(_sorted(found, lambda line: (line.at, line.order)))


def _sorted(lines: Iterable[LogLine], key: Callable[[LogLine], tuple[Any, ...]]) -> Iterable[LogLine]:
    """The lines sorted, in pieces: one call for 100,000 holds the interpreter for a tenth of a second."""
    remaining = iter(lines)
    pieces = []
    while piece := list(islice(remaining, _PIECE)):
        piece.sort(key=key)
        pieces.append(piece)
    return merge(*pieces, key=key)


def fold_replays(
    placed: Sequence[PlacedLine],
    is_outside: Callable[[float], bool] = lambda at: True,
    is_own: Callable[[PlacedLine], bool] = lambda entry: entry.certain,
) -> list[PlacedLine]:
    """Folds what code outside steps prints again whenever the instance wakes into one line with a count.

    A line that one run printed twice stays two lines, and so do two that steps side by side may have printed.
    """
    nth: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, int], int] = {}
    folded: list[PlacedLine] = []
    for entry in placed:
        line = entry.line
        if (
            entry.step is not None
            or entry.gone
            or not is_own(entry)
            or not line.request
            or not is_outside(line.at)
        ):
            folded.append(entry)
            continue
        nth[line.request, line.level, line.message] += 1
        key = (line.level, line.message, nth[line.request, line.level, line.message])
        if key in first:
            at = first[key]
            folded[at] = replace(folded[at], times=folded[at].times + 1)
        else:
            first[key] = len(folded)
            folded.append(entry)
    return folded
