"""What a steady screen writes to the terminal in a minute: what a thin SSH link has to carry."""

import tempfile

from tests.bench.line import Line
from tests.support.harness.program import Program, environment
from tests.support.harness.pty import Terminal, watch_together
from tests.support.harness.simulator import Simulator

_SECONDS = 20.0
_AIM = 400 * 60
"""Bytes a minute."""
_OVER_SSH = {"SSH_CONNECTION": "192.0.2.7 50522 192.0.2.8 22"}
_LAYERS = {
    "the table alone": (80, 24, []),
    "table and detail": (140, 40, ["enter"]),
    "detail alone": (140, 40, ["enter", "enter"]),
    "workflows": (140, 40, ["w"]),
}


def run() -> list[Line]:
    """Nothing changes in the simulator: what is written are ages, durations and the polls' own signs.

    Each has a state folder of its own, as each is measured alone: four that share a credential poll less.
    """
    simulator = Simulator("calm", stopped=True)
    shells = {}
    try:
        for name, (columns, lines, keys) in _LAYERS.items():
            env = environment(**simulator.env, **_OVER_SSH, XDG_STATE_HOME=tempfile.mkdtemp())
            shells[name] = Terminal(Program.argv("-w", "orders"), env=env, columns=columns, lines=lines)
            shells[name].wait_for("order-")
            shells[name].press(*keys)
        watch_together(shells.values(), 6)
        written = watch_together(shells.values(), _SECONDS)
        return [
            Line(f"steady, {name}, in a minute", count * 60 / _SECONDS, "B", aim=_AIM)
            for name, count in zip(shells, written)
        ]
    finally:
        for shell in shells.values():
            shell.close()
        simulator.stop()
