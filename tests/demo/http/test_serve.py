"""`wfdash demo --serve`: what it prints, its port, its end, and the faults it is told to make."""

import asyncio
import contextlib
import json
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from uvicorn.server import ServerState

from tests.support.harness.program import Program
from wfdash.demo.engine.world import build
from wfdash.demo.http import serve as serve_module
from wfdash.demo.http.api import create_app
from wfdash.demo.http.faults import KINDS, InjectedFault
from wfdash.demo.http.serve import MOST_CONNECTIONS

Start = Callable[..., "Server"]


class Server:
    def __init__(self, program: Program, *arguments: str) -> None:
        self.process = program.start("demo", "--serve", "0", *arguments)
        assert self.process.stdout
        self.lines = [self.process.stdout.readline() for _ in range(4)]
        pairs = (line.removeprefix("export ").strip().split("=", 1) for line in self.lines)
        self.env = dict(pairs)
        self.http = httpx.Client(
            base_url=self.env["CLOUDFLARE_BASE_URL"],
            headers={"Authorization": f"Bearer {self.env['CLOUDFLARE_API_TOKEN']}"},
            trust_env=False,
            timeout=30,
        )
        self.orders = f"/accounts/{self.env['CLOUDFLARE_ACCOUNT_ID']}/workflows/orders"

    def waiting(self) -> str:
        """An instance that would say it was terminated."""
        rows = self.http.get(f"{self.orders}/instances", params={"status": "waiting"}).json()["result"]
        return f"{self.orders}/instances/{rows[0]['id']}"

    def stop(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        self.http.close()
        self.process.send_signal(by)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def start(program: Program) -> Iterator[Start]:
    servers: list[Server] = []

    def open_idle(*arguments: str) -> Server:
        servers.append(Server(program, *arguments))
        return servers[-1]

    yield open_idle
    for server in servers:
        server.http.close()
        if server.process.returncode is None:
            server.stop()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_says_where_it_is_and_ends_in_peace(start: Start, by: signal.Signals) -> None:
    server = start()
    assert list(server.env) == [
        "CLOUDFLARE_API_TOKEN",
        "CLOUDFLARE_ACCOUNT_ID",
        "CLOUDFLARE_API_BASE_URL",
        "CLOUDFLARE_BASE_URL",
    ]
    assert all(line.startswith("export ") for line in server.lines)
    assert server.env["CLOUDFLARE_BASE_URL"] == server.env["CLOUDFLARE_API_BASE_URL"]
    assert server.env["CLOUDFLARE_BASE_URL"].startswith("http://127.0.0.1:")
    assert server.env["CLOUDFLARE_BASE_URL"].endswith("/client/v4")
    answer = server.http.get(server.orders)
    assert answer.json()["result"]["name"] == "orders"
    assert answer.headers["ratelimit-policy"] == '"default";q=1200;w=300'
    assert answer.headers["cf-ray"].endswith("-AMS")
    code, out, err = server.stop(by)
    assert (code, out) == (128 + by, "")
    assert len(err.splitlines()) == 1, err


_UPGRADE = (
    b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_BROKEN = b"GET / HTTP/1.1\r\nHost: elsewhere\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"


def test_requests_that_lead_nowhere_are_no_fault_of_its_own(start: Start) -> None:
    server = start()
    base = server.http.base_url
    answers = []
    for request in (_UPGRADE, _BROKEN):
        with socket.create_connection((base.host, base.port or 0), 60) as connection:
            connection.sendall(request)
            answers.append(connection.recv(12))
    assert answers == [b"HTTP/1.1 403", b"HTTP/1.1 400"]
    _, _, err = server.stop()
    assert "Traceback" not in err
    assert "handshake" not in err


def test_a_port_that_is_taken(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = program("demo", "--serve", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "Address already in use" in done.stderr


def test_the_faults_in_turn(start: Start) -> None:
    """Each is met once, by the request it is for; what it does to the request is what it says."""
    faults = ["reset-before:1@PATCH", "reset-after:1@PATCH", "truncate:1@/user$", "429:1@/accounts$"]
    faults += [
        "403:1@/memberships",
        "html:1@/memberships",
        "500:1@versions",
        "hang:1@verify",
        "slow:1@verify",
    ]
    server = start(*(part for fault in faults for part in ("--fault", fault)))
    http, target = server.http, server.waiting()
    patch = {"status": "terminate"}
    with pytest.raises(httpx.TransportError):
        http.patch(f"{target}/status", json=patch)
    assert http.get(target).json()["result"]["status"] == "waiting", "it was cut before"
    with pytest.raises(httpx.TransportError):
        http.patch(f"{target}/status", json=patch)
    assert http.get(target).json()["result"]["status"] == "terminated", "it was cut after"
    with pytest.raises(httpx.RemoteProtocolError):
        http.get("/user")
    assert http.get("/user").status_code == 200
    limited = http.get("/accounts")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "2")
    assert limited.json()["errors"][0]["code"] == 971
    assert http.get("/memberships").json()["errors"][0]["code"] == 10000
    page = http.get("/memberships")
    assert page.headers["content-type"].startswith("text/html")
    assert http.get(f"{server.orders}/versions").json()["errors"][0]["code"] == 10001
    with pytest.raises(httpx.ReadTimeout):
        http.get("/user/tokens/verify", timeout=0.5)
    assert http.get("/user/tokens/verify").json()["result"]["status"] == "active"
    assert http.get("/user/tokens/verify").status_code == 200


def test_faults_of_the_telling(start: Start) -> None:
    server = start("--fault", "partial:1", "--fault", "nulls:1@/instances", "--fault", "unknown:2@/instances")
    cut = server.http.get(server.waiting()).json()  # the list meets the nulls
    assert cut["success"] is False
    assert cut["errors"][0]["code"] == 10001
    assert len(cut["result"]["steps"]) == 1
    odd = server.http.get(f"{server.orders}/instances").json()["result"]
    assert odd[0]["status"] == "hibernating"
    assert "x_unheard_of" in odd[1]


@pytest.mark.parametrize(
    ("text", "kind", "times"),
    [("429", "429", None), ("hang:3", "hang", 3), ("reset-after:1@PATCH .*a:b@c", "reset-after", 1)],
)
def test_faults_are_read(text: str, kind: str, times: int | None) -> None:
    fault = InjectedFault.parse(text)
    assert (fault.kind, fault.times) == (kind, times)
    if "@" in text:
        assert fault.where is not None
        assert fault.where.pattern == "PATCH .*a:b@c"


@pytest.mark.parametrize("text", ["", "418", "429:", "429:0", "429:-1", "429:x", "500@[", "500:1:2"])
def test_bad_faults_are_refused_in_a_sentence(text: str, program: Program) -> None:
    with pytest.raises(ValueError, match=r"fault"):
        InjectedFault.parse(text)
    if text == "418":
        done = program("demo", "--serve", "0", "--fault", text)
        assert (done.returncode, done.stdout) == (2, "")
        assert all(kind in done.stderr for kind in KINDS)


def post(server: Server, body: bytes, **headers: str) -> httpx.Response:
    return server.http.post(f"{server.orders}/instances", content=body, headers=headers)


def test_bodies_that_mean_nothing_are_refused_in_the_envelope(start: Start) -> None:
    server = start()
    for body in (
        b"[" * 200_000 + b"]" * 200_000,
        b'{"params":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"params":NaN}',
        b'{"params":{"a":-Infinity}}',
        b'{"params":1e999}',
        b'{"params":' + b"9" * 5000 + b"}",
        b'{"instance_retention":{"success_retention":Infinity}}',
        b'{"params":"' + b"x" * 2**20 + b'"}',
    ):
        answer = post(server, body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10002), body[:40]
    assert post(server, b"x" * (16 * 2**20 + 1)).status_code == 413
    escaped = json.dumps({"params": "é" * 200_000}).encode()
    assert post(server, escaped).status_code == 200, "400 kB in UTF-8, however they came"


def test_a_strangers_body_is_not_read(start: Start) -> None:
    server = start()
    for _ in range(3):
        try:
            answer = post(server, b"x" * 30_000_000, Authorization="Bearer wrong")
        except httpx.TransportError:
            continue
        assert answer.status_code == 401
    memory = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
    assert memory
    assert int(memory[1]) < 120_000


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1"])
def test_a_body_that_breaks_is_nobodys_line_on_stderr(start: Start, host: str) -> None:
    """Before, while and after it is answered."""
    server = start()
    address = ("127.0.0.1", server.http.base_url.port)
    head = f"POST {server.orders} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    for parts in ([b"zz\r\n"], [b"5\r\nhello\r\n", b"zz\r\n", b"more"], [b"5\r\nhelloXX\r\n"]):
        for said in ([head + b"".join(parts)], [head, *parts], [head + parts[0], *parts[1:]]):
            with socket.create_connection(address, 60) as broken, contextlib.suppress(OSError):
                for part in said:
                    broken.sendall(part)
                    broken.settimeout(0.05)
                    with contextlib.suppress(TimeoutError):
                        broken.recv(4096)
    assert server.http.get(server.orders).status_code == 200
    _, _, err = server.stop()
    assert len(err.splitlines()) == 1, err


def test_it_answers_under_its_own_names_alone(start: Start) -> None:
    server = start()
    port = server.http.base_url.port
    for host in (f"localhost:{port}", "127.0.0.1", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert server.http.get(server.orders, headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", f"127.0.0.1.evil.example:{port}", "localhost:1@evil", ""):
        assert server.http.get(server.orders, headers={"Host": host}).status_code in (400, 421), host


def test_connections_beyond_the_most_are_dropped(start: Start) -> None:
    server = start()
    address = ("127.0.0.1", server.http.base_url.port)
    held = [socket.create_connection(address) for _ in range(MOST_CONNECTIONS + 20)]
    try:
        held[-1].settimeout(30)
        with contextlib.suppress(ConnectionResetError):
            assert held[-1].recv(1) == b""
    finally:
        for connection in held:
            connection.close()
    assert server.http.get(server.orders).status_code == 200


async def test_headers_that_drip_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_module, "HEADER_TIME", 0.3)
    config = serve_module._config(create_app(build("calm")))
    config.load()
    loop = asyncio.get_running_loop()
    state = ServerState()
    listening = await loop.create_server(lambda: serve_module._Protocol(config, state, {}), "127.0.0.1", 0)
    async with listening:
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        async with asyncio.timeout(30):
            with contextlib.suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(b"G")
                    await writer.drain()
                    await asyncio.sleep(0.02)
        writer.close()
