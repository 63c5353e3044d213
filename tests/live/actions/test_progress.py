"""The line that tells of an action, from the request to its end."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from wfdash.core.model.instance import Instance
from wfdash.core.verbs.outcome import STOPPED, Outcome
from wfdash.live.actions.plan import Guard, Progress, Result, make_plan
from wfdash.live.actions.progress import ActionProgress

ENDS = [("", ""), ("complete", ""), ("errored", '"weigh"'), ("errored", '"pack"'), ("terminated", "")]
AT = 1_763_733_731.0  # 14:02:11 UTC


def trail(verb="pause", *ids):
    rows = [Instance(each, "errored" if verb == "redrive" else "running") for each in ids or ("a",)]
    return ActionProgress(make_plan(verb, "orders", rows, now=AT, guard=Guard()), AT)


def moved(given, stage, status="", done=0, note=""):
    return Progress(given.plan.key, AT, "orders", "a", given.plan.verb, stage, done, 2, note, status)


def ended(given, outcome, sentence="", identity="a", at=AT + 8):
    return Result(
        given.plan.key,
        at,
        "orders",
        identity,
        "pause",
        "running",
        "",
        "",
        Outcome(outcome),
        sentence=sentence,
    )


def test_a_pause_that_had_to_wait():
    subject = trail()
    for event in (
        moved(subject, "sent"),
        moved(subject, "answered", "waitingForPause"),
        moved(subject, "following", "paused"),
    ):
        subject.take(event)
    assert subject.line(AT) == "pause a sent 14:02:11 → waitingForPause → paused …"
    subject.take(ended(subject, "done", "paused"))
    assert subject.line(AT) == "pause a sent 14:02:11 → waitingForPause → paused after 8s"
    assert subject.over
    assert not subject.troubled


def test_while_no_answer_came_the_outcome_is_said_to_be_unknown():
    subject = trail()
    for event in (moved(subject, "sent"), moved(subject, "unknown"), moved(subject, "following", "running")):
        subject.take(event)
    assert subject.line(AT) == "pause a sent 14:02:11 → running · outcome unknown, reading to find out"


def test_what_went_wrong_is_the_line():
    subject = trail()
    subject.take(ended(subject, "no effect", "pause had no effect: the instance is queued"))
    assert subject.line(AT) == "pause a: pause had no effect: the instance is queued"
    other = trail()
    other.take(ended(other, "unknown", "running after 60 s: whether the pause arrived is not known"))
    assert other.line(AT).startswith("pause a: unknown: running after 60 s")
    assert other.troubled
    assert other.failed == ("a",)


def test_many_are_counted():
    subject = trail("pause", "a", "b")
    subject.take(moved(subject, "answered", "paused", done=1))
    subject.take(ended(subject, "done"))
    assert subject.line(AT) == "pause 2 instances: 1 of 2 · 1 paused"
    subject.take(ended(subject, "refused", identity="b"))
    assert subject.line(AT) == "pause 2 instances: 1 paused, 1 refused"


def test_what_was_sent_is_never_less_than_what_came_of_it():
    subject = trail("restart", "a", "b", "c")
    subject.take(moved(subject, "sent"))
    subject.take(ended(subject, "done", "queued"))
    assert subject.sent == 1
    subject.take(moved(subject, "sent", done=1))
    subject.take(ended(subject, "done", "queued", "b"))
    subject.take(ended(subject, "done", "complete", "b"))
    assert subject.sent == 2
    assert subject.line(AT).startswith("restart 3 instances: 2 of 3 · 2 restarted")


def test_what_has_not_settled_is_followed_once_all_is_sent():
    subject = trail("pause", "a", "b")
    subject.take(moved(subject, "answered", "paused", done=1))
    subject.take(ended(subject, "done"))
    assert subject.followed == (), "b was not sent yet"
    subject.take(moved(subject, "answered", "waitingForPause", done=2))
    assert subject.followed == ("b",)
    subject.take(ended(subject, "done", identity="b"))
    assert subject.followed == ()


def test_a_stop_leaves_nothing_to_be_done_with():
    subject = trail("pause", "a", "b")
    subject.take(moved(subject, "sent", done=0))
    subject.take(ended(subject, "done"))
    subject.take(ended(subject, "skipped", "stopped before it was sent", identity="b"))
    assert subject.sent == 2
    assert not subject.sending


def test_what_a_stop_left_is_not_counted_as_sent():
    """The second was read, and so counted on its way, when the stop came."""
    subject = trail("pause", "a", "b")
    subject.take(moved(subject, "sent", done=2))
    subject.take(ended(subject, "done"))
    subject.take(replace(ended(subject, "skipped", identity="b"), error=STOPPED))
    assert (subject.sent, subject.unsent, subject.sending) == (1, 1, False)


def test_how_long_it_takes_is_told_once_five_are_sent():
    subject = trail("pause", *"abcdefghij")
    for done, left in ((0, None), (1, None), (4, None), (5, 10.0), (8, 2.5), (9, None)):
        subject.take(moved(subject, "sent", done=done))
        assert subject.remaining(AT + 10) == left


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from(list(Outcome)), st.sampled_from(ENDS), st.booleans()
        )
    )
)
def test_counts_hold_however_results_follow_each_other(events):
    subject = trail("redrive", "a", "b", "c")
    last = {}
    for identity, outcome, (end, step), followed in events:
        result = ended(subject, outcome, identity=identity)
        last[identity] = replace(result, ended=end, failed_at=step, followed=followed)
        subject.take(last[identity])
    assert dict(subject.counts()) == Counter(result.outcome for result in last.values())
    assert subject.runs_followed == sum(result.followed for result in last.values())
    assert set(subject.failed) == {identity for identity, result in last.items() if result.failed}
    assert subject.over == (len(last) == 3 and not subject.runs_followed)
    began = [result for result in last.values() if not result.outcome.failed]
    failed_again = sum(result.ended == "errored" for result in began)
    said = " ".join(words for _, words in subject.words())
    assert (f"{failed_again} failed again" in said) == (failed_again > 0)
    assert {identity for group in subject.alike for identity in group} == set(last)
