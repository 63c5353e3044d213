"""GraphQL as far as `workflowsAdaptiveGroups` and `workflowsAdaptive` go: the documented fields.

Names are those of the reference page (Workflows, metrics and analytics); a field beyond them is refused as
the real one refuses it, and so is a token that may not read analytics.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.times import iso
from wfdash.demo.engine.workflow import SimulatedLife, SimulatedWorkflow
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
_GROUPS, _ROWS = "workflowsAdaptiveGroups", "workflowsAdaptive"
_FIELDS: Final = {
    _GROUPS: {
        "viewer", "accounts", _GROUPS, "count", "avg", "sampleInterval", "sum", "wallTime", "dimensions",
        "workflowName", "eventType", *_GRAINS,
    },
    _ROWS: {
        "viewer", "accounts", _ROWS, "datetime", "eventType", "workflowName", "instanceId", "stepCount",
        "stepName", "wallTime", "sampleInterval",
    },
}  # fmt: skip
_ENDS: Final = {
    "complete": "WORKFLOW_SUCCESS",
    "errored": "WORKFLOW_FAILURE",
    "terminated": "WORKFLOW_TERMINATED",
}


@dataclass
class SimulatedAnalytics:
    """`sampled` is one in so many events; without `permitted` every query is refused, and what is `missing`
    is a field that this server does not know. Nothing is asked of before `kept` seconds ago: the real one
    refuses that (reference, GraphQL errors).
    """

    world: World
    sampled: int = 1
    permitted: bool = True
    missing: str = ""
    kept: float = _KEPT

    @property
    def routes(self) -> list[tuple[str, tuple[str, ...], Handler]]:
        return [("POST", ("graphql",), self.query)]

    def query(self, world: World, ask: Ask) -> SimulatedAnswer:
        now = world.look()
        body = ask.json()
        text, variables = str(body.get("query", "")), body.get("variables") or {}
        # What is selected: names outside parentheses, without their aliases.
        selected = re.sub(r"\([^()]*\)|\w+\s*:", " ", text.partition("{")[2])
        dataset = _GROUPS if _GROUPS in selected else _ROWS
        fields = _FIELDS[dataset] - {self.missing}
        unknown = next((name for name in re.findall(r"\w+", selected) if name not in fields), None)
        if unknown is not None:
            return _refused(f'unknown field "{unknown}"', "parse")
        if not self.permitted or variables.get("account") != ACCOUNT_ID:
            return _refused("not authorized for that account", "authz")
        if (_moment(variables.get("since")) or now) < now - self.kept:
            return _refused(f"cannot request data older than {self.kept:.0f}s", "")
        if dataset == _ROWS:
            rows = self._rows(variables, re.findall(r"\w+", selected.rpartition("{")[2]), now)
        else:
            grain = next((name for name in _GRAINS if name in selected), "datetimeHour")
            rows = self._groups(variables, _GRAINS[grain], now)
            if "sampleInterval" not in selected:
                for group in rows:
                    del group["avg"]
        data = {"viewer": {"accounts": [{dataset: rows[:_MOST]}]}}
        return SimulatedAnswer(200, {"data": data, "errors": None})

    def _rows(self, variables: dict[str, Any], fields: list[str], now: float) -> list[dict[str, Any]]:
        """The events of one instance, the newest first, with no other fields than those asked for."""
        identity, since = variables.get("instance"), now - self.kept
        found = []
        for workflow in self.world.workflows.values():
            there = workflow.by_id.get(str(identity))
            lives = [life for life in workflow.erased if life.id == identity]
            for life in [*lives, *([workflow.life(there)] if there is not None else [])]:
                for number, (at, event, step) in enumerate(_events(life)):
                    if since <= at <= now and number % self.sampled == 0:
                        found.append((at, event, step, workflow.name))
        values = (
            {
                "datetime": iso(at),
                "eventType": event,
                "workflowName": name,
                "instanceId": identity,
                "stepName": step,
                "sampleInterval": self.sampled,
            }
            for at, event, step, name in sorted(found, reverse=True)
        )
        return [{field: row.get(field) for field in fields} for row in values]

    def _groups(self, variables: dict[str, Any], grain: float, now: float) -> list[dict[str, Any]]:
        since, until = (_moment(variables.get(name)) for name in ("since", "until"))
        since = max(since or 0.0, now - self.kept)
        counts: Counter[tuple[float, str]] = Counter()
        for workflow in self.world.workflows.values():
            if variables.get("workflow") not in (None, workflow.name):
                continue
            for number, (at, event) in enumerate(_counted(workflow)):
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


def _counted(workflow: SimulatedWorkflow) -> Iterator[tuple[float, str]]:
    """Yields what came and ended, of instances there and erased ones, and of runs before a restart."""
    lives: Iterator[SimulatedInstance | SimulatedLife] = chain(
        workflow.walk(newest_first=False), workflow.erased
    )
    for life in lives:
        yield life.created, "WORKFLOW_QUEUED"
        if life.ended is not None and life.status in _ENDS:
            yield life.ended, _ENDS[life.status]
    for at, status in workflow.ends_before:
        if status in _ENDS:
            yield at, _ENDS[status]


def _events(life: SimulatedLife) -> Iterator[tuple[float, str, str]]:
    """All events of one instance, oldest first, each with the step that it is of."""
    yield life.created, "WORKFLOW_QUEUED", ""
    if life.started is not None:
        yield life.started, "WORKFLOW_START", ""
    for at, step in life.failed:
        yield at, "STEP_FAILURE", step
    if life.ended is not None and life.status in _ENDS:
        yield life.ended, _ENDS[life.status], ""


def _moment(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).timestamp()
    except ValueError:
        return None


def _refused(message: str, code: str) -> SimulatedAnswer:
    error = {"message": message, "path": None, "extensions": {"code": code}}
    return SimulatedAnswer(200, {"data": None, "errors": [error]})
