"""The address of a tail, and the socket that is opened to it."""

import asyncio

import pytest

from tests.api.logs.simulated import reached
from tests.support.fakes.loopback import envelope, reply
from wfdash.api.errors import BadAnswer, NotReached, OtherServer
from wfdash.api.logs.socket_factory import SocketFactory, check_address
from wfdash.api.logs.tail import TailLogs


@pytest.mark.parametrize(
    "url",
    [
        "http://tail.example/x",
        "ws://tail.example/x",
        "wss://user:secret@tail.example/x",
        "wss://",
        "file:///etc/passwd",
        "wss://[::1",
        "wss://a..b/x",
        f"wss://{'a' * 70}.example/x",
        "wss://\u202e/x",
        "",
    ],
)
def test_address_that_is_not_followed(url):
    with pytest.raises(OtherServer):
        check_address(url)


async def test_websocket_without_redirect_and_credential(cloud):
    def behave(seen, writer):
        if seen.method == "POST":
            url = f"ws://127.0.0.1:{server.port}/socket"
            return envelope({"id": "a" * 32, "url": url, "expires_at": "2026-11-28T00:00:00Z"})
        if seen.target == "/socket":
            return reply(302, b"", headers={"Location": f"ws://127.0.0.1:{server.port}/elsewhere"})
        return envelope(None)

    api, server = await cloud(behave)
    stream = api.log_stream().follow("worker")
    reading = asyncio.ensure_future(anext(stream))
    await reached(lambda: any(seen.method == "DELETE" for seen in server.seen))
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await stream.aclose()
    targets = [seen.target for seen in server.seen]
    assert "/socket" in targets
    assert "/elsewhere" not in targets
    opening = next(seen for seen in server.seen if seen.target == "/socket")
    assert not {"authorization", "x-auth-key", "cookie"} & set(opening.headers)
    assert "obviously-fake-token" not in repr(opening)


class Broken:
    async def open(self, url, protocol):
        raise RuntimeError("nobody foresaw this")


async def test_who_follows_hears_of_what_nobody_foresaw(cloud):
    def behave(seen, writer):
        return envelope({"id": "a" * 32, "url": "wss://tail.example/x"} if seen.method == "POST" else None)

    api, _ = await cloud(behave)
    stream = TailLogs(api.log_stream()._endpoints, Broken()).follow("worker")
    with pytest.raises(BadAnswer, match="RuntimeError"):
        await anext(stream)


async def test_websocket_nobody_answers_is_not_reached():
    with pytest.raises(NotReached):
        await SocketFactory().open("ws://127.0.0.1:9/x", "trace-v1")
