"""What filters ask of an instance that was read, and how long a row lasted."""

import pytest

from tests.support.harness.work import instructions
from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import parse
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.json_values import NOT_RECORDED, NOT_RECORDED_KIND

ERROR = {"name": "PaymentError", "message": "Card DECLINED"}
FAILED = {"start": "2026-11-21T10:00:00Z", "end": "2026-11-21T10:00:01Z", "success": False, "error": ERROR}
NOON = "2026-11-21T12:00:00Z"
SLEPT_ANEW = {"type": "sleep", "name": "nap-1", "start": NOON, "finished": False}
"""A sleep that a pause cut short: it stays open, and begins anew under its own name."""


def fields(status, *steps, error=None):
    return read_fields(read_detail("orders", "a", {"status": status, "steps": list(steps), "error": error}))


def step(name, **more):
    return {
        "type": "step",
        "name": name,
        "start": "2026-11-21T10:00:00Z",
        "end": None,
        "success": None,
        **more,
    }


@pytest.mark.parametrize(
    ("status", "steps", "blocked"),
    [
        ("queued", [], "queue"),
        ("paused", [step("a-1")], "pause"),
        ("waitingForPause", [step("a-1")], "pause"),
        ("rollingBack", [], "rollback"),
        ("running", [step("a-1")], "step"),
        ("running", [step("a-1", attempts=[FAILED])], "retry"),
        ("waiting", [{"type": "sleep", "name": "nap-1", "finished": False}], "sleep"),
        ("waiting", [step("a-1"), {"type": "waitForEvent", "name": "b-1", "finished": False}], "event step"),
        ("running", [step("a-1", attempts=[FAILED]), step("b-1"), SLEPT_ANEW], "sleep retry step"),
        ("waiting", [{"type": "sleep", "name": "nap-1", "finished": True}], ""),
        ("waiting", [{"type": "sleep", "name": "nap-1", "start": NOON}], "sleep"),
        ("running", [SLEPT_ANEW, {**SLEPT_ANEW, "finished": True}, step("a-1")], "step"),
        ("errored", [{"type": "sleep", "name": "nap-1", "finished": False}], ""),
        ("novel", [], ""),
    ],
)
def test_what_it_waits_for(status, steps, blocked):
    assert fields(status, *steps).blocked == blocked


def test_the_steps_that_are_open_or_failed_and_every_error():
    done = step("Load-1", success=True, end="2026-11-21T10:00:00Z")
    failed = step("Charge Card-1", success=False, end="2026-11-21T10:00:01Z", attempts=[FAILED])
    read = fields("errored", done, failed, error={"name": "Error", "message": "gave up"})
    assert read.steps == ("charge card-1",)
    assert "error: gave up" in read.error
    assert "paymenterror: card declined" in read.error
    assert fields("running", step("Wait-1")).steps == ("wait-1",)
    awaited = {"type": "waitForEvent", "name": "approval-1", "finished": False, "event_type": "Approve"}
    assert fields("waiting", awaited).steps == ("approval-1", "approve")


def test_rollback_names_the_running_handler_not_the_step():
    cut, handler = step("ship-1"), step("charge card-1", type="rollback")
    assert fields("rollingBack", cut, handler).steps == ("charge card-1",)


def test_how_long_a_row_lasted():
    row = Instance("a", "running", created=100.0, started=110.0)
    assert row.lasted(150.0) == 40.0
    assert Instance("a", "queued", created=100.0).lasted(150.0) is None, "it has not begun"
    assert Instance("a", "running", created=100.0).lasted(150.0) == 50.0, "a dev session lists no start"
    assert Instance("a", "running", started=110.0, seen=130.0).lasted(150.0) == 20.0, "it is gone"
    assert Instance("a", "complete", created=100.0, started=110.0, ended=120.0).lasted(150.0) == 10.0
    assert Instance("a", "complete", created=100.0).lasted(150.0) is None
    assert Instance("a", "running").lasted(150.0) is None


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("-params~x", "recorded"),
        ("-params.city:x", "recorded"),
        ("-output~x", "recorded"),
        ("-error~x", "recorded"),
        ("-any~x", "recorded"),
        ("-(params~x or output~x)", "recorded"),
        ("-params~x or step~load", "recorded left-out"),
        ("-step~x", "recorded left-out"),
        ("params~x", ""),
    ],
)
def test_what_a_record_left_out_matches_neither_way(text, matches):
    step = {"type": "step", "name": "load-1", "start": NOON, "end": None, "success": None}
    common = {"status": "running", "steps": [step]}
    answers = {
        "recorded": {
            **common,
            "params": {"city": "y"},
            "output": "y",
            "error": {"name": "E", "message": "y"},
        },
        "left-out": {
            **common,
            "params": NOT_RECORDED,
            "output": NOT_RECORDED,
            "error": {"name": "E", "message": f"{NOT_RECORDED_KIND}lusab"},
        },
    }
    read = {name: read_fields(read_detail("orders", name, answer)) for name, answer in answers.items()}
    query = parse(text)
    found = [name for name in read if query.match(Instance(name, "running"), 0.0, MatchContext(details=read))]
    assert found == matches.split()


def test_a_row_alone_matches_no_text_neither_way():
    detail = read_detail("orders", "a", {"status": "errored"})
    detail.unread = True
    read = {"a": read_fields(detail)}
    for text in ("params~x", "-params~x", "-any~x", "-error~x"):
        assert not parse(text).match(Instance("a", "errored"), 0.0, MatchContext(details=read)), text
    assert parse("-any~x").unrecorded(read["a"].unrecorded) == "params, outputs and error messages"


def test_of_many_different_errors_few_are_made_plain():
    """Each takes longer than a frame has where a thousand steps say something else."""

    def failing(message):
        steps = [
            step(f"a-{n}", success=False, error={"name": "E", "message": message.format(n)})
            for n in range(600)
        ]
        return read_detail("orders", "a", {"status": "errored", "steps": steps, "error": steps[-1]["error"]})

    alike, many = failing("card 7 of 4711"), failing("card {0} of 4711-{0}")
    assert instructions(lambda: read_fields(many)) < 2 * instructions(lambda: read_fields(alike))
    found = read_fields(many)
    assert "card 17 of 4711-17" in found.error
    # What it died of is searched as its group is named, wherever it stands among them.
    assert found.error.startswith("e: card 599 of 4711-599\ncard <n>")
