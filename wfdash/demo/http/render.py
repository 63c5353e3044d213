"""Instances, workflows and logs as the REST API words them."""

import json
from collections.abc import Iterable
from typing import Any

from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.log import LogEntry
from wfdash.demo.engine.program import Do, StepFailure, Wait
from wfdash.demo.engine.times import iso
from wfdash.demo.engine.workflow import SimulatedVersion, SimulatedWorkflow

__all__ = ["CUT", "created", "detail", "row", "steps", "text", "version", "workflow"]

CUT = 1024
"""Characters of an output that a detail shows; the step endpoint gives it whole."""


def _when(at: float | None) -> str | None:
    return None if at is None else iso(at)


def _error(failure: StepFailure | None) -> dict[str, str] | None:
    return failure.shown() if failure else None


def text(value: Any, cut: int | None = CUT) -> str | None:
    """An output as the log holds it: its JSON, cut short; null for nothing."""
    if value is None:
        return None
    encoded = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return encoded if cut is None or len(encoded) <= cut else encoded[:cut] + "[truncated output]"


def row(instance: SimulatedInstance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "created_on": iso(instance.created),
        "modified_on": iso(max(instance.modified, instance.created)),
        "started_on": _when(instance.started),
        "ended_on": _when(instance.ended),
        "status": instance.status,
        "version_id": instance.version.id,
        "workflow_id": instance.workflow.id,
        "trigger_source": instance.trigger,
    }


def created(instance: SimulatedInstance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "status": instance.status,
        "version_id": instance.version.id,
        "workflow_id": instance.workflow.id,
        "trigger_source": instance.trigger,
    }


def detail(
    instance: SimulatedInstance, *, simple: bool = False, newest_first: bool = False
) -> dict[str, Any]:
    run = instance.run
    entries = run.entries if run else instance.kept
    rollback = None
    if run and run.rolled_back and run.over:
        failed = run.rollback_error
        rollback = {"outcome": "failed" if failed else "complete", "error": _error(failed)}
    result: dict[str, Any] = {
        "status": instance.status,
        "params": {} if instance.params is None and not instance.by_client else instance.params,
        "trigger": {"source": instance.trigger},
        "versionId": instance.version.id,
        "queued": iso(instance.queued),
        "start": _when(instance.started),
        "end": _when(instance.ended),
        "success": instance.status == "complete" if instance.final else None,
        "error": _error(run.error) if run and instance.final and not instance.terminating else None,
        "output": _output(run.output) if run and instance.status == "complete" else None,
        "rollback": rollback,
        "step_count": sum(entry.kind in ("step", "sleep", "waitForEvent") for entry in entries),
    }
    if instance.schedule:
        result["schedule"] = {
            "cron": instance.schedule.cron,
            "scheduledTime": round(instance.schedule.dispatched * 1000),
        }
    result["steps"] = [] if simple else steps(entries, newest_first=newest_first)
    return result


def _output(value: Any) -> str | float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return text(value)


def steps(entries: Iterable[LogEntry], *, newest_first: bool = False) -> list[dict[str, Any]]:
    rows = [_entry(entry) for entry in entries]
    return rows[::-1] if newest_first else rows


def _entry(entry: LogEntry) -> dict[str, Any]:
    if entry.kind == "termination":
        return {"type": "termination", "trigger": {"source": entry.source}}
    base: dict[str, Any] = {"name": entry.name, "start": iso(entry.start), "end": _when(entry.end)}
    if isinstance(entry.op, Do):
        return {**base, **_step(entry, entry.op)}
    error = entry.error.shown() if entry.error else None
    if error and entry.kind == "waitForEvent":
        error["message"] = ""
    base |= {"type": entry.kind, "finished": entry.finished, "error": error}
    if isinstance(entry.op, Wait):
        base["event_type"] = entry.op.type
        base["output"] = text(wait_output(entry))
    return base


def wait_output(entry: LogEntry) -> dict[str, Any] | None:
    """The event a wait ended with."""
    if not isinstance(entry.output, dict):
        return None
    return {**entry.output, "timestamp": iso(entry.output["timestamp"])}


def _step(entry: LogEntry, op: Do) -> dict[str, Any]:
    config: dict[str, Any] = {
        "retries": {
            "limit": op.limit,
            "delay": "[dynamic]" if op.dynamic else op.delay,
            "backoff": op.backoff,
        },
        "timeout": op.timeout,
    }
    if op.sensitive:
        config["sensitive"] = "output"
    output = text(entry.output)
    if entry.success and op.stream is not None:
        output = f"[ReadableStream (binary): {len(op.stream)} bytes]"
    elif entry.success and op.sensitive:
        output = "[REDACTED]"
    return {
        "type": entry.kind,
        "success": entry.success,
        "output": output,
        "config": config,
        "attempts": [
            {
                "start": iso(attempt.start),
                "end": _when(attempt.end),
                "success": attempt.success,
                "error": _error(attempt.error),
            }
            for attempt in entry.attempts
        ],
    }


def version(of: SimulatedVersion, workflow: SimulatedWorkflow) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": of.id,
        "class_name": workflow.class_name,
        "created_on": iso(of.created),
        "modified_on": iso(of.created),
        "workflow_id": workflow.id,
        "has_dag": workflow.language == "javascript",
        "language": workflow.language,
        "limits": {"steps": 10_000},
        "default_retention": {
            "success_retention": round(workflow.retention.success * 1000),
            "error_retention": round(workflow.retention.error * 1000),
        },
    }
    if workflow.concurrency is not None:
        shown["concurrency"] = {"limit": workflow.concurrency}
    return shown


def workflow(workflow: SimulatedWorkflow, now: float) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": workflow.id,
        "name": workflow.name,
        "class_name": workflow.class_name,
        "script_name": workflow.script,
        "created_on": iso(workflow.created),
        "modified_on": iso(workflow.current.created),
        "triggered_on": _when(workflow.triggered),
        "instances": dict(workflow.counts),
        "script_deleted": workflow.script_deleted,
    }
    if workflow.crons:
        shown["schedules"] = [
            {"cron": cron.expression, "next_instance": iso(cron.after(now))} for cron in workflow.crons
        ]
    return shown
