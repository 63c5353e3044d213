"""The road to the server: proxies, IPv6, a connection the server has closed meanwhile, a renewed login."""

import asyncio
import gc
import os
import socket
import warnings

import pytest

from tests.support.fakes.loopback import Loopback, envelope, reply, serving
from wfdash.api.connect import connect
from wfdash.api.errors import NotReached, Unauthorized
from wfdash.api.interface import ListQuery
from wfdash.config.credential import Credential
from wfdash.config.precedence import load
from wfdash.config.settings import Options, Settings

TOKEN = "obviously-fake-token-0xDEADBEEF"


def settings_for(url, **more):
    credential = Credential(TOKEN, source="CLOUDFLARE_API_TOKEN", **more)
    return Settings(account_id="acme", base_url=url, credential=credential)


def loaded(url, **environ):
    """The settings that an environment gives."""
    return load(Options(base_url=url, account_id="acme"), {"CLOUDFLARE_API_TOKEN": TOKEN, **environ})


async def test_https_goes_through_the_proxy_and_the_token_not_to_it():
    async with serving(lambda seen, writer: reply(407, "who are you?")) as proxy:
        api = await connect(loaded("https://api.example.invalid/v4", HTTPS_PROXY=proxy.url))
        with pytest.raises(NotReached, match="HTTPS_PROXY") as caught:
            await api.change_status("orders", "a", "pause")
        await api.close()
    assert [(seen.method, seen.target) for seen in proxy.seen] == [("CONNECT", "api.example.invalid:443")]
    assert TOKEN not in str(proxy.seen[0].headers)
    assert not caught.value.sent


async def test_socks_proxy_gets_the_name_and_not_the_token():
    """SOCKS 5 (RFC 1928), with the user and password (RFC 1929) of the variable."""
    came, ended = [], asyncio.Event()

    async def serve(reader, writer):
        _, methods = await reader.readexactly(2)
        came.append(await reader.readexactly(methods))
        writer.write(b"\x05\x02")
        _, length = await reader.readexactly(2)
        user = await reader.readexactly(length)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x01\x00")
        head = await reader.readexactly(5)
        name = await reader.readexactly(head[4])
        came.extend([user, password, name, await reader.readexactly(2)])
        writer.write(b"\x05\x05\x00\x01" + bytes(6))  # connection refused
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        proxy = f"socks5://me:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}"
        api = await connect(loaded("https://api.example.invalid/v4", ALL_PROXY=proxy))
        with pytest.raises(NotReached, match="ALL_PROXY") as caught:
            await api.list_instances("orders")
        await api.close()
        await ended.wait()
    assert came == [b"\x02", b"me", b"secret", b"api.example.invalid", b"\x01\xbb"]
    assert "secret" not in str(caught.value)
    with warnings.catch_warnings(action="ignore"):  # httpcore 1.0.9 leaves a refused one to the collector
        gc.collect()


async def test_proxy_that_does_not_listen_is_named():
    api = await connect(loaded("https://api.example.invalid/v4", ALL_PROXY="socks5://127.0.0.1:9"))
    with pytest.raises(NotReached, match="The proxy named by ALL_PROXY could not be connected to"):
        await api.list_instances("orders")
    await api.close()


async def test_loopback_never_goes_through_a_proxy(monkeypatch):
    async with (
        serving(lambda seen, writer: reply(502)) as proxy,
        serving(lambda seen, writer: envelope([])) as server,
    ):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        api = await connect(loaded(server.url, **os.environ))
        assert (await api.list_instances("orders")).items == []
        await api.close()
    assert proxy.seen == []


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 in this Python")
async def test_ipv6_loopback():
    loopback = Loopback(lambda seen, writer: envelope([{"id": "a"}]))
    try:
        server = await asyncio.start_server(loopback.serve, "::1", 0)
    except OSError:
        pytest.skip("no IPv6 loopback on this machine")
    async with server:
        port = server.sockets[0].getsockname()[1]
        api = await connect(settings_for(f"http://[::1]:{port}/client/v4"))
        assert (await api.list_instances("orders")).items == [{"id": "a"}]
        await api.close()
    assert loopback.seen[0].headers["host"] == f"[::1]:{port}"
    assert TOKEN in loopback.seen[0].headers["authorization"]


async def test_connection_closed_meanwhile_is_not_used_again():
    """After a laptop's sleep the server has hung up: the next write must go over a new connection."""
    writers = []

    def behave(seen, writer):
        writers.append(writer)
        return envelope({"status": "paused"})

    async with serving(behave) as server:
        api = await connect(settings_for(server.url))
        await api.get_instance("orders", "a")
        writers[0].close()
        await writers[0].wait_closed()
        await api.change_status("orders", "a", "pause")
        await api.close()
    assert [seen.method for seen in server.seen] == ["GET", "PATCH"]


async def test_connections_are_kept():
    peers = set()

    def behave(seen, writer):
        peers.add(writer.get_extra_info("peername"))
        return envelope([])

    async with serving(behave) as server:
        api = await connect(settings_for(server.url))
        for _ in range(5):
            await api.list_instances("orders")
        await api.close()
    assert len(peers) == 1


async def test_renewed_secret_is_used_after_a_401():
    """wrangler renewed its login meanwhile. The refused request itself is not sent again."""

    def behave(seen, writer):
        fresh = seen.headers["authorization"] == "Bearer fake-renewed"
        return envelope([]) if fresh else envelope(None, status=401)

    async with serving(behave) as server:
        api = await connect(settings_for(server.url, renewal=lambda: "fake-renewed"))
        with pytest.raises(Unauthorized):
            await api.list_instances("orders")
        assert len(server.seen) == 1
        assert (await api.list_instances("orders")).items == []
        await api.close()


async def test_a_wrangler_login_that_is_refused_says_how_to_renew_it():
    async with serving(lambda seen, writer: envelope(None, status=401)) as server:
        settings = Settings(
            account_id="a", base_url=server.url, credential=Credential(TOKEN, source="wrangler's login (x)")
        )
        api = await connect(settings)
        with pytest.raises(Unauthorized, match="run `wrangler whoami`"):
            await api.list_instances("orders")
        await api.close()


async def test_many_requests_at_once_all_come_back():
    async with serving(lambda seen, writer: envelope([{"id": seen.target[-3:]}])) as server:
        api = await connect(settings_for(server.url))
        pages = await asyncio.gather(
            *(api.list_instances("w", ListQuery(per_page=100 + n)) for n in range(60))
        )
        await api.close()
    assert sorted(page.items[0]["id"] for page in pages) == [str(100 + n) for n in range(60)]
