"""The official Python SDK as a client of the simulator."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import cloudflare
import pytest
from cloudflare import AsyncCloudflare, Cloudflare

from tests.support.harness.simulator import Simulator

_numbers = count(1)


@pytest.fixture
def account(server: Simulator) -> str:
    return server.env["CLOUDFLARE_ACCOUNT_ID"]


@pytest.fixture
def sdk(server: Simulator) -> Iterator[Cloudflare]:
    env = server.env
    with Cloudflare(
        base_url=env["CLOUDFLARE_BASE_URL"], api_token=env["CLOUDFLARE_API_TOKEN"], max_retries=0
    ) as client:
        yield client


@pytest.fixture
async def async_sdk(server: Simulator) -> AsyncIterator[AsyncCloudflare]:
    env = server.env
    async with AsyncCloudflare(
        base_url=env["CLOUDFLARE_BASE_URL"], api_token=env["CLOUDFLARE_API_TOKEN"], max_retries=0
    ) as client:
        yield client


@pytest.fixture
def mine(sdk: Cloudflare, account: str) -> str:
    """An instance of onboarding made for one test: it waits for an e-mail to be verified."""
    identity = f"sdk-{next(_numbers)}"
    created = sdk.workflows.instances.create("onboarding", account_id=account, instance_id=identity)
    assert created.status == "queued"
    return created.id


def test_workflows(sdk, account):
    found = {subject.name: subject for subject in sdk.workflows.list(account_id=account)}
    assert {"orders", "billing", "onboarding", "inventory-sync"} <= set(found)
    orders = found["orders"]
    assert orders.class_name == "OrderWorkflow"
    assert isinstance(orders.created_on, datetime)
    assert orders.instances["complete"] > 100
    assert found["inventory-sync"].schedules[0].cron == "*/30 * * * *"
    assert sdk.workflows.get("orders", account_id=account).id == orders.id
    versions = list(sdk.workflows.versions.list("orders", account_id=account))
    assert len(versions) == 2
    subject = sdk.workflows.versions.get(versions[0].id, account_id=account, workflow_name="orders")
    assert subject.model_dump() == versions[0].model_dump()


def test_the_pages_end(sdk, account):
    pager = sdk.workflows.instances.list("orders", account_id=account, per_page=100, status="errored")
    rows = list(pager)
    assert len({row.id for row in rows}) == len(rows) > 10
    assert {row.status for row in rows} == {"errored"}
    assert all(row.ended_on is not None for row in rows)


def test_cursor_and_dates(sdk, account):
    first = sdk.workflows.instances.list("orders", account_id=account, per_page=5)
    cursor = first.result_info.model_extra["cursor"]
    second = sdk.workflows.instances.list("orders", account_id=account, per_page=5, cursor=cursor)
    assert not {row.id for row in first.result} & {row.id for row in second.result}
    assert second.result[0].created_on < first.result[-1].created_on
    since = datetime.now(UTC) - timedelta(hours=2)
    recent = sdk.workflows.instances.list("orders", account_id=account, date_start=since, per_page=100)
    assert recent.result
    assert all(row.created_on >= since for row in recent.result)


def test_the_graph_of_a_version(sdk, account):
    [version, *_] = sdk.workflows.versions.list("orders", account_id=account)
    answer = sdk.workflows.versions.graph(version.id, account_id=account, workflow_name="orders")
    assert answer.id == version.id
    assert {node.type for node in answer.graph.workflow.nodes} >= {"step_do", "step_wait_for_event"}


def test_every_kind_of_step_is_read(sdk, account):
    seen = set()
    for workflow, status in (("orders", "terminated"), ("refunds", "errored"), ("onboarding", "waiting")):
        rows = sdk.workflows.instances.list(workflow, account_id=account, status=status).result
        for row in rows[:8]:
            detail = sdk.workflows.instances.get(row.id, account_id=account, workflow_name=workflow)
            assert detail.step_count > 0
            assert detail.status == status
            seen |= {step.type for step in detail.steps}
    assert seen == {"step", "sleep", "waitForEvent", "termination", "rollback"}


def test_a_whole_life(sdk, account, mine, until):
    instances, where = sdk.workflows.instances, {"account_id": account, "workflow_name": "onboarding"}
    until(lambda: instances.get(mine, **where).status == "waiting")
    edit = instances.status.edit
    assert edit(mine, **where, status="pause").status == "paused"
    assert edit(mine, **where, status="resume").status in ("running", "waiting", "queued")
    sent = instances.events.create("email-verified", **where, instance_id=mine, body={"verified": True})
    assert sent.instance_id == mine

    def verified():
        steps = instances.get(mine, **where).steps
        return any(step.type == "waitForEvent" and step.finished for step in steps)

    until(verified)
    step = instances.step(mine, **where, name="create workspace-1", type="step")
    assert step.status == "complete"
    assert set(step.output) == {"workspace"}
    again = edit(mine, **where, status="restart", from_={"name": "e-mail verified", "type": "waitForEvent"})
    assert again.status == "queued"
    assert edit(mine, **where, status="terminate").status == "terminated"
    with pytest.raises(cloudflare.ConflictError) as refused:
        edit(mine, **where, status="terminate")
    assert refused.value.errors[0].code == 10401


def test_a_batch_skips_what_exists(sdk, account, mine):
    body = [{"instance_id": mine}, {"instance_id": f"{mine}-b"}, {}]
    created = list(sdk.workflows.instances.bulk("onboarding", account_id=account, body=body))
    assert len(created) == 2
    assert created[0].id == f"{mine}-b"


def test_a_cron_id_is_encoded(sdk, account):
    rows = sdk.workflows.instances.list("inventory-sync", account_id=account).result
    assert rows[0].id.startswith("*/30 * * * *-")
    detail = sdk.workflows.instances.get(rows[0].id, account_id=account, workflow_name="inventory-sync")
    assert detail.trigger.source == "cron"
    assert detail.schedule.cron == "*/30 * * * *"


def test_refusals_have_their_classes(sdk, account, server):
    with pytest.raises(cloudflare.NotFoundError) as missing:
        sdk.workflows.instances.get("nobody", account_id=account, workflow_name="orders")
    assert missing.value.errors[0].code == 10400
    with pytest.raises(cloudflare.NotFoundError):
        sdk.workflows.get("nothing", account_id=account)
    with pytest.raises(cloudflare.BadRequestError):
        sdk.workflows.instances.list("orders", account_id=account, per_page=500)
    with pytest.raises(cloudflare.PermissionDeniedError):
        sdk.workflows.get("orders", account_id="0" * 32)
    with (
        Cloudflare(base_url=server.env["CLOUDFLARE_BASE_URL"], api_token="wrong", max_retries=0) as stranger,
        pytest.raises(cloudflare.AuthenticationError),
    ):
        stranger.workflows.get("orders", account_id=account)


async def test_the_async_client(async_sdk, account):
    instances, where = async_sdk.workflows.instances, {"account_id": account, "workflow_name": "onboarding"}
    ids = [row.id async for row in instances.list("billing", account_id=account, per_page=50)]
    assert len(set(ids)) == len(ids) > 60
    identity = f"sdk-{next(_numbers)}"
    await instances.create("onboarding", account_id=account, instance_id=identity, params='{"a": 1}')
    detail = await instances.get(identity, **where)
    assert detail.params == '{"a": 1}'
    assert (await instances.status.edit(identity, **where, status="terminate")).status == "terminated"
    assert (await async_sdk.user.tokens.verify()).status == "active"
    assert [each.id async for each in async_sdk.accounts.list()] == [account]
