"""A raw HTTP server on loopback that a test scripts: it answers or misbehaves, and tells what arrived."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Loopback", "Seen", "envelope", "reply", "serving"]


@dataclass
class Seen:
    """One request as its bytes had it: `target` is the raw request target, header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Behave = Callable[[Seen, asyncio.StreamWriter], Awaitable[bytes | None] | bytes | None]


@dataclass
class Loopback:
    """`behave` gives the bytes to send, or writes and closes by itself and gives None."""

    behave: Behave
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while (request := await self._request(reader)) is not None:
                self.seen.append(request)
                answer = self.behave(request, writer)
                if not isinstance(answer, bytes | None):
                    answer = await answer
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(task)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> Seen | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        pairs = [line.partition(":") for line in lines if line]
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Seen(method, target, headers, body)


@asynccontextmanager
async def serving(behave: Behave) -> Any:
    """The server, listening on a free port of 127.0.0.1 for the length of the block."""
    loopback = Loopback(behave)
    server = await asyncio.start_server(loopback.serve, "127.0.0.1", 0)
    loopback.port = server.sockets[0].getsockname()[1]
    try:
        yield loopback
    finally:
        server.close()
        for task in list(loopback.tasks):
            task.cancel()
        await asyncio.gather(*loopback.tasks, return_exceptions=True)


def reply(status: int, body: bytes | str = b"", /, **headers: str) -> bytes:
    """A whole HTTP/1.1 answer; a header's name is written with _ for -."""
    content = body.encode() if isinstance(body, str) else body
    fields = {"content_type": "application/json", "content_length": str(len(content))} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value]
    return "\r\n".join([f"HTTP/1.1 {status} Words", *lines, "", ""]).encode() + content


def envelope(result: Any = None, *, status: int = 200, **more: Any) -> bytes:
    """A whole answer with the API's envelope around `result`; `more` overrides its keys."""
    value = {"success": status < 400, "errors": [], "messages": [], "result": result} | more
    return reply(status, json.dumps(value))
