"""What a person waits for, beside two dashboards and a recorder on the same credential, and alone."""

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.line import Line
from tests.support.harness.act import ROWS
from tests.support.harness.program import Program, environment
from tests.support.harness.pty import Terminal, watch_together
from tests.support.harness.simulator import Simulator

_SETTLE = 25.0
"""Seconds in which they have spent the first burst and more."""
_GIVEN_UP = 90.0
_LIST = ("list", "-w", "orders", "--limit", "0", "--json")
_ROUNDS = 3


def _recorder(env: dict[str, str]) -> subprocess.Popen[bytes]:
    """`wfdash record`, which nobody looks at."""
    none = subprocess.DEVNULL
    return subprocess.Popen(
        Program.argv("record", "-w", "orders"), env=env, stdin=none, stdout=none, stderr=none
    )


def _takes(env: dict[str, str], arguments: Sequence[str], beside: Sequence[Terminal] = ()) -> float:
    """Seconds of one command, while the dashboards beside it are read so that they go on."""
    start = time.perf_counter()
    command = subprocess.Popen(Program.argv(*arguments), env=env, stdout=subprocess.DEVNULL)
    while command.poll() is None and time.perf_counter() - start < _GIVEN_UP:
        if beside:
            watch_together(beside, 0.02)
        else:
            time.sleep(0.02)
    command.kill()
    command.wait()
    return time.perf_counter() - start


def _pauses(env: dict[str, str], id: str, beside: Sequence[Terminal]) -> float:
    """Seconds from a pause command until the server has taken it.

    Not until the command ends: it waits until the instance is paused, and that may wait for a running step.
    """
    log = Path(tempfile.mkdtemp()) / "requests.jsonl"
    start = datetime.now(UTC)
    _takes(env, ("pause", "-w", "orders", "--yes", id, f"--debug={log}"), beside)
    requests = [json.loads(line) for line in log.read_text().splitlines()]
    taken = next(each["at"] for each in requests if each["method"] == "PATCH")
    return (datetime.fromisoformat(taken) - start).total_seconds()


def _sampled(shell: Terminal) -> float:
    """Seconds from the key `E` until 50 errored instances were read."""
    start = time.perf_counter()
    shell.press("E")
    try:
        shell.wait_for("read 50 of", seconds=_GIVEN_UP)
    except AssertionError:
        return float("inf")
    return time.perf_counter() - start


def run() -> list[Line]:
    """The server has nearly all of its requests left; only what wfdash allows itself can be short."""
    simulator, shells = Simulator("incident"), list[Terminal]()
    env = environment(**simulator.env, XDG_STATE_HOME=tempfile.mkdtemp())
    recorder = _recorder(env)
    try:
        apart = [env | {"XDG_STATE_HOME": tempfile.mkdtemp()} for _ in range(_ROUNDS)]
        for _ in range(2):
            shells.append(Terminal(Program.argv("-w", "orders"), env=env, columns=120, lines=40))
            shells[-1].wait_for(ROWS)
        watch_together(shells, _SETTLE)
        idle = sorted(_takes(each, _LIST, shells) for each in apart)[_ROUNDS // 2]
        beside = sorted(_takes(env, _LIST, shells) for _ in range(_ROUNDS))[_ROUNDS // 2]
        watched = simulator.listing("orders", status="waiting", per_page="3")
        alone, acted = (_pauses(home, row["id"], shells) for home, row in zip((apart[0], env), watched))
        sample = _sampled(shells[1])
    finally:
        for shell in shells:
            shell.close()
        recorder.kill()
        recorder.wait()
        simulator.stop()
    apart_from_all = "with a counter of its own"
    return [
        Line("list --limit 0 beside 2 dashboards and a recorder", beside, "s", apart_from_all, idle, 2.0),
        Line("pause sent beside them", acted, "s", apart_from_all, alone, 2.0),
        Line("E has read 50 beside the others", sample, "s", aim=8.0),
    ]
