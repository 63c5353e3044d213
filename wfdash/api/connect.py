"""Makes the client of the server that the settings name."""

import asyncio
import json
import os
import ssl
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from msgspec.structs import asdict

from wfdash.api.cloud import CloudWorkflows
from wfdash.api.errors import NotReached
from wfdash.api.http.client import CONNECT, READ, Http
from wfdash.api.http.transport import Transport
from wfdash.api.interface import Exchange, Observer, Workflows
from wfdash.config.credential import Credential
from wfdash.config.plain_file import open_log
from wfdash.config.settings import Settings
from wfdash.core.model.times import iso

if TYPE_CHECKING:
    from wfdash.api.logs.socket_factory import SocketFactory

__all__ = ["DebugLog", "connect", "load_transport"]

_PLAIN_IDLE = 4
"""Seconds a connection without TLS may idle. Node and uvicorn drop one after 5, the pace of a local poll: a
request sent in that moment would be lost."""


async def connect(
    settings: Settings,
    *,
    observer: Observer | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], float] = time.time,
) -> Workflows:
    """The client for these settings. Asks nothing yet, so it cannot fail for the network.

    A missing account and a dev session's dialect are found out with the first request, which then raises what
    went wrong and may simply be made again. `transport` stands in for the network (the demo in process), and
    `clock` tells when a request was sent.
    """
    log = DebugLog(settings.debug, settings.credential) if settings.debug else None
    http = Http(
        settings.base_url,
        await _client(settings, transport),
        credential=None if settings.local else settings.credential,
        observer=_both(observer, log),
        clock=clock,
        host=_own_name(settings.base_url) if settings.local else "",
        local=settings.local,
        proxy=settings.proxy.source if settings.proxy else "",
    )
    if settings.local:
        from wfdash.api.local import LocalWorkflows

        return LocalWorkflows(http)

    def sockets() -> "SocketFactory":
        from wfdash.api.logs.socket_factory import SocketFactory

        app = transport.app if isinstance(transport, httpx.ASGITransport) else None
        return SocketFactory(lambda: settings.proxy.url if settings.proxy else None, app)

    return CloudWorkflows(http, settings.account_id, sockets=sockets)


async def load_transport() -> None:
    """Loads at once what httpx loads at the first request, some 25 ms of it."""
    import httpcore

    await httpcore.AnyIOBackend().sleep(0)  # loads anyio's side of this loop


async def _client(settings: Settings, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """One client for the life of the program. Loading the certificates takes 40 ms, so a thread does it."""
    plain = settings.base_url.startswith("http://")
    if plain or transport is not None:
        trust: ssl.SSLContext = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        trust = await asyncio.to_thread(_trust)
    limits = httpx.Limits(
        max_connections=20, max_keepalive_connections=10, keepalive_expiry=_PLAIN_IDLE if plain else 30
    )
    proxy = settings.proxy.url if settings.proxy else None
    return _Client(
        transport=transport or Transport(verify=trust, trust_env=False, limits=limits, proxy=proxy),
        # The settings have read the environment: httpx would end at NO_PROXY=fd00::/8 (0.28, URLPattern).
        trust_env=False,
        # The credential goes to the configured origin alone.
        follow_redirects=False,
        timeout=httpx.Timeout(READ, connect=CONNECT),
    )


class _NoCookies(httpx.Cookies):
    """A cookie jar that stays empty.

    The credential alone counts, and reading cookies costs time at each answer.
    """

    def extract_cookies(self, response: httpx.Response) -> None:
        return

    def __bool__(self) -> bool:
        return False


class _Client(httpx.AsyncClient):
    """Sends no server back what it was given to be recognised by."""

    @property  # type: ignore[misc]
    def cookies(self) -> httpx.Cookies:
        return _NoCookies()


def _trust() -> ssl.SSLContext:
    """The certificates to trust. Raises NotReached where what was there at the start is gone."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        raise NotReached(
            f"The certificates to trust could not be read ({error}). Check SSL_CERT_FILE, SSL_CERT_DIR and "
            "SSLKEYLOGFILE.",
            sent=False,
        ) from None


def _own_name(base_url: str) -> str:
    """The Host header that every dev session accepts, whichever loopback name it was reached by."""
    port = httpx.URL(base_url).port
    return f"localhost:{port}" if port else "localhost"


def _both(first: Observer | None, second: Observer | None) -> Observer | None:
    if first is None or second is None:
        return first or second

    def tell(exchange: Exchange) -> None:
        first(exchange)
        second(exchange)

    return tell


class DebugLog:
    """An observer that appends to a 0600 file; when that cannot be written, the line is lost and no more."""

    def __init__(self, path: Path, credential: Credential | None = None) -> None:
        self._path = path
        self._credential = credential

    def __call__(self, exchange: Exchange) -> None:
        entry = asdict(exchange) | {"at": iso(exchange.at), "milliseconds": round(exchange.milliseconds, 1)}
        line = json.dumps({key: value for key, value in entry.items() if value not in ("", None)})
        if self._credential is not None:
            line = self._credential.hide(line)
        try:
            descriptor = open_log(self._path)
            try:
                if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(descriptor).st_mode):  # never /dev/null
                    os.fchmod(descriptor, 0o600)
                os.write(descriptor, line.encode("ascii") + b"\n")
            finally:
                os.close(descriptor)
        except OSError:
            return
