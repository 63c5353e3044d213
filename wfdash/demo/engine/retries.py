"""When an attempt fails, with what, how long until the next, and what the instance says in the end."""

from wfdash.demo.engine.program import Do, StepFailure
from wfdash.demo.engine.times import milliseconds, seconds

__all__ = ["attempt_error", "instance_error", "retry_wait"]

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
