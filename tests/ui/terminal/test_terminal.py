"""The real program on a bare pty: sizes nobody set, terminals that vanish; and what a crash prints."""

import io
import os
import pty
import select
import subprocess
import termios
import time

import pytest
from rich.console import Console

from tests.support.harness.dashboard import drive
from tests.support.harness.program import ROOT, Program, environment
from wfdash.ui.app import WfdashApp


class Bare:
    """A pty that is nobody's controlling terminal, so that closing it sends no signal."""

    def __init__(self, argv, env, size):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, size)
        self.process = subprocess.Popen(
            argv, cwd=ROOT, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)
        self.written = b""

    def read_until(self, wanted, seconds=60):
        deadline = time.monotonic() + seconds
        while wanted not in self.written:
            assert time.monotonic() < deadline, self.written[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                self.written += os.read(self.master, 65536)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def bare(program: Program):
    built = []

    def start(size):
        built.append(Bare(program.argv("demo", "-w", "orders"), environment(), size))
        return built[-1]

    yield start
    for each in built:
        each.close()


def test_terminal_without_a_size_gets_the_usual_one(bare):
    terminal = bare((0, 0))
    terminal.read_until(b"STATUS")
    assert termios.tcgetwinsize(terminal.master) == (24, 80)
    terminal.process.terminate()
    terminal.read_until(b"\x1b[?1049l")
    assert terminal.process.wait(60) == 143


def test_terminal_closed_without_a_signal_ends_the_program(bare):
    terminal = bare((24, 80))
    terminal.read_until(b"STATUS")
    os.close(terminal.master)
    assert terminal.process.wait(60) == 129


def test_a_crash_report_holds_no_local_variables():
    reports = []

    async def script(d):
        def crash():
            secret = "tok_" + "very_secret"
            raise RuntimeError(f"broken by {len(secret)}")

        d.app.action_poll_now = crash
        await d.pilot.press("ctrl+r")
        await d.pilot.pause()

    original = WfdashApp.panic

    def keep(self, *renderables):
        out = io.StringIO()
        Console(file=out, width=120).print(*renderables)
        reports.append(out.getvalue())
        original(self, *renderables)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WfdashApp, "panic", keep)
        with pytest.raises(RuntimeError):
            drive(script)
    assert "broken by 15" in reports[0]
    assert "tok_very_secret" not in reports[0]
