"""What went wrong in an instance: the step it died of, and the error that says most."""

from collections.abc import Sequence
from typing import Any

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Attempt, Failure, Step
from wfdash.core.model.step_columns import Steps
from wfdash.core.model.step_kind import kind_of
from wfdash.core.text.error_message import main_line
from wfdash.core.why.current_steps import has_succeeded, left_open
from wfdash.core.why.platform_words import (
    GENERAL,
    INTERNAL,
    NOT_HANDLED,
    PAUSED,
    RESET,
    is_cut_short,
    is_hollow,
    is_internal,
    is_of_all,
    is_reset,
    is_unstorable,
)

__all__ = [
    "attempt_failure",
    "carriers",
    "cut_by_a_pause",
    "failed_steps",
    "failing_step",
    "fatal_steps",
    "got_no_event",
    "is_followed",
    "is_of_run",
    "look_for_lost",
    "lost_attempts",
    "ran_again",
    "root_failure",
    "step_failure",
    "who_cut_off",
    "who_cut_off_any",
]

_LOST_SIGNS = (INTERNAL.encode(), RESET.encode(), PAUSED.encode(), b"\\u")
"""What stands in the JSON of an attempt that ended lost; an escape may be a letter of it."""
_MANY_ATTEMPTS = 100_000
"""Bytes of as many as take some milliseconds."""
_NOT_RETRIED = ("WorkflowFatalError", "NonRetryableError")


class _Ended(Struct, gc=False):
    """Reads of an attempt only whether it ended: a step may have tens of thousands."""

    success: Any = None


_ENDED = Decoder(list[_Ended])


def attempt_failure(step: Step) -> Failure | None:
    """The error of the step's last attempt that has one."""
    return next((attempt.error for attempt in reversed(step.attempts) if attempt.error is not None), None)


def step_failure(step: Step) -> Failure | None:
    """A step's own error, else that of its last attempt that has one."""
    return step.error if step.error is not None else attempt_failure(step)


def got_no_event(step: Step) -> bool:
    """Whether it is a wait whose time-out came before its event."""
    # `WorkflowTimeoutError` (miniflare, context.ts).
    return step.kind == "waitForEvent" and step.error is not None and "Timeout" in step.error.name


def failed_steps(detail: Detail) -> Sequence[Step]:
    """The steps that failed, caught or not, oldest first; rollback handlers left out."""
    return detail.steps.picked("failed steps", _failed_steps)


def _failed_steps(steps: Steps) -> list[int]:
    return [step.index for step in steps.failed() if step.kind != "rollback"]


def fatal_steps(detail: Detail) -> Sequence[Step]:
    """The steps an errored instance surely died of, oldest first; parallel ones may be several.

    Their last error is the instance's, and no step began after their end.
    """
    error = detail.error
    if error is None:
        return []
    return detail.steps.picked(
        ("fatal", error.name, error.message),
        lambda steps: [step.index for step in carriers(detail) if _is_last(steps, step)],
    )


def carriers(detail: Detail) -> Sequence[Step]:
    """The failed steps whose last error is the instance's, oldest first."""
    error = detail.error
    if error is None:
        return []
    return detail.steps.picked(
        ("carriers", error.name, error.message),
        lambda _: [step.index for step in failed_steps(detail) if _is_error_of(step, error)],
    )


def is_followed(detail: Detail, step: Step) -> bool:
    """Whether another step began after the end of this one: of a failed one, that the code caught it.

    Code between two steps takes no millisecond, so that the next begins in the one in which this ended. Of
    one that began in that millisecond too it may as well be a sibling, which began beside it.
    """
    later = _last_start(detail.steps, step)
    if later is None or step.end is None:
        return False
    return later > step.end or (later == step.end and later != step.start)


def _is_last(steps: Steps, step: Step) -> bool:
    """Whether surely no step began after its end. Times are cut to milliseconds: equal ones do not tell."""
    later = _last_start(steps, step)
    return step.end is not None and (later is None or later < step.end or later == step.start)


def _last_start(steps: Steps, step: Step) -> float | None:
    """When the last of the steps listed after it began; they are listed in the order in which they began."""
    columns = steps.columns
    for index in range(len(columns.starts) - 1, step.index, -1):
        if not kind_of(columns.kinds[index]).added and columns.starts[index] is not None:
            return columns.starts[index]
    return None


def _is_error_of(step: Step, error: Failure) -> bool:
    """Whether the instance's error is the step's last one, less what the engine puts before it."""
    own = step_failure(step)
    if own is None:
        return False
    words, message = error.message.strip(), own.message.strip()
    # It names no message of the step's own, so that the kind of its error has to do.
    if words.endswith(NOT_HANDLED):
        return own.name in _NOT_RETRIED
    if not message:
        # A wait that ran out has a name alone, and the instance the engine's words behind it (measured).
        return words.startswith(f"{own.name}:") if words else own.name == error.name
    # One of both may be the engine's name for whatever was thrown; two that a person gave are two errors.
    if own.name != error.name and own.name not in GENERAL and error.name not in GENERAL:
        return False
    if words in (message, f"{own.name}: {message}") or message == f"{error.name}: {words}":
        return True
    return any(is_cut_short(words, text) for text in (message, f"{own.name}: {message}"))


def is_of_run(detail: Detail, step: Step) -> bool:
    """Whether the code threw the instance's error itself after this step had failed with another."""
    error, own = detail.error, step_failure(step)
    if error is None or own is None or is_hollow(error) or error.name == "WorkflowFatalError":
        return False
    if is_unstorable(error) or is_reset(error) or is_internal(error) or _is_error_of(step, error):
        return False
    return main_line(own.name, own.message) != main_line(error.name, error.message)


def failing_step(detail: Detail) -> Step | None:
    """The step an errored instance died of; None when the run threw outside its steps.

    It is the failed one whose error the instance carries, else the last that failed with nothing succeeding
    after it.
    """
    error = detail.error
    # Asked several times with each frame: of thousands that failed each look goes through all.
    key = None if error is None else (error.name, error.message)
    return detail.steps.fact(("failing", key), lambda _: _failing_step(detail))


def _failing_step(detail: Detail) -> Step | None:
    if fatal := fatal_steps(detail):
        return fatal[-1]
    failed = failed_steps(detail)
    # The engine wraps what was thrown in its own words; the message is still within.
    words = "" if is_hollow(detail.error) or detail.error is None else detail.error.message.strip()
    for step in reversed(failed):
        if words and (message := _message_of(step)) and _holds(words, message):
            return step
    # That step did not fail: its attempt succeeded, and what it returned is what the instance died of.
    if is_unstorable(detail.error) and (stored := _unstored(detail)) is not None:
        return stored
    if not failed:
        return None
    last = failed[-1]
    if is_of_all(detail.error):
        return last  # none of those that it speaks of had succeeded
    # An error of its own that no step had: it was thrown between them.
    if detail.error is not None and detail.error.name not in GENERAL and words:
        return None
    if is_hollow(detail.error):
        return last  # it says no other cause, and what ran after it may have been no more than tidying up
    return None if _went_on(detail.steps, last.index + 1) else last


def _went_on(steps: Steps, first: int) -> bool:
    """Whether one of the steps from there on ended well, rollback handlers left out."""
    columns = steps.columns
    rest = zip(columns.kinds[first:], columns.successes[first:], columns.finished[first:])
    return any((success or over) and kind != "rollback" for kind, success, over in rest)


def _holds(words: str, message: str) -> bool:
    """Whether the message stands in those words as a whole: `no` does not in `not found`."""
    at = words.find(message)
    while at >= 0:
        before, after = words[at - 1 : at], words[at + len(message) :][:1]
        if not (before.isalnum() and message[0].isalnum()) and not (
            after.isalnum() and message[-1].isalnum()
        ):
            return True
        at = words.find(message, at + 1)
    return False


def root_failure(detail: Detail) -> Failure | None:
    """The error that says most: the failing step's own where the instance's is not what that failed with."""
    step = failing_step(detail)
    own = (step_failure(step) or Failure("", "")) if step is not None else None
    general = is_hollow(detail.error) or (
        detail.error is not None and detail.error.name == "WorkflowFatalError"
    )
    general = general or (step is not None and is_of_run(detail, step))
    if general and own is not None and (own.message or detail.error is None):
        return own
    return detail.error


def _unstored(detail: Detail) -> Step | None:
    """The step that succeeded and stayed open: what it returned could not be stored."""
    open_steps = reversed(left_open(detail.steps))
    return next((step for step in open_steps if step.kind == "step" and has_succeeded(step)), None)


def _message_of(step: Step) -> str:
    """What the instance's error repeats of this step's: the message, or the name where there is none."""
    failure = step_failure(step)
    return "" if failure is None else failure.message.strip() or failure.name


def lost_attempts(step: Step) -> Sequence[int]:
    """Positions of attempts that the platform lost: cut without an end, or ended by an error of its own.

    Another attempt came after each, so that what the step does outside may have been done twice.
    """
    if step.lost is None:  # of 25,000 attempts it is asked with each frame
        step.lost = [position for position, attempt in enumerate(step.attempts[:-1]) if _is_lost(attempt)]
    return step.lost


def look_for_lost(detail: Detail) -> None:
    """Looks ahead of time through the attempts of those steps that have thousands."""
    steps = detail.steps
    for index in steps.columns.retried:
        if len(steps.attempts_text(index) or b"") > _MANY_ATTEMPTS:
            lost_attempts(steps[index])


def _is_lost(attempt: Attempt) -> bool:
    if attempt.end is None and attempt.success is None:
        return True
    error = attempt.error
    return is_internal(error) or is_reset(error) or cut_by_a_pause(attempt)


def cut_by_a_pause(attempt: Attempt) -> bool:
    """Whether a pause of the instance ended the attempt."""
    return attempt.error is not None and attempt.error.message == PAUSED


def who_cut_off(step: Step, *, local: bool = False) -> str:
    """What took the attempts of it that `lost_attempts` gives, as the subject and verb of a sentence.

    In a dev session what never ended was cut by a reload or a restart, not by the platform.
    """
    lost = [step.attempts[position] for position in lost_attempts(step)]
    if all(cut_by_a_pause(attempt) for attempt in lost):
        return "a pause cut off"
    if local and all(attempt.error is None for attempt in lost):
        return "a reload or restart cut off"
    return "the platform lost"


def who_cut_off_any(detail: Detail, *, local: bool = False) -> frozenset[str]:
    """What `who_cut_off` says of all the steps that ran again, each of it once."""
    again = ran_again(detail)
    return detail.steps.fact(
        ("who cut off", local), lambda _: frozenset(who_cut_off(step, local=local) for step in again)
    )


def ran_again(detail: Detail) -> Sequence[Step]:
    """The steps of which the platform lost an attempt, rollback handlers left out."""
    return detail.steps.picked("ran again", _ran_again)


def _ran_again(steps: Steps) -> list[int]:
    kinds = steps.columns.kinds
    return [
        index
        for index in steps.columns.retried
        if kinds[index] != "rollback"
        and _may_be_lost(steps.attempts_text(index))
        and lost_attempts(steps[index])
    ]


def _may_be_lost(attempts: bytes | None) -> bool:
    """Whether one of the attempts may be lost: to read all of 50,000 steps takes seconds, and few are."""
    # Looked for in the text as it came, which is not parsed for it: the one cut off may stand last there,
    # since only what is parsed is put in the order in which attempts began.
    if attempts is None or any(sign in attempts for sign in _LOST_SIGNS):
        return True
    try:
        ended = _ENDED.decode(attempts)
        return len(ended) > 1 and any(not isinstance(attempt.success, bool) for attempt in ended)
    except (MsgspecError, RecursionError, ValueError):
        return True
