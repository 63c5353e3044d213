"""What is said of an instance that has ended, on a fixed clock."""

import pytest

from tests.support.fakes.details import (
    T0,
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
from wfdash.core.text.words import spoken
from wfdash.core.why.diagnose import diagnose

HOUR, DAY = 3600, 86400
TWICE_FAILED = [attempt(0, 1, False), attempt(11, 12, False), attempt(32, 33, False)]
LOAD = done("load-1", 0, 1)
PAID = gave_up("pay-1", 0, [1, 12], limit=1)
SAID_NO = step("ask-1", 0, 1, False, [attempt(0, 1, False, failure("Error", "no"))], limit=0)
SAID_NOTHING = step("ask-1", 0, 1, False, [attempt(0, 1, False, failure("Error", ""))], limit=0)

CASES = {
    "complete": (detail("complete", [LOAD], end=48), 48 + 3 * DAY, "finished 3 d ago, took 48 s", ""),
    "complete after a caught failure": (
        detail("complete", [gave_up("charge card-1", 0, [1, 12], limit=1), done("mail-1", 13, 14)], end=14),
        74,
        'finished 1 m ago, took 14 s; "charge card" failed on the way and the run went on',
        "1 step failed: charge card",
    ),
    "errored": (
        detail(
            "errored",
            [LOAD, gave_up("charge card-1", 1, [2, 13, 34, 75, 156, 317])],
            end=317,
            error=failure(),
        ),
        317 + 180,
        '"charge card" gave up after 6 attempts: PaymentError: card declined; errored 3 m ago, took 5 m 17 s',
        "charge card: PaymentError: card declined",
    ),
    "errored, not retried": (
        detail(
            "errored",
            [
                step(
                    "validate-1",
                    0,
                    1,
                    False,
                    [
                        attempt(
                            0,
                            1,
                            False,
                            failure(
                                "WorkflowFatalError",
                                'Step threw a NonRetryableError with message "NonRetryableError: no card"',
                            ),
                        )
                    ],
                )
            ],
            end=1,
            error=failure("WorkflowFatalError", "The execution of the Workflow instance was terminated"),
        ),
        61,
        '"validate" failed at its first attempt and was not tried again: NonRetryableError: no card; errored 1 m ago, took 1 s',
        "validate: NonRetryableError: no card",
    ),
    "errored, wait timed out": (
        detail(
            "errored",
            [wait("approval-1", 0, 60, True, "approve", failure("WorkflowTimeoutError", ""))],
            end=60,
            error=failure("Error", "WorkflowTimeoutError: Execution timed out after 60000ms"),
        ),
        120,
        '"approval" got no event "approve" within 1 m; errored 1 m ago, took 1 m',
        "approval: timed out",
    ),
    "errored, a step's own time-out": (
        detail(
            "errored",
            [
                step("fetch-1", 0, 5, False, [attempt(0, 5, False)], limit=0)
                | {"error": failure("TimeoutError", "slow")}
            ],
            end=5,
            error=failure("TimeoutError", "slow"),
        ),
        65,
        '"fetch" failed at its only attempt: TimeoutError: slow; errored 1 m ago, took 5 s',
        "fetch: TimeoutError: slow",
    ),
    "errored, by an error that no step had": (
        detail("errored", [PAID], end=14, error=failure("TypeError", "x is undefined")),
        74,
        'the run failed: TypeError: x is undefined; before it "pay" gave up after 2 attempts: PaymentError: card declined; errored 1 m ago, took 14 s',
        "TypeError: x is undefined",
    ),
    "errored, by an error of the platform's own": (
        detail("errored", [PAID], end=14, error=failure("Error", "WorkflowInternalError: no reason given")),
        74,
        '"pay" gave up after 2 attempts: WorkflowInternalError: no reason given; errored 1 m ago, took 14 s',
        "pay: WorkflowInternalError: no reason given",
    ),
    "errored, with a handler after the step": (
        detail(
            "errored", [PAID, done("undo-1", 13, 14, kind="rollback")], end=14, error=failure("Error", "x")
        ),
        74,
        'the run failed: x; before it "pay" gave up after 2 attempts: PaymentError: card declined; errored 1 m ago, took 14 s; 1 handler ran',
        "pay: PaymentError: card declined, then x",
    ),
    "errored, a step's word within a longer one": (
        detail("errored", [SAID_NO, done("mail-1", 2, 3)], end=14, error=failure("Error", "not found")),
        74,
        "the run failed outside any step: not found; errored 1 m ago, took 14 s",
        "not found",
    ),
    "errored, a step without a word of its own": (
        detail("errored", [SAID_NOTHING], end=14, error=failure("WorkflowFatalError", "it was terminated")),
        74,
        '"ask" failed at its only attempt: it was terminated; errored 1 m ago, took 14 s',
        "ask: it was terminated",
    ),
    "errored, outside any step": (
        detail("errored", [LOAD], end=2, error=failure("TypeError", "x is undefined")),
        62,
        "the run failed outside any step: TypeError: x is undefined; errored 1 m ago, took 2 s",
        "TypeError: x is undefined",
    ),
    "errored, most steps did not come": (
        detail("errored", [LOAD], end=2, error=failure("TypeError", "x is undefined"), step_count=4),
        62,
        "the run failed: TypeError: x is undefined; errored 1 m ago, took 2 s",
        "TypeError: x is undefined",
    ),
    "errored, without a word": (
        detail("errored", [LOAD], end=2),
        62,
        "the run failed; no error was answered; errored 1 m ago, took 2 s",
        "",
    ),
    "errored, without a word or a time": (
        detail("errored"),
        62,
        "the run failed; no error was answered",
        "",
    ),
    "errored, rolled back": (
        detail(
            "errored",
            [gave_up("ship-1", 0, [1, 12], limit=1), done("reserve-1", 13, 14, kind="rollback")],
            end=14,
            error=failure(),
            rollback={"outcome": "complete", "error": None},
        ),
        74,
        '"ship" gave up after 2 attempts: PaymentError: card declined; errored 1 m ago, took 14 s; rolled back, 1 handler',
        "ship: PaymentError: card declined",
    ),
    "terminated with an open wait": (
        detail("terminated", [LOAD, wait("approval-1", 1, DAY), termination()], end=60),
        240,
        'terminated 3 m ago through the API, took 1 m; "approval" was left unfinished',
        "stopped in approval",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_sentence_and_cell_of_what_ended(case):
    instance, now, sentence, short = CASES[case]
    why = diagnose(instance, now=T0 + now)
    assert (why.sentence, why.short) == (sentence, short)


@pytest.mark.parametrize("case", CASES)
def test_clock_that_is_behind_never_counts_below_nothing(case):
    why = diagnose(CASES[case][0], now=T0 - 500)
    assert "-" not in why.sentence.replace("order-1", "")


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (None, ""),
        (5 * DAY, ""),
        (2 * DAY + 1, ""),
        (2 * DAY, "; erased in about 2 d"),
        (DAY, "; erased in about 1 d"),
        (1, "; erased in about 1 s"),
        (0.5, "; may be erased any moment"),
        (-HOUR, "; may be erased any moment"),
    ],
)
def test_expiry_is_told_only_when_it_is_known_and_near(left, said):
    instance = detail("complete", [LOAD], end=48)
    retention = None if left is None else 6 * DAY + left
    why = diagnose(instance, now=T0 + 48 + 6 * DAY, retention=retention)
    assert why.sentence == f"finished 6 d ago, took 48 s{said}"


@pytest.mark.parametrize(
    ("idle", "took", "said", "steps"),
    [
        (3 * HOUR, 5 * HOUR, ", with no step open for 3 h of it", 1),
        (3 * HOUR, 5 * HOUR, ", with no step open for 3 h of it", 2000),
        # The rest of it, which is longer, was work.
        (2 * HOUR, 5 * HOUR, "", 1),
        (0.9 * HOUR, HOUR, "", 1),
    ],
)
def test_idle_time_is_told_where_it_is_most_of_hours(idle, took, said, steps):
    ran = [done(f"load {n}-1", 0, took - idle) for n in range(steps)]
    instance = detail("complete", [*ran, done("mail-1", took, took)], end=took)
    hours = spoken(took)
    assert diagnose(instance, now=T0 + took + 60).sentence == f"finished 1 m ago, took {hours}{said}"


def test_final_instances_never_count_down():
    for status in ("complete", "errored", "terminated"):
        steps = [sleep("nap-1", 0, 9_000), wait("e-1", 0, 9_000), step("s-1", 0)]
        why = diagnose(detail(status, steps, end=60), now=T0 + 120)
        assert why.deadline is None
        assert " in " not in why.sentence
