"""The client of a dev session against the real engine: what it lists, reads, changes and refuses."""

import pytest

from tests.engine.engine import WORKFLOW
from wfdash.api.connect import connect
from wfdash.api.errors import AlreadyExists, CannotTerminate, InstanceNotFound, Refused
from wfdash.api.interface import NewInstance, RestartFrom
from wfdash.config.settings import Settings
from wfdash.core.model.detail import read_detail
from wfdash.core.model.lazy_steps import plain


@pytest.fixture
async def client(engine):
    connected = await connect(Settings(local=True, base_url=f"http://127.0.0.1:{engine.port}"))
    yield connected
    await connected.close()


async def listed(client) -> dict[str, str]:
    page = await client.list_instances(WORKFLOW)
    return {item["id"]: item["status"] for item in page.items}


async def test_workflows_and_instances_are_listed(engine, client, fresh):
    identity = engine.create(fresh("quick"), "quick")
    engine.wait(identity, "complete")
    assert {"work", "never-used"} <= {found.name for found in (await client.list_workflows()).items}
    assert (await listed(client))[identity] == "complete"
    assert (await client.list_instances("never-used")).items == []
    assert client.watch_only == ""


async def test_a_detail_is_the_engines_own(engine, client, fresh):
    identity = engine.create(fresh("exhausted"), "exhausted")
    engine.wait(identity, "errored")
    answer = await client.get_instance(WORKFLOW, identity)
    assert plain(answer.result) == engine.detail(identity)
    detail = read_detail(WORKFLOW, identity, answer.result)
    assert [len(step.attempts) for step in detail.steps] == [1, 3]
    assert "insufficient funds" in detail.steps[1].attempts[-1].error.message


async def test_an_unknown_id_is_refused_without_asking_for_it(engine, client):
    before = engine.listing()["result_info"]["total_count"]
    with pytest.raises(InstanceNotFound):
        await client.get_instance(WORKFLOW, "never-made")
    with pytest.raises(InstanceNotFound):
        await client.change_status(WORKFLOW, "never-made", "pause")
    assert engine.listing()["result_info"]["total_count"] == before


async def test_pause_waits_for_a_busy_step_and_resume_goes_on(engine, client, fresh):
    identity = engine.create(fresh("busy"), "busy", gate=fresh("gate"))
    gate = engine.detail(identity)["params"]["gate"]
    engine.wait(identity, lambda detail: len(detail["steps"]) == 2)
    assert (await client.change_status(WORKFLOW, identity, "pause")).status == "waitingForPause"
    engine.release(gate)
    engine.wait(identity, "paused")
    assert (await client.change_status(WORKFLOW, identity, "resume")).status in ("running", "complete")
    engine.wait(identity, "complete")


async def test_terminate_is_refused_the_second_time(engine, client, fresh):
    identity = engine.create(fresh("sleeper"), "sleeper")
    assert (await client.change_status(WORKFLOW, identity, "terminate")).status == "terminated"
    with pytest.raises(CannotTerminate):
        await client.change_status(WORKFLOW, identity, "terminate")


async def test_restart_from_the_second_of_three(engine, client, fresh):
    identity = engine.create(fresh("loop"), "loop")
    before = engine.wait(identity, "complete")
    await client.change_status(WORKFLOW, identity, "restart", restart_from=RestartFrom("load page", 2))
    after = engine.wait(
        identity,
        lambda now: now["status"] == "complete" and now["steps"][2]["start"] != before["steps"][2]["start"],
    )
    same = [
        each["start"] == other["start"] for each, other in zip(before["steps"], after["steps"], strict=True)
    ]
    assert same == [True, False, False]
    with pytest.raises(Refused):
        await client.change_status(WORKFLOW, identity, "restart", restart_from=RestartFrom("load page-2"))


async def test_an_event_wakes_its_waiter(engine, client, fresh):
    identity = engine.create(fresh("approval"), "approval")
    engine.wait(identity, lambda detail: len(detail["steps"]) == 2)
    await client.send_event(WORKFLOW, identity, "approve", {"by": "ada", "né": "☃"})
    assert engine.wait(identity, "complete")["output"] == {"by": "ada", "né": "☃"}


async def test_created_once_under_the_given_id(engine, client, fresh):
    new = NewInstance(fresh("made"), params={"kind": "quick", "order": 0}, has_params=True)
    assert (await client.create_instance(WORKFLOW, new)).id == new.id
    assert engine.wait(new.id, "complete")["output"] == {"shipped": 0}
    with pytest.raises(AlreadyExists):
        await client.create_instance(WORKFLOW, new)


async def test_terminate_with_rollback_answers_after_the_handlers(engine, client, fresh):
    identity = engine.create(fresh("booking"), "booking")
    engine.wait(identity, lambda detail: len(detail["steps"]) == 4)
    answer = await client.change_status(WORKFLOW, identity, "terminate", rollback=True)
    assert answer.status == "terminated"
