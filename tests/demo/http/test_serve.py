"""`wfdash demo --serve`: what it prints, its port, its end, and the faults it is told to make."""

import signal
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.program import Program
from wfdash.demo.http.faults import KINDS, InjectedFault

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

    def open_one(*arguments: str) -> Server:
        servers.append(Server(program, *arguments))
        return servers[-1]

    yield open_one
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
