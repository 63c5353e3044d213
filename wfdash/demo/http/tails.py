"""The Tail API: a tail is created over HTTP, read over a WebSocket, and deleted.

The messages are as a production capture and workerd's `TraceItem` have them: one an invocation, at its end.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from wfdash.demo.engine.console import Invocation, invocations
from wfdash.demo.engine.times import iso
from wfdash.demo.engine.verbs import VerbRefused
from wfdash.demo.engine.world import World
from wfdash.demo.http.envelope import SimulatedAnswer, success
from wfdash.demo.http.requests import Ask
from wfdash.demo.http.routes import Handler

__all__ = ["PATH", "PROTOCOL", "Tails"]

PATH: Final = "/tail/"
PROTOCOL: Final = "trace-v1"
_LIVES = 4 * 3600.0
_EVERY = 0.25
_OVERLOAD: Final = {
    "event": {"type": "overload", "message": "Tail is currently in sampling mode."},
    "outcome": "unknown",
    "logs": [],
    "exceptions": [],
}
_BASE: Final = ("accounts", "*", "workers", "scripts", "*", "tails")


@dataclass(slots=True)
class _Tail:
    id: str
    script: str
    created: float
    seen: float
    sent: set[str] = field(default_factory=set)

    def lacks(self, invocation: Invocation) -> bool:
        """Whether it ended while this tail was open and was not sent yet."""
        end = invocation.end
        return end is not None and end >= self.created - 0.001 and invocation.request not in self.sent


@dataclass
class Tails:
    """The tails that are `open`, and how badly they behave.

    One drops after `cut_after` messages. `twice` sends each again and `disorder` the newest first; `lag` is
    seconds by which they come late; `overload` says that it samples.
    """

    world: World
    open: dict[str, _Tail] = field(default_factory=dict)
    connections: int = 0
    deleted: int = 0
    cut_after: int | None = None
    twice: bool = False
    disorder: bool = False
    lag: float = 0.0
    overload: bool = False
    truncated: bool = False
    _numbered: int = 0

    @property
    def routes(self) -> list[tuple[str, tuple[str, ...], Handler]]:
        return [
            ("POST", _BASE, self.create),
            ("GET", _BASE, self.list),
            ("DELETE", (*_BASE, "*"), self.delete),
        ]

    def create(self, world: World, ask: Ask) -> SimulatedAnswer:
        """A tail of a script that is there, with the address to read it at."""
        now, script = world.look(), ask.segments[4]
        if all(workflow.script != script for workflow in world.workflows.values()):
            raise VerbRefused(404, 10007, "This Worker does not exist on your account.")
        self._numbered += 1
        identity = sha256(f"{script}/{self._numbered}/{now}".encode()).hexdigest()[:32]
        self.open[identity] = _Tail(identity, script, now, now)
        return success(self._shown(self.open[identity], ask))

    def list(self, world: World, ask: Ask) -> SimulatedAnswer:
        found = [tail for tail in self.open.values() if tail.script == ask.segments[4]]
        return success([self._shown(tail, ask) for tail in found])

    def delete(self, world: World, ask: Ask) -> SimulatedAnswer:
        if self.open.pop(ask.segments[6], None) is None:
            raise VerbRefused(404, 10008, "This tail does not exist.")
        self.deleted += 1
        return success(None)

    def _shown(self, tail: _Tail, ask: Ask) -> dict[str, Any]:
        url = f"ws://{ask.host}{PATH}{tail.id}"
        return {"id": tail.id, "url": url, "expires_at": iso(tail.created + _LIVES)}

    async def connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket, until either side ends it."""
        tail = self.open.get(scope["path"].removeprefix(PATH))
        await receive()
        if tail is None or PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        self.connections += 1
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await self._stream(tail, gone, send)
        finally:
            gone.cancel()

    async def _stream(self, tail: _Tail, gone: "asyncio.Future[None]", send: Send) -> None:
        left = self.cut_after
        if self.overload:
            await send({"type": "websocket.send", "text": json.dumps(_OVERLOAD)})
        while tail.id in self.open and not gone.done():
            if self.world.look() > tail.created + _LIVES:
                del self.open[tail.id]
                break
            news = list(self._news(tail))
            for message in reversed(news) if self.disorder else news:
                for _ in range(2 if self.twice else 1):
                    await send({"type": "websocket.send", "bytes": json.dumps(message).encode()})
                    left = None if left is None else left - 1
                if left is not None and left <= 0:
                    await send({"type": "websocket.close", "code": 1011})
                    return
            await asyncio.wait([gone], timeout=_EVERY)
        if not gone.done():
            await send({"type": "websocket.close", "code": 1000})

    def _news(self, tail: _Tail) -> Iterator[dict[str, Any]]:
        """The invocations that ended since the last look."""
        now = self.world.look() - self.lag
        since, tail.seen = tail.seen, now
        for workflow in self.world.workflows.values():
            if workflow.script != tail.script:
                continue
            for instance in list(workflow.walk(newest_first=True, start=now - 86_400.0)):
                # What ended an invocation more than a moment ago changed the instance's status with it.
                if instance.final and (instance.ended or now) < since - 5:
                    continue
                for invocation in invocations(instance, now, tail.lacks):
                    tail.sent.add(invocation.request)
                    yield _message(invocation) | {"truncated": self.truncated}


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


def _message(invocation: Invocation) -> dict[str, Any]:
    instance = invocation.instance
    end = invocation.end if invocation.end is not None else invocation.start
    failure = instance.failure
    thrown = [] if not invocation.failed or failure is None else [failure.shown() | {"timestamp": _ms(end)}]
    return {
        "wallTime": round((end - invocation.start) * 1000),
        "cpuTime": 12,
        "truncated": False,
        "executionModel": "stateless",
        "outcome": "exception" if invocation.failed else "ok",
        "scriptName": instance.workflow.script,
        "scriptVersion": {"id": instance.version.id},
        "entrypoint": instance.workflow.class_name,
        "tailAttributes": {"workflowName": instance.workflow.name, "instanceId": instance.id},
        "diagnosticsChannelEvents": [],
        "exceptions": thrown,
        "logs": [
            {"message": list(line.args), "level": line.level, "timestamp": _ms(line.at)}
            for line in invocation.lines
        ],
        "eventTimestamp": _ms(invocation.start),
        "event": {"rpcMethod": "run"},
    }


def _ms(at: float) -> int:
    return round(at * 1000)
