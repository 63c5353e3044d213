"""What an execution has written down so far: one entry a step, sleep, wait, rollback or termination."""

from typing import Any, Literal

from msgspec import Struct

from wfdash.demo.engine.program import Op, StepFailure

__all__ = ["Kind", "LogEntry", "LoggedAttempt"]

Kind = Literal["step", "sleep", "waitForEvent", "rollback", "termination"]


class LoggedAttempt(Struct, gc=False):
    start: float
    end: float | None = None
    success: bool | None = None
    error: StepFailure | None = None
    output: Any = None


class LogEntry(Struct, gc=False):
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
    attempts: list[LoggedAttempt] = []
    source: str = ""
    """Who terminated."""
