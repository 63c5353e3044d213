"""Faults on demand: which requests the server spoils, how, and how often."""

import asyncio
import re
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from wfdash.demo.http.envelope import SimulatedAnswer, failure
from wfdash.demo.http.request_log import LoggedRequest

__all__ = ["KINDS", "InjectedFault", "Spoiler"]

KINDS: Final = (
    "429",
    "500",
    "403",
    "html",
    "truncate",
    "reset-before",
    "reset-after",
    "hang",
    "slow",
    "partial",
    "nulls",
    "unknown",
)
SLOW = 2.0
"""Seconds a slow answer takes, half of it before its first byte."""
RETRY_AFTER = "2"
PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Bad gateway</body></html>"


@dataclass(slots=True)
class InjectedFault:
    """`times` None is for ever; `where` is searched for in "METHOD /path?query"."""

    kind: str
    times: int | None = None
    where: re.Pattern[str] | None = None

    @classmethod
    def parse(cls, text: str) -> "InjectedFault":
        """Reads KIND[:TIMES][@REGEX]; ValueError with a sentence when it is not one."""
        head, at, pattern = text.partition("@")
        kind, colon, times = head.partition(":")
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}: one of {', '.join(KINDS)}")
        if colon and not (times.isdecimal() and int(times) > 0):
            raise ValueError(f"fault {kind}: {times!r} is not a number of times")
        try:
            where = re.compile(pattern) if at else None
        except re.error as error:
            raise ValueError(f"fault {kind}: {pattern!r} is not a regular expression: {error}") from None
        return cls(kind, int(times) if colon else None, where)

    def meets(self, asked: LoggedRequest) -> bool:
        if self.times == 0 or (self.where and not self.where.search(f"{asked.method} {asked.path}")):
            return False
        if self.kind == "partial":
            return asked.method == "GET" and bool(re.search(r"/instances/[^/?]+(\?|$)", asked.path))
        return self.kind not in ("nulls", "unknown") or asked.method == "GET"


class Spoiler:
    """The fault that one request meets with; kind "" when nothing is amiss."""

    def __init__(self, kind: str, scope: Scope) -> None:
        self.kind = kind
        state = scope.get("state") or {}
        self._transport: asyncio.WriteTransport | None = state.get("transport")

    @classmethod
    def for_request(cls, faults: Iterable[InjectedFault], asked: LoggedRequest, scope: Scope) -> "Spoiler":
        for fault in faults:
            if fault.meets(asked):
                if fault.times is not None:
                    fault.times -= 1
                asked.fault = fault.kind
                return cls(fault.kind, scope)
        return cls("", scope)

    async def before(self, receive: Receive) -> bool:
        """Whether the request dies here, before anything is done about it."""
        if self.kind == "reset-before":
            await self._reset(receive)
            return True
        if self.kind == "hang":
            await self._hang(receive)
            return True
        return False

    async def _hang(self, receive: Receive) -> None:
        """Holds the answer back until the client gives up or the server ends."""
        try:
            await _until_closed(receive)
        except asyncio.CancelledError:
            if self._transport is None:
                raise
            self._transport.abort()

    async def _reset(self, receive: Receive) -> None:
        """Cuts the connection hard. In process there is none: the caller gets ConnectionResetError."""
        if self._transport is None:
            raise ConnectionResetError("the simulator cut the connection")
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await _until_closed(receive)

    def instead(self) -> SimulatedAnswer | None:
        """An answer that takes the place of the true one; nothing is done about the request."""
        if self.kind == "429":
            message = "Please wait and consider throttling your request speed"
            return failure(429, 971, message, retry_after=RETRY_AFTER)
        if self.kind == "500":
            return failure(500, 10001, "workflows.api.error.internal_server")
        if self.kind == "403":
            return failure(403, 10000, "Authentication error")
        if self.kind == "html":
            return SimulatedAnswer(502, content=PAGE.encode(), type="text/html")
        return None

    def change(self, answer: SimulatedAnswer) -> None:
        """Spoils the true answer in place."""
        envelope = answer.envelope
        if envelope is None or answer.http != 200:
            return
        if self.kind == "partial":
            _partial(envelope)
        elif self.kind == "nulls":
            envelope["result"] = _nulls(envelope["result"])
        elif self.kind == "unknown":
            _unknown(envelope["result"])

    async def send(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        if self.kind == "reset-after":
            await self._reset(receive)
        elif self.kind == "truncate":
            await self._half(response, receive, send)
        elif self.kind == "slow":
            await _dribble(response, send)
        else:
            await response(scope, receive, send)

    async def _half(self, response: Response, receive: Receive, send: Send) -> None:
        body = bytes(response.body)
        more = self._transport is not None
        if not more:
            response.headers["content-length"] = str(len(body) // 2)
        await _start(response, send)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": more})
        if self._transport is not None:
            self._transport.close()
            await _until_closed(receive)


async def _until_closed(receive: Receive) -> None:
    """Waits for the client's end: the server complains where the application returns before it."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(response: Response, send: Send) -> None:
    start = {"type": "http.response.start", "status": response.status_code}
    await send({**start, "headers": response.raw_headers})


async def _dribble(response: Response, send: Send) -> None:
    body, pieces = bytes(response.body), 10
    await asyncio.sleep(SLOW / 2)
    await _start(response, send)
    size = max(1, -(-len(body) // pieces))
    for place in range(0, len(body), size):
        await asyncio.sleep(SLOW / 2 / pieces)
        part = body[place : place + size]
        await send({"type": "http.response.body", "body": part, "more_body": place + size < len(body)})


def _partial(envelope: dict[str, Any]) -> None:
    """HTTP 200, success:false and the first step alone, as reported of the real API."""
    envelope["success"] = False
    envelope["errors"] = [{"code": 10001, "message": "workflows.api.error.internal_server"}]
    envelope["messages"] = ["internal_server"]
    if isinstance(envelope["result"], dict):
        envelope["result"]["steps"] = envelope["result"].get("steps", [])[:1]


_ESSENTIAL = {"id", "name", "type", "status", "created_on"}


def _nulls(value: Any) -> Any:
    """The value with null for every scalar a client could live without."""
    if isinstance(value, dict):
        return {
            key: inner if key in _ESSENTIAL else _nulls(inner) if isinstance(inner, dict | list) else None
            for key, inner in value.items()
        }
    return [_nulls(inner) for inner in value] if isinstance(value, list) else value


def _unknown(result: Any) -> None:
    """Puts in statuses, step types and keys that no client has heard of, in every third place."""
    rows = result if isinstance(result, list) else [result]
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            continue
        row["x_unheard_of"] = {"deep": [1, None, "two"]}
        if "instances" in row:
            row["instances"] = {**row["instances"], "hibernating": 3}
        if "status" in row and number % 3 == 0:
            row["status"] = "hibernating"
        if isinstance(row.get("steps"), list):
            row["steps"] = [*row["steps"], {"type": "checkpoint", "name": "checkpoint-1", "at": 1}]
