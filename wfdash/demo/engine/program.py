"""The language the demo's workflows are written in: generators that yield steps, sleeps, waits and branches.

A program runs again from its start after a restart from a step, with the kept steps answered from the log, as
in the real engine: what it yields must follow from its story and from what it was answered.
"""

from collections.abc import Callable, Generator
from typing import Any, Literal, TypeAlias
from zlib import crc32

from msgspec import Struct

from wfdash.demo.engine.times import milliseconds, seconds

__all__ = [
    "ALWAYS",
    "All",
    "Do",
    "Op",
    "Program",
    "Reply",
    "RunContext",
    "Sleep",
    "StepFailure",
    "Undo",
    "Wait",
    "Writer",
    "attempt_error",
    "instance_error",
    "retry_wait",
]

ALWAYS = 1 << 30
"""For `fails`: every attempt."""


BUILT_IN = {
    "Error",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
    "AbortError",
    "TimeoutError",
}
"""Names of JavaScript's own errors; the last two are DOMExceptions, as fetch throws them."""


class StepFailure(Exception):
    """An error in user code; a step's, when the program lets it through, becomes the instance's."""

    def __init__(self, name: str, message: str, *, engine: bool = False, fatal: bool = False) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.engine = engine
        """Raised by the engine itself: its name moves into the message at the instance."""
        self.fatal = fatal
        """A NonRetryableError: no further attempt."""

    def reported(self) -> "StepFailure":
        """An error as it reaches the engine: a class of one's own is lost, its name goes to the message."""
        if self.engine or self.fatal or self.name in BUILT_IN:
            return self
        return StepFailure("Error", f"{self.name}: {self.message}")

    def shown(self) -> dict[str, str]:
        return {"name": self.name, "message": self.message}


class Undo(Struct, frozen=True, gc=False):
    """A step's rollback handler."""

    takes: float = 0.4
    fails: int = 0
    error: StepFailure | None = None
    output: Any = None
    limit: int = 2
    delay: str | int = "2 seconds"


class Do(Struct, frozen=True, gc=False):
    """`step.do`: `takes` seconds an attempt, of which the first `fails` throw `error` after `fails_after`."""

    name: str
    takes: float = 0.2
    output: Any = None
    fails: int = 0
    error: StepFailure | None = None
    fails_after: float | None = None
    limit: int = 5
    delay: str | int = "10 seconds"
    backoff: Literal["constant", "linear", "exponential"] = "exponential"
    timeout: str | int = "10 minutes"
    dynamic: bool = False
    """The delay comes from a function: the log says "[dynamic]"."""
    sensitive: bool = False
    stream: bytes | None = None
    """What it returned, when that was a ReadableStream."""
    undo: Undo | None = None
    kind: Literal["step", "rollback"] = "step"


class Sleep(Struct, frozen=True, gc=False):
    name: str
    duration: str | int


class Reply(Struct, frozen=True, gc=False):
    """An event the world sends by itself, `after` seconds into the wait."""

    after: float
    payload: Any = None


class Wait(Struct, frozen=True, gc=False):
    name: str
    type: str
    timeout: str | int = "24 hours"
    reply: Reply | None = None


class All(Struct, frozen=True):
    """`Promise.all`: the answer is the list of the branches' answers; the first failure is thrown at once."""

    branches: "list[Op | Program]" = []


Op: TypeAlias = Do | Sleep | Wait | All
Program: TypeAlias = Generator[Op, Any, Any]


class RunContext(Struct):
    """What a program may lean on: who it is, what it was given, and luck that repeats for the same seed."""

    id: str
    seed: int
    params: Any = None
    version: int = 0
    """Index of the workflow's version, oldest 0."""
    restarts: int = 0
    created: float = 0.0

    def luck(self, key: str) -> float:
        """A number in [0, 1) that depends on the seed and the key alone."""
        mixed = crc32(f"{key}/{self.seed}".encode()) * 0x9E3779B97F4A7C15
        return ((mixed >> 16) & 0xFFFFFFFF) / 0x1_0000_0000

    def fresh(self, key: str) -> float:
        """A chance like `luck`, drawn anew after each restart: what may go better next time."""
        return self.luck(f"{key}#{self.restarts}" if self.restarts else key)

    def between(self, key: str, low: float, high: float) -> float:
        return low + (high - low) * self.luck(key)

    def choice(self, key: str, *choices: Any) -> Any:
        return choices[int(self.luck(key) * len(choices))]


Writer: TypeAlias = Callable[[RunContext], Program]


FATAL = (
    "The execution of the Workflow instance was terminated, "
    "as a step threw an NonRetryableError and it was not handled"
)


def retry_wait(op: Do, failed: int) -> float:
    """Seconds from the end of the `failed`-th attempt to the next one."""
    base = seconds(op.delay)
    if op.backoff == "exponential":
        return float(base * 2 ** (failed - 1))
    return base * failed if op.backoff == "linear" else base


def attempt_error(op: Do, tried: int) -> StepFailure | None:
    """What the `tried`-th attempt throws: the engine's time-out, or the program's own error."""
    fails = tried <= op.fails
    takes = op.fails_after if fails and op.fails_after is not None else op.takes
    if takes > seconds(op.timeout):
        ran_out = f"Execution timed out after {milliseconds(op.timeout)}ms"
        return StepFailure("WorkflowTimeoutError", ran_out, engine=True)
    if not fails:
        return None
    error = op.error or StepFailure("Error", "it failed")
    if error.fatal:
        said = f'Step threw a NonRetryableError with message "{error.name}: {error.message}"'
        return StepFailure("WorkflowFatalError", said, fatal=True)
    return error.reported()


def instance_error(failure: StepFailure) -> StepFailure:
    """What the instance says of a failure that the program let through."""
    if failure.fatal:
        return StepFailure("WorkflowFatalError", FATAL)
    if failure.engine:
        return StepFailure("Error", f"{failure.name}: {failure.message}")
    return StepFailure(failure.name, failure.message).reported()
