"""What went wrong in an instance: the step it died of, and the error that says most."""

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Attempt, Failure, Step
from wfdash.core.why.current_steps import is_open

__all__ = [
    "RESET",
    "attempt_failure",
    "failing_step",
    "is_unstorable",
    "lost_attempts",
    "ran_again",
    "root_failure",
    "step_failure",
]

RESET = "Durable Object reset because its code was updated"
"""What the platform throws into every running step when a new version is deployed."""
_INTERNAL = "WorkflowInternalError"
"""The platform's own name for an attempt that it lost, whatever the step had done by then."""
_UNSTORABLE = (
    "DataCloneError",
    "could not serialize",
    "could not be cloned",
    "does not support serialization",
)
_HOLLOW = ("workflow failed", "instance failed", "workflow execution failed", "unknown error", "error")
"""Messages of an instance that only repeat its status: the failed step's own error is the cause."""

_GENERAL = ("", "Error", "WorkflowFatalError")
"""Names the engine gives to what any step may have thrown."""


def attempt_failure(step: Step) -> Failure | None:
    """The error of its last attempt that has one."""
    return next((attempt.error for attempt in reversed(step.attempts) if attempt.error is not None), None)


def step_failure(step: Step) -> Failure | None:
    """Its own error, else that of its last attempt that has one."""
    return step.error if step.error is not None else attempt_failure(step)


def failing_step(detail: Detail) -> Step | None:
    """The step an errored instance died of: the failed one whose error the instance carries, else the last
    that failed with nothing succeeding after it. None when the run threw outside its steps."""
    failed = [step for step in detail.steps.failed() if step.kind != "rollback"]
    words = "" if _says_nothing(detail.error) or detail.error is None else detail.error.message.strip()
    for step in reversed(failed):
        if words and (message := _message_of(step)) and message in words:
            return step
    if is_unstorable(detail.error) and (stored := _unstored(detail)) is not None:
        return stored
    if not failed:
        return None
    last = failed[-1]
    if detail.error is not None and detail.error.name not in _GENERAL and words:
        return None
    later = detail.steps[last.index + 1 :]
    return None if any(step.success or step.finished for step in later if step.kind != "rollback") else last


def root_failure(detail: Detail) -> Failure | None:
    """The error that says most: the failing step's own where the instance's is the engine's general one."""
    step = failing_step(detail)
    own = (step_failure(step) or Failure("", "")) if step is not None else None
    general = _says_nothing(detail.error) or (
        detail.error is not None and detail.error.name == "WorkflowFatalError"
    )
    if general and own is not None and (own.message or detail.error is None):
        return own
    return detail.error


def _says_nothing(failure: Failure | None) -> bool:
    """Whether an instance's error is absent, or repeats only that it failed."""
    if failure is None:
        return True
    return failure.name in _GENERAL and failure.message.strip().rstrip(".").lower() in _HOLLOW


def _unstored(detail: Detail) -> Step | None:
    """The step that succeeded and stayed open: what it returned could not be stored."""
    left = [step for step in detail.steps.unended() if step.kind == "step" and is_open(step)]
    return next((step for step in reversed(left) if step.attempts and step.attempts[-1].success), None)


def _message_of(step: Step) -> str:
    """What the instance's error repeats of this step's: the message, or the name where there is none."""
    failure = step_failure(step)
    return "" if failure is None else failure.message.strip() or failure.name


def lost_attempts(step: Step) -> list[int]:
    """Positions of attempts that the platform lost: cut without an end, or ended by an error of its own.

    Another attempt came after each, so that what the step does outside may have been done twice.
    """
    return [position for position in range(len(step.attempts) - 1) if _is_lost(step.attempts[position])]


def _is_lost(attempt: Attempt) -> bool:
    if attempt.end is None and attempt.success is None:
        return True
    error = attempt.error
    return error is not None and (
        error.name == _INTERNAL or _INTERNAL in error.message or RESET in error.message
    )


def ran_again(detail: Detail) -> list[Step]:
    """The steps of which the platform lost an attempt, rollback handlers left out."""
    return [step for step in detail.steps.retried() if step.kind != "rollback" and lost_attempts(step)]


def is_unstorable(failure: Failure | None) -> bool:
    """Whether the error says that a return value could not be stored: the step had done its work by then."""
    if failure is None:
        return False
    said = f"{failure.name}: {failure.message}".lower()
    return any(sign.lower() in said for sign in _UNSTORABLE)
