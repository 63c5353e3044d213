"""One workflow of the account, with its counts and schedules."""

from typing import Any

from msgspec import Struct, field

__all__ = ["Schedule", "Workflow"]


class Schedule(Struct):
    """A cron expression and the next time it fires (epoch seconds), where the API says."""

    cron: str
    next_at: float | None = None


class Workflow(Struct):
    """A workflow as `GET /workflows` lists it; a local server fills in only the names."""

    name: str
    id: str = ""
    class_name: str = ""
    script_name: str = ""
    created: float | None = None
    modified: float | None = None
    triggered: float | None = None
    # Each status is optional and the counts lag behind the list: they never have to sum up to its total
    # (reference, List workflows).
    counts: dict[str, int] = field(default_factory=dict)
    """Instances by status; a status the answer left out is absent, not zero."""
    schedules: list[Schedule] = field(default_factory=list)
    script_deleted: bool = False
    raw: dict[str, Any] = field(default_factory=dict)
