"""The simulator's HTTP API on loopback, for curl, SDKs, wrangler and tests."""

import asyncio
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from h11 import LocalProtocolError
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from wfdash.demo.engine.world import build
from wfdash.demo.http.api import PREFIX, Application, create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.demo.http.envelope import failure
from wfdash.demo.http.faults import InjectedFault

__all__ = ["DEFAULT_PORT", "exports", "serve"]

DEFAULT_PORT = 8788
HOST = "127.0.0.1"
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


HEADER_TIME = 10.0
"""Seconds a request's headers may take, from the first byte or the connection on."""
MOST_CONNECTIONS = 200
_OWN_NAMES = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)


class _Protocol(H11Protocol):
    """Hands the application its connection, so that a fault can cut it; drops who is too slow or too many."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
        self._late = self.loop.call_later(HEADER_TIME, transport.abort)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        between = self.cycle is None or self.cycle.response_complete
        if between and self._late.cancelled():
            self._late = self.loop.call_later(HEADER_TIME, self.transport.abort)
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._late.cancel()

    def send_400_response(self, msg: str) -> None:
        try:
            super().send_400_response(msg)
        except LocalProtocolError:  # it broke after it was answered: there is nothing left to say
            self.transport.abort()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._late.cancel()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._late.cancel()
        super().connection_lost(exc)


class _OwnHostOnly:
    """Answers under this machine's own names alone: a web page's name that leads here is turned away."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _OWN_NAMES.fullmatch(Headers(scope=scope).get("host", "")):
            refusal = failure(421, 7003, "This is the simulator of wfdash, at 127.0.0.1 alone")
            await Response(refusal.body(), refusal.http, media_type=refusal.type)(scope, receive, send)
            return
        if scope["type"] == "websocket" and not _OWN_NAMES.fullmatch(Headers(scope=scope).get("host", "")):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)


class _Undisturbed:
    """Says nothing of a request that turned out to be broken while it was answered: it is too late for it."""

    def __init__(self, app: _OwnHostOnly) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except LocalProtocolError:
            scope["state"]["transport"].abort()
            # Once the connection is gone uvicorn does not miss the rest of the answer.
            while (await receive())["type"] != "http.disconnect":
                pass


class _Server(uvicorn.Server):
    """Says when it accepts connections, and ends in peace on a signal instead of dying of it."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self.signal = 0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            if number != signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup
            try:
                loop.add_signal_handler(number, self._stop, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda sent, _: loop.call_soon_threadsafe(self._stop, sent))
        yield

    def _stop(self, number: int) -> None:
        self.force_exit = bool(self.signal)
        self.signal = number
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def exports(port: int) -> str:
    """The four lines a shell can eval."""
    base = f"http://{HOST}:{port}{PREFIX}"
    values = {
        "CLOUDFLARE_API_TOKEN": TOKEN,
        "CLOUDFLARE_ACCOUNT_ID": ACCOUNT_ID,
        "CLOUDFLARE_API_BASE_URL": base,
        "CLOUDFLARE_BASE_URL": base,
    }
    return "".join(f"export {name}={value}\n" for name, value in values.items())


def serve(
    port: int = DEFAULT_PORT,
    *,
    scenario: str = "calm",
    faults: Iterable[InjectedFault] = (),
    latency: float = 0.0,
    seed: str = "wfdash",
    limit: int = 1200,
    clock: Callable[[], float] = time.time,
) -> int:
    """Serves until SIGTERM, SIGINT or SIGHUP; returns the exit code: 128 + signal, or 1 for a taken port.

    `latency` in seconds, port 0 for a free one. Prints the exports to stdout once it accepts connections, all
    else to stderr.
    """
    try:
        listening = _listen(port)
    except OSError as error:
        sys.stderr.write(
            f"Port {port} could not be opened on {HOST}: {error.strerror}. --serve 0 takes a free one.\n"
        )
        return 1
    chosen = listening.getsockname()[1]
    app = create_app(build(scenario, clock=clock, seed=seed), faults=faults, latency=latency, limit=limit)
    app.state.requests.kept = 0  # only tests look back, and they serve in process

    def ready() -> None:
        sys.stdout.write(exports(chosen))
        sys.stdout.flush()
        sys.stderr.write(f"Simulating {scenario} on http://{HOST}:{chosen}{PREFIX}; ctrl+c ends it.\n")
        sys.stderr.flush()

    with listening:
        server = _Server(_config(app), ready)
        asyncio.run(server.serve(sockets=[listening]))
    return 128 + server.signal if server.signal else 0


def _listen(port: int) -> socket.socket:
    """Raises OSError for a port that is taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
    except OSError:
        listening.close()
        raise
    return listening


def _config(app: Application) -> uvicorn.Config:
    return uvicorn.Config(
        _Undisturbed(_OwnHostOnly(app)),
        http=_Protocol,
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
