"""Requests that are withdrawn at any moment leave every connection free or closed."""

import asyncio

import pytest

from wfdash.api.connect import connect
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings

ANSWER = b'{"success": true, "errors": [], "messages": [], "result": []}'


async def answer(reader, writer):
    """Answers whatever comes, head and body apart, for as long as the other side stays."""
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(ANSWER))
            await writer.drain()
            await asyncio.sleep(0)
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def turns(number):
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("cancels", [1, 2])
async def test_request_cancelled_in_any_turn_loses_no_connection(cancels):
    """A dashboard in which pages were left while they were read asked nothing any more after half an hour."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings(
            account_id="d" * 32,
            base_url=f"http://127.0.0.1:{port}/client/v4",
            credential=Credential("demo-token-not-a-secret", source="test"),
        )
        api = await connect(settings)
        pool = api.http.client._transport._pool
        finished = 0
        for number in range(60):
            for warm in (False, True):
                if warm:
                    await api.list_workflows()
                else:
                    await pool.aclose()
                asked = asyncio.ensure_future(api.list_workflows())
                await turns(number)
                finished += asked.done()
                asked.cancel()
                if cancels > 1:
                    await turns(1)
                    asked.cancel()
                await asyncio.wait([asked])
                await turns(20)
                busy = [each for each in pool.connections if not (each.is_idle() or each.is_closed())]
                assert not busy, f"withdrawn after {number} turns, {'open' if warm else 'new'} connection"
                assert not pool._requests
        assert 0 < finished < 120, "some are withdrawn before their end and some after"
        await api.close()
