"""Redrive on the real engine: what failed at five different steps runs again from there once it is mended."""

import json

import pytest

from tests.engine.engine import WORKFLOW

FAILED_AT = {
    "first": {"name": "load order", "count": 1, "type": "do"},
    "page 2": {"name": "load page", "count": 2, "type": "do"},
    "sleep": {"name": "weigh", "count": 1, "type": "do"},
    "branch": {"name": "email", "count": 1, "type": "do"},
    "wait": {"name": "approval", "count": 1, "type": "waitForEvent"},
}
"""The branch that was still open began before the one that failed, so it is where that run starts again."""
KEPT = {"first": 0, "page 2": 2, "sleep": 5, "branch": 6, "wait": 9}


@pytest.fixture
def wfdash(program, engine):
    return lambda command, *arguments, **options: program(
        command, "--local", str(engine.port), "-w", WORKFLOW, *arguments, **options
    )


def objects(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def same(step):
    return {key: step.get(key) for key in ("name", "start", "end", "output", "attempts")}


def test_five_that_failed_at_different_steps_complete(wfdash, engine, fresh, tmp_path):
    fixed = fresh("fix")
    ids = {at: engine.create(fresh("delivery"), "delivery", at=at, fixed=fixed) for at in FAILED_AT}
    before = {at: engine.wait(identity, "errored") for at, identity in ids.items()}

    plan = wfdash("redrive", *ids.values(), "--dry-run")
    assert plan.returncode == 0, plan.stderr
    assert {line["id"]: line["from"] for line in objects(plan)} == {
        ids[at]: start for at, start in FAILED_AT.items()
    }
    assert all(engine.status(identity) == "errored" for identity in ids.values()), "nothing was sent"

    engine.release(fixed)
    log = tmp_path / "requests"
    done = wfdash("redrive", *ids.values(), "--wait", "--timeout", "150s", "--yes", "--debug", str(log))
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line["id"]: (line["from"], line["ended"]) for line in objects(done)} == {
        ids[at]: (start, "complete") for at, start in FAILED_AT.items()
    }
    for at, identity in ids.items():
        after = engine.detail(identity)
        assert after["status"] == "complete"
        kept = KEPT[at]
        old, new = before[at]["steps"], after["steps"]
        assert [same(step) for step in new[:kept]] == [same(step) for step in old[:kept]], at
        assert all(step["start"] > old[kept]["start"] for step in new[kept:]), at
        assert all(step["end"] for step in new), at
        patches = [line for line in log.read_text().splitlines() if "PATCH" in line and identity in line]
        assert len(patches) == 1, patches


def test_one_that_fails_again_is_told_with_its_step(wfdash, engine, fresh):
    identity = engine.create(fresh("delivery"), "delivery", at="sleep", fixed=fresh("never"))
    engine.wait(identity, "errored")
    done = wfdash("redrive", identity, "--wait", "--yes")
    [answer] = objects(done)
    assert (done.returncode, answer["outcome"], answer["ended"]) == (1, "failed again", "errored")
    assert answer["error"] == 'failed again at "weigh", same cause: PaymentError: weigh is broken'


def test_a_step_the_engine_does_not_know_is_said_to_be_one(wfdash, engine, fresh, tmp_path):
    identity = engine.create(fresh("delivery"), "delivery", at="first", fixed=fresh("never"))
    engine.wait(identity, "errored")
    [line] = objects(wfdash("redrive", identity, "--dry-run"))
    line["from"]["count"] = 7
    file = tmp_path / "plan"
    file.write_text(json.dumps(line))
    done = wfdash("redrive", "--plan", str(file), "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert "line 1: " in done.stderr
    assert 'has "load order" 1 time, not 7; it failed at "load order"' in done.stderr

    done = wfdash("restart", identity, "--from-step", "load order", "--count", "7", "--type", "do", "--yes")
    [answer] = objects(done)
    assert (done.returncode, answer["outcome"]) == (1, "refused")
    assert "The engine does not know this step" in answer["error"]
    assert engine.status(identity) == "errored"
