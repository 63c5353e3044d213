"""Workers Observability as far as log lines go: query, keys and values, over what the programs printed.

Shapes are those of the official SDK's `workers.observability.telemetry` (cloudflare 5.9). As in the real one
no event carries the id of an instance or the name of a step, unless a program printed it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

from wfdash.demo.engine.console import ConsoleLine, Invocation, invocations
from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.times import iso
from wfdash.demo.engine.world import World
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.demo.http.envelope import SimulatedAnswer, success
from wfdash.demo.http.requests import Ask, bad_body
from wfdash.demo.http.routes import Handler
from wfdash.demo.http.telemetry_filter import flat, matches, needle_matches

__all__ = ["Telemetry"]

_KEPT = 7 * 86_400.0
_MOST = 2000
_REMEMBERED = 20_000
"""Requests of which is known whose they were, the last that were told."""
_LOOKED_AT = 3000
"""Instances of a workflow that a query looks through, newest first."""
_DATASET: Final = "cloudflare-workers"
NOTHING_ASKED: Final[Mapping[str, Any]] = {}
_BASE: Final = ("accounts", "*", "workers", "observability", "telemetry")


@dataclass
class Telemetry:
    """Answers telemetry queries; its fields are what it does amiss.

    That is a level of sampling, answers that are not ready yet, lines that come late, twice or in disorder.
    """

    world: World
    sampled: int = 1
    """One row in so many is kept, and `abr_level` says so."""
    started: int = 0
    """How many answers of a query say STARTED before its rows come."""
    lag: float = 0.0
    twice: bool = False
    disorder: bool = False
    _asked: dict[str, int] = field(default_factory=dict)
    _by_request: dict[str, SimulatedInstance] = field(default_factory=dict)

    @property
    def routes(self) -> list[tuple[str, tuple[str, ...], Handler]]:
        return [
            ("POST", (*_BASE, "query"), self.query),
            ("POST", (*_BASE, "keys"), self.keys),
            ("POST", (*_BASE, "values"), self.values),
        ]

    def query(self, world: World, ask: Ask) -> SimulatedAnswer:
        """The view `events`, newest first, in pages by the id of the last event."""
        body = _object(ask.json())
        identity, view = body.get("queryId"), body.get("view", "events")
        if not isinstance(identity, str) or view not in ("events", "calculations", "invocations"):
            raise bad_body("queryId" if not isinstance(identity, str) else "view")
        since, until = _timeframe(body)
        times = self._asked.pop(identity, 0) + 1
        self._asked[identity] = times
        if len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        ready = times > self.started
        found = list(self._matching(body.get("parameters"), since, until)) if ready else []
        if ready:
            self._asked.pop(identity)
        statistics = {"elapsed": 0.012, "rows_read": len(found), "bytes_read": 400 * len(found)}
        if self.sampled > 1:
            statistics["abr_level"] = self.sampled
        run = self._run(body, identity, since, until, "COMPLETED" if ready else "STARTED", statistics)
        result: dict[str, Any] = {"run": run, "statistics": statistics}
        if view == "events":
            result["events"] = {"count": len(found), "events": self._page(found, body), "fields": []}
        return success(result)

    def _page(self, found: list[dict[str, Any]], body: dict[str, Any]) -> list[dict[str, Any]]:
        limit = body.get("limit", 100)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 1 <= limit <= _MOST:
            raise bad_body("limit")
        after = body.get("offset")
        ids = [event["$metadata"]["id"] for event in found]
        start = ids.index(after) + 1 if after in ids else 0
        page = found[start : start + int(limit)]
        if self.twice:
            page = [event for event in page for _ in range(2)][: int(limit)]
        return page[::2] + page[1::2] if self.disorder else page

    def keys(self, world: World, ask: Ask) -> SimulatedAnswer:
        """The keys that events of the last hour carry."""
        body = _object(ask.json())
        now = world.look()
        seen: dict[str, dict[str, Any]] = {}
        for event in islice(self._events(now - 3600, now), 500):
            for key, value in flat(event):
                if matches(body.get("filters", []), "and", dict(flat(event))):
                    entry = {"key": key, "type": _type(value), "lastSeenAt": event["timestamp"]}
                    seen.setdefault(key, entry)
        return success(sorted(seen.values(), key=lambda entry: str(entry["key"])))

    def values(self, world: World, ask: Ask) -> SimulatedAnswer:
        """The different values of one key."""
        body = _object(ask.json())
        key, kind = body.get("key"), body.get("type")
        if not isinstance(key, str) or kind not in ("string", "number", "boolean"):
            raise bad_body("key")
        world.look()
        found: dict[Any, dict[str, Any]] = {}
        for event in islice(self._events(*_timeframe(body)), 2000):
            values = dict(flat(event))
            if key in values and _type(values[key]) == kind:
                entry = {"dataset": _DATASET, "key": key, "type": kind, "value": values[key]}
                found.setdefault(values[key], entry)
        return success(list(found.values()))

    def _matching(self, parameters: Any, since: float, until: float) -> Iterator[dict[str, Any]]:
        asked = _object(parameters or {})
        filters, combination = asked.get("filters", []), asked.get("filterCombination", "and")
        matches(filters, combination, {})
        for event in self._events(since, until, asked):
            if needle_matches(asked.get("needle"), event) and matches(
                filters, combination, dict(flat(event))
            ):
                yield event

    def _events(
        self, since: float, until: float, parameters: Mapping[str, Any] = NOTHING_ASKED
    ) -> Iterable[dict[str, Any]]:
        """The kept events of a time, newest first: all that can pass these parameters, and others."""
        now = self.world.look()
        since, until = max(since, now - _KEPT), min(until, now - self.lag)
        found: list[dict[str, Any]] = []
        for instance in self._candidates(parameters):
            if instance.created > until or (instance.ended or now) < since - 1:
                continue
            for invocation in invocations(instance, now):
                self._by_request.pop(invocation.request, None)
                self._by_request[invocation.request] = instance
                found += _of_invocation(invocation, since, until)
        # Not for good: what the world has forgotten since would be held by it.
        for oldest in list(islice(self._by_request, max(0, len(self._by_request) - _REMEMBERED))):
            del self._by_request[oldest]
        found.sort(key=lambda event: (event["timestamp"], event["$metadata"]["id"]), reverse=True)
        return [event for place, event in enumerate(found) if place % self.sampled == 0]

    def _candidates(self, parameters: Mapping[str, Any]) -> Iterator[SimulatedInstance]:
        """The instances to look at, by an index where there is one.

        No program of the demo prints another instance's id, so one id as needle finds that instance alone.
        """
        wanted = {leaf.get("key"): str(leaf.get("value")) for leaf in parameters.get("filters") or ()}
        if requests := wanted.get("$metadata.requestId"):
            named = {id(found): found for key in requests.split(",") if (found := self._by_request.get(key))}
            yield from named.values()
            return
        needle = str((parameters.get("needle") or {}).get("value", ""))
        for workflow in self.world.workflows.values():
            if wanted.get("$metadata.service", workflow.script) != workflow.script:
                continue
            if wanted.get("$workers.entrypoint", workflow.class_name) != workflow.class_name:
                continue
            if needle in workflow.by_id:
                yield workflow.by_id[needle]
            else:
                yield from islice(workflow.walk(newest_first=True), _LOOKED_AT)

    def _run(
        self,
        body: dict[str, Any],
        identity: str,
        since: float,
        until: float,
        status: str,
        statistics: dict[str, Any],
    ) -> dict[str, Any]:
        at = iso(self.world.time)
        asked = {
            "id": identity,
            "name": identity,
            "adhoc": True,
            "description": "",
            "parameters": body.get("parameters") or {},
        }
        people = {"created": at, "createdBy": "demo", "updated": at, "updatedBy": "demo"}
        return {
            "id": str(uuid5(NAMESPACE_DNS, f"{identity}/{at}")),
            "accountId": ACCOUNT_ID,
            "userId": "demo",
            "dry": bool(body.get("dry", False)),
            "granularity": 30,
            "query": asked | people,
            "status": status,
            "timeframe": {"from": round(since * 1000), "to": round(until * 1000)},
            "statistics": statistics,
        }


def _of_invocation(invocation: Invocation, since: float, until: float) -> Iterator[dict[str, Any]]:
    for place, line in enumerate(invocation.lines):
        if since <= line.at <= until:
            yield _log_event(invocation, line, place)
    if invocation.end is not None and since <= invocation.end <= until:
        yield _own_event(invocation, invocation.end)


def _log_event(invocation: Invocation, line: ConsoleLine, place: int) -> dict[str, Any]:
    """The row of a line: a single object field by field, else its text (Workers Logs documentation)."""
    only = line.args[0] if len(line.args) == 1 else None
    source: dict[str, Any] = {"level": line.level}
    words = " ".join(arg if isinstance(arg, str) else json.dumps(arg) for arg in line.args)
    source |= only if isinstance(only, dict) else {"message": words}
    event = _event(invocation, line.at, f"{place:04d}", source)
    event["$metadata"] |= {"type": "cf-worker-log", "level": line.level, "message": words}
    if line.level == "error":
        event["$metadata"]["error"] = words
    return event


def _own_event(invocation: Invocation, end: float) -> dict[str, Any]:
    """The row of an invocation itself, which no line of a program is."""
    event = _event(invocation, end, "9999", {"message": "", "level": "info"})
    event["$metadata"] |= {"type": "cf-worker-event", "level": "info", "message": "", "trigger": "workflow"}
    event["$workers"] |= {"cpuTimeMs": 12.0, "wallTimeMs": round((end - invocation.start) * 1000, 1)}
    return event


def _event(invocation: Invocation, at: float, place: str, source: dict[str, Any]) -> dict[str, Any]:
    workflow = invocation.instance.workflow
    outcome = "exception" if invocation.failed else "ok"
    mark = sha256(f"{invocation.request}/{place}".encode()).hexdigest()[:8]
    return {
        "dataset": _DATASET,
        "timestamp": round(at * 1000),
        "source": source,
        "$metadata": {
            "id": f"{round(at * 1000):013d}{place}{mark}",
            "service": workflow.script,
            "origin": "workflow",
            "requestId": invocation.request,
            "traceId": invocation.trace,
        },
        "$workers": {
            "eventType": "workflow",
            "scriptName": workflow.script,
            "entrypoint": workflow.class_name,
            "outcome": outcome,
            "scriptVersion": {"id": invocation.instance.version.id},
            "requestId": invocation.request,
            "truncated": False,
            "event": {"rpcMethod": "run"},
        },
    }


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise bad_body("not an object")
    return value


def _timeframe(body: dict[str, Any]) -> tuple[float, float]:
    frame = body.get("timeframe")
    since, until = (frame.get("from"), frame.get("to")) if isinstance(frame, dict) else (None, None)
    if type(since) is not int or type(until) is not int or since >= until:
        raise bad_body("timeframe")
    return since / 1000, until / 1000


def _type(value: Any) -> str:
    return "boolean" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "string"
