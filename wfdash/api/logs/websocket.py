"""A WebSocket over the network: the only module that loads the library for it."""

import asyncio
from typing import Any, NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidURI
from websockets.typing import Subprotocol

from wfdash import __version__
from wfdash.api.errors import NotReached, OtherServer
from wfdash.api.logs.socket import Socket, SocketEnded

__all__ = ["open_websocket"]


_CLOSING = 0.5
"""Seconds that the other side has to take leave; one that floods never does, and the program is to end."""


class _Straight(connect):
    """Connects to the address it was given and to no other."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class _Websocket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed:
            raise SocketEnded from None

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise SocketEnded(closed.rcvd.code if closed.rcvd is not None else 1006) from None

    async def close(self) -> None:
        await self._connection.close()


async def open_websocket(url: str, protocol: str, proxy: str | None, *, most: int, seconds: float) -> Socket:
    """Connects without a header that could carry a credential. Raises NotReached or OtherServer."""
    trust: dict[str, Any] = {}
    if url.startswith("wss:"):
        import httpx

        # The certificates that every other request trusts.
        trust["ssl"] = await asyncio.to_thread(httpx.create_ssl_context)
    try:
        connection = await _Straight(
            url,
            subprotocols=[Subprotocol(protocol)],
            user_agent_header=f"wfdash/{__version__}",
            proxy=proxy,
            open_timeout=seconds,
            close_timeout=_CLOSING,
            max_size=most,
            **trust,
        )
    except ImportError:
        _fail("the way leads through a SOCKS proxy, which carries no WebSocket here")
    except InvalidProxy:
        _fail("the address of the proxy is not understood")
    except (InvalidHandshake, InvalidURI, UnicodeError) as error:
        raise OtherServer(f"The log could not be followed: the server answered {error}.") from None
    except TimeoutError:
        _fail(f"no answer in {seconds:.0f} s")
    except OSError as error:
        _fail(error.strerror or type(error).__name__)
    return _Websocket(connection)


def _fail(why: str) -> NoReturn:
    raise NotReached(f"The log could not be followed: {why}.", sent=False) from None
