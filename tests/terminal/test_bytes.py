"""What a steady screen costs a thin line, in bytes on the terminal at 140x40."""

import re

import pytest

from tests.support.pty import watch_together
from tests.support.simulator import Simulator

PER_SECOND = 400
FIVE_ROWS = 6 * 1024


@pytest.fixture
def still():
    """A simulator whose clock stands: nothing happens in it unless the test makes it."""
    simulator = Simulator("calm", stopped=True)
    yield simulator
    simulator.stop()


def opened(terminal, still, **options):
    shell = terminal("-w", "orders", columns=140, lines=40, env=still.env, **options)
    shell.wait_for(re.compile(r"order-\d+"))
    return shell


def test_nothing_changed_costs_little(terminal, still):
    """Averaged over 10 s, polls and growing durations included: the table, a detail beside it, one alone."""
    layers = {"table": [], "detail": ["enter"], "wide detail": ["enter", "enter"]}
    shells = {name: opened(terminal, still) for name in layers}
    for name, keys in layers.items():
        shells[name].press(*keys)
    watch_together(shells.values(), 3)  # the first polls, and what follows the cursor's rest
    written = dict(zip(layers, watch_together(shells.values(), 10)))
    assert max(written.values()) <= 10 * PER_SECOND, written
    assert min(written.values()) > 0, "no clock moved"


def test_five_changed_rows_cost_little(terminal, still):
    """From the change until its mark is gone again, polls included."""
    shell = opened(terminal, still)
    shell.watch(3)
    shown = re.findall(r"order-\d+", shell.screen.text)
    states = {row["id"]: row["status"] for row in still.listing("orders", per_page="100")}
    moving = [one for one in dict.fromkeys(shown) if states.get(one) in ("running", "waiting")][:5]
    assert len(moving) == 5, f"the scenario shows too few that can be paused\n{shell.picture()}"
    before = len(shell.written)
    for one in moving:
        still.patch("orders", one, "pause")
    shell.wait_for(lambda screen: len(re.findall(r"\b(?:paused|waitingForPause)\b", screen.text)) >= 5)
    shell.watch(8)
    assert len(shell.written) - before <= FIVE_ROWS
