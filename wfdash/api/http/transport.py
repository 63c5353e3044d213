"""The connections of a client, of which none is lost to a request that was withdrawn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

__all__ = ["Transport"]


class Transport(httpx.AsyncHTTPTransport):
    """As httpx has it, and whatever ends a request, its connection is free again or gone.

    Where the task of a request is cancelled in one of the two or three turns of the loop in which httpcore
    (1.0) waits for a lock that nobody holds, the connection stays as it was and counts as in use for ever,
    and so does the request. Whoever left pages while they were read had twenty of those within half an hour
    on a busy machine, and with them a client that asked nothing any more.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._closing: set[asyncio.Task[None]] = set()
        """A loop keeps no task by itself."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await super().handle_async_request(request)
        except BaseException:
            self._tidy_up(request)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Body(response.stream, lambda: self._tidy_up(request))
        return response

    def _tidy_up(self, request: httpx.Request) -> None:
        """Takes a request that is over out of the pool, and connections that are in use by none.

        Without a wait: this one could be cancelled too.
        """
        pool = self._pool
        # Its own of the pool has the same body.
        pool._requests = [each for each in pool._requests if each.request.stream is not request.stream]
        used = {id(each.connection) for each in pool._requests}
        lost = [each for each in pool._connections if id(each) not in used]
        lost = [each for each in lost if not (each.is_idle() or each.is_closed())]
        pool._connections = [each for each in pool._connections if each not in lost]
        if closing := [*lost, *pool._assign_requests_to_connections()]:
            task = asyncio.ensure_future(pool._close_connections(closing))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class _Body(httpx.AsyncByteStream):
    """The body of an answer, after which its request is over, even where closing it is cancelled."""

    def __init__(self, stream: httpx.AsyncByteStream, then: Callable[[], None]) -> None:
        self._stream = stream
        self._then = then

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._then()
