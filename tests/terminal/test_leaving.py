"""However it ends, the terminal is given back as it was found and the exit status is right."""

import signal
import subprocess
import sys

import pytest

from tests.support.harness.act import ROWS
from tests.support.harness.program import ROOT, environment

ENDINGS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
LEAVING_IN_ORDER = """
import asyncio, os
from textual.app import App
from wfdash.ui.terminal.driver import TolerantDriver

async def leave():
    driver = TolerantDriver(App())
    driver.start_application_mode()
    for _ in range(20):
        driver.write("x" * 30_000)
    while not driver.stalled:
        await asyncio.sleep(0.01)
    driver.disable_input()
    driver.give_up()
    os._exit(0)

asyncio.run(leave())
"""
WHILE_OPENING = """
import asyncio, signal, sys
from wfdash.__main__ import main
from wfdash.ui.pages.help import HelpScreen

opened = HelpScreen.on_mount

async def taken_down_meanwhile(self):
    signal.raise_signal(signal.Signals(number))
    while self.app.return_code is None:
        await asyncio.sleep(0)
    await self.remove_children()
    opened(self)

number = int(sys.argv.pop(1))
HelpScreen.on_mount = taken_down_meanwhile
main()
"""


@pytest.mark.parametrize("number", ENDINGS)
def test_a_signal_gives_the_terminal_back(demo, number):
    shell = demo()
    shell.signal(number)
    assert shell.wait_exit() == ENDINGS[number]
    assert shell.not_as_found() == []


def test_a_signal_ends_it_although_the_terminal_takes_nothing(demo):
    shells = {number: demo(columns=200, lines=60) for number in ENDINGS}
    first, *others = shells.values()
    first.stall(3, *others)
    for number, shell in shells.items():
        shell.signal(number)
    for number, shell in shells.items():
        shell.wait_ended_unread()
        assert shell.wait_exit() == ENDINGS[number], number
        assert shell.not_as_found() == [], number


def test_a_terminal_that_stalls_while_it_is_left_is_given_back(terminal):
    """The loop runs and leaves in good order; only then nothing more is taken, of what was to be written."""
    shell = terminal(argv=[sys.executable, "-c", LEAVING_IN_ORDER], columns=200, lines=60)
    shell.wait_ended_unread()
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


@pytest.mark.parametrize("number", ENDINGS)
def test_a_signal_gives_a_held_terminal_back(demo, number):
    """After ctrl+s the shell would be held too."""
    shell = demo()
    shell.hold()
    shell.resize(70, 20)
    shell.watch(0.5)
    shell.signal(number)
    assert shell.wait_exit() == ENDINGS[number]
    assert shell.not_as_found() == []


@pytest.mark.parametrize("number", ENDINGS)
def test_a_signal_while_a_page_opens_is_no_fault(terminal, number):
    argv = [sys.executable, "-c", WHILE_OPENING, str(int(number)), "demo", "-w", "orders"]
    shell = terminal(argv=argv)
    shell.wait_for(ROWS)
    shell.press("?")
    assert shell.wait_exit() == ENDINGS[number]
    assert b"fault of its own" not in shell.written
    assert shell.not_as_found() == []


@pytest.mark.parametrize(
    ("stop", "number"),
    [(b"\x1a", signal.SIGTERM), (b"\x1a", signal.SIGHUP), (signal.SIGSTOP, signal.SIGTERM)],
    ids=["by key", "by key, hung up", "by signal"],
)
def test_a_stopped_program_is_ended_behind_the_shell(demo, stop, number):
    """As by `kill %1`, which sends the signal and then lets it go on: without fg, and in nobody's way."""
    shell = demo()
    shell.send(stop) if isinstance(stop, bytes) else shell.signal(stop)
    shell.wait_stopped()
    shell.signal(number)
    shell.signal(signal.SIGCONT)
    assert shell.wait_exit() == ENDINGS[number]
    assert shell.not_as_found() == []


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_quitting_gives_the_terminal_back(demo, key):
    shell = demo()
    shell.press(key)
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


def test_suspended_to_the_shell_and_back(demo):
    shell = demo()
    shell.press("ctrl+z")
    shell.wait_stopped()
    assert shell.not_as_found() == []
    before = len(shell.written)
    shell.foreground()
    shell.wait_written(b"\x1b[?1049h", since=before)
    shell.wait_for(ROWS)
    shell.signal(signal.SIGTERM)
    assert shell.wait_exit() == 143
    assert shell.not_as_found() == []


def test_the_workflows_are_the_root_while_none_is_chosen(terminal):
    """Under them there would be an empty screen, and nothing on it to do."""
    shell = terminal("demo", columns=140, lines=40)
    shell.wait_for("orders", "refunds")
    shell.press("escape")
    shell.press("?")
    shell.wait_for("each can be changed")
    shell.press("escape")
    shell.wait_for("WORKFLOW", "refunds")
    shell.press("q")
    assert shell.wait_exit() == 0


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_stopped_by_another_program_and_gone_on_with(demo, number):
    """One it can act on and one it cannot: either way all is drawn again, and the keys still count."""
    shell = demo()
    shell.signal(number)
    shell.wait_stopped()
    before = len(shell.written)
    shell.foreground()
    shell.wait_written(b"\x1b[?1049h", since=before)
    shell.wait_for("DEMO calm", ROWS, "E errors")
    shell.press("?")
    shell.wait_for("Next instance, with")
    shell.press("escape")
    shell.wait_for(ROWS)
    shell.press("q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


@pytest.mark.parametrize("stalled", [0, 3])
def test_a_dropped_connection_ends_it(demo, stalled):
    """Also where nothing was read from it before, so that the program had more to write than it could."""
    shell = demo(columns=200, lines=60)
    shell.stall(stalled)
    shell.hang_up()
    assert shell.wait_exit() == 129


_CLOSED = """
import os, pty, sys
from wfdash.cli import main

terminal, end = pty.openpty()
sys.stderr = open(end, "w", buffering=8192)

def dashboard(arguments, environ):
    sys.stderr.write("what was drawn last")  # and waits in the buffer as the window goes
    os.close(terminal)
    return 129

main._run = dashboard
sys.exit(main.run([]))
"""


def test_what_a_closed_window_did_not_take_keeps_the_code():
    """Python flushes its streams at the end, and makes the code 120 where that fails."""
    done = subprocess.run(
        [sys.executable, "-c", _CLOSED], env=environment(), cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 129


_INTERRUPTED = """
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == {loading!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from wfdash.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "loading", ["msgspec", "wfdash.cli.main", "wfdash.cli.parser", "wfdash.config.precedence"]
)
def test_ctrl_c_while_modules_are_loaded_says_nothing(loading):
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED.format(loading=loading), "list", "-w", "orders"],
        env=environment(), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
