"""A server's part in what can go wrong on the way, and a client with little patience to meet it."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, contextmanager

import pytest

from tests.support.fakes.loopback import envelope, reply
from wfdash.api.connect import connect
from wfdash.api.endpoints import Endpoints
from wfdash.api.http import client as http_module
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings

FAKE_TOKEN = "obviously-fake-token-0xDEADBEEF"
GOOD = envelope({"status": "paused"})
PAGE = "<!DOCTYPE html><html><title>oops</title></html>"
HTML = {"content_type": "text/html"}
UNKNOWN = "not known whether it was carried out"
_LITTLE = 2.0
"""Seconds: less, and on a busy machine what is done at once would come too late."""


def reset(writer):
    """Close with RST rather than FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


def reset_after_request(seen, writer):
    reset(writer)


def close_after_request(seen, writer):
    writer.close()


def reset_in_the_body(seen, writer):
    writer.write(GOOD[:-10])
    reset(writer)


async def never_answer(seen, writer):
    await asyncio.Event().wait()


async def stop_in_the_body(seen, writer):
    writer.write(GOOD[:-10])
    await writer.drain()
    await asyncio.Event().wait()


async def stop_in_the_headers(seen, writer):
    writer.write(GOOD[:30])
    await writer.drain()
    await asyncio.Event().wait()


async def drip(seen, writer):
    """A byte now and then, for ever: no single wait is too long."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


def cut_short(seen, writer):
    writer.write(GOOD[:-10])
    writer.close()


def sends(status, body=b"", **headers):
    return lambda seen, writer: reply(status, body, **headers)


def refuses(status, code, message):
    return lambda seen, writer: envelope(None, status=status, errors=[{"code": code, "message": message}])


@asynccontextmanager
async def asking(base_url):
    api = await connect(
        Settings(
            account_id="acme",
            base_url=base_url,
            credential=Credential(FAKE_TOKEN, source="CLOUDFLARE_API_TOKEN"),
        )
    )
    try:
        yield api
    finally:
        await api.close()


@contextmanager
def impatient(*, when):
    """The same code with less patience, for faults that are nothing but waiting."""
    with pytest.MonkeyPatch.context() as patch:
        if when:
            patch.setattr(http_module, "DEADLINE", 0.1)
            patch.setattr(http_module, "CONNECT", _LITTLE)
            # What a call does not say is taken from here: the number of its module was read once.
            patch.setitem(Endpoints.ask.__kwdefaults__, "read", _LITTLE)
            patch.setattr(Endpoints, "write_read", _LITTLE)
        yield
