"""Where a run that ended badly is started again, over a table of answers, and the counting over any."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes.details import (
    attempt,
    detail,
    done,
    failure,
    gave_up,
    sleep,
    step,
    termination,
    wait,
)
from wfdash.core.verbs.consequences import StepTarget, split_at
from wfdash.core.verbs.redrive import (
    BETWEEN_STEPS,
    NO_FAILED_STEP,
    NO_STEPS_READ,
    NOTHING_OPEN,
    ROLLED_BACK,
    UNCERTAIN,
    redrive_point,
    redrive_sentences,
)
from wfdash.core.why.failure import failing_step

DECLINED = failure("Error", "PaymentError: card declined")
FATAL = "The execution of the Workflow instance was terminated, as a step threw an NonRetryableError and it "
NOT_HANDLED = failure("WorkflowFatalError", f"{FATAL}was not handled")
WRAPPED = failure("WorkflowFatalError", 'Step threw a NonRetryableError with message "no such street"')
LATE = failure("Error", "WorkflowTimeoutError: Execution timed out after 1000ms")


def failed(name, start, end, error=DECLINED, **more):
    return step(name, start, end, False, [attempt(start, end, False, error)], **more)


def opened(name, start):
    return step(name, start)


def errored(*steps, error=DECLINED, end=100.0, **more):
    return detail("errored", steps, error=error, end=end, **more)


def timed_out(name, start, end, message=""):
    return wait(name, start, end, True, error=failure("WorkflowTimeoutError", message))


LOAD = done("load order-1", 1, 2)
NAP = sleep("nap-1", 2, 3, True)

REDRIVEN = {
    "the first step": (errored(failed("charge-1", 1, 2)), "charge", 1, "do", 0, []),
    "the last of two": (errored(LOAD, failed("charge-1", 3, 4)), "charge", 1, "do", 1, []),
    "the second of a loop": (
        errored(done("page-1", 1, 2), failed("page-2", 3, 4)), "page", 2, "do", 1, [],
    ),
    "a name that ends in a number": (errored(failed("page-2-1", 1, 2)), "page-2", 1, "do", 0, []),
    "after a sleep": (errored(LOAD, NAP, failed("charge-1", 4, 5)), "charge", 1, "do", 2, []),
    "a wait that ran out": (
        errored(LOAD, timed_out("approval-1", 3, 4), error=LATE), "approval", 1, "waitForEvent", 1, [],
    ),
    "a wait with the whole message": (
        errored(timed_out("approval-1", 3, 4, "Execution timed out after 1000ms"), error=LATE),
        "approval", 1, "waitForEvent", 0, [],
    ),
    "a step beside a wait of its name": (
        errored(wait("x-1", 1, 2, True), sleep("x-1", 2, 3, True), failed("x-1", 4, 5)), "x", 1, "do", 2, [],
    ),
    "a wait beside a step of its name": (
        errored(done("x-1", 1, 2), timed_out("x-1", 4, 5), error=LATE), "x", 1, "waitForEvent", 1, [],
    ),
    "a sleepUntil in the past": (
        errored(LOAD, sleep("nap-1", 3, 4, False) | {"finished": True, "error": DECLINED}),
        "nap", 1, "sleep", 1, [],
    ),
    "the second of two sleeps both called nap-1": (
        errored(NAP, sleep("nap-1", 4, 5, True) | {"error": DECLINED}), "nap", 2, "sleep", 1, [],
    ),
    "not to be tried again": (
        errored(LOAD, failed("check-1", 3, 4, WRAPPED), error=NOT_HANDLED), "check", 1, "do", 1, [],
    ),
    "not to be tried again, by its own name": (
        errored(failed("check-1", 3, 4, failure("NonRetryableError", "x")), error=NOT_HANDLED),
        "check", 1, "do", 0, [],
    ),
    "after all its retries": (
        errored(LOAD, gave_up("charge-1", 3, [4, 14, 34]), error=failure()), "charge", 1, "do", 1, [],
    ),
    "the engine's own time-out": (
        errored(
            failed("slow-1", 3, 4, failure("WorkflowTimeoutError", "Execution timed out after 5ms")),
            error=failure("Error", "WorkflowTimeoutError: Execution timed out after 5ms"),
        ),
        "slow", 1, "do", 0, [],
    ),
    "an error of JavaScript's own": (
        errored(failed("x-1", 3, 4, failure("TypeError", "null")), error=failure("TypeError", "null")),
        "x", 1, "do", 0, [],
    ),
    "an error without words": (
        errored(failed("x-1", 3, 4, failure("Error", "")), error=failure("Error", "")), "x", 1, "do", 0, [],
    ),
    "a branch, its sibling done": (
        errored(LOAD, done("email-1", 3, 4), failed("stock-1", 3.1, 9)), "stock", 1, "do", 2, [],
    ),
    "a branch, its later sibling done": (
        errored(LOAD, failed("stock-1", 3, 9), done("email-1", 3.1, 4)), "stock", 1, "do", 1, ["email-1"],
    ),
    "an open branch before it": (
        errored(LOAD, opened("email-1", 3), failed("stock-1", 3.1, 9)), "email", 1, "do", 1, [],
    ),
    "an open branch after it": (
        errored(LOAD, failed("stock-1", 3, 9), opened("email-1", 3.1)), "stock", 1, "do", 1, [],
    ),
    "an open sleep before it": (
        errored(LOAD, sleep("nap-1", 3, 50), failed("stock-1", 3.1, 9)), "nap", 1, "sleep", 1, [],
    ),
    "an open wait before it, a step done between": (
        errored(wait("go-1", 1), done("email-1", 2, 3), failed("stock-1", 4, 9)),
        "go", 1, "waitForEvent", 0, ["email-1"],
    ),
    "two branches that failed alike": (
        errored(failed("a-1", 3, 9), failed("b-1", 3.1, 8.9)), "a", 1, "do", 0, [],
    ),
    "a sibling that failed with another error": (
        errored(failed("a-1", 3, 9, failure("Error", "other")), failed("b-1", 3.1, 9.5)), "a", 1, "do", 0, [],
    ),
    "a caught failure before it": (
        errored(failed("a-1", 3, 4, failure("Error", "other")), failed("b-1", 5, 6)), "b", 1, "do", 1, [],
    ),
    "a caught failure of the same words before it": (
        errored(failed("pay-1", 3, 4), failed("pay-2", 5, 6)), "pay", 2, "do", 1, [],
    ),
    "a caught failure that ended in the millisecond it began in": (
        errored(failed("a-1", 3, 5, failure("Error", "other")), failed("b-1", 5, 6)), "b", 1, "do", 1, [],
    ),
    "a caught failure of the same words, in that millisecond": (
        errored(failed("pay-1", 3, 5), failed("pay-2", 5, 6)), "pay", 2, "do", 1, [],
    ),
    "a caught wait that ran out in that millisecond": (
        errored(timed_out("approval-1", 3, 5), timed_out("approval-2", 5, 6), error=LATE),
        "approval", 2, "waitForEvent", 1, [],
    ),
    "a sibling of no length that failed with another error": (
        errored(failed("a-1", 3, 3, failure("Error", "other")), failed("b-1", 3, 4)), "a", 1, "do", 0, [],
    ),
    "a branch that failed in the millisecond it began in": (
        errored(failed("a-1", 3, 3), done("b-1", 3, 4)), "a", 1, "do", 0, ["b-1"],
    ),
    "a sleep that a pause left open, started anew": (
        errored(sleep("nap-1", 1), sleep("nap-1", 5, 6, True), failed("a-1", 7, 8)), "a", 1, "do", 2, [],
    ),
    "attempts cut off by the end of their session": (
        errored(step("a-1", 3, 9, False, [attempt(3), attempt(5, 9, False, DECLINED)])), "a", 1, "do", 0, [],
    ),
    "terminated in a step": (detail("terminated", [LOAD, opened("a-1", 3)], end=9.0), "a", 1, "do", 1, []),
    "terminated in a sleep": (
        detail("terminated", [LOAD, sleep("nap-1", 3, 50), termination()], end=9.0), "nap", 1, "sleep", 1, [],
    ),
    "terminated in two branches": (
        detail("terminated", [opened("a-1", 3), done("b-1", 3, 4), opened("c-1", 4)], end=9.0),
        "a", 1, "do", 0, ["b-1"],
    ),
    "terminated between two tries": (
        detail("terminated", [step("a-1", 3, None, None, [attempt(3, 4, False)]), termination()], end=9.0),
        "a", 1, "do", 0, [],
    ),
}  # fmt: skip

REFUSED = {
    "no step at all": (errored(), NO_FAILED_STEP),
    "thrown between steps": (errored(LOAD, NAP), NO_FAILED_STEP),
    "a caught failure, then thrown between steps": (
        errored(failed("a-1", 3, 4, failure("Error", "other")), done("b-1", 5, 6)),
        BETWEEN_STEPS,
    ),
    "another error than the failed step's": (
        errored(failed("a-1", 3, 4), error=failure("Error", "boom")),
        UNCERTAIN,
    ),
    "another class with the same words": (
        errored(failed("a-1", 3, 4, failure("RangeError", "x")), error=failure("TypeError", "x")),
        UNCERTAIN,
    ),
    "an error that only holds the step's words": (
        errored(failed("a-1", 3, 4, failure("Error", "no")), error=failure("Error", "no such luck")),
        UNCERTAIN,
    ),
    "no error of the instance": (errored(failed("a-1", 3, 4), error=None), UNCERTAIN),
    "no error of the step": (errored(step("a-1", 3, 4, False, [])), UNCERTAIN),
    "the same error again after the code went on": (
        errored(failed("a-1", 3, 4), done("b-1", 5, 6)),
        UNCERTAIN,
    ),
    "a step that began in the millisecond it ended in": (
        errored(failed("a-1", 3, 4), done("b-1", 4, 5)),
        UNCERTAIN,
    ),
    "a failure without an end": (
        errored(step("a-1", 3, None, False, [attempt(3, None, False, DECLINED)])),
        UNCERTAIN,
    ),
    "thrown beside an open step": (errored(LOAD, opened("a-1", 3)), UNCERTAIN),
    "complete": (detail("complete", [LOAD], end=3.0), "it is complete: no step failed"),
    "queued": (detail("queued", [LOAD]), "it is queued: only what errored or was terminated is redriven"),
    "running": (detail("running", [LOAD]), "it is running: only what errored or was terminated is redriven"),
    "paused": (detail("paused", [LOAD]), "it is paused: only what errored or was terminated is redriven"),
    "rolling back": (detail("rollingBack", [LOAD]), "it is rolling back"),
    "an unknown status": (
        detail("hibernating", [LOAD]),
        "it is hibernating: only what errored or was terminated is redriven",
    ),
    "no status": (detail("", []), "it is without a status: only what errored or was terminated is redriven"),
    "rolled back": (errored(failed("a-1", 3, 4), rollback={"outcome": "complete"}), ROLLED_BACK),
    "a rollback that failed": (errored(failed("a-1", 3, 4), rollback={"outcome": "failed"}), ROLLED_BACK),
    "handlers without an outcome": (
        errored(failed("a-1", 3, 4), step("a-1", 5, 6, kind="rollback")),
        ROLLED_BACK,
    ),
    "terminated and rolled back": (
        detail("terminated", [opened("a-1", 3), termination()], rollback={"outcome": "complete"}),
        ROLLED_BACK,
    ),
    "terminated between steps": (detail("terminated", [LOAD, termination()], end=9.0), NOTHING_OPEN),
    "fewer steps than counted": (
        errored(failed("a-1", 3, 4), step_count=3),
        "partial answer: 1 of 3 steps came",
    ),
    "a type that is not known": (
        errored(failed("a-1", 3, 4, kind="teleport")),
        "its step a is none that a restart can begin at",
    ),
    "no name": (errored(failed("-1", 3, 4)), "its step (no name) is none that a restart can begin at"),
}  # fmt: skip


@pytest.mark.parametrize("name", REDRIVEN)
def test_the_step_to_restart_from(name):
    answer, step_name, count, kind, kept, repeated = REDRIVEN[name]
    point = redrive_point(answer)
    assert (point.reason, point.target) == ("", StepTarget(step_name, count, kind))
    assert [step.name for step in point.repeated] == repeated
    split = split_at(answer.steps, point.target)
    assert (len(point.kept), point.kept, point.again) == (kept, tuple(split.kept), tuple(split.again))


@pytest.mark.parametrize("name", REFUSED)
def test_an_instance_that_is_not_redriven(name):
    answer, reason = REFUSED[name]
    assert redrive_point(answer).reason == reason
    assert redrive_point(answer).target is None
    assert redrive_point(answer).undone is (reason == ROLLED_BACK)


@pytest.mark.parametrize("name", [name for name in REDRIVEN if "terminated" not in name])
def test_the_reason_sentence_names_a_step_that_runs_again(name):
    answer = REDRIVEN[name][0]
    assert failing_step(answer) in redrive_point(answer).again


def test_an_answer_without_steps_redrives_nothing():
    answer = errored(failed("a-1", 3, 4))
    answer.simple = True
    assert redrive_point(answer).reason == NO_STEPS_READ


def test_a_success_false_with_a_result_is_partial():
    answer = errored(failed("a-1", 3, 4))
    answer.refusal = "internal error"
    assert redrive_point(answer).reason == "partial answer: internal error"


def test_sentences_say_only_what_concerns_the_steps():
    waits = redrive_point(REDRIVEN["an open wait before it, a step done between"][0])
    said = redrive_sentences([waits])
    assert "1 finished step runs again: side effects happen twice" in said
    assert any("needs its event again" in sentence for sentence in said)
    assert not any("sleep" in sentence or "dev session" in sentence for sentence in said)
    naps = redrive_point(REDRIVEN["an open sleep before it"][0])
    said = redrive_sentences([naps, waits], local=True)
    assert any("sleepUntil" in sentence for sentence in said)
    assert any("dev session" in sentence for sentence in said)


NAMES = st.sampled_from(["poll", "poll-2", "nap", "2", "a-b-3", "x"])
KINDS = st.sampled_from(["step", "sleep", "waitForEvent"])


def engine_log(calls):
    """As the engine numbers them: per type and name, and sleeps per duration besides."""
    counts = Counter()
    for at, (name, kind, apart) in enumerate(calls):
        key = (kind, name, apart if kind == "sleep" else 0)
        counts[key] += 1
        yield f"{name}-{counts[key]}", kind, at


def engine_place(log, target):
    """Which row the engine restarts from: the count-th of that type and of that name less one counter."""
    kinds = {"do": "step"}
    hits = [
        at
        for name, kind, at in log
        if kind == kinds.get(target.type, target.type) and re.sub(r"-\d+\Z", "", name) == target.name
    ]
    return hits[target.count - 1]


@given(st.lists(st.tuples(NAMES, KINDS, st.integers(1, 2)), min_size=1, max_size=30))
def test_the_engine_restarts_from_the_step_that_failed(calls):
    log = list(engine_log(calls))
    rows = []
    for name, kind, at in log:
        last = at == len(log) - 1
        if kind == "step":
            rows.append(failed(name, at, at + 0.5) if last else done(name, at, at + 0.5))
        else:
            row = (sleep if kind == "sleep" else wait)(name, at, at + 0.5, True)
            rows.append(row | {"error": DECLINED} if last else row)
    point = redrive_point(errored(*rows))
    assert point.target is not None
    assert engine_place(log, point.target) == len(log) - 1
    assert len(point.kept) == len(log) - 1
    assert not point.repeated
