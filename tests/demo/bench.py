"""A world of one's own with a clock that moves by hand, asked as a client asks."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import Headers

from wfdash.demo.engine.instance import Retention
from wfdash.demo.engine.program import Op, Program, RunContext
from wfdash.demo.engine.workflow import SimulatedWorkflow
from wfdash.demo.engine.world import World
from wfdash.demo.http.api import PREFIX, create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.demo.http.request_log import LoggedRequest

START = 1_795_000_000.0
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
BASE = f"/accounts/{ACCOUNT_ID}/workflows"


class Bench:
    """One workflow, `jobs`, whose program the test gives: a list of ops, or a function of the story."""

    def __init__(self, program: list[Op] | Callable[[RunContext], Program], **options: Any) -> None:
        self.now = START
        self.world = World(clock=lambda: self.now)
        write = program if callable(program) else lambda story: straight(program)
        options.setdefault("retention", Retention(1e9, 1e9))
        self.work = self.world.add_workflow(
            SimulatedWorkflow("jobs", write, "script", "Work", START, **options)
        )
        self.app = create_app(self.world, limit=10**9)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the envelope; `path` is below the account's workflows, or starts with //."""
        full = PREFIX + (path[1:] if path.startswith("//") else BASE + path)
        if query:
            full += "?" + urlencode(query)
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        asked = LoggedRequest(
            self.now, method, full, Headers(HEADERS if headers is None else headers), content
        )
        answer = self.app.answer(asked)
        return answer.http, json.loads(answer.body())

    def good(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        http, envelope = self.ask(method, path, body, **query)
        assert http == 200, envelope
        assert envelope["success"]
        return envelope["result"]

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, int]:
        """HTTP status and code."""
        http, envelope = self.ask(method, path, body, **query)
        assert not envelope["success"], envelope
        assert envelope["result"] is None
        return http, envelope["errors"][0]["code"]

    def create(self, identity: str = "one", **body: Any) -> str:
        self.good("POST", "/jobs/instances", {"instance_id": identity, **body})
        return identity

    def begun(self, identity: str = "one", **body: Any) -> "Bench":
        """One instance, at the moment it has just started."""
        self.create(identity, **body)
        instance = self.work.by_id[identity]
        self.now += self.world.start_delay(instance)
        self.world.look()
        return self

    def later(self, seconds: float) -> None:
        self.now += seconds

    def detail(self, identity: str = "one", **query: str) -> dict[str, Any]:
        return self.good("GET", f"/jobs/instances/{quote(identity, safe='')}", **query)

    def status(self, identity: str = "one") -> str:
        return self.detail(identity)["status"]

    def change(self, status: str, identity: str = "one", **more: Any) -> str:
        http, envelope = self.tried(status, identity, **more)
        assert http == 200, envelope
        return envelope["result"]["status"]

    def tried(self, status: str, identity: str = "one", **more: Any) -> tuple[int, Any]:
        """HTTP status and envelope of a change that may be refused."""
        return self.ask("PATCH", f"/jobs/instances/{identity}/status", {"status": status, **more})

    def send(self, type: str, payload: Any = None, identity: str = "one") -> None:
        self.good("POST", f"/jobs/instances/{identity}/events/{type}", payload)

    def names(self, identity: str = "one") -> list[str]:
        return [step.get("name", step["type"]) for step in self.detail(identity)["steps"]]

    def step(self, name: str, identity: str = "one") -> dict[str, Any]:
        return next(step for step in self.detail(identity)["steps"] if step.get("name") == name)

    def listing(self, **query: Any) -> dict[str, Any]:
        http, envelope = self.ask("GET", "/jobs/instances", **query)
        assert http == 200, envelope
        return envelope

    def pages(self, **query: Any) -> Iterator[list[str]]:
        cursor = ""
        while True:
            envelope = self.listing(**query, **({"cursor": cursor} if cursor else {}))
            yield [row["id"] for row in envelope["result"]]
            cursor = envelope["result_info"].get("cursor") or ""
            if not cursor:
                return


def straight(ops: list[Op]) -> Program:
    answer = None
    for op in ops:
        answer = yield op
    return answer
