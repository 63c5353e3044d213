"""Actions on the real engine: what is told of each is what the engine did, and the journal has it."""

import time

import pytest

from tests.engine.engine import WORKFLOW
from wfdash.api.connect import connect
from wfdash.api.interface import RestartFrom
from wfdash.config.settings import Settings
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import parse_time
from wfdash.core.why.diagnose import diagnose
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import Progress, make_plan
from wfdash.live.budget.budget import Budget
from wfdash.live.feeds.pauses import journalled_pauses
from wfdash.live.records.journal import Journal


@pytest.fixture
async def operator(engine, tmp_path):
    api = await connect(Settings(local=True, base_url=f"http://127.0.0.1:{engine.port}"))
    journal = Journal(tmp_path, profile="", account="", clock=time.time)
    yield Operator(api, budget=Budget(clock=time.time), journal=journal, clock=time.time)
    journal.close()
    await api.close()


async def act(operator, verb, identity, status, *, on_event=lambda event: None, **options):
    plan = make_plan(
        verb,
        WORKFLOW,
        [Instance(identity, status)],
        now=time.time(),
        guard=operator.guard,
        **options,
    )
    (result,) = await operator.carry_out(plan, on_event)
    return result


def journalled(operator):
    return [(each.event, each.after) for each in operator.journal.read()]


async def test_pause_during_a_busy_step_is_followed_to_its_end(engine, operator, fresh):
    gate = fresh("gate")
    identity = engine.create(fresh("busy"), "busy", gate=gate)
    engine.wait(identity, lambda detail: len(detail["steps"]) == 2)
    statuses = []

    def release_once_asked(event):
        if isinstance(event, Progress) and event.status:
            statuses.append(event.status)
            if event.stage == "following":
                engine.release(gate)

    results = await act(operator, "pause", identity, "running", on_event=release_once_asked)
    assert (results.outcome, results.answered, results.after) == ("done", "waitingForPause", "paused")
    assert statuses[0] == "waitingForPause"
    assert journalled(operator)[-1] == ("settled", "paused")
    assert engine.detail(identity)["status"] == "paused"
    results = await act(operator, "resume", identity, "paused")
    assert results.outcome == "done"


async def test_a_next_try_is_later_by_the_pause(engine, operator, fresh):
    identity = engine.create(fresh("slow-retry"), "slowRetry", delay="12 seconds")
    engine.wait(identity, lambda detail: detail["steps"] and detail["steps"][0]["attempts"][-1]["end"])
    assert (await act(operator, "pause", identity, "running")).after == "paused"
    engine.wait(engine.create(fresh("sleeper"), "sleeper", long="7 seconds"), "complete")
    await act(operator, "resume", identity, "paused")
    pauses = journalled_pauses(operator.journal.read(), WORKFLOW, identity)
    detail = read_detail(WORKFLOW, identity, engine.detail(identity))
    why = diagnose(detail, now=time.time(), local=True, paused=pauses)
    assert "next try in about" in why.sentence
    attempts = engine.wait(identity, lambda detail: len(detail["steps"][0]["attempts"]) == 2)["steps"][0]
    came = parse_time(attempts["attempts"][1]["start"])
    assert abs(came - why.deadline) < 1.5  # it would be 7 and more without the pause


async def test_a_restart_from_the_second_of_three_loop_steps(engine, operator, fresh):
    identity = engine.create(fresh("loop"), "loop")
    before = engine.wait(identity, "complete")
    results = await act(
        operator, "restart_from", identity, "complete", restart_from=RestartFrom("load page", 2)
    )
    assert results.outcome == "done", results
    after = engine.wait(
        identity,
        lambda now: now["status"] == "complete" and now["steps"][2]["start"] != before["steps"][2]["start"],
    )
    assert after["steps"][0] == before["steps"][0]


async def test_terminate_with_rollback_leaves_nothing_to_terminate(engine, operator, fresh):
    identity = engine.create(fresh("booking"), "booking")
    engine.wait(identity, lambda detail: len(detail["steps"]) == 4)
    results = await act(operator, "terminate_rollback", identity, "running")
    assert (results.outcome, results.after) == ("done", "terminated")
    results = await act(operator, "terminate", identity, "running")
    assert results.error == "was running, now terminated: nothing sent"


async def test_an_event_reaches_its_waiter(engine, operator, fresh):
    identity = engine.create(fresh("approval"), "approval")
    engine.wait(identity, lambda detail: len(detail["steps"]) == 2)
    results = await act(
        operator, "send_event", identity, "running", event_type="approve", payload={"by": "Ada"}
    )
    assert results.outcome == "done"
    assert engine.wait(identity, "complete")["output"] == {"by": "Ada"}
    assert "Ada" not in str(operator.journal.read())


async def test_a_restart_that_completes_at_once_is_no_silent_nothing(engine, operator, fresh):
    identity = engine.create(fresh("quick"), "quick")
    engine.wait(identity, "complete")
    results = await act(operator, "restart", identity, "complete")
    assert results.outcome == "done", results
    results = await act(operator, "pause", identity, "")
    assert (results.outcome, results.error) == ("skipped", "it is complete: nothing is left to pause")


async def test_an_id_no_list_shows_is_never_asked_for(engine, operator):
    before = engine.listing()["result_info"]["total_count"]
    results = await act(operator, "terminate", "never-made", "")
    assert results.outcome == "skipped"
    assert engine.listing()["result_info"]["total_count"] == before
