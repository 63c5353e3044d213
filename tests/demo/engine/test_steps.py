"""Steps, retries, sleeps, waits and branches, as the engine logs them."""

from itertools import pairwise

import pytest

from tests.demo.bench import Bench
from wfdash.demo.engine.program import ALWAYS, All, Do, RunContext, Sleep, StepFailure, Wait
from wfdash.demo.engine.times import instant
from wfdash.demo.worlds import shop

CARD = StepFailure("PaymentError", "card declined")


def seconds_between(earlier: str, later: str) -> float:
    return round(instant(later) - instant(earlier), 2)


def test_a_run_ends_complete_with_its_output():
    bench = Bench([Do("load", output={"a": 1}), Do("ship", output=42)]).begun()
    assert bench.status() == "running"
    bench.later(10)
    detail = bench.detail()
    assert detail["status"] == "complete"
    assert detail["success"] is True
    assert detail["output"] == 42
    assert [step["name"] for step in detail["steps"]] == ["load-1", "ship-1"]
    assert detail["steps"][0]["output"] == '{"a":1}'
    assert detail["step_count"] == 2
    assert detail["end"] is not None


def test_it_is_queued_before_it_starts():
    bench = Bench([Do("load")])
    bench.create()
    detail = bench.detail()
    assert (detail["status"], detail["start"], detail["steps"]) == ("queued", None, [])
    row = bench.listing()["result"][0]
    assert (row["started_on"], row["ended_on"]) == (None, None)


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [("constant", [10, 10, 10]), ("linear", [10, 20, 30]), ("exponential", [10, 20, 40])],
)
def test_retries_wait_by_their_backoff(backoff, waits):
    bench = Bench(
        [Do("charge", fails=ALWAYS, error=CARD, limit=3, delay="10 seconds", backoff=backoff)]
    ).begun()
    bench.later(1)
    assert bench.status() == "waiting"
    bench.later(300)
    detail = bench.detail()
    attempts = detail["steps"][0]["attempts"]
    assert len(attempts) == 4, "limit + 1"
    gaps = [seconds_between(each["end"], two["start"]) for each, two in pairwise(attempts)]
    assert gaps == waits
    assert detail["status"] == "errored"
    assert detail["success"] is False
    assert detail["error"] == {"name": "Error", "message": "PaymentError: card declined"}
    assert detail["steps"][0]["success"] is False


def test_a_flaky_step_succeeds_in_the_end():
    bench = Bench([Do("charge", fails=2, error=CARD, delay=300, output="charged")]).begun()
    bench.later(60)
    step = bench.step("charge-1")
    assert [attempt["success"] for attempt in step["attempts"]] == [False, False, True]
    assert step["config"]["retries"] == {"limit": 5, "delay": 300, "backoff": "exponential"}
    assert bench.status() == "complete"


def test_a_running_attempt_is_all_nulls():
    bench = Bench([Do("crunch", takes=60)]).begun()
    bench.later(5)
    step = bench.step("crunch-1")
    assert (step["end"], step["success"], step["output"]) == (None, None, None)
    [attempt] = step["attempts"]
    assert (attempt["end"], attempt["success"], attempt["error"]) == (None, None, None)


def test_a_step_that_takes_too_long_times_out():
    bench = Bench([Do("slow", takes=100, timeout="5 seconds", limit=0)]).begun()
    bench.later(30)
    [attempt] = bench.step("slow-1")["attempts"]
    assert seconds_between(attempt["start"], attempt["end"]) == 5
    assert attempt["error"]["name"] == "WorkflowTimeoutError"
    assert bench.detail()["error"] == {
        "name": "Error",
        "message": "WorkflowTimeoutError: Execution timed out after 5000ms",
    }


def test_a_non_retryable_error_is_tried_once():
    gone = StepFailure("NonRetryableError", "no such street", fatal=True)
    bench = Bench([Do("check", fails=ALWAYS, error=gone)]).begun()
    bench.later(5)
    assert len(bench.step("check-1")["attempts"]) == 1
    assert bench.detail()["error"]["name"] == "WorkflowFatalError"
    assert "NonRetryableError: no such street" in bench.step("check-1")["attempts"][0]["error"]["message"]


def test_names_carry_counters_and_sleeps_count_by_duration_too():
    ops = [Do("x"), Sleep("x", 100), Sleep("x", 200), Sleep("x", 100), Do("x"), Do("ends-7"), Do("")]
    bench = Bench([*ops]).begun()
    bench.later(60)
    assert bench.names() == ["x-1", "x-1", "x-1", "x-2", "x-2", "ends-7-1", "-1"]


def test_a_loop_of_500():
    bench = Bench([Do("page", takes=0.1) for _ in range(500)]).begun()
    bench.later(120)
    assert bench.names() == [f"page-{number}" for number in range(1, 501)]
    assert bench.names() == [each["name"] for each in bench.detail(order="desc")["steps"]][::-1]


def test_a_sleep_says_when_it_will_end():
    bench = Bench([Sleep("nap", "1 hour")]).begun()
    bench.later(10)
    nap = bench.step("nap-1")
    assert bench.status() == "waiting"
    assert nap["finished"] is False
    assert seconds_between(nap["start"], nap["end"]) == 3600
    bench.later(3600)
    assert bench.step("nap-1")["finished"] is True


def test_branches_run_side_by_side():
    def program(story: RunContext):
        answers = yield All(
            [Do("a", takes=1, output=1), Do("b", takes=9, output=2), Do("c", takes=5, output=3)]
        )
        return answers

    bench = Bench(program).begun()
    bench.later(6)
    assert [step["success"] for step in bench.detail()["steps"]] == [True, None, True]
    assert bench.status() == "running"
    bench.later(6)
    assert bench.detail()["output"] == "[1,2,3]"


def test_failed_branch_ends_the_run_and_leaves_siblings_open():
    bench = Bench([All([Do("bad", fails=ALWAYS, limit=0), Do("long", takes=500)])]).begun()
    bench.later(10)
    assert bench.status() == "errored"
    assert bench.step("long-1")["end"] is None


def test_a_caught_failure_goes_on():
    def program(story: RunContext):
        try:
            yield Do("bad", fails=ALWAYS, error=CARD, limit=0)
        except StepFailure as failure:
            return f"caught {failure.message}"

    bench = Bench(program).begun()
    bench.later(10)
    detail = bench.detail()
    assert (detail["status"], detail["output"], detail["error"]) == (
        "complete",
        '"caught PaymentError: card declined"',
        None,
    )
    assert detail["steps"][0]["success"] is False


def test_an_event_ends_a_wait():
    bench = Bench([Wait("approval", "approve", "1 day"), Do("ship")]).begun()
    bench.later(5)
    wait = bench.step("approval-1")
    assert bench.status() == "waiting"
    assert (wait["event_type"], wait["finished"], wait["output"]) == ("approve", False, None)
    assert seconds_between(wait["start"], wait["end"]) == 86_400
    bench.send("approve", {"by": "ada"})
    bench.later(5)
    assert bench.status() == "complete"
    assert '"payload":{"by":"ada"}' in bench.step("approval-1")["output"]


def test_program_error_ends_its_instance_and_nothing_else():
    def program(story):
        answer = yield Wait("approval", "approve", timeout="1 hour")
        yield Do(answer["payload"]["name"])

    bench = Bench(program).begun()
    bench.later(1)
    bench.good("POST", "/jobs/instances/one/events/approve", {})
    bench.later(5)
    detail = bench.detail()
    assert detail["status"] == "errored"
    assert detail["error"] == {"name": "TypeError", "message": "'name'"}


@pytest.mark.parametrize(
    ("payload", "goes_on"),
    [({}, True), ([1], True), ({"approved": True}, True), ({"approved": False}, False)],
)
def test_order_takes_any_event_that_does_not_say_no(payload, goes_on):
    bench = Bench(shop.order).begun(params={"lines": [], "total": 400})
    bench.later(5)
    assert bench.status() == "waiting"
    bench.send("approve", payload)
    bench.later(5)
    assert ("charge card-1" in [step["name"] for step in bench.detail()["steps"]]) is goes_on


def test_events_are_kept_first_in_first_out_by_type():
    bench = Bench(
        [Sleep("nap", "10 seconds"), Wait("first", "go"), Wait("second", "go"), Wait("third", "go")]
    )
    bench.begun()
    bench.send("go", 1)
    bench.send("other", "x")
    bench.send("go", 2)
    bench.later(20)
    assert '"payload":1' in bench.step("first-1")["output"]
    assert '"payload":2' in bench.step("second-1")["output"]
    assert bench.step("third-1")["finished"] is False


def test_a_wait_gives_up():
    bench = Bench([Wait("approval", "approve", "90 seconds")]).begun()
    bench.later(91)
    wait = bench.step("approval-1")
    assert (wait["finished"], wait["error"]["name"]) == (True, "WorkflowTimeoutError")
    assert bench.detail()["error"] == {
        "name": "Error",
        "message": "WorkflowTimeoutError: Execution timed out after 90000ms",
    }


def test_long_outputs_are_cut_in_the_detail_only():
    bench = Bench(
        [Do("big", output="x" * 5000), Do("secret", output="hush", sensitive=True), Do("d", dynamic=True)]
    )
    bench.begun().later(10)
    shown = bench.step("big-1")["output"]
    assert shown.endswith("[truncated output]")
    assert len(shown) == 1024 + len("[truncated output]")
    full = bench.good("GET", "/jobs/instances/one/step", name="big-1", type="step")
    assert full["output"] == "x" * 5000
    assert bench.step("secret-1")["output"] == "[REDACTED]"
    assert bench.step("secret-1")["config"]["sensitive"] == "output"
    assert (
        bench.good("GET", "/jobs/instances/one/step", name="secret-1", type="step")["output"] == "[REDACTED]"
    )
    assert bench.step("d-1")["config"]["retries"]["delay"] == "[dynamic]"


def test_simple_leaves_the_steps_out_and_counts_them():
    bench = Bench([Do("a"), Sleep("b", 1000)]).begun()
    bench.later(10)
    detail = bench.detail(simple="true")
    assert (detail["steps"], detail["step_count"]) == ([], 2)
