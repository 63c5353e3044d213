"""One execution of a program: its branches, what each is doing and until when, and the log they write."""

from collections import deque
from collections.abc import Iterable
from math import inf
from operator import attrgetter
from typing import Any, Literal

from msgspec import Struct

from wfdash.demo.engine.log import Kind, LogEntry, LoggedAttempt
from wfdash.demo.engine.program import (
    All,
    Do,
    Op,
    Program,
    RunContext,
    Sleep,
    StepFailure,
    Undo,
    Wait,
    Writer,
    attempt_error,
    instance_error,
    retry_wait,
)
from wfdash.demo.engine.times import milliseconds, seconds

__all__ = ["Event", "Execution"]

BETWEEN = 0.003
"""Seconds the engine takes from the end of one step to the start of the next."""
HELD_TOO = ("attempt", "sleep", "wait")
"""What still ends while a pause waits for the steps that run; nothing new begins."""
_IDLE = ("sleep", "wait", "retry", "join")
_Doing = Literal["between", "attempt", "retry", "sleep", "wait", "join", "over"]


class Event(Struct):
    type: str
    payload: Any
    at: float


class _Branch(Struct):
    program: Program
    parent: "_Branch | None" = None
    place: int = 0
    """Which of its parent's answers it gives."""
    doing: _Doing = "between"
    due: float = inf
    entry: LogEntry | None = None
    answer: Any = None
    thrown: StepFailure | None = None
    answers: list[Any] = []
    missing: int = 0


_due = attrgetter("due")


def _forgetful(failure: StepFailure) -> StepFailure:
    """Takes off the frames that Python notes at each throw: one object is thrown all over a world."""
    failure.__traceback__ = failure.__context__ = None
    return failure


def _single(op: Op) -> Program:
    return (yield op)


def _undo(entries: list[LogEntry]) -> Program:
    """Rollback handlers, newest first; the first that fails for good ends it."""
    for entry in entries:
        undo: Undo = entry.op.undo  # type: ignore[union-attr, assignment]
        yield Do(
            entry.plain,
            takes=undo.takes,
            fails=undo.fails,
            error=undo.error,
            output=undo.output,
            limit=undo.limit,
            delay=undo.delay,
            kind="rollback",
        )


class Execution:
    """Advanced from event to event by its owner, who holds it while paused and shifts it when resumed."""

    def __init__(
        self,
        write: Writer,
        story: RunContext,
        at: float,
        *,
        kept: Iterable[LogEntry] = (),
        events: dict[str, deque[Event]],
    ) -> None:
        self.entries = list(kept)
        self.events = events
        self.held = False
        self.rolling_back = False
        self.over = False
        self.output: Any = None
        self.error: StepFailure | None = None
        self.rollback_error: StepFailure | None = None
        self.rolled_back = False
        self.not_before = 0.0
        """Nothing begins earlier: an instance that left its sleep was in the queue until then."""
        self._counts: dict[tuple[Kind, str, float], int] = {}
        self._replay: dict[tuple[Kind, str], deque[LogEntry]] = {}
        for entry in self.entries:
            self._replay.setdefault((entry.kind, entry.name), deque()).append(entry)
        self._branches: list[_Branch] = []
        self._root = _Branch(write(story), due=at + BETWEEN)
        self._branches.append(self._root)

    # What it is doing

    @property
    def busy(self) -> bool:
        """Whether a step's code is running now (what a pause has to wait for)."""
        return any(branch.doing == "attempt" for branch in self._branches)

    @property
    def idle(self) -> bool:
        """Whether everything sleeps, or waits for an event or a retry."""
        if len(self._branches) == 1:
            return self._branches[0].doing in _IDLE
        return all(branch.doing in _IDLE for branch in self._branches)

    def next_due(self) -> float:
        """When something happens next by itself; infinity when nothing will."""
        if self.held:
            return min((b.due for b in self._branches if b.doing in HELD_TOO), default=inf)
        if len(self._branches) == 1:
            return self._branches[0].due
        return min((branch.due for branch in self._branches), default=inf)

    def shift(self, by: float) -> None:
        """Moves every timer later, as after a pause of `by` seconds."""
        for branch in self._branches:
            branch.due += by
            entry = branch.entry
            if entry is not None and branch.doing in ("sleep", "wait") and entry.end is not None:
                entry.end += by

    # What happens to it

    def step(self) -> float:
        """Carries out the next thing that is due; returns its moment."""
        if self.held:
            branch = min((b for b in self._branches if b.doing in HELD_TOO), key=_due)
        elif len(self._branches) == 1:
            branch = self._branches[0]
        else:
            branch = min(self._branches, key=_due)
        at = branch.due
        # Timers run on in the queue, but no code does before there is a slot.
        if branch.doing in ("between", "retry"):
            at = max(at, self.not_before)
        if branch.doing == "between":
            self._run(branch, at)
        elif branch.doing == "retry":
            self._attempt(branch, at)
        elif branch.doing == "attempt":
            self._attempt_ended(branch, at)
        elif branch.doing == "sleep":
            self._finish(branch, at)
        elif branch.doing == "wait":
            self._wait_ended(branch, at)
        return at

    def deliver(self, event: Event, at: float) -> None:
        """Hands an event to the oldest wait for its type, or keeps it for a later one."""
        self.events.setdefault(event.type, deque()).append(event)
        if not self.held:
            self.collect(at)

    def collect(self, at: float) -> None:
        """Gives the kept events to the waits that are open (after a resume)."""
        for branch in sorted((b for b in self._branches if b.doing == "wait"), key=self._age):
            self._take(branch, at)

    def roll_back(self, at: float) -> bool:
        """Starts the rollback handlers of the steps that ended, newest first; False when there are none."""
        ended = [e for e in self.entries if isinstance(e.op, Do) and e.op.undo and e.success is not None]
        if not ended:
            return False
        self.rolling_back = self.rolled_back = True
        self.held = False
        # A step that failed for good has its handler run too: it may have done half of its work.
        self._root = _Branch(_undo(ended[::-1]), due=at + BETWEEN)
        self._branches = [self._root]
        return True

    def stop(self) -> None:
        """Cuts the run off where it is; what was open stays open in the log for ever."""
        if self.rolling_back and self._branches:
            self.rolled_back = False  # it never came to an outcome
        self._branches = []
        self.over = True

    # The steps of a branch

    def _age(self, branch: _Branch) -> int:
        return next(i for i, entry in enumerate(self.entries) if entry is branch.entry)

    def _run(self, branch: _Branch, at: float) -> None:
        """Lets the program speak until it has to wait for something."""
        while branch.doing != "over":
            thrown, branch.thrown = branch.thrown, None
            try:
                op = branch.program.throw(thrown) if thrown else branch.program.send(branch.answer)
            except StopIteration as stopped:
                self._ended(branch, at, stopped.value)
                return
            except StepFailure as failure:
                self._failed(branch, at, _forgetful(failure))
                return
            except Exception as error:  # what a program stumbles over ends its instance, nothing else
                self._failed(branch, at, StepFailure("TypeError", str(error)))
                return
            finally:
                if thrown is not None:  # the program may have caught it
                    _forgetful(thrown)
            branch.answer = None
            branch.doing = "between"
            self._begin(branch, op, at)
            if branch.doing != "between":
                return

    def _begin(self, branch: _Branch, op: Op, at: float) -> None:
        if isinstance(op, All):
            self._fork(branch, op, at)
            return
        kind: Kind
        if isinstance(op, Do):
            kind, apart = op.kind, 0.0
        elif isinstance(op, Sleep):
            kind, apart = "sleep", seconds(op.duration)
        else:
            kind, apart = "waitForEvent", 0.0
        # The engine counts sleeps by name and duration: two of one name may both be `nap-1`
        # (measured on the engine).
        count = self._counts[kind, op.name, apart] = self._counts.get((kind, op.name, apart), 0) + 1
        name = f"{op.name}-{count}"
        kept = self._replay.get((kind, name))
        if kept:
            self._again(branch, op, kept.popleft(), at)
            return
        branch.entry = LogEntry(kind, name, op.name, at, op)
        self.entries.append(branch.entry)
        if isinstance(op, Do):
            self._attempt(branch, at)
        elif isinstance(op, Sleep):
            branch.doing, branch.due = "sleep", at + apart
            branch.entry.end = branch.due
        else:
            self._await(branch, op, at, at + seconds(op.timeout))

    def _again(self, branch: _Branch, op: Op, entry: LogEntry, at: float) -> None:
        """Goes on with a step kept by a restart: answered from the log, or carried on where it was cut."""
        branch.entry = entry
        if entry.success is not None or entry.finished:
            branch.answer, branch.thrown = entry.output, entry.error
        elif isinstance(op, Do):
            # The attempt that was cut off is begun anew, and does not count as a failed one.
            entry.attempts = [attempt for attempt in entry.attempts if attempt.end is not None]
            self._attempt(branch, at)
        elif isinstance(op, Sleep):
            branch.doing, branch.due = "sleep", max(at, entry.end or at)
        elif isinstance(op, Wait):
            self._await(branch, op, at, max(at, entry.end or at))

    def _fork(self, branch: _Branch, op: All, at: float) -> None:
        branch.answers = [None] * len(op.branches)
        branch.missing = len(op.branches)
        if not op.branches:
            branch.answer = []
            return
        # A join is no step: nothing of it stands in the log, only the steps of its branches.
        branch.doing, branch.due, branch.entry = "join", inf, None
        children = []
        for place, part in enumerate(op.branches):
            program = _single(part) if isinstance(part, Do | Sleep | Wait | All) else part
            children.append(_Branch(program, branch, place))
        self._branches.extend(children)
        for child in children:
            self._run(child, at)

    def _attempt(self, branch: _Branch, at: float) -> None:
        entry, op = branch.entry, branch.entry and branch.entry.op
        assert entry is not None
        assert isinstance(op, Do)
        entry.attempts.append(LoggedAttempt(at))
        takes = op.takes
        if len(entry.attempts) <= op.fails and op.fails_after is not None:
            takes = op.fails_after
        branch.doing, branch.due = "attempt", at + min(takes, seconds(op.timeout))

    def _attempt_ended(self, branch: _Branch, at: float) -> None:
        entry, op = branch.entry, branch.entry and branch.entry.op
        assert entry is not None
        assert isinstance(op, Do)
        attempt, tried = entry.attempts[-1], len(entry.attempts)
        attempt.end = at
        error = attempt_error(op, tried)
        if error is None:
            attempt.success, attempt.output = True, op.output
            self._finish(branch, at, op.output)
            return
        attempt.success, attempt.error = False, error
        # `limit` counts retries, so that there is one attempt more (reference, Get instance).
        if error.fatal or tried > op.limit:
            self._finish(branch, at, None, error)
        else:
            branch.doing, branch.due = "retry", at + retry_wait(op, tried)

    def _await(self, branch: _Branch, op: Wait, at: float, deadline: float) -> None:
        assert branch.entry is not None
        branch.doing = "wait"
        # The cloud tells an open wait's planned end as its `end`; only `finished` says that it is over.
        branch.entry.end = branch.due = deadline
        if op.reply and at + op.reply.after < deadline:
            branch.due = at + op.reply.after
        if self.events.get(op.type):
            self._take(branch, at)

    def _take(self, branch: _Branch, at: float) -> None:
        op = branch.entry and branch.entry.op
        assert isinstance(op, Wait)
        kept = self.events.get(op.type)
        if kept:
            event = kept.popleft()
            self._finish(branch, at, {"payload": event.payload, "timestamp": event.at, "type": event.type})

    def _wait_ended(self, branch: _Branch, at: float) -> None:
        """Ends a wait with the reply that the world had planned, or else the time-out."""
        entry, op = branch.entry, branch.entry and branch.entry.op
        assert entry is not None
        assert isinstance(op, Wait)
        if op.reply and entry.end is not None and at < entry.end:
            self._finish(branch, at, {"payload": op.reply.payload, "timestamp": at, "type": op.type})
            return
        late = f"Execution timed out after {milliseconds(op.timeout)}ms"
        entry.error = StepFailure("WorkflowTimeoutError", late, engine=True)
        self._finish(branch, at, None, entry.error)

    def _finish(
        self, branch: _Branch, at: float, output: Any = None, error: StepFailure | None = None
    ) -> None:
        """Ends what the branch is at; the program hears of it a moment later."""
        entry = branch.entry
        assert entry is not None
        entry.end, entry.output, entry.error = at, output, error
        if entry.kind in ("step", "rollback"):
            entry.success = error is None
        else:
            entry.finished = True
        branch.answer, branch.thrown = output, error
        branch.doing, branch.due = "between", at + BETWEEN

    # The ends of branches

    def _ended(self, branch: _Branch, at: float, value: Any) -> None:
        branch.doing = "over"
        self._branches = [other for other in self._branches if other is not branch]
        parent = branch.parent
        if parent is None:
            if branch is self._root:
                self.output = None if self.rolling_back else value
                self.stop()
            return
        if parent.doing == "join":
            parent.answers[branch.place] = value
            parent.missing -= 1
            if not parent.missing:
                parent.answer = parent.answers
                parent.doing, parent.due = "between", at + BETWEEN

    def _failed(self, branch: _Branch, at: float, failure: StepFailure) -> None:
        branch.doing = "over"
        self._branches = [other for other in self._branches if other is not branch]
        parent = branch.parent
        if parent is not None:
            if parent.doing == "join":
                parent.thrown = failure
                parent.doing, parent.due = "between", at + BETWEEN
            return
        if self.rolling_back:
            self.rollback_error = failure
            self.stop()
            return
        self.error = instance_error(failure)
        if not self.roll_back(at):
            self.stop()
