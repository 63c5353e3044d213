"""Each target of a plan is written to once or not at all, and what is told of it is true."""

import pytest
from msgspec.structs import replace

from tests.support.fakes.details import wait
from tests.support.fakes.frail_server import START, NoBudget
from tests.support.harness.operate import act, rows
from wfdash.api.errors import CannotRestart, CannotTerminate
from wfdash.api.interface import RestartFrom
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import leads_to
from wfdash.live.actions.plan import Progress, Result, make_plan
from wfdash.live.actions.read_sink import NullSink
from wfdash.live.actions.reread import Rereader


async def test_a_pause_is_followed_through_waitingForPause(operator, server, clock):
    server.add("a", "running", busy=8)
    events = []
    (result,) = await act(operator, server, "pause", "a", on_event=events.append)
    assert (result.before, result.answered, result.after) == ("running", "waitingForPause", "paused")
    assert (result.outcome, result.exit_code) == ("done", 0)
    assert server.accepted == [("a", "pause")]
    stages = [event.stage for event in events if isinstance(event, Progress)]
    assert stages[:3] == ["reading", "sent", "answered"]
    assert events[-1] == result


async def test_200_is_not_success(operator, server):
    server.add("a", "running")
    server.before_write = lambda instance: setattr(server.runs["a"], "status", "queued")
    (result,) = await act(operator, server, "pause", "a")
    assert result.outcome == "no effect"
    assert result.sentence == "pause had no effect: the instance is queued"
    assert result.exit_code == 1


async def test_restart_without_effect_differs_from_a_failed_one(operator, server, clock):
    run = server.add("a", "errored")
    server._restart = lambda run, rollback: None
    (result,) = await act(operator, server, "restart", "a")
    assert (result.outcome, result.sentence) == ("no effect", "200, but still errored: nothing happened")

    def fails_at_once(run, rollback):
        run.queued = run.start = run.end = clock()

    server._restart = fails_at_once
    assert run.status == "errored"
    (result,) = await act(operator, server, "restart", "a")
    assert (result.outcome, result.sentence) == ("done", "ran again, errored by now")


@pytest.mark.parametrize(
    ("then", "said"),
    [("running", "running, yet the API says it ended (10401)"), ("complete", "ended meanwhile")],
)
async def test_a_refused_end_of_what_runs_is_read_again(operator, server, then, said):
    run = server.add("a", "running")

    def refuses(run, rollback):
        run.status = then
        raise CannotTerminate("It is final (400, code 10401).", http=400, code=10401, denied=True)

    server._terminate = refuses
    (result,) = await act(operator, server, "terminate", "a")
    assert (result.outcome, result.before) == ("refused", "running")
    assert said in result.error
    assert "10401" in result.error
    assert run.status == then


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ({}, "It has no such step (400)."),
        ({"end": 0.0}, "a was restarted elsewhere meanwhile: it is errored now"),
        ({"status": "running", "end": None}, "a was restarted elsewhere meanwhile: it is running now"),
    ],
)
async def test_a_step_refused_by_another_run_says_so(operator, server, then, said):
    """What is not found in the history of a run that began since says nothing of the step."""
    run = server.add("a", "errored")

    def refuses(run, rollback):
        for name, value in then.items():
            setattr(run, name, run.end + 1 if value == 0.0 else value)
        raise CannotRestart("It has no such step (400).", http=400, denied=True)

    server._restart = refuses
    (result,) = await act(operator, server, "restart_from", "a", restart_from=RestartFrom("load", 1, "do"))
    assert (result.outcome, run.queued) == ("refused", START - 100)
    assert result.error.startswith(said)


async def test_each_of_many_is_read_alone_before_it_is_restarted(operator, server):
    """A list may be seconds old: a run that another machine began since would be wiped by a second start."""
    for number in range(30):
        server.add(f"o-{number}", "errored")

    def restarted_elsewhere(_):
        server.runs["o-29"].status = "running"
        server.before_write = None

    server.before_write = restarted_elsewhere
    results = await act(operator, server, "restart")
    assert {result.id for result in results if result.outcome == "skipped"} == {"o-29"}
    assert results[-1].error == "was errored, now running: nothing sent"
    assert ("o-29", "restart") not in server.asked


@pytest.mark.parametrize("verb", ["terminate", "restart", "pause"])
async def test_a_target_that_changed_in_meaning_is_left_alone(operator, server, verb):
    run = server.add("a", "running")
    plan = make_plan(verb, "orders", rows(server), now=0, guard=operator.guard)
    run.status = "errored"
    (result,) = await operator.carry_out(plan, lambda event: None)
    assert result.outcome == "skipped"
    assert result.error == "was running, now errored: nothing sent"
    assert server.asked == []


async def test_a_final_one_that_ran_again_is_not_restarted_once_more(operator, server, clock):
    run = server.add("a", "errored")
    row = Instance("a", "errored", ended=run.end)
    plan = make_plan("restart", "orders", [row], now=0, guard=operator.guard)
    run.end = clock() - 1
    (result,) = await operator.carry_out(plan, lambda event: None)
    assert "ran again since" in result.error
    assert server.asked == []


@pytest.mark.parametrize("fault", ["timeout after", "reset after", "500 after", "html after"])
async def test_lost_answer_after_acceptance_is_read_and_sent_once(operator, server, fault):
    server.add("a", "running")
    server.faults = [fault]
    (result,) = await act(operator, server, "pause", "a")
    assert server.accepted == [("a", "pause")]
    assert (result.outcome, result.answered, result.after) == ("done", "", "paused")


@pytest.mark.parametrize("fault", ["timeout before", "reset before", "500 before"])
async def test_lost_answer_without_effect_is_unknown_and_sent_once(operator, server, fault):
    server.add("a", "running")
    server.faults = [fault]
    stages = []
    (result,) = await act(operator, server, "terminate", "a", on_event=stages.append)
    assert [stage.stage for stage in stages if isinstance(stage, Progress)][:4] == [
        "reading",
        "sent",
        "unknown",
        "following",
    ]
    assert server.asked == [("a", "terminate")]
    assert server.accepted == []
    assert (result.outcome, result.exit_code, result.after) == ("unknown", 4, "running")
    assert "not known" in result.sentence


@pytest.mark.parametrize(
    ("busy", "said"),
    [
        (8, "paused, but it was waitingForPause before: whether the pause arrived is not known"),
        (1e6, "waitingForPause after 60 s: whether the pause arrived is not known"),
    ],
)
async def test_lost_answer_of_what_was_on_its_way_before_is_unknown(operator, server, busy, said):
    """It would have come there without the write as well."""
    server.add("a", "waitingForPause", busy=busy)
    server.faults = ["timeout before"]
    plan = make_plan("pause", "orders", rows(server), now=0, guard=operator.guard).insist()
    (result,) = await operator.carry_out(plan, lambda event: None)
    assert (result.outcome, result.exit_code) == ("unknown", 4)
    assert said in result.sentence


@pytest.mark.parametrize("before", ["queued", "waitingForPause"])
async def test_lost_answer_is_done_where_nothing_else_ends_it_so(operator, server, before):
    """Left alone, what is queued runs and what waits for its pause pauses: none is terminated by itself."""
    server.add("a", before, busy=1e6)
    server.faults = ["timeout after"]
    (result,) = await act(operator, server, "terminate", "a")
    assert (result.outcome, result.exit_code, result.after) == ("done", 0, "terminated")


async def test_an_event_without_an_answer_stays_unknown(operator, server):
    server.add("a", "waiting")
    server.faults = ["timeout after"]
    (result,) = await act(operator, server, "send_event", "a", event_type="approve", payload={"ok": True})
    assert result.outcome == "unknown"
    assert server.runs["a"].events == [("approve", {"ok": True})]


async def test_429_is_repeated_aloud_once_nothing_has_changed(operator, server, clock):
    server.add("a", "running")
    server.faults = ["429", "429"]
    events = []
    (result,) = await act(operator, server, "pause", "a", on_event=events.append)
    assert result.outcome == "done"
    assert server.accepted == [("a", "pause")]
    notes = [event.note for event in events if isinstance(event, Progress) and event.stage == "waiting"]
    # It asks for 7 s each time; the second pause of our own is longer.
    assert notes == [f"429: read again in {n} s, sent again if nothing changed" for n in (7, 10)]


async def test_429_after_it_was_carried_out_is_found_by_reading(operator, server):
    server.add("a", "running")
    server.faults = ["429 after"]
    (result,) = await act(operator, server, "terminate", "a")
    assert server.asked == [("a", "terminate")]
    assert (result.outcome, result.after, result.exit_code) == ("done", "terminated", 0)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("verb", ["pause", "resume", "terminate", "terminate_rollback", "restart"])
@pytest.mark.parametrize("count", [1, 30])
async def test_429_is_repeated_only_where_reading_can_tell(operator, server, verb, status, count):
    for number in range(count):
        server.add(f"o-{number}", status, busy=1000)
    server.faults = ["429 after"] * count
    targets = rows(server)
    plan = make_plan(verb, "orders", targets, now=operator.clock(), guard=operator.guard).insist()
    await operator.carry_out(plan, lambda event: None)
    accepted = [identity for identity, _ in server.accepted]
    assert len(accepted) == len(set(accepted))
    if server.asked and status in leads_to(verb):
        assert len(server.asked) == len({identity for identity, _ in server.asked})


@pytest.mark.parametrize(
    ("open_steps", "sent"),
    [
        ([wait("ok-1", 5, event_type="go")], True),
        # A server that names no type: it may be this one.
        ([wait("ok-1", 5)], True),
        ([wait("ok-1", 5, event_type="stop")], False),
        ([wait("ok-1", 5, event_type="go", finished=True)], False),
        ([], False),
    ],
)
async def test_event_for_who_waits_goes_to_no_one_else(operator, server, open_steps, sent):
    server.add("a", "waiting").steps = open_steps
    plan = make_plan(
        "send_event", "orders", rows(server), now=0, guard=operator.guard, event_type="go", payload=None
    )
    (result,) = await operator.carry_out(replace(plan, only_waiting=True), lambda event: None)
    assert server.accepted == [("a", "send_event")] * sent
    assert result.error == ("" if sent else "it does not wait for go any more: nothing sent")


async def test_few_are_read_by_themselves_and_many_by_lists(server, clock):
    """What is sent to one rests on its own answer of that moment, however old a list may be for many."""
    for number in range(30):
        server.add(f"o-{number}", "running")
    for count, reads in ((1, ["o-0", "o-0"]), (30, ["list"])):
        ids = [f"o-{number}" for number in range(count)]
        rereader = Rereader(server, "orders", ids, budget=NoBudget(), clock=clock, sink=NullSink())
        server.reads.clear()
        for _ in range(2):
            snapshot = await rereader.read("o-0", expect="running", max_age=5.0)
            await clock.sleep(4)
        assert (snapshot.status, server.reads) == ("running", reads)
        await clock.sleep(2)
        await rereader.read("o-0", expect="running", max_age=5.0)
        assert server.reads == [*reads, reads[0]]


@pytest.mark.parametrize("fault", ["429", "429 after"])
async def test_429_on_an_event_is_never_repeated(operator, server, fault):
    server.add("a", "waiting")
    server.faults = [fault]
    (result,) = await act(operator, server, "send_event", "a", event_type="go")
    assert len(server.asked) == 1
    assert (result.outcome, result.exit_code) == ("unknown", 4)


async def test_429_that_cannot_be_read_after_is_unknown(operator, server, monkeypatch):
    server.add("a", "running")
    server.faults = ["429"]
    monkeypatch.setattr(server, "before_write", lambda _: server.read_faults.extend(["500"] * 90))
    (result,) = await act(operator, server, "restart", "a")
    assert len(server.asked) == 1
    assert (result.outcome, result.exit_code) == ("unknown", 4)


async def test_a_terminate_that_does_not_settle_in_time_is_exit_4(operator, server):
    server.add("a", "running")
    server._terminate = lambda run, rollback: None
    (result,) = await act(operator, server, "terminate", "a")
    assert (result.outcome, result.after, result.exit_code) == ("under way", "running", 4)


@pytest.mark.parametrize("fault", ["crash after", "redirect after", "no status after", "page 400 after"])
async def test_what_is_not_understood_is_read_and_never_sent_again(operator, server, fault):
    server.add("a", "errored")
    server.faults = [fault]
    (result,) = await act(operator, server, "restart", "a")
    assert server.asked == [("a", "restart")]
    assert (result.outcome, result.answered, result.exit_code) == ("done", "", 0)


async def test_429_for_ever_is_given_up(operator, server):
    server.add("a", "running")
    server.faults = ["429"] * 9
    (result,) = await act(operator, server, "pause", "a")
    assert (result.outcome, result.exit_code) == ("not reached", 5)
    assert len(server.asked) == 4


async def test_what_never_left_is_not_reached(operator, server):
    server.add("a", "running")
    server.faults = ["unsent"]
    (result,) = await act(operator, server, "pause", "a")
    assert (result.outcome, result.exit_code) == ("not reached", 5)


async def test_a_403_turns_writes_off_but_a_challenge_page_does_not(operator, server):
    server.add("a", "running")
    server.faults = ["challenge"]
    (result,) = await act(operator, server, "pause", "a")
    assert (result.outcome, result.exit_code) == ("unknown", 4)
    assert not operator.guard.read_only
    server.faults = ["403"]
    server.add("b", "running")
    first, two = await act(operator, server, "pause", "a", "b")
    assert first.outcome == "refused"
    assert two.outcome == "skipped"
    assert "The token may not write" in operator.guard.read_only
    assert server.accepted == []
    (result,) = await act(operator, server, "pause", "b")
    assert result.outcome == "skipped"
    assert result.error.startswith("read-only")


async def test_read_only_is_never_unset(operator, server):
    operator.forbid("asked for with --read-only")
    operator.forbid("")
    server.add("a", "running")
    (result,) = await act(operator, server, "pause", "a")
    assert result.error == "read-only: asked for with --read-only"
    assert server.asked == []


async def test_a_deleted_instance_is_told_and_nothing_is_sent(operator, server):
    server.add("a", "running")
    plan = make_plan("pause", "orders", rows(server), now=0, guard=operator.guard)
    del server.runs["a"]
    (result,) = await operator.carry_out(plan, lambda event: None)
    assert (result.outcome, result.exit_code) == ("skipped", 1)
    assert "not there any more" in result.error


async def test_an_id_never_seen_is_not_said_to_have_been_there(operator, server):
    plan = make_plan("pause", "orders", ["mistyped"], now=0, guard=operator.guard)
    (result,) = await operator.carry_out(plan, lambda event: None)
    assert (result.outcome, result.exit_code) == ("skipped", 1)
    assert "nothing sent" in result.error
    assert "any more" not in result.error


async def test_reread_is_tried_three_times_and_then_given_up(operator, server):
    server.add("a", "running")
    server.read_faults = ["500", "reset"]
    (result,) = await act(operator, server, "terminate", "a")
    assert result.outcome == "done"
    server.add("b", "running")
    server.read_faults = ["500"] * 9
    (result,) = await act(operator, server, "terminate", "b")
    assert (result.outcome, result.exit_code) == ("not reached", 5)
    assert ("b", "terminate") not in server.asked


async def test_a_reread_that_is_refused_or_hangs_is_not_repeated(operator, server, clock):
    server.add("a", "running")
    server.read_faults = ["400"]
    (result,) = await act(operator, server, "terminate", "a")
    assert (result.outcome, result.exit_code, server.reads) == ("refused", 1, ["a"])
    server.read_faults = ["hang"] * 9
    began = clock()
    (result,) = await act(operator, server, "terminate", "a")
    assert (result.outcome, result.exit_code) == ("not reached", 5)
    assert clock() - began < 60
    assert server.asked == []


async def test_what_would_do_nothing_is_sent_only_on_insistence(operator, server):
    server.add("a", "queued")
    (result,) = await act(operator, server, "pause", "a")
    assert result.outcome == "skipped"
    plan = make_plan("pause", "orders", rows(server), now=0, guard=operator.guard).insist()
    (result,) = await operator.carry_out(plan, lambda event: None)
    assert result.outcome == "no effect"
    assert server.accepted == [("a", "pause")]


async def test_a_bare_id_is_judged_by_what_is_read(operator, server):
    server.add("a", "complete")
    server.add("b", "running")
    plan = make_plan("terminate", "orders", ["a", "b", "a"], now=0, guard=operator.guard)
    assert [target.id for target in plan.unknown] == ["a", "b"]
    first, two = await operator.carry_out(plan, lambda event: None)
    assert (first.outcome, first.before) == ("skipped", "complete")
    assert (two.outcome, two.before) == ("done", "running")


async def test_many_are_read_by_list_pages_and_sent_one_by_one(operator, server):
    for number in range(250):
        server.add(f"o-{number}", "running" if number % 10 else "paused")
    results = await act(operator, server, "pause")
    assert len(results) == 250
    assert sum(each.outcome == "done" for each in results) == 225
    assert sum(each.outcome == "skipped" for each in results) == 25
    assert len(server.accepted) == len(set(server.accepted)) == 225
    assert len(server.reads) < 100, "one by one would be 225 and more"


async def test_stop_half_way_ends_with_exact_counts(operator, server):
    for number in range(250):
        server.add(f"o-{number}", "running")
    sent = 0

    def stop_at_half(event):
        nonlocal sent
        sent += isinstance(event, Progress) and event.stage == "answered"
        if sent == 125:
            operator.stop()

    results = await act(operator, server, "terminate", on_event=stop_at_half)
    assert len(server.accepted) == 125
    assert [each.outcome for each in results] == ["done"] * 125 + ["skipped"] * 125
    assert {each.error for each in results[125:]} == {"stopped before it was sent"}
    assert operator.running == ()


async def test_no_rows_are_no_targets(operator, server):
    server.add("a", "running")
    plan = make_plan("terminate", "orders", [], now=0, guard=operator.guard)
    assert await operator.carry_out(plan, lambda event: None) == []
    assert server.asked == []


def test_results_say_what_is_worth_another_try():
    def spoken(outcome):
        return Result("p", 0, "orders", "a", "pause", "running", "", "", Outcome(outcome))

    assert not spoken("done").failed
    assert not spoken("under way").failed
    assert all(spoken(outcome).failed for outcome in ("refused", "unknown", "skipped", "not reached"))
