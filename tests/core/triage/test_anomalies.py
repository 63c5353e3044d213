"""Stuck and odd: each rule fires where it should and stays quiet beside it."""

import pytest
from msgspec.structs import replace

from tests.support.fakes.details import detail_of
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.model.workflow import Schedule, Workflow
from wfdash.core.triage.anomalies import (
    Oddity,
    StepTimes,
    cron_fire,
    missed_fires,
    odd_detail,
    odd_row,
    queue_pressure,
    queue_stalled,
    worst_first,
)
from wfdash.core.why.why import TimeWords

NOW = 1_795_262_400.0
AT = TimeWords(NOW)


def step(name, start, end=None, *, success=None, attempts=(), limit=5):
    return {
        "type": "step",
        "name": name,
        "start": iso(start),
        "end": None if end is None else iso(end),
        "success": success,
        "config": {"retries": {"limit": limit, "delay": "10 seconds", "backoff": "constant"}},
        "attempts": list(attempts),
    }


@pytest.fixture
def times():
    learnt = StepTimes()
    for n in range(20):
        learnt.learn(detail_of(f"done-{n}", step(f"charge-{n}", NOW - 500, NOW - 500 + 20, success=True)))
    return learnt


def test_what_is_learnt_of_steps_is_bounded():
    """Names hold what differs from run to run, and a dashboard reads instances for weeks."""
    learnt, letters = StepTimes(), "abcdefghijkl"
    for n in range(1_500):
        named = f"charge {letters[n // 144]}{letters[n // 12 % 12]}{letters[n % 12]}"
        steps = (step(named, NOW - 9, NOW, success=True), step("pack", NOW - 9, NOW, success=True))
        learnt.learn(detail_of(f"done-{n}", *steps))
        learnt.p95("orders", detail_of("a", step(named, NOW)).steps[0])
    kept = [learnt._tried, learnt._taken, learnt._passed, learnt._p95]
    assert [len(each) for each in kept] == [1_000] * 4
    assert [max(map(len, each.values())) for each in kept[:3]] == [200] * 3


def test_a_step_beyond_its_own_p95_is_odd(times):
    odd = odd_detail(detail_of("a", step("charge-1", NOW - 90)), times, AT)
    assert [(each.id, each.kind) for each in odd] == [("a", "slow step")]
    assert odd[0].reason == '"charge" has run 1 m 30 s; 95 of 100 took 20 s or less'


def test_pause_between_attempts_is_no_slowness(times):
    tried = [{"start": iso(NOW - 900), "end": iso(NOW - 895), "success": False}, {"start": iso(NOW - 12)}]
    retried = detail_of("a", step("charge-1", NOW - 900, attempts=tried))
    watched = replace(AT, watched=NOW - 999)
    assert odd_detail(retried, times, replace(watched, paused=[(NOW - 894, NOW - 13)])) == []
    unseen, seen = (odd_detail(retried, times, at)[0].reason for at in (AT, watched))
    assert unseen == f"{seen}; it may have been paused meanwhile"


@pytest.mark.parametrize("taken", [5, 15, 20])
def test_a_step_within_its_p95_is_not(times, taken):
    assert odd_detail(detail_of("a", step("charge-1", NOW - taken)), times, AT) == []


def test_a_step_seldom_seen_is_never_called_slow():
    few = StepTimes()
    few.learn(detail_of("b", step("charge-1", 0, 1, success=True)))
    assert odd_detail(detail_of("a", step("charge-1", NOW - 9_000)), few, AT) == []


def test_learning_the_same_instance_twice_counts_once():
    learnt = StepTimes()
    for _ in range(10):
        learnt.learn(detail_of("b", step("charge-1", 0, 1, success=True)))
    assert learnt.p95("orders", detail_of("b", step("charge-1", 0)).steps[0]) is None


def test_of_a_long_loop_only_its_end_is_learnt():
    learnt = StepTimes()
    turns = [step(f"poll-{n}", n, n + (100 if n < 9_000 else 1), success=True) for n in range(10_000)]
    learnt.learn(detail_of("b", *turns))
    assert learnt.p95("orders", detail_of("b", step("poll-1", 0)).steps[0]) == 1


def test_of_many_instances_the_last_thousand_are_kept():
    learnt = StepTimes()
    for n in range(2_000):
        learnt.learn(detail_of(f"done-{n}", step("charge-1", 0, 100 if n < 1_000 else 1, success=True)))
    assert learnt.p95("orders", detail_of("b", step("charge-1", 0)).steps[0]) == 1


@pytest.mark.parametrize("status", ["errored", "complete", "terminated", "paused", "rollingBack"])
def test_an_open_step_of_one_that_stands_still_is_not_odd(times, status):
    assert odd_detail(detail_of("a", step("charge-1", NOW - 900), status=status), times, AT) == []


def failed(count):
    return [{"start": iso(NOW), "end": iso(NOW), "success": False, "error": None} for _ in range(count)]


@pytest.mark.parametrize(("count", "odd"), [(3, False), (4, False), (5, True)])
def test_nearly_spent_retries(times, count, odd):
    found = odd_detail(detail_of("a", step("charge-1", NOW - 5, attempts=failed(count))), times, AT)
    assert [each.kind for each in found] == (["last attempt"] if odd else [])


@pytest.mark.parametrize(("spent", "odd"), [(0, True), (1, True), (8, False)])
def test_nearly_spent_is_odd_by_what_others_need(spent, odd):
    """In an outage each order is tried to its end: one that is on its last retry is what all of them are."""
    learnt = StepTimes()
    for n in range(24):
        last = {"start": iso(NOW), "end": iso(NOW), "success": n >= spent, "error": None}
        tries = [*failed(5), last] if n < spent else [last]
        learnt.learn(
            detail_of(f"run-{n}", step("charge-1", NOW - 60, NOW - 40, success=n >= spent, attempts=tries))
        )
    found = odd_detail(detail_of("a", step("charge-1", NOW - 5, attempts=failed(5))), learnt, AT)
    assert bool(found) is odd


@pytest.mark.parametrize(("passed", "odd"), [(0, False), (4, False), (5, True)])
def test_slow_is_told_only_by_runs_that_succeeded(passed, odd):
    """Bad input fails within seconds what takes an hour: by those each that does its work was slow."""
    learnt = StepTimes()
    for n in range(40):
        learnt.learn(detail_of(f"bad-{n}", step("charge-1", NOW - 9_000, NOW - 8_996, success=False)))
    for n in range(passed):
        learnt.learn(detail_of(f"good-{n}", step("charge-1", NOW - 9_000, NOW - 5_400, success=True)))
    assert odd_detail(detail_of("a", step("charge-1", NOW - 762)), learnt, AT) == []
    found = odd_detail(detail_of("a", step("charge-1", NOW - 7_200)), learnt, AT)
    assert [each.reason.partition("; ")[2] for each in found] == ["95 of 100 took 1 h or less"] * odd


def test_slow_is_odd_by_what_failed_runs_took_as_well():
    """Each order of an outage is tried for two minutes, and was called slow against those that passed."""
    learnt = StepTimes()
    for n in range(40):
        passed = n % 4 > 0
        end = NOW - 500 + (2 if passed else 110)
        learnt.learn(detail_of(f"run-{n}", step("charge-1", NOW - 500, end, success=passed)))
    assert odd_detail(detail_of("a", step("charge-1", NOW - 80)), learnt, AT) == []
    assert odd_detail(detail_of("a", step("charge-1", NOW - 180)), learnt, AT)


def test_nearly_spent_is_not_told_on_thin_data():
    odd = odd_detail(detail_of("a", step("charge-1", NOW - 5, attempts=failed(5))), StepTimes(), AT)
    assert odd == []


def test_the_last_attempt_is_not_told_as_to_come_once_it_runs(times):
    running = {"start": iso(NOW - 1), "end": None, "success": None, "error": None}
    reasons = [
        odd_detail(detail_of("a", step("charge-1", NOW - 5, attempts=tried)), times, AT)[0].reason
        for tried in (failed(5), [*failed(5), running])
    ]
    assert reasons[0] == '"charge" failed 5 of 6; one retry is left'
    assert reasons[1] == '"charge" failed 5 of 6; final retry is running'


@pytest.mark.parametrize(("seconds", "odd"), [(299, False), (301, True)])
def test_pausing_too_long(seconds, odd):
    row = Instance("a", "waitingForPause", modified=NOW - seconds)
    assert (odd_row("orders", row, now=NOW) is not None) == odd


def counts(*queued, running=100):
    return [(NOW + 30 * n, {"queued": q, "running": running}) for n, q in enumerate(queued)]


def test_a_growing_queue_under_a_flat_number_of_runs():
    odd = queue_pressure("orders", counts(0, 60, 120))
    assert odd is not None
    assert odd.reason == "queued grows by about 120 a minute while 100 run: a concurrency limit, most likely"


@pytest.mark.parametrize("history", [[], counts(0, 60), counts(0, 60, 30), counts(5, 6, 7)])
def test_a_queue_that_does_not_grow_is_quiet(history):
    assert queue_pressure("orders", history) is None


def test_a_queue_that_grows_with_the_runs_is_quiet():
    history = [(NOW, {"queued": 0, "running": 10}), (NOW + 40, {"queued": 20, "running": 50})]
    assert queue_pressure("orders", [*history, (NOW + 80, {"queued": 40, "running": 90})]) is None


def test_a_fire_that_never_came():
    workflow = Workflow("nightly", schedules=[Schedule("*/30 * * * *", NOW - 600)])
    early = {"*/30 * * * *": NOW - 2_400}
    odd = missed_fires(workflow, early, now=NOW)
    assert [each.reason for each in odd] == ["*/30 * * * * was due 10 m ago and no instance came of it"]
    assert missed_fires(workflow, {"*/30 * * * *": NOW - 600}, now=NOW) == []
    assert missed_fires(workflow, early, now=NOW - 500) == []


@pytest.mark.parametrize(
    ("identity", "fire"),
    [
        ("*/30 * * * *-1795261800000", ("*/30 * * * *", 1_795_261_800.0)),
        ("plain", None),
        ("order-99999999999999999", None),
        ("order-१२", None),
    ],
)
def test_a_cron_run_names_its_schedule_and_boundary(identity, fire):
    assert cron_fire(Instance(identity)) == fire


def test_worst_first_keeps_the_heaviest_of_a_kind():
    light, heavy, other = (
        Oddity("w", i, k, "", weight) for i, k, weight in [("a", "x", 1), ("a", "x", 5), ("b", "x", 3)]
    )
    assert worst_first([light, heavy, other]) == [heavy, other]


def queue(*samples):
    """Counts a minute apart: queued, running, complete."""
    return [
        (NOW + 60 * minute, dict(zip(("queued", "running", "complete"), counts, strict=True)))
        for minute, counts in enumerate(samples)
    ]


FREE = "12 queued, and none has begun for 4 m although 27 of the 30 that may run at once are free"


@pytest.mark.parametrize(
    ("samples", "allowed", "said"),
    [
        ([(12, 3, 9)] * 5, 30, FREE),
        ([(10, 3, 9)] * 2 + [(12, 3, 9)] * 3, 30, FREE),
        ([(12, 3, 9)] * 3, 30, ""),
        ([(12, 30, 9)] * 5, 30, ""),
        ([(12, 30, 9)] * 3 + [(12, 3, 9)] * 2, 30, ""),
        ([(12, 3, 9)] * 3 + [(12, 3, 10)] * 2, 30, ""),
        ([(12, 3, 9)] * 3 + [(12, 4, 9)] * 2, 30, ""),
        ([(0, 3, 9)] * 5, 30, ""),
        ([(12, 3, 9)] * 5, None, ""),
        ([(12, 0, 9)] * 5, None, "12 queued, none running, and none has begun for 4 m"),
    ],
)
def test_queue_that_stands_beside_free_slots_is_odd(samples, allowed, said):
    odd = queue_stalled("orders", queue(*samples), allowed)
    assert (odd.reason if odd is not None else "") == said
