"""What an execution has written down so far: one entry a step, sleep, wait, rollback or termination."""

from dataclasses import dataclass, field
from typing import Any, Literal

from wfdash.demo.engine.program import Op, StepFailure

__all__ = ["Kind", "LogEntry", "LoggedAttempt"]

Kind = Literal["step", "sleep", "waitForEvent", "rollback", "termination"]


@dataclass(slots=True)
class LoggedAttempt:
    start: float
    end: float | None = None
    success: bool | None = None
    error: StepFailure | None = None
    output: Any = None


@dataclass(slots=True)
class LogEntry:
    """Times are epoch seconds. `name` carries its -N counter, `plain` is the name the program gave."""

    kind: Kind
    name: str
    plain: str
    start: float
    op: Op | None = None
    end: float | None = None
    """When it ended; of an open sleep or wait, when it will by itself."""
    finished: bool = False
    success: bool | None = None
    error: StepFailure | None = None
    output: Any = None
    attempts: list[LoggedAttempt] = field(default_factory=list)
    source: str = ""
    """Who terminated."""
