"""One workflow of the account, with its counts and schedules."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Schedule", "Workflow"]


@dataclass(slots=True)
class Schedule:
    """A cron expression and the next time it fires (epoch seconds), where the API says."""

    cron: str
    next_at: float | None = None


@dataclass(slots=True)
class Workflow:
    """A workflow as `GET /workflows` lists it; a local server fills in only the names."""

    name: str
    id: str = ""
    class_name: str = ""
    script_name: str = ""
    created: float | None = None
    modified: float | None = None
    triggered: float | None = None
    counts: dict[str, int] = field(default_factory=dict)
    """Instances by status; a status the answer left out is absent, not zero."""
    schedules: list[Schedule] = field(default_factory=list)
    script_deleted: bool = False
    raw: dict[str, Any] = field(default_factory=dict)
