"""WebSockets, opened without credentials and never redirected; without a network to an app in process."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from wfdash.api.errors import NotReached, OtherServer
from wfdash.api.logs.socket import Socket, SocketEnded
from wfdash.config.network import is_host

__all__ = ["SocketFactory", "check_address"]

_LARGEST: Final = 2 * 1024 * 1024
"""Bytes of one message: a run prints up to 256 kB (Workers limits), which escapes make six times as many."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_OPENING: Final = 10.0
"""Seconds for the handshake: a proxy that swallows it would else hold whoever follows for ever."""

AsgiApp = Callable[..., Awaitable[None]]


class SocketFactory(Struct, frozen=True):
    """`proxy` is the address of one to go through; `app` stands in for the network."""

    proxy: Callable[[], str | None] = lambda: None
    app: AsgiApp | None = None

    async def open(self, url: str, protocol: str) -> Socket:
        """Connects. Raises NotReached, or OtherServer for an address that is not to be followed."""
        if self.app is not None:
            return await _InProcess.open(self.app, url, protocol)
        check_address(url)
        from wfdash.api.logs.websocket import open_websocket

        return await open_websocket(url, protocol, self.proxy(), most=_LARGEST, seconds=_OPENING)


def check_address(url: str) -> None:
    """Takes `wss://`, and `ws://` on loopback; raises OtherServer for anything else."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.username or parts.password:
        raise OtherServer("The server gave an address with a password for its log: it is not followed.")
    if (
        not host
        or not is_host(host)
        or not (parts.scheme == "wss" or (parts.scheme == "ws" and host in _LOOPBACK))
    ):
        address = f"{parts.scheme}://{host}" if host else "no address"
        raise OtherServer(f"The server wants its log read at {address[:200]}: only wss:// is followed.")


class _InProcess:
    """One WebSocket of an ASGI application, as its server would carry it."""

    def __init__(self) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._to_us: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, app: AsgiApp, url: str, protocol: str) -> "_InProcess":
        parts = urlsplit(url)
        scope = {
            "type": "websocket",
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [(b"host", parts.netloc.encode())],
            "subprotocols": [protocol],
        }
        socket = cls()
        await socket._to_app.put({"type": "websocket.connect"})
        socket._task = asyncio.ensure_future(socket._run(app, scope))
        answer = await socket._to_us.get()
        if answer["type"] != "websocket.accept":
            await socket.close()
            raise NotReached("The server did not open its log.", sent=False)
        return socket

    async def _run(self, app: AsgiApp, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._to_app.get, self._to_us.put)
        finally:
            await self._to_us.put({"type": "websocket.close"})

    async def send(self, text: str) -> None:
        await self._to_app.put({"type": "websocket.receive", "text": text})

    async def receive(self) -> str | bytes:
        message = await self._to_us.get()
        if message["type"] != "websocket.send":
            raise SocketEnded(message.get("code", 1006))
        return message.get("text") or message.get("bytes") or b""

    async def close(self) -> None:
        await self._to_app.put({"type": "websocket.disconnect", "code": 1000})
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._task
