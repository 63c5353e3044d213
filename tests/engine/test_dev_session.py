"""What only a dev session does: it is reloaded under what runs, and its table is followed to the second."""

import re
import time

import pytest

from tests.engine.engine import WORKFLOW, Engine
from tests.support.harness.act import confirm


@pytest.fixture
def session(tmp_path):
    """An engine of its own, for a reload cuts whatever runs on it."""
    started = Engine(tmp_path / "engine")
    yield started
    started.stop()


def attempts(detail):
    return detail["steps"][0]["attempts"] if detail["steps"] else []


def test_a_reload_during_a_long_step_is_said(session, terminal, program):
    identity = session.create("long-1", "busy", gate="never")
    asleep = session.create("asleep-1", "sleeper")
    for each in (identity, asleep):
        session.wait(each, lambda detail: len(detail["steps"]) == 2)
    port = str(session.port)
    shell = terminal("--local", port, "-w", WORKFLOW, "-i", identity, columns=140, lines=40)
    shell.wait_for(re.compile(r'"crunch numbers" has been running.*; times out in about', re.DOTALL))
    session.reload()
    shell.wait_for(
        '"crunch numbers" was cut by a reload or restart of the dev session', "pause and then resume"
    )
    shell.press("l")
    shell.wait_for("lines alone", '"crunch numbers" was cut by a reload or restart of the dev session')
    shell.press("escape")
    shell.wait_gone("lines alone")
    said = program("show", "--local", port, "-w", WORKFLOW, "-i", asleep).stdout
    assert '"cool down" has been open since before a reload or restart of the dev session' in said
    shell.press("escape", "E")
    shell.wait_for("STUCK OR UNUSUAL", re.compile(rf"{identity}.*was cut by a reload"))
    shell.press("escape")
    shell.wait_for(re.compile(rf"{identity}.*cut by a reload"))


def test_pause_and_resume_wake_what_was_cut(session, terminal):
    identity = session.create("long-2", "busy", gate="open")
    session.wait(identity, lambda detail: len(detail["steps"]) == 2)
    session.reload()
    shell = terminal("--local", str(session.port), "-w", WORKFLOW, "-i", identity, columns=140, lines=40)
    shell.wait_for('"crunch numbers" was cut by a reload or restart')
    confirm(shell, "p", identity, "its open step was cut and does nothing: it pauses at once")
    shell.wait_for("stands still until resumed", "you paused")
    confirm(shell, "r", identity)
    session.wait(identity, lambda detail: len(detail["steps"][1]["attempts"]) == 2)
    shell.wait_for('"crunch numbers" has been running')
    session.release("open")
    shell.wait_for("complete")


def test_a_step_around_a_sleep_names_the_sleep(session, terminal):
    identity = session.create("nap-1", "napping", long="1 hour")
    session.wait(identity, lambda detail: len(detail["steps"]) == 2)
    shell = terminal("--local", str(session.port), "-w", WORKFLOW, "-i", identity, columns=140, lines=40)
    shell.wait_for('"inner sleep" sleeps', "this server does not say when the other ends")
    assert " first, in about" not in shell.screen.text


def test_retries_in_the_table_keep_up_with_the_engine(session, terminal):
    """Four back-offs of 3, 6, 12 and 24 s: the cell's attempt is the engine's, 6 s after it at the latest."""
    identity = session.create("retry-1", "slowRetry", delay="3 seconds")
    shell = terminal("--local", str(session.port), "-w", WORKFLOW, columns=200, lines=40)
    shell.wait_for(re.compile(rf"{identity}.*charge card"))
    cell = re.compile(rf"{identity}.*charge card.*? · attempt (\d) of 6")
    wrong_since, longest, seen = None, 0.0, set()
    while (built := len(attempts(session.detail(identity)))) < 5:
        shell.watch(0.2)
        found = cell.search(shell.screen.text)
        shown = int(found[1]) if found else 1  # a first attempt that runs is not counted out
        seen.add(shown)
        now = time.monotonic()
        wrong_since = None if shown == built else wrong_since or now
        longest = max(longest, now - wrong_since if wrong_since else 0.0)
    assert longest <= 6
    assert {2, 3, 4} <= seen
