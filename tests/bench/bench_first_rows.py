"""How soon the first rows are on the screen, beside a bare Textual program that says hello."""

import sys
import tempfile
import time

from tests.bench.line import Line, alternately
from tests.support.harness.act import ROWS
from tests.support.harness.program import Program, environment
from tests.support.harness.pty import Terminal, Wanted
from tests.support.harness.simulator import Simulator

_HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello, world")
Hello().run()
"""
_ROUNDS = 7


def _appears(argv: list[str], env: dict[str, str], wanted: Wanted) -> float:
    """Seconds from the start of the process to `wanted` on its screen."""
    start = time.perf_counter()
    terminal = Terminal(argv, env=env, columns=120, lines=40)
    try:
        terminal.wait_for(wanted)
        return terminal.seen_at - start
    finally:
        terminal.close()


def _at_home(env: dict[str, str]) -> dict[str, str]:
    """A home of its own: what one run has spent of the request budget is none of the next one's."""
    return env | {"XDG_STATE_HOME": tempfile.mkdtemp()}


def run() -> list[Line]:
    simulator = Simulator("calm")
    try:
        home = tempfile.mkdtemp()
        env = environment(
            **simulator.env, HOME=home, XDG_STATE_HOME=f"{home}/state", XDG_CONFIG_HOME=f"{home}/config"
        )
        hello = [sys.executable, "-c", _HELLO]
        rows, bare = alternately(
            _ROUNDS,
            lambda: _appears(Program.argv("-w", "orders"), _at_home(env), ROWS),
            lambda: _appears(hello, environment(HOME=home), "hello, world"),
        )
    finally:
        simulator.stop()
    return [Line("first rows of wfdash -w NAME", rows, "s", "bare Textual hello", bare, 1.6)]
