"""What a reload or a restart of a dev session cut, and what is not foretold while that is not known."""

import pytest

from tests.support.fakes.details import T0, attempt, detail, step
from wfdash.core.why.diagnose import diagnose
from wfdash.core.why.session_times import SessionTimes

LONG = step("long step", 0, attempts=[attempt(0)])
RETRY = step("charge card", 0, attempts=[attempt(0, 1, False)])
SLEEP = {"type": "sleep", "name": "nap", "start": "2027-01-15T08:00:00.000Z", "end": None, "finished": False}
WAIT = SLEEP | {"type": "waitForEvent", "name": "approval"}


def why(*steps, now=120, status="running", **times):
    session = SessionTimes(**{name: T0 + at for name, at in times.items()})
    return diagnose(detail(status, steps), now=T0 + now, local=True, session=session, watched=T0)


@pytest.mark.parametrize("entry", [LONG, RETRY])
def test_an_attempt_older_than_the_session_was_cut(entry):
    cut = why(entry, started=60)
    assert "was cut by a reload or restart of the dev session 1 m ago" in cut.sentence
    assert cut.sentence.endswith("does nothing until it is woken; pause and then resume wakes it")
    assert (cut.short, cut.cut) == ("cut by a reload", "surely")
    assert cut.looks_stuck
    assert cut.deadline is None


def test_a_sleep_or_a_wait_may_have_been_woken():
    asleep = why(SLEEP, started=60)
    assert "it does nothing unless it was paused and resumed since" in asleep.sentence
    assert (asleep.short, asleep.cut) == ("cut by a reload?", "perhaps")
    assert asleep.looks_stuck
    waits = why(WAIT, started=60)
    assert waits.sentence.endswith("the event, or pause and then resume, wakes it")
    assert (waits.short, waits.cut) == ("cut by a reload?", "perhaps")
    assert not waits.looks_stuck, "its event wakes it, cut or not"


def test_step_of_that_name_was_cut_by_nothing():
    named = why(step("cut by a reload", 0, attempts=[attempt(70)]), started=60)
    assert named.short.startswith("cut by a reload")
    assert named.cut == ""


def test_a_retry_that_is_not_due_may_have_been_woken():
    late = step("charge card", 0, attempts=[attempt(0, 1, False)], delay="1 hour")
    assert "it does nothing unless it was paused and resumed since" in why(late, started=60).sentence


def test_what_moved_since_the_session_began_is_awake():
    again = step("long step", 0, attempts=[attempt(0), attempt(70)])
    assert "was cut by" not in why(again, started=60).sentence
    assert "does nothing" not in why(SLEEP, started=60, changed=80).sentence, "it was seen to be resumed"
    assert "does nothing" in why(SLEEP, started=60, changed=50).sentence
    assert why(LONG, started=60, status="paused").sentence.startswith("paused")


def test_no_time_out_is_foretold_of_what_may_be_cut():
    assert "times out in about 8 m" in why(LONG, started=-5, watched=-5).sentence
    for unknown in ({}, {"watched": 30}):
        said = why(LONG, **unknown)
        assert "times out" not in said.sentence
        assert said.deadline is None
    assert "over its time-out" in why(LONG, now=700).sentence, "that it is over is sure"


def test_a_late_retry_looks_stuck_sooner_on_loopback():
    assert not why(RETRY, now=35).looks_stuck
    assert why(RETRY, now=45).looks_stuck
    cloud = diagnose(detail("running", [RETRY]), now=T0 + 45, watched=T0)
    assert not cloud.looks_stuck
