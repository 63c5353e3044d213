"""A one-shot that is told to end does so in the midst of what it does, and its exit code says so."""

import array
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios

import pytest

from tests.cli.commands.test_record import wait_until
from tests.support.harness.program import ROOT, environment

_PIPE = 4096
_ROW = 700
"""Bytes of a row as JSON, at most: where there is room for less the next one waits."""

AT_A_LINE = """
import io, os, signal, sys
from wfdash.__main__ import main

class Ended(io.TextIOWrapper):
    left = {line}
    def write(self, text):
        super().write(text)
        self.flush()
        Ended.left -= 1
        if not Ended.left:
            os.kill(os.getpid(), signal.SIGTERM)
        return len(text)

sys.stdout = Ended(sys.stdout.buffer, encoding="utf-8")
main()
"""
TWICE_IN_A_TURN = """
import os, signal, time
from wfdash.__main__ import main
from wfdash.cli.commands.list import Listing

def ask_again(*_):
    os.kill(os.getpid(), signal.SIGINT)
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass
    os.write(1, b"went on")

Listing._test = ask_again
main()
"""


@pytest.fixture(scope="module")
def failed(simulator):
    """An order that failed at the card, which prints before it does."""
    from tests.cli.commands.conftest import ask

    return ask(simulator, "/workflows/orders/instances?status=errored")["result"][0]["id"]


def ended(simulator, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment(**simulator),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [("list", "--limit", "20"), ("list", "--limit", "20", "--json"), ("history", "--by", "hour")],
    ids=["list", "list as JSON", "history"],
)
def test_a_signal_ends_it_at_the_line(simulator, command):
    complete = ended(simulator, AT_A_LINE.format(line=0), *command, "-w", "orders")
    assert complete.returncode == 0
    assert complete.stdout.count("\n") > 5
    done = ended(simulator, AT_A_LINE.format(line=3), *command, "-w", "orders")
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (143, 3, "")


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["plain", "JSON"])
def test_a_signal_ends_logs_at_the_line(simulator, failed, options):
    done = ended(simulator, AT_A_LINE.format(line=2), "logs", "-w", "orders", failed, *options)
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (143, 2, "")


def test_a_signal_at_the_last_line_is_told(simulator, failed):
    complete = ended(simulator, AT_A_LINE.format(line=0), "logs", "-w", "orders", failed)
    lines = complete.stdout.count("\n")
    done = ended(simulator, AT_A_LINE.format(line=lines), "logs", "-w", "orders", failed)
    assert (complete.returncode, done.returncode) == (0, 143)
    assert done.stdout == complete.stdout


def test_a_signal_leaves_no_result_of_a_write_unprinted(simulator, tmp_path):
    batch = tmp_path / "batch.jsonl"
    ids = [f"{tmp_path.name}-{number}" for number in range(3)]
    batch.write_text("".join(json.dumps({"instance_id": identity}) + "\n" for identity in ids))
    script = AT_A_LINE.format(line=1)
    done = ended(simulator, script, "create", "-w", "orders", "--batch", str(batch), "--yes")
    found = [(entry["id"], entry["outcome"]) for entry in map(json.loads, done.stdout.splitlines())]
    assert (done.returncode, found) == (143, [(identity, "done") for identity in ids])


def test_a_second_signal_ends_it_as_it_stands(simulator):
    done = ended(simulator, TWICE_IN_A_TURN, "list", "-w", "orders")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="only Linux makes a pipe smaller")
def test_a_signal_ends_it_where_nobody_reads(program, simulator):
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
    argv = program.argv("list", "-w", "orders", "--json", "--limit", "100")
    with subprocess.Popen(
        argv, env=environment(**simulator), stdout=writing, stderr=subprocess.PIPE, cwd=ROOT
    ) as listing:
        try:
            wait_until(lambda: _waiting(reading) > _PIPE - _ROW)
            listing.send_signal(signal.SIGTERM)
            assert listing.wait(60) == 143
        finally:
            listing.kill()
            os.close(reading)
            os.close(writing)


def _waiting(pipe: int) -> int:
    number = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, number)
    return number[0]
