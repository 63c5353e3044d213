"""What is watched: the simulator's worlds, and the real engine with stories that start one after another."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.engine.engine import WORKFLOW, Engine
from tests.support.harness.program import Program, environment
from tests.support.harness.pty import Terminal
from tests.support.harness.simulator import READER, Simulator
from tests.watch.answers import Answers
from tests.watch.watcher import Tally, watch

__all__ = ["WORLDS", "engine", "simulated"]

_SIZE = {"columns": 180, "lines": 45}
_MOVES = 8
"""Looks between two moves of the cursor, which opens another instance beside the list."""
_STORIES = ("quick", "flaky", "exhausted", "slowRetry", "sleeper", "approval", "loop", "napping", "fatal")
_PARAMS = {
    "slowRetry": {"delay": "6 seconds"},
    "sleeper": {"long": "25 seconds"},
    "loop": {"pause": "3 seconds"},
    "flaky": {"failures": 3, "delay": 3000},
    "approval": {"timeout": "40 seconds"},
}


def simulated(scenario: str, seconds: float, *, workflow: str = "orders", least: int = 0) -> Tally:
    """The dashboard over that world, the cursor moving down and up."""
    simulator = Simulator(scenario)
    env = simulator.env
    base = f"{env['CLOUDFLARE_BASE_URL']}/accounts/{env['CLOUDFLARE_ACCOUNT_ID']}/workflows"
    answers = Answers(base, workflow, READER).begun()
    shell = Terminal(Program.argv("-w", workflow), env=environment(**env), **_SIZE)
    try:
        return _watched(shell, answers, seconds, least, lambda look: None)
    finally:
        answers.stop()
        shell.close()
        simulator.stop()


def engine(seconds: float, *, least: int = 0) -> Tally:
    """The dashboard over the real engine, a new instance every few looks."""
    with tempfile.TemporaryDirectory() as folder:
        real = Engine(Path(folder))
        base = f"http://127.0.0.1:{real.port}/cdn-cgi/local/explorer/api/workflows"

        def begin(look: int) -> None:
            if look % 3 == 0:
                story = _STORIES[look // 3 % len(_STORIES)]
                real.create(f"{story}-{look:04d}", story, **_PARAMS.get(story, {}))

        real.create("quick-first", "quick")
        answers = Answers(base, WORKFLOW).begun()
        argv = Program.argv("--local", str(real.port), "-w", WORKFLOW)
        shell = Terminal(argv, env=environment(), **_SIZE)
        try:
            return _watched(shell, answers, seconds, least, begin)
        finally:
            answers.stop()
            shell.close()
            real.stop()


def _watched(
    shell: Terminal, answers: Answers, seconds: float, least: int, act: Callable[[int], None]
) -> Tally:
    def each(look: int) -> None:
        act(look)
        if look % _MOVES == _MOVES - 1:
            shell.press("j" if look // _MOVES % 16 < 8 else "k")

    shell.wait_for("STATUS", "BLOCKED ON")
    return watch(shell, answers, seconds, each=each, least=least)


WORLDS: dict[str, Callable[..., Tally]] = {
    **{name: partial(simulated, name) for name in ("calm", "incident", "huge")},
    "engine": engine,
}
