"""wfdash in a terminal over the real engine: what a person sees, does, and is told became of it."""

import json
import os
import re
from datetime import datetime
from pathlib import Path

import pytest

from tests.engine.engine import WORKFLOW
from tests.support.harness.act import confirm

SENTENCES = {
    "quick": ("complete", "finished", ["load order", "ship"]),
    "flaky": ("complete", "finished", ["charge card"]),
    "exhausted": ("errored", '"charge card" gave up after 3 attempts', ["load order", "charge card"]),
    "fatal": ("errored", '"check address" failed at its first attempt', ["check address"]),
    "crash": ("errored", "the run failed: TypeError", []),
    "sleeper": (2, "sleeping for", ["load order", "cool down"]),
    "approval": (2, 'waiting for an event in "approval"', ["ask for approval", "approval"]),
    "slowRetry": (1, 'attempt 1 of 6 of "charge card" failed', ["charge card"]),
}
"""Story -> the status or the number of steps to wait for, how its sentence begins, rows of its timeline."""


@pytest.fixture
def dashboard(terminal, engine):
    """`dashboard("-i", ID)` opens wfdash on the engine's workflow at 140x40."""

    def start(*arguments, columns=140, lines=40):
        return terminal("--local", str(engine.port), "-w", WORKFLOW, *arguments, columns=columns, lines=lines)

    return start


def journal():
    """What the journal on disk holds, oldest first."""
    (path,) = Path(os.environ["XDG_STATE_HOME"]).rglob("actions.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def steps(count):
    return lambda detail: len(detail["steps"]) >= count


def row_of(identity, word):
    """Whether a table row shows this instance with this word."""
    return lambda screen: any(identity in row and word in row for row in screen.rows)


def test_instances_appear_and_move_by_themselves(dashboard, engine, fresh):
    first = engine.create(fresh("quick"), "quick")
    engine.wait(first, "complete")
    shell = dashboard()
    shell.wait_for(row_of(first, "complete"))
    gate = fresh("gate")
    second = engine.create(fresh("busy"), "busy", gate=gate)
    shell.wait_for(row_of(second, "running"))
    engine.release(gate)
    shell.wait_for(row_of(second, "complete"))


@pytest.mark.parametrize("story", SENTENCES)
def test_an_open_instance_says_why_and_shows_its_rows(dashboard, engine, fresh, story):
    until, sentence, rows = SENTENCES[story]
    identity = engine.create(fresh(story), story)
    engine.wait(identity, until if isinstance(until, str) else steps(until))
    shell = dashboard("-i", identity)
    shell.wait_for(identity, sentence, *rows)


def test_parallel_steps_and_loops(dashboard, engine, fresh):
    gate = fresh("gate")
    identity = engine.create(fresh("parallel"), "parallel", gate=gate)
    engine.wait(identity, lambda detail: sum(step["end"] is not None for step in detail["steps"]) == 2)
    shell = dashboard("-i", identity)
    shell.wait_for('2 steps run: "invoice", "stock"', "email", "audit")
    engine.release(gate)
    shell.wait_for("finished")
    many = engine.create(fresh("loop"), "loop", count=500)
    engine.wait(many, "complete")
    folded = dashboard("-i", many)
    folded.wait_for("finished", re.compile(r"load page.*500"))


def test_the_predicted_next_retry_is_the_real_one(dashboard, engine, fresh):
    """Within a second: the sentence counts to the moment the engine has set the next attempt for.

    On a busy machine the sentence may be seen late, and the attempt start late: of several the best is taken.
    """
    identity = engine.create(fresh("retry"), "slowRetry", delay="12 seconds")
    detail = engine.wait(identity, lambda now: now["steps"] and now["steps"][0]["attempts"][0]["end"])
    failed = moment(detail["steps"][0]["attempts"][0]["end"])
    shell = dashboard("-i", identity)
    answer, predicted = re.compile(r"next try in about (\d+) s"), []
    while not shell.screen.find('attempt 2 of 6 of "charge card"'):
        shell.wait_for(re.compile(r'next try in about|attempt 2 of 6 of "charge card"'))
        if found := answer.search(shell.screen.text):
            predicted.append(datetime.now().timestamp() + int(found[1]))
        shell.watch(0.1)
    again = engine.wait(identity, lambda now: len(now["steps"][0]["attempts"]) == 2)
    real = moment(again["steps"][0]["attempts"][1]["start"])
    assert real - failed > 11
    # one second, and what the cut of "12.9 s" to "12 s" takes off
    assert min(abs(each - failed - 12) for each in predicted) <= 1.5
    shell.wait_for('attempt 2 of 6 of "charge card" failed')


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def test_pause_during_a_busy_step_then_resume(dashboard, engine, fresh):
    gate = fresh("gate")
    identity = engine.create(fresh("busy"), "busy", gate=gate)
    engine.wait(identity, steps(2))
    shell = dashboard("-i", identity)
    shell.wait_for('"crunch numbers" has been running')
    confirm(shell, "p", identity)
    shell.wait_for("waitingForPause", '"crunch numbers" still runs')
    assert engine.status(identity) == "waitingForPause"
    engine.release(gate)
    shell.wait_for(re.compile(r"\bpaused\b"))
    assert engine.status(identity) == "paused"
    confirm(shell, "r", identity)
    shell.wait_for("complete")
    assert engine.status(identity) == "complete"


def test_terminate_tells_the_true_outcome(dashboard, engine, fresh):
    identity = engine.create(fresh("sleeper"), "sleeper")
    engine.wait(identity, steps(2))
    shell = dashboard("-i", identity)
    shell.wait_for("sleeping for")
    confirm(shell, "t", identity)
    shell.wait_for("terminated", '"cool down" was left unfinished')
    assert engine.status(identity) == "terminated"


def test_restart_runs_it_anew(dashboard, engine, fresh):
    identity = engine.create(fresh("quick"), "quick")
    before = engine.wait(identity, "complete")
    shell = dashboard("-i", identity)
    shell.wait_for("finished")
    confirm(shell, "s", identity)
    after = engine.wait(identity, lambda now: now["status"] == "complete" and now["start"] != before["start"])
    assert after["steps"][0]["start"] > before["steps"][1]["end"]


def test_restart_from_the_second_of_three(dashboard, engine, fresh):
    identity = engine.create(fresh("loop"), "loop")
    before = engine.wait(identity, "complete")
    shell = dashboard("-i", identity)
    shell.wait_for("finished", "load page")
    shell.press("down")
    shell.wait_for("load page #2")
    confirm(shell, "S", identity, "keeps 1 step", "drops and runs again 2 steps")
    after = engine.wait(
        identity,
        lambda now: now["status"] == "complete" and now["steps"][2]["start"] != before["steps"][2]["start"],
    )
    same = [
        each["start"] == other["start"] for each, other in zip(before["steps"], after["steps"], strict=True)
    ]
    assert same == [True, False, False]


def test_terminate_with_rollback(dashboard, engine, fresh):
    identity = engine.create(fresh("booking"), "booking")
    engine.wait(identity, steps(4))
    shell = dashboard("-i", identity)
    shell.wait_for('waiting for an event in "confirmation"')
    confirm(shell, "T", identity)
    shell.wait_for("terminated")
    assert engine.status(identity) == "terminated"
    shell.wait_for(lambda screen: journal()[-1]["event"] == "settled")
    found = [entry for entry in journal() if entry.get("id") == identity]
    assert [entry["event"] for entry in found][:2] == ["planned", "sent"]
    assert found[-1]["after"] == "terminated"


def test_an_event_reaches_its_waiter(dashboard, engine, fresh):
    """Not one that waits for longer, and so stands before it on the desk."""
    engine.wait(engine.create(fresh("approval"), "approval"), steps(2))
    identity = engine.create(fresh("approval"), "approval")
    engine.wait(identity, steps(2))
    shell = dashboard("-i", identity)
    shell.wait_for('waiting for an event in "approval"')
    shell.press("v")
    shell.wait_for("events in", identity)
    shell.press("enter")
    shell.wait_for(f"send event to {identity}", "event type")
    shell.type("approve")
    confirm(shell, "enter", "send event", identity, "event approve")
    shell.wait_for("the server accepted the event")
    assert engine.wait(identity, "complete")["output"] == {}
    assert [entry["event"] for entry in journal()][:3] == ["planned", "sent", "answered"]
