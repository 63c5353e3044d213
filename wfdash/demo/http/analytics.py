"""GraphQL as far as `workflowsAdaptiveGroups` goes: the documented fields, counted from the world.

Names are those of the reference page (Workflows, metrics and analytics); a field beyond them is refused as
the real one refuses it, and so is a token that may not read analytics.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from wfdash.demo.engine.times import iso
from wfdash.demo.engine.workflow import SimulatedWorkflow
from wfdash.demo.engine.world import World
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.demo.http.envelope import SimulatedAnswer
from wfdash.demo.http.requests import Ask
from wfdash.demo.http.routes import Handler

__all__ = ["SimulatedAnalytics"]

_KEPT: Final = 31 * 86_400.0
_MOST: Final = 10_000
_GRAINS: Final = {
    "datetimeMinute": 60.0,
    "datetimeFiveMinutes": 300.0,
    "datetimeFifteenMinutes": 900.0,
    "datetimeHour": 3600.0,
}
_FIELDS: Final = {
    "viewer", "accounts", "workflowsAdaptiveGroups", "count", "avg", "sampleInterval", "sum", "wallTime",
    "dimensions", "workflowName", "eventType", *_GRAINS,
}  # fmt: skip
_ENDS: Final = {
    "complete": "WORKFLOW_SUCCESS",
    "errored": "WORKFLOW_FAILURE",
    "terminated": "WORKFLOW_TERMINATED",
}


@dataclass
class SimulatedAnalytics:
    """`sampled` is one in so many events; without `permitted` every query is refused, and what is `missing`
    is a field that this server does not know.
    """

    world: World
    sampled: int = 1
    permitted: bool = True
    missing: str = ""

    @property
    def routes(self) -> list[tuple[str, tuple[str, ...], Handler]]:
        return [("POST", ("graphql",), self.query)]

    def query(self, world: World, ask: Ask) -> SimulatedAnswer:
        now = world.look()
        body = ask.json()
        text, variables = str(body.get("query", "")), body.get("variables") or {}
        # What is selected: names outside parentheses, without their aliases.
        selected = re.sub(r"\([^()]*\)|\w+\s*:", " ", text.partition("{")[2])
        fields = _FIELDS - {self.missing}
        unknown = next((name for name in re.findall(r"\w+", selected) if name not in fields), None)
        if unknown is not None:
            return _refused(f'unknown field "{unknown}"', "parse")
        if not self.permitted or variables.get("account") != ACCOUNT_ID:
            return _refused("not authorized for that account", "authz")
        grain = next((name for name in _GRAINS if name in selected), "datetimeHour")
        groups = self._groups(variables, _GRAINS[grain], now)
        if "sampleInterval" not in selected:
            for group in groups:
                del group["avg"]
        data = {"viewer": {"accounts": [{"workflowsAdaptiveGroups": groups[:_MOST]}]}}
        return SimulatedAnswer(200, {"data": data, "errors": None})

    def _groups(self, variables: dict[str, Any], grain: float, now: float) -> list[dict[str, Any]]:
        since, until = (_moment(variables.get(name)) for name in ("since", "until"))
        since = max(since or 0.0, now - _KEPT)
        counts: Counter[tuple[float, str]] = Counter()
        for workflow in self.world.workflows.values():
            if variables.get("workflow") not in (None, workflow.name):
                continue
            for number, (at, event) in enumerate(_events(workflow)):
                if since <= at < (until or now) and number % self.sampled == 0:
                    counts[at // grain * grain, event] += self.sampled
        return [
            {
                "count": count,
                "avg": {"sampleInterval": float(self.sampled)},
                "dimensions": {"time": iso(at), "eventType": event},
            }
            for (at, event), count in sorted(counts.items())
        ]


def _events(workflow: SimulatedWorkflow) -> Iterator[tuple[float, str]]:
    """What came and ended, of instances that are there and of those that were erased."""
    for instance in workflow.walk(newest_first=False):
        yield instance.created, "WORKFLOW_QUEUED"
        if instance.ended is not None and instance.status in _ENDS:
            yield instance.ended, _ENDS[instance.status]
    for created, ended, status in workflow.erased:
        yield created, "WORKFLOW_QUEUED"
        yield ended, _ENDS[status]


def _moment(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).timestamp()
    except ValueError:
        return None


def _refused(message: str, code: str) -> SimulatedAnswer:
    error = {"message": message, "path": None, "extensions": {"code": code}}
    return SimulatedAnswer(200, {"data": None, "errors": [error]})
