"""What two failures have in common: the error with all that differs by chance taken out."""

from typing import TypeAlias

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Failure
from wfdash.core.text.error_message import main_line
from wfdash.core.why.failure import attempt_failure, failing_step
from wfdash.core.why.platform_words import RESET, is_reset
from wfdash.core.why.step_names import plain_step

__all__ = ["DEPLOYED", "UNNAMED", "Cause", "Fingerprint", "fingerprint"]

DEPLOYED = "reset by a deploy"
"""The name of that cause on screen."""
UNNAMED = "Error"
"""What an error without a name is called."""


Cause: TypeAlias = tuple[str, str, str]
"""Error, message and step: the same whatever the version."""


class Fingerprint(Struct, frozen=True):
    """What makes two failures one cause.

    `message` without ids, numbers, hosts and times, `step` without -N.
    """

    error: str
    message: str
    step: str
    version: str

    @property
    def cause(self) -> Cause:
        """Identifies a failure by its cause: the same whatever the version."""
        return (self.error, self.message, self.step)


def fingerprint(detail: Detail) -> Fingerprint:
    """What this errored instance shares with others of its kind.

    The last attempt's error names the cause best: the engine wraps some of them in a general one of its own.
    """
    # Not at the start: it compiles patterns for 12 ms.
    from wfdash.core.text.chance import LONGEST, without_chance

    step = failing_step(detail)
    failure = ((attempt_failure(step) or step.error) if step else None) or detail.error or Failure("", "")
    if is_reset(failure) or is_reset(detail.error):
        # A deploy resets whatever step happens to run, on whatever version: one cause, named by what did it.
        return Fingerprint(DEPLOYED, RESET, "", "")
    name, message = failure.name, failure.message
    if not message and detail.error:
        message = detail.error.message
    # The line that says what failed, before its ids are taken out: a page or a traceback is mostly chance.
    name, line = main_line(name, message)
    return Fingerprint(
        name or UNNAMED,
        without_chance(line[:LONGEST]),
        plain_step(step.name) if step else "",
        detail.version,
    )
