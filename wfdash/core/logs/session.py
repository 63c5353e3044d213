"""Whose each run of a dev session is, by what the session traces of it, and what is left to a line's words.

A line is certain where the session tells: its run is entered by the instance's object, or no other that began
in its trace can be it. Where it has not told, a line's own words stand, but not against what it has told. A
child that speaks of its parent, a twin that prints the other's id and a queue's consumer use the very words
that the instance would.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from wfdash.core.logs.attempts import Attempts
from wfdash.core.logs.calls import RUN, Call, CallTree, Fit
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.line import LogLine
from wfdash.core.logs.objects import InstanceObjects
from wfdash.core.logs.whose import Origin, words_of_speakers
from wfdash.core.model.detail import Detail

__all__ = ["TracedSession"]

_CUT = 0.0015
"""Times are cut to the millisecond."""
_NOT_OURS = (Origin.NAMED, Origin.ELSEWHERE, Origin.CALLED, Origin.OTHER_TIME)
"""What is told of a run that need not be told by its words."""


class RunWords:
    """Whom the lines of a run name."""

    def __init__(self) -> None:
        self.runs: set[str] = set()
        self.names_own = False
        self.speakers: set[str] = set()
        self.others: set[str] = set()

    def add(self, line: LogLine, run: str, own: str, others: Collection[str]) -> None:
        self.runs.add(run)
        speakers, words = words_of_speakers(line.message)
        self.names_own |= own in words
        self.others |= {word for word in words if word in others}
        self.speakers |= speakers

    @property
    def speaks_for(self) -> set[str]:
        """The one other instance that it can be of, by its words; none where it may be anybody's."""
        is_others = not self.names_own and len(self.others) == 1 and self.others <= self.speakers
        return self.others if is_others else set()


class TracedSession:
    """What is told of the runs that these lines were printed in."""

    def __init__(
        self,
        detail: Detail,
        tree: CallTree,
        objects: InstanceObjects,
        attempts: Attempts,
        lines: Iterable[LogLine],
        others: Mapping[str, Lifetime] = MappingProxyType({}),
    ) -> None:
        """`others` are other instances of the workflow by their ids, and when they were there."""
        self._detail, self._tree, self._objects, self._attempts = detail, tree, objects, attempts
        self._traces: dict[str, str] = {}
        """Of each run that printed something, its trace."""
        self._began: dict[str, float] = {}
        for line in lines:
            if line.source == "local" and line.request:
                run = tree.run_of(line.request)
                self._traces[run] = line.trace
                self._began[run] = min(line.at, self._began.get(run, line.at))
        self._owners = objects.owners(tree.run_of)
        self._others = {other: life for other, life in others.items() if other != detail.id}
        self._shared = attempts.shared(filter(self._may_be_ours, tree.attempts))
        self.origins: dict[str, Origin] = {}
        for run in self._began if tree.calls else ():
            if (origin := self._origin(run)) is not None:
                self.origins[run] = origin
        # Once it has ended its object is told; until then who is left is all that there is.
        self._gone_on: dict[str, RunWords] = {}
        """What is said in those that are not the instance's, by their times."""
        self._runs = {} if attempts.is_over else self._untold_runs(lines)

    def contradicts(self, line: LogLine) -> bool:
        """Whether something is told that a line's own words do not stand against."""
        if line.source != "local" or not line.request:
            return False
        run = self._tree.run_of(line.request)
        origin = self.origins.get(run)
        if origin is Origin.NAMED and line.request == run:
            # A method that was handed the step makes steps of the instance, and is not its code.
            call = self._tree.calls.get(run)
            return call is None or call.method not in ("", RUN)
        if origin is Origin.NAMED:
            return False
        if not self._attempts.is_over and not self._is_left_alone(line):
            return True
        if origin is Origin.OWN or not self._objects.speak:
            return False
        own, others = self._objects.began_in(line.trace)
        if own or others:
            return others
        # While an instance runs its object is not told, only that one of a workflow, or more, was begun.
        return self._attempts.is_over or not self._objects.may_have_begun_alone(line.trace)

    def _untold_runs(self, lines: Iterable[LogLine]) -> dict[str, RunWords]:
        """What was said in each run of which the session does not tell whose it is.

        All that a trace holds is one's, where no more than one was begun in it.
        """
        since = (self._detail.queued or float("-inf")) - _CUT
        found: dict[str, RunWords] = {}
        for line in lines:
            if line.source != "local" or not line.request or line.foreign or line.at < since:
                continue
            run = self._tree.run_of(line.request)
            origin = self.origins.get(run)
            if origin is Origin.OTHER_TIME:
                self._gone_on.setdefault(run, RunWords()).add(line, run, self._detail.id, self._others)
            if origin in _NOT_OURS:
                continue
            found.setdefault(self._unit(line), RunWords()).add(line, run, self._detail.id, self._others)
        return found

    def _unit(self, line: LogLine) -> str:
        is_alone = bool(line.trace) and self._objects.may_have_begun_alone(line.trace)
        return f"t{line.trace}" if is_alone else f"r{self._tree.run_of(line.request)}"

    def _is_left_alone(self, line: LogLine) -> bool:
        """Whether nobody else is left who may have printed a line in this one's name.

        Each run speaks for one other that is known, and each other that was there has its run.
        Two that each print the other's id alone look so too: beside others the steps of its run that have
        ended must be the instance's and nobody else's.
        """
        own = self._unit(line)
        spoken: set[str] = set()
        for unit, other in self._runs.items():
            if unit == own:
                continue
            # Of two that speak for one, one may be the instance's.
            if not other.speaks_for or not spoken.isdisjoint(other.speaks_for):
                return False
            spoken |= other.speaks_for
        runs = self._runs[own].runs if own in self._runs else ()
        if spoken and not any(self.origins.get(run) is Origin.OWN for run in runs):
            return False
        # Of a run that goes on what is printed now bears another call than what its steps have.
        spoken = spoken.union(*(other.speaks_for for other in self._gone_on.values()))
        return all(
            other in spoken or self._objects.has_traced_run(other) or not life.meets(line.at, line.at)
            for other, life in self._others.items()
        )

    def is_alone(self, line: LogLine) -> bool:
        """Whether no other instance was begun in the trace of a line."""
        return line.source == "local" and self._objects.began_in(line.trace) == (True, False)

    def is_traced_own(self, line: LogLine) -> bool:
        """Whether the session tells that a line's run is the instance's."""
        return self.origins.get(self._tree.run_of(line.request)) is Origin.NAMED

    def is_traced_others(self, line: LogLine) -> bool:
        """Whether the session tells that a line's run is another instance's, whatever the line says."""
        return self.origins.get(self._tree.run_of(line.request)) is Origin.ELSEWHERE

    def is_before(self, line: LogLine, *, is_ours: bool) -> bool:
        """Whether it was printed before the instance was restarted, where `is_ours` or is told to be."""
        queued = self._detail.queued
        if line.source != "local" or queued is None or line.at >= queued - _CUT:
            return False
        return is_ours or self.is_alone(line) or self.is_traced_own(line)

    def _may_be_ours(self, run: str) -> bool:
        """Whether nothing told says that a run is another's."""
        if (is_own := self._owners.get(run)) is not None:
            return is_own
        entry = self._tree.entry_of(run)
        if entry is not None and (not entry.is_run or entry.caller not in ("", self._detail.workflow)):
            return False
        own, others = self._objects.began_in(self._trace_of(run))
        return own or not others

    def _trace_of(self, run: str) -> str:
        calls = self._tree.attempts.get(run)
        return self._traces.get(run) or (calls[0].trace if calls else "")

    def _origin(self, run: str) -> Origin | None:
        """What the session tells of a run that printed something; None where it tells nothing."""
        if (is_own := self._owners.get(run)) is not None:
            return Origin.NAMED if is_own else Origin.ELSEWHERE
        entry = self._tree.entry_of(run)
        if entry is not None:
            if not entry.is_run:
                return Origin.CALLED
            if entry.caller not in ("", self._detail.workflow):
                return Origin.ELSEWHERE if run in self._tree.attempts else Origin.CALLED
        fit = self._attempts.fit_of(run)
        if fit is Fit.NEVER or self._was_there_before(run):
            return Origin.OTHER_TIME
        if fit is None:
            return None
        if fit is Fit.UNFIT:
            return Origin.DOUBTFUL
        if not self._is_unambiguous(run, entry):
            return Origin.UNTOLD
        if run in self._shared:
            # While both go on a line's own words may stand.
            return Origin.DOUBTFUL if self._objects.speak and entry is None else Origin.UNTOLD
        return Origin.OWN

    def _is_unambiguous(self, run: str, entry: Call | None) -> bool:
        """Whether a run that fits is the instance's: others may fit as well, that printed nothing."""
        own, others = self._objects.began_in(self._trace_of(run))
        if (own and not others) or self._objects.is_called_alone(self._trace_of(run)):
            return True
        if entry is not None and not entry.caller:
            return False
        goes_on = entry is None and not self._attempts.is_over
        return goes_on and (own or not others) if self._objects.speak else goes_on or entry is not None

    def _was_there_before(self, run: str) -> bool:
        """Whether it ran already when the instance was created, and went on after that."""
        call, calls, queued = self._tree.calls.get(run), self._tree.attempts.get(run, ()), self._detail.queued
        began = self._began[run]
        began = began if call is None else min(began, call.start)
        return queued is not None and began < queued - _CUT <= max([began, *(each.end for each in calls)])
