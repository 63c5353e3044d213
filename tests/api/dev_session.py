"""The three generations of a dev session's API, with the shapes and quirks that real ones showed."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.fakes.loopback import Seen, envelope, reply

NEW, OLD = "/cdn-cgi/local/explorer/api", "/cdn-cgi/explorer/api"
STATUS_PATH = "/workflows/{workflow_name}/instances/{instance_id}/status"
GHOST = "f" * 64


def openapi(key: str) -> dict:
    """The part of the OpenAPI document that tells the generations apart."""
    alternative = {"type": "object", "properties": {key: {"type": "string", "enum": ["pause"]}}}
    schema = {"oneOf": [alternative]} if key == "status" else alternative
    body = {"content": {"application/json": {"schema": schema}}}
    answers = {"200": {"schema": {"properties": {"status": {"type": "string"}}}}}
    return {"paths": {STATUS_PATH: {"patch": {"requestBody": body, "responses": answers}}}}


@dataclass
class DevSession:
    """`generation` A (4.79-4.116), B (4.117-4.132) or C (4.133 on); `rows` is the list, newest first."""

    generation: str = "C"
    rows: list[dict] = field(default_factory=list)
    reached_the_worker: list[str] = field(default_factory=list)

    def __call__(self, seen: Seen, writer: object) -> bytes:
        bases = {"A": (OLD,), "B": (NEW, OLD), "C": (NEW, OLD)}[self.generation]
        base = next((each for each in bases if seen.target.startswith(each)), None)
        if base is None:
            self.reached_the_worker.append(f"{seen.method} {seen.target}")
            return reply(200, "ok", content_type="text/plain")
        return self.api(seen, seen.target.removeprefix(base))

    def api(self, seen: Seen, target: str) -> bytes:
        parts = urlsplit(target)
        path = [unquote(part) for part in parts.path.split("/")[1:]]
        match (seen.method, path):
            case ("GET", []):
                return reply(200, json.dumps(openapi("status" if self.generation == "C" else "action")))
            case ("GET", ["workflows"]):
                item = {"name": "orders", "class_name": "Orders", "script_name": "shop"}
                return envelope([item], result_info={"count": 1})
            case (_, ["workflows", name, *_]) if name != "orders":
                return envelope(None, status=404, errors=[error(10501, f"Workflow '{name}' not found.")])
            case ("GET", ["workflows", "orders"]):
                return envelope({"name": "orders", "instances": {"running": 1, "unknown": 2}})
            case ("GET", ["workflows", "orders", "instances"]):
                return self.list(parse_qs(parts.query))
            case ("POST", ["workflows", "orders", "instances"]):
                return envelope({"id": seen.json().get("id", "random")})
            case ("GET", ["workflows", "orders", "instances", identity]):
                return self.get(identity)
            case ("PATCH", ["workflows", "orders", "instances", identity, "status"]):
                return self.patch(identity, seen.json())
            case ("POST", ["workflows", "orders", "instances", _, "events", _]):
                return envelope({"success": True})
        return reply(404, "404 Not Found", content_type="text/plain")

    def list(self, query: dict[str, list[str]]) -> bytes:
        if set(query) - {"page", "per_page"}:
            return envelope(None, status=400, errors=[error(10001, "woke every instance")])
        page, size = int(query["page"][0]), int(query["per_page"][0])
        info = {
            "page": page,
            "per_page": size,
            "total_count": len(self.rows),
            "total_pages": max(1, -(-len(self.rows) // size)),
            "status_counts": {"running": 1, "unknown": sum("status" not in row for row in self.rows)},
        }
        return envelope(self.rows[(page - 1) * size : page * size], result_info=info)

    def get(self, identity: str) -> bytes:
        row = next((row for row in self.rows if row["id"] == identity and "status" in row), None)
        if row is None:
            self.rows.insert(0, {"id": GHOST})
            errors = [error(10501, f"Workflow instance '{identity}' not found.")]
            return envelope(None, status=404, errors=errors)
        steps = [{"name": "charge-1", "type": "step", "output": {"long": "x" * 2000}}]
        return envelope({"status": row["status"], "queued": None, "steps": steps, "step_count": 1})

    def patch(self, identity: str, body: dict) -> bytes:
        row = next(row for row in self.rows if row["id"] == identity)
        if body["status"] == "terminate" and row["status"] == "complete":
            words = "WorkflowError: (instance.cannot_terminate) Cannot terminate instance since its on a "
            words += "finite state"
            return envelope(None, status=500, errors=[error(10001, words)])
        if body["status"] == "restart" and body.get("from", {}).get("name") == "nowhere":
            words = '(instance.cannot_restart) Step "nowhere" not found in execution history'
            return envelope(None, status=409, errors=[error(10001, words)])
        return envelope({"status": "paused", "timestamp": "2026-11-21T09:13:15.345Z"})


def error(code: int, message: str) -> dict:
    return {"code": code, "message": message}
