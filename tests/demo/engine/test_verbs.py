"""Pause, resume, terminate, restart, events: what each does in each status."""

import pytest

from tests.demo.bench import Bench
from wfdash.demo.engine.instance import Retention
from wfdash.demo.engine.program import ALWAYS, All, Do, RunContext, Sleep, StepFailure, Undo, Wait
from wfdash.demo.engine.times import instant


def test_a_pause_waits_for_the_step_that_runs():
    bench = Bench([Do("crunch", takes=30), Do("ship")]).begun()
    bench.later(1)
    assert bench.change("pause") == "waitingForPause"
    bench.later(10)
    assert bench.change("pause") == "waitingForPause"
    bench.later(20)
    assert bench.status() == "paused"
    assert bench.names() == ["crunch-1"]
    bench.later(1000)
    assert bench.status() == "paused"
    assert bench.change("resume") == "running"
    bench.later(5)
    assert bench.status() == "complete"


def test_resume_takes_back_a_pause_that_is_still_asked_for():
    bench = Bench([Do("crunch", takes=30)]).begun()
    bench.later(1)
    bench.change("pause")
    assert bench.change("resume") == "running"
    bench.later(60)
    assert bench.status() == "complete"


@pytest.mark.parametrize("op", [Sleep("nap", "100 seconds"), Wait("w", "go", "100 seconds")])
def test_a_pause_stops_the_clock(op):
    bench = Bench([op]).begun()
    bench.later(40)
    assert bench.change("pause") == "paused"
    bench.later(5000)
    bench.change("resume")
    bench.later(50)
    assert bench.status() == "waiting"
    bench.later(20)
    assert bench.status() in ("complete", "errored")
    end = instant(bench.detail()["end"])
    assert end - instant(bench.detail()["start"]) == pytest.approx(5100, abs=0.1)


def test_a_pause_stops_a_retry():
    bench = Bench([Do("charge", fails=1, delay="60 seconds")]).begun()
    bench.later(10)
    assert bench.change("pause") == "paused"
    bench.later(1000)
    assert len(bench.step("charge-1")["attempts"]) == 1
    bench.change("resume")
    bench.later(49)
    assert len(bench.step("charge-1")["attempts"]) == 1
    bench.later(10)
    assert bench.status() == "complete"


def test_event_for_a_paused_instance_is_kept_until_it_resumes():
    bench = Bench([Wait("w", "go")]).begun()
    bench.later(1)
    bench.change("pause")
    bench.send("go", 7)
    bench.later(10)
    assert bench.step("w-1")["finished"] is False
    bench.change("resume")
    bench.later(1)
    assert bench.status() == "complete"


@pytest.mark.parametrize("verb", ["pause", "resume"])
@pytest.mark.parametrize("program", [[Do("a")], [Do("a", fails=ALWAYS, limit=0)]])
def test_pause_and_resume_do_nothing_to_the_finished(verb, program):
    bench = Bench(program).begun()
    bench.later(10)
    before = bench.detail()
    assert bench.change(verb) == before["status"]
    assert bench.detail() == before


def test_pause_does_nothing_to_the_queued():
    bench = Bench([Do("a")])
    bench.create()
    assert bench.change("pause") == "queued"
    bench.later(10)
    assert bench.status() == "complete"


def test_terminate_ends_it_and_says_by_whom():
    bench = Bench([Do("a"), Sleep("nap", "1 day")]).begun()
    bench.later(10)
    assert bench.change("terminate") == "terminated"
    detail = bench.detail()
    assert detail["steps"][-1] == {"type": "termination", "trigger": {"source": "api"}}
    assert (detail["error"], detail["success"], detail["step_count"]) == (None, False, 2)
    assert detail["steps"][1]["finished"] is False
    bench.later(200_000)
    assert bench.status() == "terminated"


def test_terminate_of_the_finished_is_refused():
    bench = Bench([Do("a")]).begun()
    bench.later(10)
    refusal = bench.refused("PATCH", "/jobs/instances/one/status", {"status": "terminate"})
    assert refusal == (409, 10401)


def test_terminate_of_the_queued():
    bench = Bench([Do("a")])
    bench.create()
    assert bench.change("terminate") == "terminated"
    bench.later(100)
    assert bench.status() == "terminated"
    assert bench.names() == ["termination"]


BOOKING = [
    Do("seat", undo=Undo(takes=5, output="freed")),
    Do("charge", undo=Undo(takes=5)),
    Do("note"),
    Wait("confirm", "confirm"),
]


def test_rollback_runs_the_handlers_newest_first():
    bench = Bench([*BOOKING]).begun()
    bench.later(10)
    assert bench.change("terminate", rollback=True) == "rollingBack"
    bench.later(2)
    assert bench.step("confirm-1")["finished"] is False
    assert [step["name"] for step in bench.detail()["steps"] if step["type"] == "rollback"] == ["charge-1"]
    assert bench.detail()["rollback"] is None
    bench.later(20)
    detail = bench.detail()
    assert detail["status"] == "terminated"
    assert detail["rollback"] == {"outcome": "complete", "error": None}
    assert [step["type"] for step in detail["steps"]][-3:] == ["rollback", "rollback", "termination"]
    assert detail["step_count"] == 4


def test_an_error_rolls_back_by_itself():
    locked = StepFailure("LedgerError", "entry is locked")
    bad = Do("pay", fails=ALWAYS, limit=0, error=StepFailure("BankError", "closed"))
    stuck = Do("book", undo=Undo(fails=ALWAYS, limit=1, delay="1 second", error=locked))
    bench = Bench([Do("hold", undo=Undo()), stuck, bad]).begun()
    bench.later(60)
    detail = bench.detail()
    assert detail["status"] == "errored"
    assert detail["error"] == {"name": "Error", "message": "BankError: closed"}
    assert detail["rollback"] == {"outcome": "failed", "error": locked.reported().shown()}
    undone = [step for step in detail["steps"] if step["type"] == "rollback"]
    assert [step["name"] for step in undone] == ["book-1"], "the first that fails ends it"
    assert len(undone[0]["attempts"]) == 2


def test_restart_wipes_everything_but_id_creation_and_params():
    bench = Bench([Do("a"), Wait("w", "go")]).begun(params={"n": 1})
    bench.later(10)
    row = bench.listing()["result"][0]
    bench.send("other")
    assert bench.change("restart") == "queued"
    detail = bench.detail()
    assert (detail["steps"], detail["start"], detail["params"]) == ([], None, {"n": 1})
    assert bench.listing()["result"][0]["created_on"] == row["created_on"]
    bench.later(10)
    assert bench.status() == "waiting"


@pytest.mark.parametrize("ending", ["running", "complete", "errored", "terminated", "paused", "queued"])
def test_restart_works_from_any_status(ending):
    fails = ALWAYS if ending == "errored" else 0
    bench = Bench([Do("a", takes=5, fails=fails, limit=0), Sleep("nap", "20 seconds")])
    bench.create() if ending == "queued" else bench.begun()
    if ending != "queued":
        bench.later({"complete": 60, "errored": 60, "running": 1}.get(ending, 10))
    if ending in ("paused", "terminated"):
        bench.change({"paused": "pause", "terminated": "terminate"}[ending])
    assert bench.status() == ending
    assert bench.change("restart") == "queued"
    bench.later(2)
    assert bench.status() == "running"
    bench.later(60)
    assert bench.status() == ("errored" if ending == "errored" else "complete")


def test_restart_from_a_step_keeps_what_was_logged_before_it():
    bench = Bench([Do("load", output=1), Do("page"), Sleep("nap", 500), Do("page"), Do("page")]).begun()
    bench.later(30)
    before = bench.detail()
    assert bench.change("restart", **{"from": {"name": "page", "count": 2}}) == "queued"
    bench.later(30)
    after = bench.detail()
    assert [step["name"] for step in after["steps"]] == ["load-1", "page-1", "nap-1", "page-2", "page-3"]
    assert after["steps"][:3] == before["steps"][:3]
    assert after["steps"][3]["start"] > before["steps"][4]["end"]
    assert (after["start"], after["queued"]) == (before["start"], before["queued"])
    assert after["end"] > before["end"]


@pytest.mark.parametrize(
    ("start", "answer"),
    [
        ({"name": "page-1"}, 409),
        ({"name": "page", "count": 3}, 409),
        ({"name": "nap"}, 409),
        ({"name": "nap", "type": "sleep"}, 200),
        ({"name": "page", "count": 2, "type": "do"}, 200),
        ({"name": "page", "count": 0}, 400),
        ({"count": 1}, 400),
        ({"name": "page", "type": "step"}, 400),
        (None, 400),
    ],
)
def test_the_step_to_restart_from_is_named_without_its_counter(start, answer):
    bench = Bench([Do("page"), Sleep("nap", 500), Do("page")]).begun()
    bench.later(30)
    http, _ = bench.ask("PATCH", "/jobs/instances/one/status", {"status": "restart", "from": start})
    assert http == answer


def test_restart_from_a_branch_reruns_later_siblings():
    def program(story: RunContext):
        yield All([Do("a", takes=1), Do("b", takes=2), Do("c", takes=3)])
        yield Do("after")

    bench = Bench(program).begun()
    bench.later(30)
    first = bench.detail()["steps"]
    bench.change("restart", **{"from": {"name": "b"}})
    bench.later(30)
    second = bench.detail()["steps"]
    assert [step["name"] for step in second] == ["a-1", "b-1", "c-1", "after-1"]
    assert [each["start"] == two["start"] for each, two in zip(first, second)] == [True, False, False, False]


def test_events_are_refused_when_nobody_will_ever_read_them():
    bench = Bench([Do("a")]).begun()
    bench.later(10)
    assert bench.refused("POST", "/jobs/instances/one/events/go", {})[0] == 409


def test_only_so_many_run_at_once():
    bench = Bench([Do("a", takes=10)], concurrency=2)
    for number in range(5):
        bench.create(f"i{number}")
    bench.later(1)
    assert sorted(bench.status(f"i{n}") for n in range(5)) == ["queued"] * 3 + ["running"] * 2
    bench.later(10)
    assert [bench.status(f"i{n}") for n in range(5)].count("complete") == 2
    bench.later(30)
    assert {bench.status(f"i{n}") for n in range(5)} == {"complete"}


def test_who_sleeps_leaves_its_slot():
    bench = Bench([Sleep("nap", "1 day")], concurrency=1)
    for number in range(3):
        bench.create(f"i{number}")
    bench.later(5)
    assert {bench.status(f"i{n}") for n in range(3)} == {"waiting"}


def test_the_finished_are_forgotten_in_time():
    bench = Bench([Do("a")], retention=Retention(3600, 7200)).begun()
    bench.create("short", instance_retention={"success_retention": "5 minutes", "error_retention": 1000})
    bench.later(400)
    assert bench.refused("GET", "/jobs/instances/short") == (404, 10400)
    assert bench.listing()["result_info"]["total_count"] == 1
    bench.later(3600)
    assert bench.refused("GET", "/jobs/instances/one") == (404, 10400)
    assert bench.listing()["result"] == []
    bench.create("one")
    assert bench.status() == "queued"


def test_plain_terminate_cuts_a_rollback_off_without_outcome():
    bench = Bench([Do("charge", undo=Undo(takes=20)), Wait("w", "go")]).begun()
    bench.later(5)
    assert bench.change("terminate", rollback=True) == "rollingBack"
    bench.later(1)
    assert bench.change("terminate") == "terminated"
    answer = bench.detail()
    assert answer["rollback"] is None
    [handler] = [step for step in answer["steps"] if step["type"] == "rollback"]
    assert (handler["end"], handler["success"]) == (None, None)
    bench.later(60)
    assert bench.detail() == answer


def test_a_rollback_that_ends_has_its_outcome_all_the_same():
    bench = Bench([Do("charge", undo=Undo(takes=2)), Wait("w", "go")]).begun()
    bench.later(5)
    bench.change("terminate", rollback=True)
    bench.later(5)
    assert bench.detail()["rollback"] == {"outcome": "complete", "error": None}
