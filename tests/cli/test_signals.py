"""A one-shot that is told to end does so, whatever it is at."""

import signal
import subprocess
import sys

import pytest

from tests.support.harness.program import ROOT, environment

PROGRAM = """
import asyncio, sys, threading
from wfdash.cli.signals import interruptible

def compute():
    print("begun", flush=True)
    while True:
        sum(range(1000))

async def in_the_loop():
    compute()

async def in_a_thread():
    await asyncio.to_thread(compute)

async def to_its_end():
    print("begun", flush=True)
    while "end" not in sys.stdin.readline():
        pass
    return 0

sys.exit(asyncio.run(interruptible({})))
"""


@pytest.fixture
def begun():
    """`begun(work)`: a process that is at this work."""
    processes = []

    def start(work: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(work)],
            env=environment(),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout.readline() == "begun\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("work", ["in_the_loop", "in_a_thread"])
def test_it_ends_though_something_computes_for_ever(begun, work, number):
    process = begun(work)
    process.send_signal(number)
    assert process.wait(30) == 128 + number


def test_a_second_signal_is_not_waited_for(begun):
    """The first has a while in which the work may end in good order."""
    process = begun("in_the_loop")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) in (128 + signal.SIGTERM, 128 + signal.SIGINT)


def test_a_signal_is_not_forgotten_where_the_work_ends(begun):
    process = begun("to_its_end")
    process.send_signal(signal.SIGTERM)
    process.communicate("end\n", timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
