"""The why line over every state, on a fixed clock."""

import json
import re
from pathlib import Path

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
    wait,
)
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.why.diagnose import diagnose

HOUR, DAY = 3600, 86400
TWICE_FAILED = [attempt(0, 1, False), attempt(11, 12, False), attempt(32, 33, False)]
LOAD = done("load-1", 0, 1)

CASES = {
    "waiting, told": (
        detail("waiting", [wait("approval-1", 0, 24 * HOUR, event_type="approve")]),
        3 * HOUR + 12 * 60,
        'waiting for event "approve" for 3 h 12 m; times out in 20 h 48 m',
        "approve, 20h48m left",
    ),
    "waiting, no event type": (
        detail("waiting", [wait("approval-1", 0, 24 * HOUR)]),
        3 * HOUR + 12 * 60,
        'waiting for an event in "approval" for 3 h 12 m; times out in 20 h 48 m',
        "approval, 20h48m left",
    ),
    "waiting, untold": (
        detail("running", [LOAD, wait("approval-1", 1)]),
        241,
        'waiting for an event in "approval" for 4 m; this server does not say until when',
        "approval, waits since 4m",
    ),
    "waiting, time-out passed": (
        detail("waiting", [wait("approval-1", 0, 60, event_type="approve")]),
        72,
        'waiting for event "approve" for 1 m 12 s; its time-out was due 12 s ago',
        "approve, due 10s ago",
    ),
    "sleeping until another day": (
        detail("waiting", [sleep("cool down-1", 0, 4 * DAY + HOUR)]),
        10 * HOUR,
        'sleeping until Tue 09:00 (in 3 d 15 h) in "cool down"',
        "sleeps until Tue 09:00",
    ),
    "sleeping, untold": (
        detail("running", [LOAD, sleep("nap-1", 1)]),
        121,
        'sleeping for 2 m in "nap"; this server does not say until when',
        "sleeps since 2m",
    ),
    "sleeping past its end": (
        detail("waiting", [sleep("nap-1", 0, 60)]),
        72,
        'sleeping until 08:01:00, due 12 s ago, in "nap"',
        "sleeps, due 10s ago",
    ),
    "a step beside whose config its concurrency key stands": (
        detail("running", [step("x-1", 0, attempts=[]) | {"concurrency": {"key": "gpu"}}]),
        60,
        '"x" has not begun an attempt for 1 m; it waits for the concurrency key "gpu"',
        "x, waits for key gpu, 1m",
    ),
    "a sleep started anew after a pause": (
        detail("running", [sleep("nap-1", 0), sleep("nap-1", 30)]),
        90,
        'sleeping for 1 m in "nap"; this server does not say until when',
        "sleeps since 1m",
    ),
    "between attempts, exponential": (
        detail("waiting", [step("charge card-1", 0, None, None, TWICE_FAILED)]),
        41,
        'attempt 3 of 6 of "charge card" failed 8 s ago with PaymentError; next try in about 32 s',
        "charge card, retry in ~30s · attempt 3 of 6 failed",
    ),
    "between attempts, linear": (
        detail("waiting", [step("charge card-1", 0, None, None, TWICE_FAILED, backoff="linear")]),
        41,
        'attempt 3 of 6 of "charge card" failed 8 s ago with PaymentError; next try in about 22 s',
        "charge card, retry in ~20s · attempt 3 of 6 failed",
    ),
    "between attempts, constant": (
        detail("waiting", [step("charge card-1", 0, None, None, TWICE_FAILED, backoff="constant")]),
        41,
        'attempt 3 of 6 of "charge card" failed 8 s ago with PaymentError; next try in about 2 s',
        "charge card, retry in <10s · attempt 3 of 6 failed",
    ),
    "between attempts, dynamic": (
        detail("waiting", [step("charge card-1", 0, None, None, TWICE_FAILED, delay="[dynamic]")]),
        41,
        'attempt 3 of 6 of "charge card" failed 8 s ago with PaymentError; its delay is [dynamic], so when the next try comes is unknown',
        "charge card · attempt 3 of 6 failed",
    ),
    "between attempts, overdue": (
        detail("waiting", [step("charge card-1", 0, None, None, TWICE_FAILED)]),
        85,
        'attempt 3 of 6 of "charge card" failed 52 s ago with PaymentError; next try due 12 s ago',
        "charge card, retry due 10s ago · attempt 3 of 6 failed",
    ),
    "between attempts, without limit": (
        detail("waiting", [step("charge card-1", 0, None, None, TWICE_FAILED, limit=None)]),
        41,
        'attempt 3 of "charge card" failed 8 s ago with PaymentError; next try in about 32 s',
        "charge card, retry in ~30s · attempt 3 failed",
    ),
    "between attempts, plain error": (
        detail(
            "running",
            [step("fetch-2", 0, None, None, [attempt(0, 1, False, failure("Error", "503\nupstream"))])],
        ),
        2,
        'attempt 1 of 6 of "fetch #2" failed 1 s ago: 503 …; next try in about 9 s',
        "fetch #2, retry in <10s · attempt 1 of 6 failed",
    ),
    "first attempt": (
        detail("running", [step("charge card-1", 0)]),
        40,
        '"charge card" has been running for 40 s, attempt 1 of 6; times out in about 9 m 20 s',
        "charge card, 40s+",
    ),
    "later attempt": (
        detail("running", [step("charge card-1", 0, None, None, [*TWICE_FAILED, attempt(73)])]),
        80,
        '"charge card" has been running for 7 s, attempt 4 of 6; the one before failed with PaymentError; times out in about 9 m 53 s',
        "charge card, <10s+ · attempt 4 of 6",
    ),
    "an attempt whose session died": (
        detail("running", [step("charge card-1", 0, None, None, [attempt(0), attempt(100)])]),
        130,
        '"charge card" has been running for 30 s, attempt 2 of 6; the platform lost the one before, so its effects may have happened twice; times out in about 9 m 30 s',
        "charge card, 30s+ · attempt 2 of 6",
    ),
    "over its time-out": (
        detail("running", [step("charge card-1", 0)]),
        720,
        '"charge card" has been running for 12 m, attempt 1 of 6; over its time-out of 10 m, due 2 m ago; looks stuck',
        "charge card, 12m+",
    ),
    "nothing open, for a while": (
        detail("running", [LOAD]),
        361,
        "running with no open step for 6 m; looks stuck",
        "no open step, 6m",
    ),
    "nothing open, just now": (
        detail("running", [LOAD]),
        3,
        "running with no open step for 2 s",
        "no open step, <10s",
    ),
    "waiting with nothing open": (
        detail("waiting", [LOAD]),
        20,
        "waiting with no open step for 19 s",
        "no open step, 10s",
    ),
    "waiting, no step yet": (detail("waiting"), 2, "waiting for 2 s, no step yet", "no step yet"),
    "nothing open in what came of a partial answer": (
        detail("running", [LOAD], step_count=7),
        400,
        "running for 6 m 40 s; which step is open is not known: 1 of 7 steps came",
        "partial answer",
    ),
    "a start ahead of this clock": (
        detail("running", [step("charge card-1", 30)]),
        0,
        '"charge card" has been running for 0 s, attempt 1 of 6; times out in about 10 m 30 s',
        "charge card, <10s+",
    ),
    "nothing yet": (detail("running"), 2, "running for 2 s, no step yet", "no step yet"),
    "parallel, all running": (
        detail("running", [step("a-1", 0), step("b-1", 1), done("c-1", 0, 3)]),
        5,
        '2 steps run: "a", "b"; "a" times out in about 9 m 55 s',
        "2 open: a, <10s+",
    ),
    "parallel, mixed": (
        detail(
            "running",
            [
                step("ok-1", 0, timeout=None),
                step("bad-1", 0, None, None, [attempt(0, 1, False)]),
                sleep("nap-1", 0),
                wait("event-1", 0),
            ],
        ),
        5,
        '4 steps are open: "ok" runs, "bad" failed attempt 1 of 6 with PaymentError, "nap" sleeps, "event" waits for an event; "bad" is tried again in about 6 s; this server does not say when the others end',
        "4 open: bad, retry in <10s · attempt 1 of 6 failed",
    ),
    "parallel, many": (
        detail("waiting", [sleep(f"nap-{n}", 0, 60 + n) for n in range(1, 8)]),
        5,
        '7 steps are open: 7 sleep; "nap" wakes first, in 56 s',
        "7 open: sleeps until 08:01:01",
    ),
    "parallel, many of which fail": (
        detail("waiting", [step(f"{letter}-1", 0, None, None, TWICE_FAILED) for letter in "abcde"]),
        41,
        '5 steps are open: 5 are between attempts; the last failure was PaymentError; "a" is tried again first, in about 32 s',
        "5 open: a, retry in ~30s · attempt 3 of 6 failed",
    ),
    "parallel, an event or a reminder": (
        detail("waiting", [wait("approval-1", 0, DAY, event_type="approve"), sleep("remind-1", 0, HOUR)]),
        60,
        '2 steps are open: "approval" waits for event "approve", "remind" sleeps until 09:00:00; "remind" wakes in 59 m',
        "2 open: approve, 23h59m left",
    ),
    "parallel, overdue": (
        detail("waiting", [sleep("nap-1", 0, 600), step("a-1", 0, None, None, [attempt(0, 1, False)])]),
        41,
        '2 steps are open: "nap" sleeps until 08:10:00, "a" failed attempt 1 of 6 with PaymentError; "a" was to be tried again 30 s ago',
        "2 open: a, retry due 30s ago · attempt 1 of 6 failed",
    ),
    "parallel, a step that began with the sleep": (
        detail("waiting", [step("race-1", 0, timeout=None), sleep("nap-1", 0, 60)]),
        5,
        '2 steps are open: "race" runs, "nap" sleeps until 08:01:00; "nap" wakes in 55 s; this server does not say when the other ends',
        "2 open: sleeps until 08:01:00",
    ),
    "parallel, a step that began after the sleep": (
        detail("waiting", [step("race-1", 1), sleep("nap-1", 0, 60)]),
        5,
        '2 steps are open: "race" runs, "nap" sleeps until 08:01:00; "nap" wakes in 55 s',
        "2 open: race, <10s+",
    ),
    "queued": (detail("queued", start=None), 250, "queued for 4 m 10 s", "queued 4m"),
    "queued again, its steps left out": (detail("queued", step_count=3), 250, "queued again", "queued"),
    "an end that its status does not tell yet": (
        detail("running", [LOAD], end=2, success=True),
        61,
        "it ended 59 s ago and succeeded, and its status still says running",
        "ended just now",
    ),
    "an end that its status never told": (
        detail("running", [], end=2, success=False),
        62,
        "the answer contradicts itself: its status is running, yet it ended 1 m ago and failed",
        "contradicts itself",
    ),
    "a step that began as the run before ended": (
        detail("running", [step("again-1", 2, timeout=None)], end=2),
        400,
        '"again" has been running for 6 m 38 s, attempt 1 of 6',
        "again, 6m+",
    ),
    "pausing": (
        detail("waitingForPause", [LOAD, step("busy-1", 1)]),
        121,
        'pausing: "busy" still runs, 2 m so far; pauses when that ends',
        "busy still runs, 2m",
    ),
    "pausing, several steps": (
        detail("waitingForPause", [step("busy-1", 1), step("late-1", 3), sleep("nap-1", 2, 90)]),
        121,
        'pausing: "busy" and 1 more still run, 2 m so far; pauses when they end',
        "busy still runs, 2m",
    ),
    "paused in a sleep": (
        detail("paused", [sleep("nap-1", 0, 600)]),
        60,
        'paused, since when is not known; its sleep "nap" stands still until resumed',
        "paused in nap",
    ),
    "rolling back": (
        detail(
            "rollingBack",
            [
                LOAD,
                wait("approval-1", 1),
                done("ship-1", 2, 3, kind="rollback"),
                done("reserve-1", 3, 4, kind="rollback"),
                step("charge card-1", 4, kind="rollback"),
            ],
        ),
        9,
        'rolling back, 2 handlers done, "charge card" running for 5 s',
        "rollback, 2 done: charge card",
    ),
    "rolling back, first handler": (
        detail("rollingBack", [LOAD, step("charge card-1", 4, kind="rollback")]),
        9,
        'rolling back, no handler done, "charge card" running for 5 s',
        "rollback, 0 done: charge card",
    ),
    "rolling back, a handler failed": (
        detail(
            "rollingBack",
            [done("ship-1", 1, 2, kind="rollback"), gave_up("reserve-1", 2, [3, 4], kind="rollback")],
        ),
        9,
        "rolling back, 1 handler done, 1 failed, none open for 5 s",
        "rollback, 1 done, 1 failed",
    ),
    "rolling back, stuck between two handlers": (
        detail("rollingBack", [done("ship-1", 1, 2, kind="rollback")]),
        402,
        "rolling back, 1 handler done, none open for 6 m 40 s; looks stuck",
        "rollback, 1 done",
    ),
    "rolling back, a handler's next try never came": (
        detail("rollingBack", [step("ship-1", 1, None, None, [attempt(1, 2, False)], kind="rollback")]),
        402,
        'rolling back, no handler done; attempt 1 of 6 of "ship" failed 6 m 40 s ago with PaymentError; next try due 6 m 30 s ago; looks stuck',
        "rollback, 0 done: ship",
    ),
    "unknown status": (
        detail("hibernating", [sleep("nap-1", 0, 600)]),
        60,
        'status hibernating; sleeping in "nap", planned until 08:10:00',
        "sleeps",
    ),
    "no status": (read_detail("orders", "x", None), 0, "no status was answered", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_the_sentence_and_the_cell(case):
    subject, now, sentence, short = CASES[case]
    why = diagnose(subject, now=T0 + now, watched=T0)
    assert (why.sentence, why.short) == (sentence, short)
    assert why.lasts == bool(re.search(r"\d[smhd]\+", short))
    assert why.aside == "".join(re.findall(r" · attempt .*", short))


@pytest.mark.parametrize("case", CASES)
def test_a_clock_that_is_behind_never_counts_below_nothing(case):
    why = diagnose(CASES[case][0], now=T0 - 500)
    assert "-" not in why.sentence.replace("order-1", "")


RETRYING = step("c-1", 0, None, None, [attempt(0, 1, False)])
USED_UP = step("c-1", 0, None, None, [attempt(0, 1, False)], limit=0)
SUCCEEDED = step("c-1", 0, None, None, [attempt(0, 1, True)])
ROLLED_BACK = done("ship-1", 1, 2, kind="rollback")


@pytest.mark.parametrize(
    ("subject", "suspected"),
    [
        (detail("running", [step("c-1", 0)]), 600 + 60),
        (detail("waiting", [sleep("nap-1", 0, 60)]), 60 + 60),
        (detail("waiting", [wait("e-1", 0, 60)]), 60 + 60),
        (detail("waiting", [RETRYING]), 11 + 60),
        (detail("waiting", [USED_UP]), 1 + 60),
        (detail("waiting", [step("c-1", 0, timeout="1 minute"), sleep("nap-1", 0, 90)]), 90 + 60),
        (detail("running", [SUCCEEDED]), 1 + 180),
        (detail("running", [LOAD]), 1 + 180),
        (detail("waiting", [LOAD]), 1 + 180),
        (detail("running", [LOAD, LOAD | {"name": "b-1", "success": False}]), 1 + 180),
        (detail("running"), 180),
        (detail("rollingBack", [ROLLED_BACK]), 2 + 180),
    ],
)
def test_suspicion_waits_for_as_long_as_an_answer_may_lag(subject, suspected):
    """What is due this very second is not late, and code between two steps takes its time."""
    for now, stuck in ((suspected, False), (suspected + 0.5, True)):
        why = diagnose(subject, now=T0 + now, watched=T0)
        assert (why.looks_stuck, "looks stuck" in why.sentence) == (stuck, stuck), now


def test_queue_and_running_count():
    subject = detail("queued", start=None)
    assert diagnose(subject, now=T0 + 240, running=100).sentence == "queued for 4 m; 100 running"


@pytest.mark.parametrize(
    ("running", "allowed", "expected"),
    [
        (3, 3, "all 3 that may run at once are running"),
        (4, 3.0, "all 3 that may run at once are running"),
        (1, 3, "1 of the 3 that may run at once is running"),
        (1, 1, "the only one that may run at once is running"),
    ],
)
def test_a_queue_says_whether_there_is_room(running, allowed, expected):
    subject = detail("queued", start=None)
    why = diagnose(subject, now=T0 + 240, running=running, allowed=allowed)
    assert why.sentence == f"queued for 4 m; {expected}"


def test_paused_says_since_when_as_far_as_that_is_known():
    row = Instance("order-1", "paused", modified=T0 + 10)
    why = diagnose(detail("paused"), now=T0 + 70, row=row)
    assert why.sentence == "paused for 1 m; goes on when it is resumed"
    seen = diagnose(detail("paused"), now=T0 + 70, paused=[(T0, T0 + 5), (T0 + 10, None)])
    assert seen.sentence == "paused for at least 1 m; goes on when it is resumed"
    # Its own answer came before the list that has the moment.
    row = Instance("order-1", "paused")
    soon = diagnose(detail("paused"), now=T0 + 70, row=row, paused=[(T0 + 10, None)])
    assert soon.sentence == "paused; goes on when it is resumed"


def test_a_local_session_that_ended_is_suspected():
    why = diagnose(detail("running", [LOAD]), now=T0 + 600, local=True)
    assert why.looks_stuck
    assert why.sentence.endswith("looks stuck: did its dev session end or reload?")


def test_name_that_ends_like_a_duration_does_not_run_on():
    why = diagnose(detail("waiting", [sleep("nap-1", 0, 60), wait("wait 5m+-1", 0)]), now=T0 + 5)
    assert "wait 5m+" in why.short
    assert not why.lasts


def test_a_name_cannot_speak_for_the_program():
    subject = detail("running", [step("x; next try in 5 s\x1b[2J-1", 0, timeout=None)])
    assert diagnose(subject, now=T0 + 5).sentence == (
        '"x; next try in 5 s␛[2J" has been running for 5 s, attempt 1 of 6'
    )


def test_deadlines_of_estimates_and_answers():
    retrying = diagnose(detail("waiting", [step("c-1", 0, None, None, TWICE_FAILED)]), now=T0 + 41)
    assert (retrying.deadline, retrying.estimate, retrying.since) == (T0 + 73, True, T0 + 33)
    sleeping = diagnose(detail("waiting", [sleep("nap-1", 0, 60)]), now=T0 + 1)
    assert (sleeping.deadline, sleeping.estimate, sleeping.since) == (T0 + 60, False, T0)


def test_thrown_class_is_named_although_the_engine_says_error():
    thrown = failure("Error", "PaymentError: card declined")
    subject = detail("running", [step("charge card-1", 0, None, None, [attempt(0, 1, False, thrown)])])
    assert diagnose(subject, now=T0 + 3).sentence == (
        'attempt 1 of 6 of "charge card" failed 2 s ago with PaymentError; next try in about 8 s'
    )


RECORDED = {
    "approval-timed-out": '"approval" got no event within 1 s; errored just now, took 1 s',
    "booking-rolled-back": 'terminated just now, took 92 ms; "confirmation" was left unfinished',
    "busy": '"crunch numbers" has been running for',
    "busy-waitingForPause": 'pausing: "crunch numbers" still runs,',
    "crash-errored": "the run failed: TypeError: orders.map is not a function; errored just now",
    "exhausted-errored": '"charge card" gave up after 3 attempts: PaymentError: card declined',
    "fatal-errored": '"check address" failed at its first attempt and was not tried again: NonRetryableError:',
    "loop-500": "finished just now",
    "parallel": '2 steps run: "invoice", "stock"',
    "retrying": 'attempt 1 of 6 of "charge card" failed just now with PaymentError; next try in about 29 s',
    "sleeping": 'sleeping for 26 ms in "cool down"; this server does not say until when',
    "sleeping-paused": 'paused, since when is not known; its sleep "cool down" stands still until resumed',
    "sleeping-terminated": 'terminated just now, took 29 ms; "cool down" was left unfinished',
    "thinking": "running with no open step for",
    "waiting-for-event": 'waiting for an event in "approval" for',
}
ANSWERS = Path(__file__).parent / "answers"


@pytest.mark.parametrize("path", sorted(ANSWERS.glob("*.json")), ids=lambda path: path.stem)
def test_what_the_real_engine_answered(path):
    recorded = json.loads(path.read_text())
    subject = read_detail("orders", "x", recorded["answer"]["result"])
    row = Instance.from_item(recorded["row"]) if recorded.get("row") else None
    why = diagnose(subject, now=recorded["now"], row=row, local=True)
    assert not re.search(r"None|\bnan\b|-\d", why.sentence)
    assert len(why.short) <= 60
    answer = RECORDED.get(path.stem)
    if answer is None:
        assert why.sentence
    elif re.search(r"\d+ ms", answer):
        assert re.sub(r"\d+ ms", "N ms", why.sentence) == re.sub(r"\d+ ms", "N ms", answer)
    else:
        assert why.sentence.startswith(answer)


def test_of_thousands_of_steps_only_the_number_is_told():
    """A sentence each, with every frame, would hold the keys for a second."""
    steps = [step(f"fetch {n}-1", n, None, None, timeout="1 minute") for n in range(3000)]
    why = diagnose(detail("running", steps), now=T0 + 9000)
    assert why.sentence == '3000 steps run: "fetch 0", "fetch 1", "fetch 2" and 2997 more'
    assert (why.deadline, why.looks_stuck) == (None, False)
    assert diagnose(detail("running", steps[:900]), now=T0 + 9000).looks_stuck


def test_a_sleep_until_the_end_of_all_days_is_not_counted_down():
    why = diagnose(detail("waiting", [sleep("nap-1", 0, 200_000_000_000)]), now=T0 + 60)
    assert why.sentence == 'sleeping until 8364-10-15 03:33 in "nap"'


def test_a_pause_before_the_failed_attempt_moves_no_try():
    """It was over when the attempt began, whoever resumed it: its end may never have been seen."""
    failed = detail(
        "running", [step("charge-1", 0, None, None, [attempt(30, 31, False)], delay="10 minutes")]
    )
    why = diagnose(failed, now=T0 + 60, watched=T0, paused=[(T0 + 10, None)])
    assert why.sentence.endswith("; next try in about 9 m 31 s")
    why = diagnose(failed, now=T0 + 60, watched=T0, paused=[(T0 + 10, T0 + 50)])
    assert why.sentence.endswith("; next try in about 9 m 31 s")
    why = diagnose(failed, now=T0 + 60, watched=T0, paused=[(T0 + 40, None)])
    assert why.sentence.endswith("; when the next try comes is not known: it was paused in between")
