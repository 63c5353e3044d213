"""Whose each run of a dev session is, by what the session traces of it, and what is left to a line's words.

A line is certain where the session tells: its run is entered by the instance's object, or no other that began
in its trace can be it. Where it has not told, a line's own words stand, but not against what it has told. A
child that speaks of its parent, a twin that prints the other's id and a queue's consumer use the very words
that the instance would.
"""

from collections.abc import Iterable

from wfdash.core.logs.attempts import Attempts
from wfdash.core.logs.calls import RUN, Call, CallTree, Fit
from wfdash.core.logs.line import LogLine
from wfdash.core.logs.objects import InstanceObjects
from wfdash.core.logs.whose import Origin
from wfdash.core.model.detail import Detail

__all__ = ["TracedSession"]

_CUT = 0.0015
"""Times are cut to the millisecond."""


class TracedSession:
    """What is told of the runs that these lines were printed in."""

    def __init__(
        self,
        detail: Detail,
        tree: CallTree,
        objects: InstanceObjects,
        attempts: Attempts,
        lines: Iterable[LogLine],
    ) -> None:
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
        self._shared = attempts.shared(filter(self._may_be_ours, tree.attempts))
        self.origins: dict[str, Origin] = {}
        for run in self._began if tree.calls else ():
            if (origin := self._origin(run)) is not None:
                self.origins[run] = origin

    def contradicts(self, line: LogLine) -> bool:
        """Whether something is told that a line's own words do not stand against."""
        if line.source != "local" or not line.request or not self._objects.speak:
            return False
        run = self._tree.run_of(line.request)
        origin = self.origins.get(run)
        if origin is Origin.NAMED and line.request == run:
            # A method that was handed the step makes steps of the instance, and is not its code.
            call = self._tree.calls.get(run)
            return call is None or call.method not in ("", RUN)
        if origin in (Origin.NAMED, Origin.OWN):
            return False
        own, others = self._objects.began_in(line.trace)
        if own or others:
            return others
        # While an instance runs its object is not told, only that one of a workflow, or more, was begun.
        return self._attempts.is_over or not self._objects.may_have_begun_alone(line.trace)

    def is_alone(self, line: LogLine) -> bool:
        """Whether no other instance was begun in the trace of a line."""
        return line.source == "local" and self._objects.began_in(line.trace) == (True, False)

    def is_before(self, line: LogLine, *, is_ours: bool) -> bool:
        """Whether it was printed before the instance was restarted, where `is_ours` or is told to be."""
        queued = self._detail.queued
        if line.source != "local" or queued is None or line.at >= queued - _CUT:
            return False
        return (
            is_ours
            or self.is_alone(line)
            or self.origins.get(self._tree.run_of(line.request)) is Origin.NAMED
        )

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
        """What is told of a run that printed something; None for nothing."""
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
        if own and not others:
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
