"""Plain, total reading of what the endpoints send: any JSON value gives something, or nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wfdash.api.answers.envelope import rows
from wfdash.api.interface import Created, NewInstance, RestartFrom, Version
from wfdash.core.model.json_values import text
from wfdash.core.model.times import parse_time
from wfdash.core.model.workflow import Schedule, Workflow

if TYPE_CHECKING:
    from wfdash.core.verbs.verb import ApiVerb

__all__ = [
    "change_body",
    "count_of",
    "create_body",
    "read_counts",
    "read_created",
    "read_version",
    "read_workflow",
]


def count_of(value: object) -> int | None:
    """A count: a number of at least 0 and at most 10^12, cut to a whole one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A count decides how far a bar is drawn and how many pages are asked for: an absurd one is none.
    return int(value) if 0 <= value <= 1e12 else None


def read_counts(value: object) -> dict[str, int]:
    """Instances by status: keys as they come, without what is no count."""
    if not isinstance(value, Mapping):
        return {}
    pairs = ((str(status), count_of(number)) for status, number in value.items())
    return {status: number for status, number in pairs if number is not None}


def read_workflow(item: Mapping[str, Any]) -> Workflow:
    """One row of `GET /workflows`. Its name is "" when there was none."""
    return Workflow(
        name=text(item.get("name")),
        id=text(item.get("id")),
        class_name=text(item.get("class_name")),
        script_name=text(item.get("script_name")),
        created=parse_time(item.get("created_on")),
        modified=parse_time(item.get("modified_on")),
        triggered=parse_time(item.get("triggered_on")),
        counts=read_counts(item.get("instances")),
        schedules=[
            Schedule(text(row.get("cron")), parse_time(row.get("next_instance")))
            for row in rows(item.get("schedules"))[0]
        ],
        script_deleted=item.get("script_deleted") is True,
        raw=dict(item),
    )


def read_version(item: Mapping[str, Any]) -> Version:
    concurrency = item.get("concurrency")
    limit = concurrency.get("limit") if isinstance(concurrency, Mapping) else None
    return Version(
        id=text(item.get("id")),
        created=parse_time(item.get("created_on")),
        modified=parse_time(item.get("modified_on")),
        language=text(item.get("language")),
        default_retention=item.get("default_retention"),
        concurrency_limit=count_of(limit),
        raw=dict(item),
    )


def read_created(item: Mapping[str, Any]) -> Created:
    return Created(text(item.get("id")), text(item.get("status")), text(item.get("version_id")), dict(item))


def create_body(new: NewInstance) -> dict[str, Any]:
    """What the cloud's create takes; a key without a value is left out, never null."""
    retention = {
        key: value
        for key, value in (
            ("success_retention", new.success_retention),
            ("error_retention", new.error_retention),
        )
        if value is not None
    }
    # Always with an id of our own: if the answer is lost, reading it tells whether the instance was made.
    body: dict[str, Any] = {"instance_id": new.id}
    if new.has_params:
        body["params"] = new.params
    if retention:
        body["instance_retention"] = retention
    if new.location_hint:
        body["location_hint"] = new.location_hint
    return body


def change_body(verb: "ApiVerb", *, rollback: bool, restart_from: RestartFrom | None) -> dict[str, Any]:
    """The body of one verb: `rollback` for terminate alone, `from` for restart alone."""
    body: dict[str, Any] = {"status": verb}
    if verb == "terminate" and rollback:
        body["rollback"] = True
    if verb == "restart" and restart_from is not None:
        start = {"name": restart_from.name, "count": restart_from.count, "type": restart_from.type}
        body["from"] = {key: value for key, value in start.items() if value is not None}
    return body
