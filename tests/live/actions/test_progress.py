"""The line that tells of an action, from the request to its end."""

from wfdash.core.model.instance import Instance
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.actions.plan import Guard, Progress, Result, make_plan
from wfdash.live.actions.progress import ActionProgress

AT = 1_763_733_731.0  # 14:02:11 UTC


def trail(verb="pause", *ids):
    rows = [Instance(one, "running") for one in ids or ("a",)]
    return ActionProgress(make_plan(verb, "orders", rows, now=AT, guard=Guard()), AT)


def moved(one, stage, status="", done=0, note=""):
    return Progress(one.plan.key, AT, "orders", "a", one.plan.verb, stage, done, 2, note, status)


def ended(one, outcome, sentence="", identity="a", at=AT + 8):
    return Result(
        one.plan.key, at, "orders", identity, "pause", "running", "", "", Outcome(outcome), sentence=sentence
    )


def test_a_pause_that_had_to_wait():
    one = trail()
    for event in (
        moved(one, "sent"),
        moved(one, "answered", "waitingForPause"),
        moved(one, "following", "paused"),
    ):
        one.take(event)
    assert one.line(AT) == "pause a sent 14:02:11 → waitingForPause → paused …"
    one.take(ended(one, "done", "paused"))
    assert one.line(AT) == "pause a sent 14:02:11 → waitingForPause → paused after 8s"
    assert one.over
    assert not one.troubled


def test_while_no_answer_came_the_outcome_is_said_to_be_unknown():
    one = trail()
    for event in (moved(one, "sent"), moved(one, "unknown"), moved(one, "following", "running")):
        one.take(event)
    assert one.line(AT) == "pause a sent 14:02:11 → running · outcome unknown, reading to find out"


def test_what_went_wrong_is_the_line():
    one = trail()
    one.take(ended(one, "no effect", "pause had no effect: the instance is queued"))
    assert one.line(AT) == "pause a: pause had no effect: the instance is queued"
    other = trail()
    other.take(ended(other, "unknown", "running after 60 s: whether the pause arrived is not known"))
    assert other.line(AT).startswith("pause a: unknown: running after 60 s")
    assert other.troubled
    assert other.failed == ("a",)


def test_many_are_counted():
    one = trail("pause", "a", "b")
    one.take(moved(one, "answered", "paused", done=1))
    one.take(ended(one, "done"))
    assert one.line(AT) == "pause 2 instances: 1 of 2 · 1 done"
    one.take(ended(one, "refused", identity="b"))
    assert one.line(AT) == "pause 2 instances: 1 done, 1 refused"


def test_what_has_not_settled_is_followed_once_all_is_sent():
    one = trail("pause", "a", "b")
    one.take(moved(one, "answered", "paused", done=1))
    one.take(ended(one, "done"))
    assert one.followed == (), "b was not sent yet"
    one.take(moved(one, "answered", "waitingForPause", done=2))
    assert one.followed == ("b",)
    one.take(ended(one, "done", identity="b"))
    assert one.followed == ()


def test_a_stop_leaves_nothing_to_be_done_with():
    one = trail("pause", "a", "b")
    one.take(moved(one, "sent", done=0))
    one.take(ended(one, "done"))
    one.take(ended(one, "skipped", "stopped before it was sent", identity="b"))
    assert one.sent == 2
    assert not one.sending
