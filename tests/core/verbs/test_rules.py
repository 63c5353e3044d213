"""Every verb on every status: the reason why not, and what is told of the outcome."""

import pytest

from wfdash.core.model.status import ACTIVE, FINAL, STATUSES
from wfdash.core.verbs import rules
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.verb import VERBS

INSTANCE_VERBS = [verb for verb in VERBS if verb != "create"]

ALLOWED = {
    "pause": {"running", "waiting"},
    "resume": {"paused", "waitingForPause"},
    "terminate": set(ACTIVE) - {"rollingBack"},
    "terminate_rollback": set(ACTIVE) - {"rollingBack"},
    "restart": set(STATUSES) - {"rollingBack"},
    "restart_from": set(STATUSES) - {"rollingBack", "queued"},
    "redrive": {"errored", "terminated"},
    "send_event": set(ACTIVE),
    "create": set(STATUSES),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", STATUSES)
def test_each_verb_is_allowed_or_says_why_not(verb, status):
    reason = rules.refusal(verb, status)
    assert (reason is None) == (status in ALLOWED[verb])
    if reason and status != "rollingBack":
        assert "paus" in reason.lower() if status == "waitingForPause" else status in reason


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", [*STATUSES, "", "hibernating"])
def test_guards_refuse_everything_with_their_reason(verb, status):
    assert rules.refusal(verb, status, read_only="asked for at the start", watch_only="too old") == (
        "read-only: asked for at the start"
    )
    assert rules.refusal(verb, status, watch_only="needs wrangler 4.133 or later") == (
        "this server can be watched, not written to: needs wrangler 4.133 or later"
    )


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", ["", "unknown", "hibernating"])
def test_a_status_nobody_knows_is_left_to_the_server(verb, status):
    assert rules.refusal(verb, status) is None


@pytest.mark.parametrize("verb", INSTANCE_VERBS)
@pytest.mark.parametrize("status", STATUSES)
def test_status_equals_itself_and_a_final_one_nothing_else(verb, status):
    assert rules.same_meaning(verb, status, status)
    for other in FINAL:
        if other != status:
            assert not rules.same_meaning(verb, status, other)
            assert not rules.same_meaning(verb, other, status)


def test_normal_progress_does_not_change_what_was_meant():
    assert rules.same_meaning("terminate", "running", "waiting")
    assert rules.same_meaning("resume", "waitingForPause", "paused")
    assert not rules.same_meaning("terminate", "queued", "running")
    assert not rules.same_meaning("terminate", "running", "paused")
    assert rules.same_meaning("send_event", "queued", "waiting")


@pytest.mark.parametrize(
    ("verb", "before", "answered", "now", "rerun", "word", "part"),
    [
        ("pause", "running", "waitingForPause", "waitingForPause", None, "under way", "waitingForPause"),
        ("pause", "running", "waitingForPause", "paused", None, "done", "paused"),
        ("pause", "running", "paused", "running", None, "under way", "running for now"),
        ("pause", "queued", "queued", "queued", None, "no effect", "no effect: the instance is queued"),
        ("pause", "running", "waitingForPause", "complete", None, "no effect", "is complete"),
        ("resume", "paused", "queued", "queued", None, "under way", "queued"),
        ("resume", "paused", "queued", "running", None, "done", "resumed"),
        ("resume", "paused", "running", "complete", None, "done", "complete by now"),
        ("resume", "running", "running", "running", None, "no effect", "was running"),
        ("resume", "terminated", "terminated", "terminated", None, "no effect", "is terminated"),
        ("resume", "paused", "running", "paused", None, "under way", "paused for now"),
        ("terminate", "running", "terminated", "terminated", None, "done", "terminated"),
        ("terminate", "running", "running", "complete", None, "no effect", "is complete"),
        ("terminate", "terminated", "terminated", "terminated", None, "no effect", "before"),
        ("terminate_rollback", "running", "rollingBack", "rollingBack", None, "under way", "rolling back"),
        ("terminate_rollback", "running", "rollingBack", "terminated", None, "done", "terminated"),
        ("restart", "errored", "queued", "queued", True, "done", "restarted"),
        ("restart", "errored", "errored", "errored", True, "done", "ran again, errored by now"),
        ("restart", "errored", "errored", "errored", False, "no effect", "200, but still errored"),
        ("restart", "errored", "queued", "complete", None, "done", "ran again, complete by now"),
        ("restart", "errored", "errored", "errored", None, "unknown", "do not show whether it ran again"),
        ("restart_from", "errored", "queued", "errored", None, "unknown", "do not show whether it ran again"),
        ("restart", "errored", "", "hibernating", None, "under way", "hibernating for now"),
        ("restart", "running", "running", "running", False, "under way", "running for now"),
        ("restart", "running", "running", "running", None, "done", "restarted"),
        ("restart_from", "errored", "running", "running", None, "done", "restarted"),
        ("restart_from", "complete", "running", "complete", True, "done", "complete by now"),
        ("send_event", "waiting", "", "waiting", None, "done", "accepted"),
        ("create", "", "queued", "queued", None, "done", "created, queued"),
    ],
)
def test_the_outcome_in_words(verb, before, answered, now, rerun, word, part):
    outcome = rules.settled(verb, before=before, answered=answered, now=now, rerun=rerun)
    assert outcome.word == word
    assert part in outcome.sentence


@pytest.mark.parametrize("verb", INSTANCE_VERBS)
@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("now", [*STATUSES, "hibernating"])
def test_what_is_under_way_is_followed_and_what_is_done_is_over(verb, before, now):
    outcome = rules.settled(verb, before=before, answered=now, now=now)
    unsure = (Outcome.UNKNOWN,) if "restart" in verb or verb == "redrive" else ()
    assert outcome.word in (Outcome.DONE, Outcome.UNDER_WAY, Outcome.NO_EFFECT, *unsure)
    assert outcome.over or outcome.word != Outcome.DONE
    assert not (outcome.over and outcome.word == Outcome.UNDER_WAY)


@pytest.mark.parametrize("verb", ["pause", "resume", "terminate", "terminate_rollback"])
@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("now", STATUSES)
def test_verb_is_not_done_in_a_status_it_does_not_lead_to(verb, before, now):
    outcome = rules.settled(verb, before=before, answered=now, now=now)
    if outcome.word == Outcome.DONE and verb != "resume":
        assert now in rules.leads_to(verb)
        assert now != before or now == "waitingForPause"
    if outcome.word == Outcome.DONE and verb == "resume":
        assert before in ("paused", "waitingForPause")


def test_each_verb_says_whether_it_can_be_taken_back():
    assert {verb: rules.stake(verb) for verb in VERBS if rules.stake(verb)} == {
        "pause": "resume takes it back",
        "resume": "pause takes it back",
        **dict.fromkeys(rules.DESTROYS, "destroys: it cannot be taken back"),
        "redrive": "runs steps again: it cannot be taken back",
    }
    assert [rules.inverse(verb) for verb in ("pause", "resume", "restart")] == ["resume", "pause", ""]


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("pause", ("pauses 12", "pause 12", "paused 12")),
        ("terminate_rollback", ("terminates 12 with rollback", "terminate 12 with rollback",
                                "terminated 12 with rollback")),
        ("redrive", ("restarts 12 from the failed step", "restart 12 from the failed step",
                     "restarted 12 from the failed step")),
        ("send_event", ("sends an event to 12", "send an event to 12", "sent an event to 12")),
        ("defrost", ("defrost 12",) * 3),
    ],
)  # fmt: skip
def test_deed_says_who_does_what_to_how_many(verb, said):
    forms = rules.deed(verb, "12"), rules.deed(verb, "12", of="you"), rules.deed(verb, "12", over=True)
    assert forms == said
