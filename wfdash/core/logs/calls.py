"""Calls of a dev session's code, as the session traces them, and which attempt of which step each is.

Measured on wrangler 4.164: a run is a call, each `step.do` in it is a call of that, and each attempt a call
of the step's. All that an attempt prints bears its call, however late it comes. No call bears a name.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from enum import Enum
from itertools import groupby

from msgspec import Struct

from wfdash.core.logs.spans import AttemptSpan

__all__ = ["RUN", "Call", "CallTree", "Fit", "MatchedCalls"]

RUN = "run"
"""The method by which the code of a workflow is entered."""

_ATTEMPT = ("do", "(this)")
"""The methods of a step and of its attempts."""
_GRAIN = 0.0015
"""Both clocks are cut to the millisecond."""
_SLOW = 2.0
"""Seconds that may lie between what the engine notes of an attempt and what its code does (0.12 measured)."""
_ROUNDS = 8
"""How often what was found is looked at again for what it rules out."""


class Call(Struct, frozen=True, gc=False):
    """One call that has ended: of one that goes on the session tells nothing. Times are epoch seconds."""

    id: str
    parent: str
    start: float
    end: float
    entry: bool = False
    """Whether code is entered here from elsewhere: a run, a Durable Object's method, a request."""
    caller: str = ""
    """Of an entry: the workflow, or the script, that it was entered from; "" where that is not known."""
    trace: str = ""
    """What the session calls all the calls that one run made together."""
    method: str = ""
    """What was called; "" where that is not known."""

    @property
    def is_run(self) -> bool:
        """Whether an instance's code is entered here, as far as that is known."""
        return self.entry and self.method in ("", RUN)


class Fit(Enum):
    """What its calls say of whose a run is."""

    FITS = "fits"
    EARLIER = "earlier"
    """It fits up to a step from which the instance was restarted since."""
    UNFIT = "unfit"
    """Some of its steps ran when none of the instance's did."""
    NEVER = "never"
    """All of them did."""


class CallTree:
    """The calls of a session by the call that made each, and the run that each belongs to."""

    def __init__(self, calls: Mapping[str, Call], printed: Set[str] = frozenset()) -> None:
        """`printed` are the calls that lines bear: `step.do` itself prints nothing."""
        self.calls = calls
        self._run_of: dict[str, str] = {}
        self.traces = {call.trace for call in calls.values() if call.trace}
        """Those of which the session has told anything."""
        self.attempts: dict[str, list[Call]] = {}
        """Of each run, in order; of a run that goes on too, once a step of it has ended."""
        makes = {call.parent for call in calls.values() if call.id in printed}
        for call in calls.values():
            step = None if call.entry else calls.get(call.parent)
            if step is None or step.entry or not step.parent:
                continue
            if call.method:
                if (step.method, call.method) == _ATTEMPT:
                    self.attempts.setdefault(self.run_of(call.id), []).append(call)
                continue
            run = calls.get(step.parent)
            # Of a run that has just ended its entry may not be there yet: its steps are no attempts.
            if run.entry if run is not None else (step.id in printed or call.id in makes):
                continue
            self.attempts.setdefault(self.run_of(call.id), []).append(call)
        for own in self.attempts.values():
            own.sort(key=lambda call: (call.start, call.end))

    def run_of(self, request: str) -> str:
        """The run, or whatever else was entered, that a call was made in, as far as that is known."""
        if (run := self._run_of.get(request)) is None:
            run = self._run_of[request] = self._climb(request)
        return run

    def _climb(self, request: str) -> str:
        at, passed = request, {request}
        while (call := self.calls.get(at)) is not None and call.parent:
            if call.parent in passed:  # a store may say of two calls that each made the other
                break
            passed.add(call.parent)
            above = self.calls.get(call.parent)
            if above is not None and above.entry:
                break
            at = call.parent
        return at

    def entry_of(self, run: str) -> Call | None:
        """Where a run was entered, once it has ended."""
        call = self.calls.get(run)
        above = self.calls.get(call.parent) if call is not None else None
        return above if above is not None and above.entry else None


class MatchedCalls:
    """The calls of a session against the attempts of one instance.

    An attempt's code begins after the engine notes its start, and ends before its end is noted; what is noted
    in order begins in order; a `step.do` spans the attempts that it made. Where more than one attempt is left
    for a call, the names in its lines may decide, and else nothing does.
    """

    def __init__(
        self,
        tree: CallTree,
        spans: Sequence[AttemptSpan],
        *,
        named: Callable[[str], tuple[Set[str], Set[int]]],
        until: float,
    ) -> None:
        """`named` gives the steps and attempts that the lines of a call name.

        What began after `until` is nobody's.
        """
        self._tree, self._spans, self._named = tree, spans, named
        self._starts = [span.start for span in spans]
        self._until = until
        self.may: dict[str, list[AttemptSpan]] = {}
        """The attempts that a call can be; none for one that fits nowhere."""
        self.undoing: set[str] = set()
        """Calls of rollback handlers."""
        self.fits: dict[str, Fit] = {}
        """Of each run of which anything can be said."""
        self._claimed: dict[str, set[int]] = {}
        """Of each run, the attempts that its calls can be, by index."""
        for run, calls in tree.attempts.items():
            self._match(run, [call for call in calls if call.start <= until])

    def of(self, call: str) -> AttemptSpan | None:
        """The one attempt that a call is."""
        may = self.may.get(call, ())
        if len(may) != 1:
            return None
        names, numbers = self._named(call)
        # What it says of itself is believed as little as what the times say: both must be so.
        if (names and may[0].name not in names) or (numbers and may[0].number not in numbers):
            return None
        return may[0]

    def shared(self, runs: Iterable[str]) -> set[str]:
        """The runs among these that fit an attempt which another fits as well: an attempt is one call."""
        runs = list(runs)
        claims = Counter(index for run in runs for index in self._claimed.get(run, ()))
        return {run for run in runs if any(claims[index] > 1 for index in self._claimed.get(run, ()))}

    def _match(self, run: str, calls: list[Call]) -> None:
        if not calls:
            return
        may = {call.id: self._at_its_time(call) for call in calls}
        for _ in range(_ROUNDS):
            before = sum(map(len, may.values()))
            self._in_order(calls, may)
            self._in_order(calls[::-1], may, up=False)
            self._within_steps(calls, may)
            self._once(may)
            if sum(map(len, may.values())) == before and not self._by_name(calls, may):
                break
        self.may |= {call: [self._spans[index] for index in indices] for call, indices in may.items()}
        self._claimed[run] = {index for indices in may.values() for index in indices}
        self.fits[run] = self._fit([call for call in calls if call.id not in self.undoing], may)

    def _at_its_time(self, call: Call) -> list[int]:
        """The attempts, by index, whose times hold the call's."""
        step = self._tree.calls[call.parent]
        undoes = call.start > step.end + _GRAIN
        if undoes:
            self.undoing.add(call.id)
        first = bisect_left(self._starts, call.start - _SLOW)
        found = []
        for index in range(first, bisect_right(self._starts, call.start + _GRAIN)):
            span = self._spans[index]
            if span.undoes is not undoes or call.start > span.end + _GRAIN:
                continue
            # Of an instance that was resumed the step may have begun in a run before, and been cut there.
            holds = step.start <= span.start + _GRAIN and (span.is_cut or span.end - _GRAIN <= step.end)
            if not (undoes or holds):
                continue
            # Of a call that ended before the answer the engine has noted the end too.
            if span.end == float("inf") and call.end < self._until - _SLOW:
                continue
            late = call.end - span.end
            if (late <= _GRAIN and (-late <= _SLOW or span.end == float("inf"))) or (
                late > _GRAIN and span.is_cut
            ):
                found.append(index)
        return found

    def _in_order(self, calls: list[Call], may: dict[str, list[int]], *, up: bool = True) -> None:
        """Takes away what is no later than what an earlier call is at the least, or the other way."""
        bound: float = -1 if up else len(self._spans)
        for _, together in groupby(calls, key=lambda call: call.start):
            ends = []
            for call in together:
                if not (indices := may[call.id]):
                    continue
                may[call.id] = [index for index in indices if (index > bound if up else index < bound)]
                if may[call.id]:
                    ends.append(min(may[call.id]) if up else max(may[call.id]))
            # Of those that began in one millisecond nobody knows which was first.
            if ends:
                bound = max(ends) if up else min(ends)

    def _within_steps(self, calls: list[Call], may: dict[str, list[int]]) -> None:
        """Narrows calls to one step.

        All attempts of a `step.do` are one's, and of two in a run not the same.
        """
        steps: dict[str, set[int]] = {}
        does = [call for call in calls if call.id not in self.undoing and may[call.id]]
        for call in does:
            these = {self._spans[index].step for index in may[call.id]}
            steps[call.parent] = steps[call.parent] & these if call.parent in steps else these
        taken = {next(iter(these)): parent for parent, these in steps.items() if len(these) == 1}
        for call in does:
            own = {step for step in steps[call.parent] if taken.get(step, call.parent) == call.parent}
            may[call.id] = [index for index in may[call.id] if self._spans[index].step in own]

    @staticmethod
    def _once(may: dict[str, list[int]]) -> None:
        """Takes an attempt that a call surely is from all other calls: an attempt is one call."""
        taken = {indices[0]: call for call, indices in may.items() if len(indices) == 1}
        for call, indices in may.items():
            if len(indices) > 1:
                may[call] = [index for index in indices if index not in taken]

    def _by_name(self, calls: list[Call], may: dict[str, list[int]]) -> bool:
        """Narrows what the times leave open to what the lines name; whether that was any."""
        fewer = False
        for call in calls:
            if len(indices := may[call.id]) > 1:
                names, numbers = self._named(call.id)
                narrowed = [
                    index
                    for index in indices
                    if self._spans[index].name in names
                    and (not numbers or self._spans[index].number in numbers)
                ]
                if narrowed and len(narrowed) < len(indices):
                    may[call.id], fewer = narrowed, True
        return fewer

    def _fit(self, calls: list[Call], may: dict[str, list[int]]) -> Fit:
        misfits = [call for call in calls if not may[call.id]]
        if not misfits:
            return Fit.FITS
        first = misfits[0].start
        fitting = [call for call in calls if may[call.id]]
        since = self._starts[-1] if self._starts else float("-inf")
        if fitting and fitting[-1].start < first and since > calls[-1].start:
            return Fit.EARLIER
        return Fit.UNFIT if fitting else Fit.NEVER
