"""The simulator as a process of its own, and wfdash pointed at it."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.support.harness.program import Program
from tests.support.harness.simulator import Server

Exports = dict[str, str]
PARCELS = ("-w", "parcels")
PARCEL_RUNS = "/workflows/parcels/instances"


def ask(exports: Exports, path: str, body: Any = None) -> Any:
    """The API's own answer, past wfdash; with a body it is a POST."""
    url = f"{exports['CLOUDFLARE_API_BASE_URL']}/accounts/{exports['CLOUDFLARE_ACCOUNT_ID']}{path}"
    credential = {"Authorization": f"Bearer {exports['CLOUDFLARE_API_TOKEN']}"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json", **credential})
    with urlopen(request) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Exports]:
    """One calm world for every test of a module that reads, or that makes what it changes: those of all would
    spend its limit of requests, and then wait for minutes."""
    with Server.of() as server:
        yield server.exports


@pytest.fixture
def faulty() -> Iterator[Callable[..., Exports]]:
    """`faulty("--fault", "429:1")`: a simulator of one's own that misbehaves."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(Server.of(*arguments)).exports


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(program: Program, simulator: Exports) -> Run:
    """`shell("list", "-w", "orders")`: wfdash against the calm world."""
    return lambda *arguments, **more: program(*arguments, env={**simulator, **more.pop("env", {})}, **more)


@pytest.fixture
def create(simulator: Exports) -> Callable[[], str]:
    """Creates an instance that runs or waits by now and still moves: some orders end at once."""

    def run() -> str:
        instances = "/workflows/orders/instances"
        for _ in range(10):
            built = str(uuid4())
            ask(simulator, instances, {"instance_id": built, "params": {"orderId": "made-here"}})
            deadline, status = time.monotonic() + 60, "queued"
            while status == "queued" and time.monotonic() < deadline:
                time.sleep(0.05)  # else a busy machine asks hundreds of times, which are counted
                status = ask(simulator, f"{instances}/{built}")["result"]["status"]
            if status in ("running", "waiting"):
                return built
        raise AssertionError("every order that was made ended at once")

    return run


@pytest.fixture
def created(create: Callable[[], str]) -> str:
    return create()


@pytest.fixture(scope="module")
def half_fixed() -> Iterator[Exports]:
    """Where a deploy was fixed, but not for all that failed."""
    with Server.of("--scenario", "half-fixed-deploy") as server:
        yield server.exports


@pytest.fixture
def parcels(program: Program, half_fixed: Exports) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`parcels("redrive", ...)`: wfdash where a deploy was fixed; each test picks who still failed."""
    return lambda command, *arguments, **more: program(command, *PARCELS, *arguments, env=half_fixed, **more)


@pytest.fixture
def errored(half_fixed: Exports) -> Callable[[], list[str]]:
    """`errored()`: who failed, newest first, by the API itself."""

    def read() -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = ask(half_fixed, f"{PARCEL_RUNS}?status=errored&direction=desc&per_page=100{cursor}")
            found += [row["id"] for row in page["result"]]
            if not (more := page["result_info"].get("cursor")):
                return found
            cursor = f"&cursor={more}"

    return read


@pytest.fixture
def steps(half_fixed: Exports) -> Callable[[str], list[tuple[str, str, str]]]:
    """`steps(identity)`: the name, start and end of each, by the API itself."""

    def read(identity: str) -> list[tuple[str, str, str]]:
        result = ask(half_fixed, f"{PARCEL_RUNS}/{identity}")["result"]
        return [(step["name"], step["start"], step["end"]) for step in result["steps"]]

    return read
