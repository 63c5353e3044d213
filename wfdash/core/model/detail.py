"""One instance in full: its steps, attempts, sleeps, waits, rollbacks and termination, read tolerantly."""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from wfdash.core.model.json_values import Fields, fields_of, flag, number, part, text
from wfdash.core.model.lazy_steps import Entries
from wfdash.core.model.step import ABSENT, Failure, read_failure
from wfdash.core.model.step_columns import Steps
from wfdash.core.model.step_kind import KINDS
from wfdash.core.model.times import parse_time

__all__ = ["MOST_STEPS", "Detail", "partial_reason", "read_detail", "with_steps_of"]

MOST_STEPS = 50_000
"""Twice the steps that a workflow may be allowed (limits page: 25,000); sleeps are not counted among them."""


class Detail(Struct):
    """One instance in full, as `GET .../instances/{id}` answers it. Times are epoch seconds."""

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
    steps: Steps = field(default_factory=Steps)
    simple: bool = False
    """Whether the steps were left out on request."""
    rollback_outcome: str = ""
    rollback_error: Failure | None = None
    cron: str = ""
    scheduled: float | None = None
    """Dispatch time of a cron run, epoch seconds (the API sends milliseconds)."""
    left_out: int = 0
    """Steps beyond those that are read, twice as many as an instance may have."""
    refusal: str = ""
    """What an envelope with success:false said although it carried this result; "" otherwise."""
    read_at: float | None = None
    """When it was answered, of one that comes out of a record; None for just now."""
    unread: bool = False
    """Whether a record has its row alone, because it was not read by then."""
    raw: Fields = field(default_factory=dict)


def read_detail(
    workflow: str,
    identity: str,
    result: object,
    *,
    simple: bool = False,
    refusal: str = "",
    newest_first: bool = False,
) -> Detail:
    """Reads the endpoint's `result`. Total: any JSON value gives a Detail, whatever is missing or mistyped.

    `newest_first` when they were asked for with order=desc: they are kept oldest first all the same.
    """
    raw = fields_of(result)
    detail = Detail(workflow, identity, simple=simple, refusal=refusal, raw=raw)
    detail.status = text(raw.get("status"))
    # Null is a value that a Worker may have been given or have returned; a key that is absent is the API
    # keeping silent, as a dev session does of its triggers and versions (measured on the engine).
    detail.params = raw.get("params", ABSENT)
    detail.output = raw.get("output", ABSENT)
    detail.trigger = text(part(raw.get("trigger"), "source"))
    detail.version = text(raw.get("versionId"))
    # The detail says queued, start, end, versionId where the list says created_on, started_on, ended_on,
    # version_id.
    detail.queued = parse_time(raw.get("queued"))
    detail.start = parse_time(raw.get("start"))
    detail.end = parse_time(raw.get("end"))
    detail.success = flag(raw.get("success"))
    # Null until it has ended, so that null is no failure (reference, Get instance).
    detail.error = read_failure(raw.get("error"))
    # Null unless it was terminated with rollback: complete or failed (reference, Get instance).
    detail.rollback_outcome = text(part(raw.get("rollback"), "outcome"))
    detail.rollback_error = read_failure(part(raw.get("rollback"), "error"))
    detail.cron = text(part(raw.get("schedule"), "cron"))
    # The one time of the API that is epoch milliseconds; all others are ISO text (reference, Get instance).
    scheduled = number(part(raw.get("schedule"), "scheduledTime"))
    detail.scheduled = None if scheduled is None else scheduled / 1000
    count = number(raw.get("step_count"))
    # int() raises for NaN and infinity, which are no JSON and come all the same.
    detail.step_count = None if count is None or count != count or abs(count) > 1e12 else int(count)
    entries = raw.get("steps")
    if isinstance(entries, list | Entries):
        detail.left_out = max(0, len(entries) - MOST_STEPS)
        entries = entries[:MOST_STEPS] if detail.left_out else entries
        detail.steps = Steps(entries[::-1] if newest_first else entries)
    return detail


def partial_reason(detail: Detail) -> str:
    """Why the steps are not all here, in words; "" when they are, or were left out on request.

    `step_count` counts neither terminations nor rollbacks.
    """
    if detail.simple:
        return ""
    kinds = detail.steps.columns.kinds
    if detail.left_out:
        return f"{len(kinds):,} of {len(kinds) + detail.left_out:,} steps read: no workflow may have more"
    # An answer may carry 1 of 63 steps and look complete (reports of October 2026): the count is the only
    # sign.
    came = len(kinds) - sum(kinds.count(word) for word, kind in KINDS.items() if kind.added)
    count = detail.step_count or 0
    # Nothing documents whether a termination is counted by every server: where it makes up for the
    # difference, no step is missing. Rollbacks do not, for there is one for each step.
    if came < count and came + kinds.count("termination") != count:
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
