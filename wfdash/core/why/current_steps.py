"""What an instance is at now: which of its open steps are current, and what each of them is doing."""

from collections.abc import Callable, Hashable, Sequence
from typing import Literal, TypeVar

from wfdash.core.model.detail import Detail
from wfdash.core.model.retry import duration, has_failed, next_try, open_attempt
from wfdash.core.model.status import is_final
from wfdash.core.model.step import Step
from wfdash.core.model.step_columns import Steps
from wfdash.core.model.step_kind import kind_of

__all__ = [
    "Doing",
    "current_steps",
    "deadline",
    "doing",
    "ended_before",
    "has_stopped",
    "has_succeeded",
    "is_open",
    "last_begun",
    "left_open",
    "of_current",
    "since",
]

_T = TypeVar("_T")
Doing = Literal["runs", "retries", "sleeps", "waits", "pending"]
"""`pending`: the step has begun and none of its attempts has, as when it waits for a concurrency key."""


def is_open(step: Step) -> bool:
    """Whether the answer shows it unfinished. Open is not current: see `current_steps`."""
    if kind_of(step.kind).rests:
        # In the cloud `end` of a sleep is when it is to wake: only `finished` says whether it did.
        if step.finished is not None:
            return not step.finished
        return step.end is None and step.error is None
    if step.kind == "termination":
        return False
    if step.start is None and not step.attempts:
        return step.kind == "step" and step.awaits_attempt
    return step.end is None and step.success is None


def current_steps(detail: Detail) -> Sequence[Step]:
    """The open steps something is still going to happen to, oldest first.

    None in a final instance, whose open steps stay open for ever. While it rolls back only handlers are
    current. A sleep that was started anew under the same name (after a pause) leaves its first entry open.
    """
    if is_final(detail.status):
        return []
    # The steps that the rollback cut off stay open in the answer, and nothing will move them.
    if detail.status == "rollingBack":
        return detail.steps.picked("handlers", _open_handlers)
    return detail.steps.picked("current", _current)


def of_current(detail: Detail, purpose: Hashable, work: Callable[[Sequence[Step]], _T]) -> _T:
    """What `work` makes of the current steps, made once for each purpose: there may be 25,000 of them.

    It may look at nothing but these, and at no clock.
    """
    steps = current_steps(detail)
    if not steps:
        return work(steps)
    return detail.steps.fact(("of current", purpose, detail.status == "rollingBack"), lambda _: work(steps))


def left_open(steps: Steps) -> Sequence[Step]:
    """The steps that the answer shows unfinished, rollback handlers left out: an end leaves them open."""
    return steps.picked("left open", _left_open)


def _left_open(steps: Steps) -> list[int]:
    return [step.index for step in steps.unended() if step.kind != "rollback" and is_open(step)]


def _open_handlers(steps: Steps) -> list[int]:
    return [step.index for step in steps.unended() if step.kind == "rollback" and is_open(step)]


def _current(steps: Steps) -> list[int]:
    found = [step for step in steps.unended() if is_open(step)]
    # A pause starts a sleep anew under the same name.
    if any(step.kind == "sleep" for step in found):
        last = {step.name: step.index for step in steps.of_kind("sleep")}
        found = [step for step in found if step.kind != "sleep" or last[step.name] == step.index]
    return [step.index for step in found]


def ended_before(detail: Detail) -> bool:
    """Whether the end in the answer is that of a run before: of one that goes on, and began a step since."""
    if detail.end is None or is_final(detail.status):
        return False
    began = of_current(detail, "began", last_begun)
    return detail.status == "queued" or (began is not None and began >= detail.end)


def last_begun(steps: Sequence[Step]) -> float | None:
    """When the step that began last did, epoch seconds; None where none has a start."""
    return max((step.start for step in steps if step.start is not None), default=None)


def doing(step: Step) -> Doing:
    """What an open step is at: an attempt runs, or it waits for the next one, a moment, or an event."""
    if step.doing is None:
        step.doing = _doing(step)
    return step.doing  # type: ignore[return-value]


def _doing(step: Step) -> Doing:
    if rests := kind_of(step.kind).rests:
        return rests
    if step.attempts and has_failed(step.attempts[-1]):
        return "retries"
    return "pending" if step.kind == "step" and step.awaits_attempt else "runs"


def has_succeeded(step: Step) -> bool:
    """Whether the last attempt of an open step succeeded: what is left is to store what it returned."""
    return bool(step.attempts) and step.attempts[-1].success is True


def has_stopped(step: Step) -> bool:
    """Whether nothing of an open step runs although no failure of its last attempt is told.

    It succeeded, or it ended and how was not answered.
    """
    last = step.attempts[-1] if step.attempts else None
    return last is not None and not has_failed(last) and not open_attempt(step)


def since(step: Step) -> float | None:
    """When what the open step is doing began: its running attempt, its last failure, or the step itself."""
    last = step.attempts[-1] if step.attempts else None
    if last is None:
        return step.start
    if doing(step) == "retries" or has_stopped(step):
        return last.end if last.end is not None else last.start
    return last.start if last.start is not None else step.start


def deadline(step: Step) -> tuple[float | None, bool]:
    """When the open step changes by itself, and whether that was worked out (True) or answered (False)."""
    kind = doing(step)
    # The answer has both as the step's `end`, in the cloud also before it came.
    if kind in ("sleeps", "waits"):
        return step.end, False
    if kind == "retries":
        return next_try(step), True
    # A time-out counts from the start of an attempt until it ends.
    if kind == "pending" or has_stopped(step) or (step.kind == "step" and not step.attempts):
        return None, True
    limit = duration(step.config.timeout) if step.config is not None else None
    began = since(step)
    # None at all, as far as is known: nothing says that it ends at once.
    return (None, True) if not limit or began is None else (began + limit, True)
