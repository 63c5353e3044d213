"""What a world costs to make and to tell, counted: hundreds of tests and each `wfdash demo` make one."""

import sys
from collections.abc import Callable

import pytest

from tests.support.harness.dashboard import shop_world
from wfdash.demo.engine import times
from wfdash.demo.engine.log import LogEntry, LoggedAttempt
from wfdash.demo.engine.program import Do, RunContext, Undo
from wfdash.demo.http import render


def python_calls(make: Callable[[], object]) -> int:
    """How many functions written in Python are entered on the way, `make` itself not counted."""
    entered = 0

    def note(frame: object, event: str, _: object) -> None:
        nonlocal entered
        entered += event == "call"

    sys.setprofile(note)
    try:
        make()
    finally:
        sys.setprofile(None)
    return entered - 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: Do("charge card", takes=1.0, output={}, undo=None),
        lambda: Undo(takes=1.2),
        lambda: RunContext("order-1", 7),
        lambda: LogEntry("step", "charge card-1", "charge card", 0.0),
        lambda: LoggedAttempt(0.0),
    ],
    ids=["Do", "Undo", "RunContext", "LogEntry", "LoggedAttempt"],
)
def test_record_of_a_step_is_made_without_python_code(make):
    assert python_calls(make) == 0


def test_rows_told_again_write_no_moment_again():
    orders = shop_world(lambda: 1_800_000_000.0).workflows["orders"]
    rows = [render.row(instance) for instance in orders.walk(newest_first=True)]
    assert len(rows) > 100
    before = times.iso.cache_info().misses
    assert [render.row(instance) for instance in orders.walk(newest_first=True)] == rows
    assert times.iso.cache_info().misses == before
