"""How often an open instance is read, and how."""

from tests.support.fakes.details import T0, answer, detail, done, sleep, step, termination, wait
from wfdash.core.model.detail import partial_reason, read_detail, with_steps_of
from wfdash.live.polling.detail_pace import Pace, next_read, steps_wanted


def test_a_computing_step_is_read_in_full_every_two_seconds():
    assert next_read(detail("running", [step("a-1", 0)]), now=T0 + 1) == Pace(2.0, False)


def test_a_sleep_is_watched_without_its_steps_until_it_is_due():
    subject = detail("waiting", [sleep("nap-1", 0, 60)])
    assert next_read(subject, now=T0 + 10) == Pace(5.0, True)
    assert next_read(subject, now=T0 + 57.0) == Pace(3.5, True)


def test_standing_still_is_slow_and_final_is_never_read_again():
    assert next_read(detail("paused", [sleep("nap-1", 0)]), now=T0 + 9) == Pace(15.0, True)
    assert next_read(detail("complete", end=1), now=T0 + 9).delay is None


def test_large_answers_are_read_less_often():
    many = detail("running", [*(done(f"a-{n}", n, n + 1) for n in range(1, 10_000)), step("b-1", 10_000)])
    assert next_read(many, now=T0).delay == 20.0
    assert next_read(many, now=T0, cost=0.7).delay == 35.0


def test_local_servers_are_always_read_in_full():
    assert next_read(detail("running", [sleep("nap-1", 0)]), now=T0 + 9, local=True) == Pace(5.0, False)


def test_the_steps_are_asked_for_once_something_moved():
    full = detail("waiting", [sleep("nap-1", 0, 60)])
    same = read_detail("orders", "order-1", answer("waiting", start=0.0) | {"step_count": 1}, simple=True)
    assert not steps_wanted(full, same)
    merged = with_steps_of(same, full)
    assert (len(merged.steps), merged.simple) == (1, False)
    assert steps_wanted(full, read_detail("orders", "order-1", {"status": "waiting", "step_count": 2}))
    assert steps_wanted(full, read_detail("orders", "order-1", {"status": "complete", "step_count": 1}))


def test_partial_needs_missing_steps_or_the_envelopes_word():
    steps = [done("a-1", 0, 1), wait("b-1", 1)]
    assert partial_reason(detail("running", steps)) == ""
    rolled = [*steps, done("a-1", 2, 3, kind="rollback"), termination()]
    assert partial_reason(detail("terminated", rolled)) == ""
    # Whether it is counted is the server's: neither way is a step missing.
    assert partial_reason(detail("terminated", [*steps, termination()], step_count=2)) == ""
    assert partial_reason(detail("terminated", [*steps, termination()], step_count=3)) == ""
    assert partial_reason(detail("terminated", [*steps, termination()], step_count=4))
    short = detail("complete", steps, step_count=63)
    assert partial_reason(short) == "partial answer: 2 of 63 steps came"
    short.refusal = "internal_server (10001)"
    assert partial_reason(short) == "partial answer: 2 of 63 steps came (internal_server (10001))"
    short.simple = True
    assert partial_reason(short) == ""


def test_newest_first_answers_are_kept_oldest_first():
    result = answer("complete", [done("b-1", 1, 2), done("a-1", 0, 1)], end=2)
    subject = read_detail("orders", "order-1", result, newest_first=True)
    assert [(step.index, step.name) for step in subject.steps] == [(0, "a-1"), (1, "b-1")]


def test_sleep_in_a_dev_session_is_read_ever_more_slowly():
    """Each read leaves nine rows with its developer, and no moment is known at which it ends."""
    subject = detail("running", [sleep("nap-1", 0)])
    delays = [next_read(subject, now=T0 + seconds, local=True).delay for seconds in (9, 80, 100, 900)]
    assert delays == [5.0, 8.0, 10.0, 15.0]
