"""Puts the lines of a time in order and each in its place: an attempt, the instance, or perhaps another's."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace

from wfdash.core.logs.attempts import Attempts
from wfdash.core.logs.calls import Call, CallTree
from wfdash.core.logs.cloud_runs import CloudRun, RunsAtOnce
from wfdash.core.logs.earlier import mark_earlier
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.line import LogLine, PlacedLine
from wfdash.core.logs.naming import attempts_said
from wfdash.core.logs.objects import InstanceObjects, TracedObjects
from wfdash.core.logs.session import TracedSession
from wfdash.core.logs.whose import Ownership, Whose
from wfdash.core.model.detail import Detail
from wfdash.core.why.failure import failing_step
from wfdash.core.why.step_names import base_name

__all__ = ["failing_lines", "fold_replays", "in_order", "place_lines"]

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
    """Every line that may be the instance's, oldest first; `others` are other instances by
    their ids, and when they were there.

    `as_of` is when the detail was asked for: an attempt that ran then may have ended since. `calls` are those
    that a dev session has traced, by their id, and `objects` what it told of whose they are, by
    `now`. `invocations` are all that the cloud tells of that went on when a run did that names the instance.
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
    whose_line = [(line, whose) for line in ordered if (whose := ownership.of(line)) is not Whose.OTHERS]
    # What is queued has run no code: at most a run before its restart has, and said so.
    has_run = detail.status != "queued" or detail.start is not None
    placed = []
    # What created it may speak of it before: it runs in that trace then.
    queued = detail.queued if detail.queued is not None else float("-inf")
    has_earlier = bool(ordered) and ordered[0].source == "local" and ordered[0].at < queued
    present = {
        line.trace for line in ordered if has_earlier and line.at >= queued and ownership.speaks_in(line)
    }
    # Of a run before a restart a session may have lost whose it was: some of its lines say an attempt.
    earlier = {
        line.trace
        for line in ordered
        if has_earlier
        and line.at < queued
        and line.trace
        and attempts_said(line.message)
        and session.is_before(line, is_ours=True)
        if ownership.speaks_in(line)
    }
    for line, whose in whose_line:
        if not (has_run or whose is Whose.OURS or ownership.speaks_in(line)):
            continue
        why = ""
        if whose is Whose.PERHAPS:
            why = at_once.why.get(line.request, "")
        elif session.contradicts(line):
            why = _UNTOLD
        elif ownership.speaks_for_another(line, of_a_step=attempts.names_a_step):
            why = _NAMES_ANOTHER
        names = whose is Whose.OURS and not why
        untold = names and attempts.is_untold(line)
        certain = names and (not untold or session.is_alone(line))
        why = _UNTOLD if names and not certain else why
        span = None if line.foreign else attempts.of(line, is_own=whose is Whose.OURS)
        if span is not None:
            is_sure = attempts.is_sure(line, span) and not attempts.says_another(line, span)
            likely = untold or not names or not is_sure
            placed.append(PlacedLine(line, certain, span.step, span.number, likely=likely, why=why))
            continue
        is_ours = whose is Whose.OURS or (line.trace in earlier and ownership.speaks_in(line))
        is_ours = is_ours and line.trace not in present
        gone = not session.is_traced_others(line) and (
            attempts.is_gone(line, is_traced_own=session.is_traced_own(line))
            or session.is_before(line, is_ours=is_ours)
        )
        among = () if line.foreign or gone else attempts.among(line)
        # Of one step it may be that one's, or be printed outside it.
        likely = len(among) == 1 or (untold and not gone)
        placed.append(PlacedLine(line, certain, among=among, gone=gone, likely=likely, why=why))
    placed = mark_earlier(
        placed,
        attempts,
        speaks=lambda line: ownership.speaks_in(line) and not session.is_traced_others(line),
    )
    if not detail.steps:  # what only a record holds the row of: whether a step ran then is not known
        return placed
    # A run before the last restart had steps of which the answer says nothing any more.
    begun = (detail.start if detail.start is not None else float("-inf")) - _BEFORE
    if calls and detail.queued is not None:  # a dev session prints and notes by one clock
        begun = max(begun, detail.queued - _CUT)
    return fold_replays(
        placed,
        lambda at: at >= begun and attempts.none_ran(at),
        lambda entry: entry.certain or ownership.speaks_in(entry.line),
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
    """Oldest first, each once: sources overlap, and send lines late, twice and in disorder.

    The same line from two sources counts once; a source that gives one line twice calls it by the same name.
    """
    kept: dict[tuple[object, ...], LogLine] = {}
    # A tail names the instance, so its line goes before the same one of another source.
    for line in sorted(lines, key=lambda line: (line.source != "tail", line.at, line.order)):
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
    return sorted(found, key=lambda line: (line.at, line.order))


def fold_replays(
    placed: Sequence[PlacedLine],
    is_outside: Callable[[float], bool] = lambda at: True,
    is_own: Callable[[PlacedLine], bool] = lambda entry: entry.certain,
) -> list[PlacedLine]:
    """Code outside steps prints again whenever the instance wakes: its lines once, with how many times.

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
