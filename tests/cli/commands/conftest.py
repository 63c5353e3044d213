"""The simulator as a process of its own, and wfdash pointed at it."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.harness.program import Program
from tests.support.harness.simulator import Server

Exports = dict[str, str]
PARCELS = ("-w", "parcels")


@pytest.fixture(scope="session")
def simulator() -> Iterator[Exports]:
    """One calm world for every test that reads, or that makes what it changes."""
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
def created(shell: Run) -> str:
    """An instance of one's own, made through wfdash, that still moves: some orders end at once."""
    for _ in range(10):
        done = shell("create", "-w", "orders", "--params", '{"orderId": "made-here"}')
        assert done.returncode == 0, done.stderr
        built = str(json.loads(done.stdout)["id"])
        deadline, status = time.monotonic() + 60, "queued"
        while status == "queued" and time.monotonic() < deadline:
            saved = json.loads(shell("show", "-w", "orders", "-i", built, "--json").stdout)
            status = saved["result"]["status"]
        if status in ("running", "waiting"):
            return built
    raise AssertionError("every order that was made ended at once")


@pytest.fixture(scope="module")
def half_fixed() -> Iterator[Exports]:
    """Where a deploy was fixed, but not for all that failed."""
    with Server.of("--scenario", "half-fixed-deploy") as server:
        yield server.exports


@pytest.fixture
def parcels(program: Program, half_fixed: Exports) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`parcels("redrive", ...)`: wfdash where a deploy was fixed; each test picks who still failed."""
    return lambda command, *arguments, **more: program(command, *PARCELS, *arguments, env=half_fixed, **more)
