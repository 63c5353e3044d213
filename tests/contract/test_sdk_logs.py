"""The official SDK as a client of the simulated telemetry and tails, its models checked strictly."""

import json
import time

import pytest
from cloudflare import Cloudflare
from cloudflare.types.workers.observability import (
    TelemetryKeysResponse,
    TelemetryQueryResponse,
    TelemetryValuesResponse,
)
from cloudflare.types.workers.scripts import TailCreateResponse


@pytest.fixture
def sdk(server):
    env = server.env
    with Cloudflare(
        base_url=env["CLOUDFLARE_BASE_URL"], api_token=env["CLOUDFLARE_API_TOKEN"], max_retries=0
    ) as client:
        yield client


@pytest.fixture
def account(server):
    return server.env["CLOUDFLARE_ACCOUNT_ID"]


def frame():
    now = round(time.time() * 1000)
    return {"from": now - 3 * 3_600_000, "to": now}


def test_query_of_one_instance(sdk, account):
    failed = sdk.workflows.instances.list("orders", account_id=account, status="errored").result[0]
    service = {"key": "$metadata.service", "operation": "eq", "type": "string", "value": "shop-worker"}
    answer = sdk.workers.observability.telemetry.with_raw_response.query(
        account_id=account,
        query_id="one",
        timeframe=frame(),
        view="events",
        limit=100,
        parameters={"filters": [service], "needle": {"value": failed.id}},
    )
    result = json.loads(answer.read())["result"]
    assert result["run"]["query"]["parameters"].pop("needle") == {
        "value": failed.id
    }  # its model takes no text
    checked = TelemetryQueryResponse.model_validate(result)
    assert checked.run.status == "COMPLETED"
    assert checked.events is not None
    assert checked.events.events
    for event in checked.events.events:
        assert event.metadata.service == "shop-worker"
        assert event.workers is not None
        assert (event.workers.event_type, event.workers.entrypoint) == ("workflow", "OrderWorkflow")


def test_keys_and_values(sdk, account):
    keys = list(sdk.workers.observability.telemetry.keys(account_id=account))
    assert {"$metadata.requestId", "$workers.eventType"} <= {entry.key for entry in keys}
    assert all(TelemetryKeysResponse.model_validate(entry.model_dump(by_alias=True)) for entry in keys)
    values = list(
        sdk.workers.observability.telemetry.values(
            account_id=account, datasets=[], key="$workers.entrypoint", type="string", timeframe=frame()
        )
    )
    assert "OrderWorkflow" in {entry.value for entry in values}
    assert all(TelemetryValuesResponse.model_validate(entry.model_dump(by_alias=True)) for entry in values)


def test_tail_is_made_listed_and_deleted(sdk, account):
    tails = sdk.workers.scripts.tail
    created = tails.create("shop-worker", account_id=account)
    assert TailCreateResponse.model_validate(created.model_dump()).url.startswith("ws://127.0.0.1:")
    assert tails.delete(created.id, account_id=account, script_name="shop-worker")
