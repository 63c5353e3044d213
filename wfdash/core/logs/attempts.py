"""In which attempt a line was printed: by its call, by the step that its text names, by its time."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Set

from wfdash.core.logs.calls import CallTree, Fit, MatchedCalls
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.line import LogLine
from wfdash.core.logs.naming import StepNames, attempts_named, mentioned, narrowed, says_count
from wfdash.core.logs.spans import AttemptSpan, attempt_spans
from wfdash.core.model.detail import Detail

__all__ = ["Attempts"]

_GRAIN = 0.0005
"""Half a millisecond, which is what both clocks are cut to."""

_EDGE = 0.0015
"""The millisecond of a step's first or last moment, and the one beside it: a line may bear either."""
_DOUBT = 1.0
"""Seconds by which this machine's clock and the server's may differ without anybody having noticed."""
_LATE = 5.0
"""Seconds after a call's end in which the session may not have told of it yet (measured: up to 4)."""
_MOST_TEXTS = 200
"""Lines of a call that are read for the names in them."""


class _NamedByCall:
    """What the lines of each call name.

    Not a part of `Attempts`: what it hands this to would keep it, and the whole answer with it, until the
    collector comes by. While a log is followed there is one each second, of half a megabyte for 400 steps.
    """

    __slots__ = ("_named", "_names", "_texts")

    def __init__(self, names: StepNames) -> None:
        self._names = names
        self._texts: dict[str, list[str]] = {}
        self._named: dict[str, tuple[Set[str], Set[int]]] = {}

    def take(self, call: str, text: str) -> None:
        texts = self._texts.setdefault(call, [])
        if len(texts) < _MOST_TEXTS:
            texts.append(text)

    def of(self, call: str) -> tuple[Set[str], Set[int]]:
        """The steps, and the attempts, that the lines of a call name."""
        if call not in self._named:
            texts = self._texts.get(call, ())
            names = {name for text in texts for name in self._names.named_by(text)}
            self._named[call] = names, {number for text in texts for number in attempts_named(text)}
        return self._named[call]


class Attempts:
    """The attempts of one detail, and what a session's calls tell of them."""

    def __init__(
        self,
        detail: Detail,
        tree: CallTree,
        lines: Iterable[LogLine],
        as_of: float | None,
        now: float = float("inf"),
    ) -> None:
        """Takes in `lines`, whoever's they are: in a dev session each bears the call that printed it.

        `now` is up to when a session has told what it tells.
        """
        spans = attempt_spans(detail)
        self._spans = spans
        self._as_of = float("inf") if as_of is None else as_of - _DOUBT
        self._due = min(self._as_of + _DOUBT, now) - _LATE
        self._starts = [span.start for span in spans]
        self._until: list[float] = []
        """The latest end of this attempt and all before it: where to stop looking back."""
        for span in spans:
            self._until.append(max(span.end, self._until[-1] if self._until else span.end))

        columns = detail.steps.columns
        self._marks = sorted(at for at in (*columns.starts, *columns.ends) if at is not None)
        """When a step, a sleep or a wait began or ended: then code outside steps may have gone on."""
        self._moments = sorted({*self._marks, *self._starts, *(span.end for span in spans)} - {float("inf")})
        """When the instance's code was surely there."""
        self._end = float("inf") if detail.end is None else detail.end
        self._detail = detail
        self._step_ends = [self._end if end is None else end for end in columns.ends]
        self._names = StepNames({span.name for span in spans})
        self._tried: dict[tuple[str, int], list[AttemptSpan]] = {}
        """Of each name and number, the attempts that have both, in order."""
        self._numbers: dict[str, set[int]] = {}
        """Of each name, the numbers of its attempts."""
        for span in spans:
            self._tried.setdefault((span.name, span.number), []).append(span)
            self._numbers.setdefault(span.name, set()).add(span.number)
        self._steps: dict[str, set[int]] = {}
        """Of each name, the steps that have it."""
        for span in spans:
            self._steps.setdefault(span.name, set()).add(span.step)
        self._name_of = {span.step: span.name for span in spans}
        self._lasted: dict[str, tuple[float, float]] = {}
        """Of each call, when its first and its last line were printed."""
        self._named_by_call = _NamedByCall(self._names)
        self._take(lines)
        self._tree = tree
        self._matched = MatchedCalls(tree, spans, named=self._named_by_call.of, until=self._as_of)

    def _take(self, lines: Iterable[LogLine]) -> None:
        """Notes when the lines of each call were printed, and what they say."""
        for line in lines:
            if line.source == "local" and line.request:
                first, last = self._lasted.get(line.request, (line.at, line.at))
                self._lasted[line.request] = min(first, line.at), max(last, line.at)
                self._named_by_call.take(line.request, line.message)

    def fit_of(self, run: str) -> Fit | None:
        """What the calls of a run say of whose it is; None where they say nothing."""
        return self._matched.fits.get(run)

    def shared(self, runs: Iterable[str]) -> set[str]:
        """The runs among these of which two can be the same attempt."""
        return self._matched.shared(runs)

    def is_due(self, at: float) -> bool:
        """Whether a session has had its time to tell of what there was at a moment."""
        return at < self._due

    @property
    def is_over(self) -> bool:
        """Whether a session has had its time to tell of the whole instance."""
        return self.is_due(self._end)

    def of(self, line: LogLine, *, is_own: bool) -> AttemptSpan | None:
        """The one attempt that can have printed it; None outside steps, and where several can have.

        What a dev session has not told is believed of a line that `is_own` alone.
        """
        if line.source != "local" or not line.request:
            return self._named(line) or self._by_time(line)
        if self._is_traced(line.request) and self._matched.may.get(line.request) != []:
            return self._matched.of(line.request)
        # What a step has called elsewhere is no step, whatever it says.
        called = self._tree.entry_of(line.request) is not None
        return self._by_words(line) if is_own and not called else None

    def is_sure(self, line: LogLine, span: AttemptSpan) -> bool:
        """Whether a line is in an attempt beyond doubt: a session tells its call, or it was the only one.

        The cloud tells no call: there a promise of the step before, an attempt past its limit and code beside
        the step print in its time too. So a line must say the step, and the attempt, and of several that have
        both the count.
        """
        if line.source == "local" and line.request:
            return self._matched.may.get(line.request) != []
        if len(self._spans) == 1:
            return True
        names = self._names.in_(line.message)
        if names != {span.name} or attempts_named(line.message) != {span.number}:
            return False
        # What had not begun by then has printed nothing: a later round, or the handler that undoes the step.
        begun = bisect_right(
            self._tried[span.name, span.number], line.at + _GRAIN, key=lambda span: span.start
        )
        return begun == 1 or says_count(span, line.message)

    def names_a_step(self, line: LogLine) -> bool:
        """Whether a line says a step, where a program names itself, and an attempt."""
        return bool(attempts_named(line.message) and self._names.named_by(line.message))

    def name_of(self, step: int) -> str:
        return self._name_of.get(step, "")

    def begins_later(self, line: LogLine) -> tuple[str, int] | None:
        """The step and the attempt that a line names, where that begins after it."""
        numbers = attempts_named(line.message)
        names = self._names.named_by(line.message) if len(numbers) == 1 else set()
        if len(names) != 1:
            return None
        [name], [number] = names, numbers
        slack = _EDGE if line.source == "local" else _DOUBT
        spans = self._tried.get((name, number), ())
        return (name, number) if spans and all(each.start > line.at + slack for each in spans) else None

    def says_another(self, line: LogLine, span: AttemptSpan) -> bool:
        """Whether a line says that another attempt than this one prints it, which had begun by then."""
        claimed = self._claimed(line) if attempts_named(line.message) else []
        own = (span.name, span.number)
        return bool(claimed) and own not in {(each.name, each.number) for each in claimed}

    def _by_words(self, line: LogLine) -> AttemptSpan | None:
        """The attempt that a line names and in whose time it was printed, where the session tells nothing.

        A call that goes on may be code beside a step, an attempt past its limit, a promise of another round.
        Where several attempts have the name and the number, its call must have begun in this one.
        """
        numbers = attempts_named(line.message)
        names = self._names.in_(line.message)
        spans = [span for span in self._open_at(line.at) if span.name in names]
        span = _only(narrowed(spans, line.message))
        if span is None or len(names) != 1 or not (numbers or says_count(span, line.message)):
            return None
        if says_count(span, line.message) or len(self._tried[span.name, span.number]) == 1:
            return span
        called, tried = self._named_by_call.of(line.request)
        says_this = called <= {span.name} and tried <= {span.number}
        first, _ = self._lasted_with(line)
        return span if says_this and span.start - _GRAIN <= first <= span.end + _GRAIN else None

    def is_untold(self, line: LogLine) -> bool:
        """Whether a session that tells of calls should tell which a line's is, and does not.

        Under load its store loses rows, each by itself (measured: half of them). What a line says does not
        make up for it: a run speaks of its steps, and a request handler of an instance, in the very words
        that the step would use. Of a call that goes on there is no row yet, and nothing is wrong with it.
        """
        call = line.request
        if not self._tree.traces or call in self._matched.may or self._is_run(call):
            return False
        if line.trace not in self._tree.traces:
            # Of a run there is a row once it was begun: that of its creation. Of what a queue calls, never.
            return self.is_due(line.at)
        row = self._tree.calls.get(call)
        if row is None:
            first, last = self._lasted_with(line)
            ends = [span.end for span in self._at(first, _GRAIN)] or [self._end]
            return self.is_due(max(last, *ends))
        if self._tree.entry_of(self._tree.run_of(call)) is not None:
            return False
        # Of what made it there is a row once that has ended: a step, after its last attempt.
        ends = [self._step_ends[span.step] for span in self._at(row.start, _GRAIN)] or [self._end]
        return self.is_due(max(row.end, *ends))

    def is_gone(self, line: LogLine, *, is_traced_own: bool) -> bool:
        """Whether a line was printed in an attempt that a restart has taken out of the answer.

        `is_traced_own` is whether the session tells that the line's run is the instance's.
        """
        call = line.request
        if self._matched.may.get(call) != [] or call in self._matched.undoing:
            return False
        run = self._tree.run_of(call)
        fit = self._matched.fits.get(run)
        # Restarted twice from a step it has a run of which no attempt is left: only others that came later.
        last = self._tree.attempts[run][-1] if run in self._tree.attempts else None
        newest = max(self._starts, default=float("-inf"))
        if last is None or last.start >= newest:
            return False
        if is_traced_own:
            return fit in (Fit.EARLIER, Fit.NEVER)
        # A twin's goes on beside the newest attempt; what a restart cut was over by then.
        return fit is Fit.EARLIER and last.end <= newest + _EDGE

    def agrees(self, line: LogLine) -> bool:
        """Whether a line names a step that ran then, and the number of its attempt."""
        numbers = attempts_named(line.message)
        return bool(numbers) and any(
            span.number in numbers for span in mentioned(self._at(line.at, _GRAIN), line.message)
        )

    def spans_both(self, first: float, last: float) -> bool:
        """Whether one attempt, that was not cut, ran from one moment to another."""
        return any(span.end > last and not span.is_cut for span in self._at(first, -_GRAIN))

    def ran_within(self, first: float, last: float) -> bool:
        """Whether the instance's code was surely there at some moment of a time.

        A step or an attempt began or ended then, or one went on all the while.
        """
        at = bisect_left(self._moments, first)
        return (at < len(self._moments) and self._moments[at] <= last) or self.spans_both(first, last)

    @property
    def lived(self) -> Lifetime:
        """When the instance was there, and the moments at which its code was."""
        detail = self._detail
        ran = {span.start for span in self._spans} | {span.end for span in self._spans if not span.is_cut}
        ran |= {detail.start} if detail.start is not None else set()
        # What is terminated ends without any code of its own.
        ran |= {self._end} if detail.status in ("complete", "errored") else set()
        began = [at for at in (detail.queued, detail.start) if at is not None]
        ran -= {float("inf")}
        return Lifetime(min(began, default=float("-inf")), self._end, tuple(sorted(ran)))

    def _lasted_with(self, line: LogLine) -> tuple[float, float]:
        """When the first and the last line of this line's call were printed.

        Its own time twice where it bears none.
        """
        return self._lasted.get(line.request, (line.at, line.at))

    def _is_traced(self, call: str) -> bool:
        """Whether the session tells what a call is: an attempt that has ended, or the run itself."""
        return call in self._matched.may or self._is_run(call)

    def _is_run(self, call: str) -> bool:
        """Whether a call made steps; an attempt that makes some, and goes on, began while one ran."""
        if call not in self._tree.attempts:
            return False
        return call in self._tree.calls or not self._at(self._lasted[call][0], _GRAIN)

    def _by_time(self, line: LogLine) -> AttemptSpan | None:
        """The attempt that ran alone, where nothing else of the instance can have printed then.

        An attempt that runs on beyond its time limit, a promise that nobody waits for and code between the
        steps of another branch all print while a step runs that has nothing to do with them.
        """
        # What ran when the detail was read may have ended, and another step begun, before this was printed.
        inside = _only(self._at(line.at, -_GRAIN)) if line.at <= self._as_of else None
        # The last line of a step bears the millisecond of its end: another that goes on then is not the one.
        if inside is None or len(self._at(line.at, _EDGE)) > 1:
            return None
        if attempts_named(line.message) - {inside.number}:
            return None
        if self._names.named_by(line.message) - {inside.name}:
            return None
        if bisect_left(self._marks, line.at) > bisect_right(self._marks, inside.start + _EDGE):
            return None
        return inside

    def among(self, line: LogLine) -> tuple[int, ...]:
        """The steps that may have printed a line of which `of` cannot tell: those that ran then.

        A step's first and last moment count. Where the text names some of them, it is those alone.
        """
        call = line.request
        if line.source == "local" and call and self._is_traced(call):
            return tuple(sorted({span.step for span in self._matched.may.get(call, ())}))
        at, claimed = self._at(line.at, _GRAIN), self._claimed(line)
        if line.source == "local" and call in self._lasted:
            # It may have begun in another, and speak of one that has nothing to do with it.
            row = self._tree.calls.get(call)
            began = self._lasted[call][0] if row is None else row.start
            return tuple(sorted({span.step for span in (*at, *self._at(began, _GRAIN), *claimed)}))
        named = self._say(at, line.message) if at else []
        return tuple(sorted({span.step for span in (*(named or at), *claimed)}))

    def _claimed(self, line: LogLine) -> list[AttemptSpan]:
        """The attempts that a line names, begun by then: what they print may come late."""
        numbers: Collection[int] = attempts_named(line.message)
        # In the cloud code between the steps, which has no call of its own, speaks of one that is through.
        names = self._names.named_by(line.message) if numbers or line.source == "local" else ()
        if len(names) != 1:
            return []
        [name] = names
        numbers = numbers or self._numbers[name]
        named = [span for number in numbers for span in self._tried.get((name, number), ())]
        return [span for span in named if span.start <= line.at + _GRAIN]

    def none_ran(self, at: float) -> bool:
        """Whether code outside steps printed what was printed at a moment."""
        return at <= self._as_of and not self._at(at, -_GRAIN)

    def _open_at(self, at: float) -> list[AttemptSpan]:
        """The attempts that surely ran at a moment, their first and last one included."""
        spans = self._at(at, _GRAIN)
        # Of one that ran when the detail was read, the next round or attempt may have begun since.
        return spans if at <= self._as_of else [span for span in spans if span.end != float("inf")]

    def _named(self, line: LogLine) -> AttemptSpan | None:
        """The one attempt of the step that the text names at the time, its first and last moment included."""
        at = self._open_at(line.at)
        span = _only(narrowed(self._say(at, line.message), line.message)) if at else None
        # Code outside steps speaks of the one of two that has just ended, while the other runs.
        if span is None or len(self._steps[span.name]) == 1 or attempts_named(line.message):
            return span
        return span if says_count(span, line.message) else None

    def _say(self, spans: list[AttemptSpan], text: str) -> list[AttemptSpan]:
        """The attempts of those whose step the text names.

        Of several at once a line may speak of another: then it is those that stand where a program names
        itself, as in `[4711] charge card: begins` or `"step": "charge card"`.
        """
        near = [span for span in spans if span.name in text]
        if not near:
            return []
        names = self._names.named_by(text)
        if not names and len({span.step for span in spans}) == 1:
            return mentioned(spans, text)
        return [span for span in near if span.name in names]

    def _at(self, at: float, slack: float) -> list[AttemptSpan]:
        """The attempts that ran at a moment, by `slack` seconds more or less."""
        found = []
        index = bisect_right(self._starts, at + slack) - 1
        while index >= 0 and self._until[index] >= at - slack:
            if self._spans[index].end >= at - slack:
                found.append(self._spans[index])
            index -= 1
        return found


def _only(spans: list[AttemptSpan]) -> AttemptSpan | None:
    return spans[0] if len(spans) == 1 else None
