"""One instance in full: its steps, attempts, sleeps, waits, rollbacks and termination, read tolerantly."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from wfdash.core.moment import parse_time

__all__ = [
    "ABSENT",
    "Absent",
    "Attempt",
    "Detail",
    "Failure",
    "Step",
    "StepConfig",
    "partial_reason",
    "read_detail",
    "read_step",
    "with_steps_of",
]


class Absent:
    """The one value that says "the answer had no such key", where null is a value of its own."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()


class Failure(Struct):
    """An error as the API gives it: both parts raw, either may be empty."""

    name: str
    message: str


class Attempt(Struct):
    """One try of a step. All None but start: it still runs (or its session died)."""

    start: float | None
    end: float | None
    success: bool | None
    error: Failure | None


class StepConfig(Struct):
    """A step's resolved policy. `limit` counts retries, so attempts are at most limit + 1.

    `delay` and `timeout` are raw (text, milliseconds, "[dynamic]", or None when the answer had none).
    """

    limit: float | None = None
    delay: str | float | None = None
    backoff: str = ""
    timeout: str | float | None = None
    sensitive: str = ""


class Step(Struct):
    """One entry of `steps`. Its key is `index`: names repeat, and a termination has none."""

    index: int
    """Position in ascending (oldest first) order."""
    kind: str
    """The API's `type`, verbatim: step, sleep, waitForEvent, rollback, termination, or one yet unknown."""
    name: str = ""
    start: float | None = None
    end: float | None = None
    success: bool | None = None
    finished: bool | None = None
    error: Failure | None = None
    output: Any = ABSENT
    config: StepConfig | None = None
    attempts: list[Attempt] = field(default_factory=list)
    event_type: str = ""
    trigger: str = ""
    """Who terminated (a termination's trigger.source)."""
    raw: Any = None


class Detail(Struct):
    """`GET .../instances/{id}`. Times are epoch seconds."""

    workflow: str
    id: str
    status: str = ""
    params: Any = ABSENT
    trigger: str = ""
    version: str = ""
    queued: float | None = None
    start: float | None = None
    end: float | None = None
    success: bool | None = None
    error: Failure | None = None
    output: Any = ABSENT
    step_count: int | None = None
    steps: list[Step] = field(default_factory=list)
    simple: bool = False
    """Whether the steps were left out on request."""
    rollback_outcome: str = ""
    rollback_error: Failure | None = None
    cron: str = ""
    scheduled: float | None = None
    """Dispatch time of a cron run, epoch seconds (the API sends milliseconds)."""
    refusal: str = ""
    """What an envelope with success:false said although it carried this result; "" otherwise."""
    raw: Mapping[str, Any] = field(default_factory=dict)


def read_detail(
    workflow: str,
    identity: str,
    result: object,
    *,
    simple: bool = False,
    refusal: str = "",
    steps: bool = True,
    newest_first: bool = False,
) -> Detail:
    """Read the endpoint's `result`. Total: any JSON value gives a Detail, whatever is missing or mistyped.

    With `steps=False` the steps are left to the caller, who reads them with `read_step` in slices.
    `newest_first` when they were asked for with order=desc: they are kept oldest first all the same.
    """
    raw = result if isinstance(result, Mapping) else {}
    detail = Detail(workflow, identity, simple=simple, refusal=refusal, raw=raw)
    detail.status = _text(raw.get("status"))
    detail.params = raw.get("params", ABSENT)
    detail.output = raw.get("output", ABSENT)
    detail.trigger = _text(_part(raw.get("trigger"), "source"))
    detail.version = _text(raw.get("versionId"))
    detail.queued = parse_time(raw.get("queued"))
    detail.start = parse_time(raw.get("start"))
    detail.end = parse_time(raw.get("end"))
    detail.success = _flag(raw.get("success"))
    detail.error = _failure(raw.get("error"))
    detail.rollback_outcome = _text(_part(raw.get("rollback"), "outcome"))
    detail.rollback_error = _failure(_part(raw.get("rollback"), "error"))
    detail.cron = _text(_part(raw.get("schedule"), "cron"))
    scheduled = _number(_part(raw.get("schedule"), "scheduledTime"))
    detail.scheduled = None if scheduled is None else scheduled / 1000
    count = _number(raw.get("step_count"))
    detail.step_count = None if count is None or count != count or abs(count) > 1e12 else int(count)
    if steps:
        entries = raw.get("steps")
        if isinstance(entries, Sequence) and not isinstance(entries, str):
            ordered = reversed(entries) if newest_first else entries
            detail.steps = [read_step(index, entry) for index, entry in enumerate(ordered)]
    return detail


def partial_reason(detail: Detail) -> str:
    """Why the steps are not all here, in words; "" when they are, or were left out on request.

    `step_count` counts neither terminations nor rollbacks.
    """
    if detail.simple:
        return ""
    came = sum(1 for step in detail.steps if step.kind not in ("termination", "rollback"))
    count = detail.step_count or 0
    if came < count:
        said = f"partial answer: {came:,} of {count:,} steps came"
        return f"{said} ({detail.refusal})" if detail.refusal else said
    return f"partial answer: {detail.refusal}" if detail.refusal else ""


def with_steps_of(simple: Detail, full: Detail) -> Detail:
    """The newer facts of an answer without steps, with the steps read before it."""
    return replace(
        simple,
        steps=full.steps,
        simple=False,
        params=full.params if simple.params is ABSENT else simple.params,
        raw={**full.raw, **simple.raw, "steps": full.raw.get("steps", [])},
    )


def read_step(index: int, entry: object) -> Step:
    """Read one entry of `steps`. Total: an entry that is not an object becomes a Step of kind ""."""
    raw = entry if isinstance(entry, Mapping) else {}
    attempts = raw.get("attempts")
    trigger = raw.get("trigger")
    return Step(
        index,
        _text(raw.get("type")),
        _text(raw.get("name")),
        parse_time(raw.get("start")),
        parse_time(raw.get("end")),
        _flag(raw.get("success")),
        _flag(raw.get("finished")),
        _failure(raw.get("error")),
        raw.get("output", ABSENT),
        _config(raw.get("config")),
        [_attempt(one) for one in attempts] if isinstance(attempts, list) else [],
        _text(raw.get("event_type")),
        _text(_part(trigger, "source")),
        entry,
    )


def _attempt(entry: object) -> Attempt:
    raw = entry if isinstance(entry, Mapping) else {}
    return Attempt(
        parse_time(raw.get("start")),
        parse_time(raw.get("end")),
        _flag(raw.get("success")),
        _failure(raw.get("error")),
    )


def _config(value: object) -> StepConfig | None:
    if not isinstance(value, Mapping):
        return None
    retries = value.get("retries")
    return StepConfig(
        _number(_part(retries, "limit")),
        _text_or_number(_part(retries, "delay")),
        _text(_part(retries, "backoff")),
        _text_or_number(value.get("timeout")),
        _text(value.get("sensitive")),
    )


def _failure(value: object) -> Failure | None:
    if isinstance(value, Mapping):
        return Failure(_text(value.get("name")), _text(value.get("message")))
    if isinstance(value, str) and value:
        return Failure("", value)
    return None


def _part(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _text_or_number(value: object) -> str | float | None:
    return value if isinstance(value, str) else _number(value)
