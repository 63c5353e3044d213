"""When the attempts of an instance ran, as its answer says."""

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step_kind import kind_of
from wfdash.core.why.step_names import base_name, counter_of

__all__ = ["AttemptSpan", "attempt_spans"]


class AttemptSpan(Struct, frozen=True):
    """When one attempt ran; `end` is infinity while it does."""

    start: float
    end: float
    step: int
    number: int
    name: str
    count: int | None = None
    """Which of the steps of its name, as the engine counts them."""
    undoes: bool = False
    """Whether it is a rollback handler's."""
    is_cut: bool = False
    """Whether it did not end well: its code may go on, as beyond a time limit."""


def attempt_spans(detail: Detail) -> list[AttemptSpan]:
    """The attempts of all steps that run code, in the order in which they began."""
    spans = []
    columns = detail.steps.columns
    for index, kind in enumerate(columns.kinds):
        if not kind_of(kind).runs_code:
            continue
        step = detail.steps[index]
        tries = step.attempts
        over = step.end if step.end is not None else detail.end
        for number, attempt in enumerate(tries, 1):
            if attempt.start is None:
                continue
            after = tries[number].start if number < len(tries) else over
            end = attempt.end if attempt.end is not None else after
            spans.append(
                AttemptSpan(
                    attempt.start,
                    float("inf") if end is None else end,
                    index,
                    number,
                    base_name(step.name),
                    counter_of(step.name),
                    kind == "rollback",
                    attempt.success is not True,
                )
            )
    return sorted(spans, key=lambda span: span.start)
