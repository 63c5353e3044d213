"""Connections refused, reset, hanging or not to be trusted: what was surely not sent is told as such."""

import asyncio
import socket
import ssl

import httpx
import pytest

from tests.support.fakes.bad_network import FAKE_TOKEN, GOOD, UNKNOWN, asking, impatient, reset
from wfdash.api.connect import connect
from wfdash.api.errors import NotReached
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_refused_was_surely_not_sent():
    async with asking(f"http://127.0.0.1:{unused_port()}") as api:
        with pytest.raises(NotReached, match="connection refused") as caught:
            await api.change_status("orders", "a", "pause")
    assert not caught.value.sent
    assert caught.value.exit_code == 5


async def test_a_dev_session_that_is_not_there_says_what_to_start():
    api = await connect(Settings(base_url=f"http://127.0.0.1:{unused_port()}", local=True))
    with pytest.raises(NotReached, match=r"Is `wrangler dev` running there\?"):
        await api.list_workflows()
    await api.close()


async def test_a_name_that_does_not_exist_was_surely_not_sent():
    async with asking("https://no-such-host.invalid/client/v4") as api:
        with pytest.raises(NotReached, match=r"no-such-host\.invalid") as caught:
            await api.change_status("orders", "a", "pause")
    assert not caught.value.sent


async def test_plain_words_for_a_server_without_tls():
    taken = []

    async def speak_plainly(reader, writer):
        taken.append(await reader.read(5))
        writer.write(GOOD)
        writer.close()

    server = await asyncio.start_server(speak_plainly, "127.0.0.1", 0)
    async with server, asking(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as api:
        with pytest.raises(NotReached, match="No secure connection") as caught:
            await api.change_status("orders", "a", "pause")
    assert taken[0][:1] == b"\x16", "a TLS greeting, and nothing of the request"
    assert not caught.value.sent


async def test_reset_before_the_request_was_taken_is_not_unsent():
    """The kernel may have taken the bytes: only what surely never left is called unsent."""

    async def reset_at_once(reader, writer):
        reset(writer)

    server = await asyncio.start_server(reset_at_once, "127.0.0.1", 0)
    async with server, asking(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as api:
        with pytest.raises(NotReached) as caught:
            await api.change_status("orders", "a", "pause")
    assert caught.value.sent


async def test_a_connection_that_is_never_accepted_times_out_unsent():
    """A listener with a full backlog: connecting hangs, so nothing can have been sent."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        try:
            for each in crowd:
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
            async with asking(f"http://127.0.0.1:{port}") as api:
                with impatient(when=True), pytest.raises(NotReached) as caught:
                    await api.change_status("orders", "a", "pause")
            assert not caught.value.sent
            assert "could not be connected to" in caught.value.sentence
        finally:
            for each in crowd:
                each.close()


@pytest.mark.parametrize(
    ("error", "sent", "words"),
    [
        (httpx.PoolTimeout(""), False, "not sent"),
        (httpx.ProxyError("407 Proxy Authentication Required"), False, "HTTPS_PROXY"),
        (httpx.ConnectTimeout(""), False, "in time"),
        (httpx.WriteTimeout(""), True, UNKNOWN),
        (httpx.WriteError(""), True, UNKNOWN),
        (httpx.LocalProtocolError("Illegal header value b'Bearer secret'"), True, "LocalProtocolError"),
    ],
)
async def test_what_is_hard_to_stage(error, sent, words):
    class Failing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise error

    settings = Settings(account_id="acme", credential=Credential(FAKE_TOKEN, source="x"))
    api = await connect(settings, transport=Failing())
    with pytest.raises(NotReached, match=words) as caught:
        await api.change_status("orders", "a", "pause")
    assert caught.value.sent is sent
    assert "secret" not in str(caught.value)
    await api.close()


async def test_an_untrusted_certificate_is_named():
    class Untrusting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
            cause.verify_message = "self-signed certificate"
            raise httpx.ConnectError("x") from cause

    api = await connect(
        Settings(account_id="a", credential=Credential("x", source="x")), transport=Untrusting()
    )
    with pytest.raises(NotReached, match=r"not trusted \(self-signed certificate\)") as caught:
        await api.list_workflows()
    assert not caught.value.sent
    await api.close()


async def test_a_cancelled_request_is_told_and_closes_its_connection():
    found = []
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def wait(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await reader.read()
        gone.set()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    async with server:
        settings = Settings(base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", account_id="a")
        api = await connect(settings, observer=found.append)
        task = asyncio.create_task(api.list_workflows())
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 20)
        await api.close()
    assert [each.failure for each in found] == ["cancelled"]
