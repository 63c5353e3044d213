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
from tests.watch.errors_page import compare_errors
from tests.watch.history_page import HistoryPage
from tests.watch.listing import Account
from tests.watch.tally import Tally
from tests.watch.waits_page import compare_waits
from tests.watch.watcher import watch
from tests.watch.workflows_page import compare_workflows

__all__ = ["WORLDS", "engine", "simulated"]

_SIZE = {"columns": 180, "lines": 45}
_MOVES = 8
"""Looks between two moves of the cursor, which opens another instance beside the list."""
_TOUR = (("", 30), ("E", 16), ("H", 20), ("w", 12), ("v", 10))
"""Pages by their keys, and for how many looks each is on the screen; the list comes between them."""
_WITHIN = {"E": "j", "H": "left", "w": "j", "v": "j"}
"""What is pressed on a page now and then."""
_LAYERS = 4
_COUNTED = 16.0
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
    answers, account = Answers(base, workflow, READER).begun(), Account(base, READER)
    shell = Terminal(Program.argv("-w", workflow), env=environment(**env), **_SIZE)
    try:
        return _watched(shell, answers, account, workflow, seconds, least, lambda look: None)
    finally:
        answers.stop()
        account.close()
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
        answers, account = Answers(base, WORKFLOW).begun(), Account(base)
        argv = Program.argv("--local", str(real.port), "-w", WORKFLOW)
        shell = Terminal(argv, env=environment(), **_SIZE)
        try:
            return _watched(shell, answers, account, WORKFLOW, seconds, least, begin)
        finally:
            answers.stop()
            account.close()
            shell.close()
            real.stop()


class _Tour:
    """Goes from the list to each page and back, as the looks are counted."""

    def __init__(self, shell: Terminal) -> None:
        self._shell = shell
        self._turns = [(key, at) for key, looks in _TOUR for at in range(looks)]

    def step(self, look: int) -> None:
        """Presses what is due at this look."""
        key, at = self._turns[look % len(self._turns)]
        press = ""
        if at == 0 and look:
            self._leave()
            press = key
        elif key and at % 5 == 4:
            press = _WITHIN[key]
        elif not key and look % _MOVES == _MOVES - 1:
            press = "j" if look // _MOVES % 16 < 8 else "k"
        if press:
            self._shell.press(press)
            self._shell.watch(0.3)

    def _leave(self) -> None:
        """Back to the list: a moment that is read out is let go before its page closes."""
        for _ in range(_LAYERS):
            if any("STATUS" in line and "BLOCKED ON" in line for line in self._shell.screen.rows):
                return
            self._shell.press("escape")
            self._shell.watch(0.5)  # an escape and a key at once would be one key


def _watched(
    shell: Terminal,
    answers: Answers,
    account: Account,
    workflow: str,
    seconds: float,
    least: int,
    act: Callable[[int], None],
) -> Tally:
    tour, history = _Tour(shell), HistoryPage(account, workflow)

    def each(look: int) -> None:
        act(look)
        tour.step(look)
        account.sample()

    def page(lines: list[str], at: float, tally: Tally) -> None:
        def counted(name: str, status: str, behind: float) -> tuple[int, int]:
            # A dev session has counts of one workflow at a time, up to half a minute old.
            return (
                account.counted(name, status, at - _COUNTED - behind, at + 1)
                if account.counts
                else answers.counted(status, at - 3 * _COUNTED - behind, at + 1)
                if name == workflow
                else (0, -1)
            )

        # First, for what it left to be compared at the end of a visit is.
        if not (
            history.compare(lines, at, tally)
            or compare_errors(lines, at, answers, account, workflow, tally)
            or compare_workflows(lines, at, account, counted, tally)
        ):
            compare_waits(lines, at, answers, tally)

    shell.wait_for("STATUS", "BLOCKED ON")
    tally = watch(shell, answers, seconds, each=each, page=page, least=least)
    history.compare_waiting(tally)
    return tally


WORLDS: dict[str, Callable[..., Tally]] = {
    **{name: partial(simulated, name) for name in ("calm", "incident", "huge")},
    "engine": engine,
}
