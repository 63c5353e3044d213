"""The stage of the other tests here: each story goes as told, and what was recorded of it still holds."""

import json

import pytest

from tests.support.harness.program import ROOT

ANSWERS = ROOT / "tests" / "core" / "why" / "answers"
ENDINGS = {
    "quick": ("complete", [("load order-1", 1), ("ship-1", 1)]),
    "flaky": ("complete", [("charge card-1", 3)]),
    "exhausted": ("errored", [("load order-1", 1), ("charge card-1", 3)]),
    "fatal": ("errored", [("check address-1", 1)]),
    "crash": ("errored", []),
    "loop": ("complete", [("load page-1", 1), ("load page-2", 1), ("load page-3", 1)]),
}


def shape(value):
    """The value with its leaves replaced by what kind they are."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


@pytest.mark.parametrize("story", ENDINGS)
def test_a_story_ends_as_told_and_as_recorded(engine, fresh, story):
    status, steps = ENDINGS[story]
    identity = engine.create(fresh(story), story)
    detail = engine.wait(identity, status)
    assert [(step["name"], len(step["attempts"])) for step in detail["steps"]] == steps
    recorded = json.loads((ANSWERS / f"{story}-{status}.json").read_text())
    assert shape(recorded["answer"]) == shape(engine.answer(identity))


def test_a_gate_holds_a_step_until_the_test_lets_it_go(engine, fresh):
    identity = engine.create(fresh("busy"), "busy", gate="stage")
    engine.wait(identity, lambda detail: len(detail["steps"]) == 2)
    assert engine.change(identity, {"status": "pause"})["result"]["status"] == "waitingForPause"
    engine.release("stage")
    engine.wait(identity, "paused")


def test_no_recorded_answer_tells_where_it_was_made():
    for path in ANSWERS.glob("*.json"):
        text = path.read_text()
        assert "/tmp" not in text, path
        assert "127.0.0.1" not in text, path
