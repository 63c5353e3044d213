"""What went wrong in an instance: the step it died of, and the error that says most."""

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Failure, Step

__all__ = ["attempt_failure", "failing_step", "root_failure", "step_failure"]

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
    words = (detail.error.message if detail.error else "").strip()
    for step in reversed(failed):
        if words and (message := _message_of(step)) and message in words:
            return step
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
    general = detail.error is None or detail.error.name == "WorkflowFatalError"
    if general and own is not None and (own.message or detail.error is None):
        return own
    return detail.error


def _message_of(step: Step) -> str:
    """What the instance's error repeats of this step's: the message, or the name where there is none."""
    failure = step_failure(step)
    return "" if failure is None else failure.message.strip() or failure.name
