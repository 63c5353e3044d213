"""One line that a workflow's code printed, as its source gave it, and where it belongs."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

__all__ = ["LEVELS", "LineNumbers", "LogLine", "LogScope", "PlacedLine", "Source"]

Source = Literal["telemetry", "tail", "local"]
LEVELS = ("debug", "info", "log", "warn", "error")
"""As `console` has them, least urgent first; any other word is shown as it came."""


class LogLine(Struct, frozen=True, gc=False):
    """One console line: `at` is epoch seconds, `message` what was printed, raw, an object as its JSON."""

    at: float
    level: str
    message: str
    source: Source
    request: str = ""
    """What the source calls the run of code that printed it: an invocation in the cloud, a call in a dev
    session. "" where it has none."""
    trace: str = ""
    """In a dev session: what it calls all the calls that one run made together."""
    instance: str = ""
    """The instance, where the source itself says so."""
    foreign: bool = False
    """Whether other code of the Worker than a workflow's printed it (a request handler)."""
    order: str = ""
    """Parts lines of the same millisecond, and tells a line that comes twice."""


class PlacedLine(Struct, frozen=True, gc=False):
    """A line with its step and attempt. Where it is not `certain`, another instance may have printed it."""

    line: LogLine
    certain: bool
    step: int | None = None
    """Index of the step it was printed in; None for code outside steps, or where that cannot be told."""
    attempt: int | None = None
    """Which attempt of the step, from 1."""
    times: int = 1
    """How often it was printed: code outside steps runs again each time the instance wakes."""
    among: tuple[int, ...] = ()
    """Where `step` cannot be told: the steps that ran then, of which one may have printed it."""
    gone: bool = False
    """Whether it was printed before the instance was restarted, in what the answer has no more."""
    likely: bool = False
    """Whether it is in `step`, or in the one of `among`, by its time or its words alone."""
    why: str = ""
    """Why it does not surely name the instance, where that can be told."""

    @property
    def is_sure(self) -> bool:
        """Whether it is the instance's, and in its step, beyond doubt."""
        return self.certain and not self.likely


class LogScope(Struct, frozen=True):
    """Which lines of an instance are asked for: those of some steps, of one attempt of a step, or all."""

    steps: tuple[int, ...] = ()
    """Indexes; none for all lines, those outside steps too."""
    attempt: int | None = None
    """From 1."""

    def holds(self, entry: PlacedLine) -> bool:
        """Whether a line belongs here; one of several steps does where all of those steps are asked for."""
        if not self.steps:
            return True
        if entry.step is None:
            named = len(entry.among) > 1 and self.attempt is None
            return named and all(step in self.steps for step in entry.among)
        return entry.step in self.steps and (self.attempt is None or entry.attempt == self.attempt)

    def may_hold(self, entry: PlacedLine) -> bool:
        """Whether it may be one of these, and may as well be another step's or of code outside steps."""
        # Of 100,000 lines a few are of none for certain: the others are told apart by that alone.
        return bool(entry.among) and not self.holds(entry) and any(step in self.steps for step in entry.among)


class LineNumbers(Struct, frozen=True):
    """How many lines are of a scope, how many may be, and how many may be of another instance or step."""

    doubtful: int
    held: int
    held_doubtful: int
    perhaps: int
    likely: int = 0
    """Of those that are held and surely name the instance: in their step by time or words alone."""

    @classmethod
    def of(cls, entries: Sequence[PlacedLine], scope: LogScope) -> "LineNumbers":
        """Counts in one walk: a key that goes to another step waits for it, and there may be 100,000."""
        doubtful = held = held_doubtful = perhaps = likely = 0
        steps, attempt, holds, may_hold = frozenset(scope.steps), scope.attempt, scope.holds, scope.may_hold
        for entry in entries:
            is_certain = entry.certain
            if not is_certain:
                doubtful += 1
            # Nearly all are of one step, or of code outside steps: what is asked of each is told by that.
            if not steps:
                is_held = True
            elif entry.step is not None:
                is_held = entry.step in steps and (attempt is None or entry.attempt == attempt)
            else:
                is_held = bool(entry.among) and holds(entry)
            if is_held:
                held += 1
                held_doubtful += not is_certain
                likely += entry.likely and is_certain
            elif entry.among and may_hold(entry):
                perhaps += 1
        return cls(doubtful, held, held_doubtful, perhaps, likely)
