"""wfdash's own client against the simulator: what it sends is as published, what it asks is answered."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import ValidationError
from starlette.datastructures import Headers

from tests.contract.shapes import BODIES, QUERIES, check
from tests.support.harness.simulator import Simulator
from wfdash.api.connect import connect
from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import Exchange, ListQuery, NewInstance, RestartFrom, Workflows
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings
from wfdash.demo.engine.world import build
from wfdash.demo.http.api import Application, create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.demo.http.request_log import LoggedRequest

START = 1_795_000_000.0


@pytest.fixture
def app() -> Application:
    return create_app(build("calm", clock=lambda: START))


@pytest.fixture
async def api(app: Application) -> AsyncIterator[Workflows]:
    settings = Settings(
        account_id=ACCOUNT_ID,
        base_url="http://simulator.invalid/client/v4",
        credential=Credential(TOKEN, source="CLOUDFLARE_API_TOKEN"),
    )
    client = await connect(settings, transport=httpx.ASGITransport(app=app))
    yield client
    await client.close()


async def test_everything_it_sends_is_as_published(app: Application, api: Workflows) -> None:
    await api.verify_token()
    await api.list_accounts()
    await api.list_workflows(search="orders")
    await api.get_workflow("orders")
    await api.list_versions("orders")
    page = await api.list_instances("orders", ListQuery(per_page=20, status="complete", direction="asc"))
    assert page.cursor
    await api.list_instances("orders", ListQuery(cursor=page.cursor, per_page=20))
    await api.list_instances("orders", ListQuery(page=2, date_start=START - 9000, date_end=START))
    identity = page.items[0]["id"]
    detail = await api.get_instance("orders", identity, simple=True, order="desc")
    assert detail.result["status"] == "complete"
    [cron, *_] = (await api.list_instances("inventory-sync")).items
    assert (await api.get_instance("inventory-sync", cron["id"])).result["trigger"] == {"source": "cron"}
    assert (await api.get_step("orders", identity, "load order-1")).result
    assert (await api.get_step("orders", identity, "load order-1", attempt=1)).result
    new = NewInstance("mine", {"a": [1]}, True, "5 minutes", 60_000, "weur")
    assert (await api.create_instance("onboarding", new)).id == "mine"
    batch = [NewInstance("mine"), NewInstance("other", None, True), NewInstance("third")]
    assert [created.id for created in await api.create_instances("onboarding", batch)] == ["other", "third"]
    await api.send_event("onboarding", "mine", "email-verified", {"verified": True})
    await api.change_status("onboarding", "mine", "pause")
    await api.change_status("onboarding", "mine", "resume")
    await api.change_status("onboarding", "mine", "terminate", rollback=True)
    await api.change_status("onboarding", "other", "terminate")
    await api.change_status("onboarding", "mine", "restart")
    start = RestartFrom("load order", 1, "do")
    await api.change_status("orders", identity, "restart", restart_from=start)
    touched = {check(asked) for asked in app.state.requests}
    everything = {f"GET {path}" for path in QUERIES} | {f"{method} {path}" for method, path in BODIES}
    assert touched == everything
    assert all(asked.http == 200 for asked in app.state.requests)


async def test_a_stream_comes_back_as_bytes(api: Workflows) -> None:
    done = (await api.list_instances("media-transcode", ListQuery(status="complete"))).items[0]["id"]
    assert (await api.get_step("media-transcode", done, "thumbnail-1")).content.startswith(b"\x89PNG")


async def test_a_write_is_sent_once_whatever_comes_of_it(app: Application, api: Workflows) -> None:
    from wfdash.demo.http.faults import InjectedFault

    [row, *_] = (await api.list_instances("orders", ListQuery(status="waiting"))).items
    for kind in ("500", "html", "429", "403", "truncate"):
        app.state.requests.clear()
        app.state.faults[:] = [InjectedFault.parse(f"{kind}@PATCH")]
        with pytest.raises(WorkflowsError):
            await api.change_status("orders", row["id"], "terminate")
        assert len(app.state.requests.of("PATCH")) == 1, kind


@pytest.mark.parametrize("kind", ["nulls", "unknown"])
async def test_strange_answers_are_read(app: Application, api: Workflows, kind: str) -> None:
    from wfdash.demo.http.faults import InjectedFault

    app.state.faults.append(InjectedFault.parse(kind))
    assert (await api.list_workflows()).items
    page = await api.list_instances("orders")
    assert len(page.items) == 100
    assert (await api.get_instance("orders", page.items[-1]["id"])).result


async def test_a_partial_answer_is_kept(app: Application, api: Workflows) -> None:
    from wfdash.demo.http.faults import InjectedFault

    [row, *_] = (await api.list_instances("orders", ListQuery(status="complete"))).items
    app.state.faults.append(InjectedFault.parse("partial:1"))
    answer = await api.get_instance("orders", row["id"])
    assert answer.refusal
    assert len(answer.result["steps"]) == 1 < answer.result["step_count"]
    assert not (await api.get_instance("orders", row["id"])).refusal


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/orders/instances/x/status", b'{"status":"pause","rollback":false}'),
        ("PATCH", "/orders/instances/x/status", b'{"status":"restart","from":null}'),
        ("PATCH", "/orders/instances/x/status", b'{"status":"restart","from":{"count":1}}'),
        ("POST", "/orders/instances", b'{"id":"x"}'),
        ("POST", "/orders/instances", b'{"instance_id":"x","location_hint":"moon"}'),
        ("POST", "/orders/instances/batch", b"[]"),
        ("GET", "/orders/instances?status=sleeping", b""),
        ("GET", "/orders/instances?limit=5", b""),
        ("DELETE", "/orders/instances/x", b""),
    ],
)
def test_the_check_can_fail(method: str, path: str, body: bytes) -> None:
    headers = Headers({"authorization": "Bearer x", "content-type": "application/json"})
    full = f"/client/v4/accounts/{ACCOUNT_ID}/workflows{path}"
    with pytest.raises((AssertionError, ValidationError)):
        check(LoggedRequest(START, method, full, headers, body))


async def test_tail_over_a_real_websocket(server: Simulator) -> None:
    env = server.env
    settings = Settings(
        account_id=env["CLOUDFLARE_ACCOUNT_ID"],
        base_url=env["CLOUDFLARE_BASE_URL"],
        credential=Credential(TOKEN, source="CLOUDFLARE_API_TOKEN"),
    )
    exchanges: list[Exchange] = []
    api = await connect(settings, observer=exchanges.append)
    stream = api.log_stream()
    assert stream is not None
    following = stream.follow("shop-worker", "orders")
    try:
        async with asyncio.timeout(90):
            page = await anext(following)
    finally:
        await following.aclose()
        await api.close()
    assert page.lines
    assert all(line.source == "tail" and line.instance.startswith("order-") for line in page.lines)
    assert [exchange.method for exchange in exchanges] == ["POST", "DELETE"]
