"""Answers of every wrong shape: built after the published schema, then broken; each is read or reported."""

import asyncio
import copy
import gzip
import json
import random
from contextlib import asynccontextmanager

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wfdash.api.connect import connect
from wfdash.api.errors import WorkflowsError
from wfdash.api.paging import walk
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.lazy_steps import plain

HOSTILE = (
    None, True, False, 0, -1, 1.5, 10**400, -(10**400), 10**4299, float("nan"), float("inf"), float("-inf"),
    "", "x", "\x1b]0;t\x07", "[/x]", "[@click=app.quit]", "\ud83d", "\u202e", "0", "NaN", "2026-11-21",
    "2026-11-21T10:58:42.160Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "-2026-11-21T10:58:42Z", "2026-11-21T10:58:42.160+26:00", "x" * 10_000, [], {}, [None], [[]], {"": None},
    {"message": 3}, {"source": []}, {"limit": "many"},
)  # fmt: skip
STATUSES = st.sampled_from(
    ["queued", "running", "waiting", "complete", "errored", "rollingBack", "someday", ""]
)
MOMENTS = st.one_of(st.none(), st.sampled_from(["2026-11-21T10:58:42.160Z", "2026-11-21T10:58:42Z", "soon"]))
IDS = st.sampled_from(["a", "b", "*/30 * * * *-1786001400000", "f" * 64, "", "\ud83d"])
FAILURE = st.one_of(st.none(), st.fixed_dictionaries({"name": st.text(), "message": st.text()}))
ITEM = st.fixed_dictionaries(
    {
        "id": IDS,
        "status": STATUSES,
        "created_on": MOMENTS,
        "modified_on": MOMENTS,
        "started_on": MOMENTS,
        "ended_on": MOMENTS,
        "version_id": st.text(),
        "workflow_id": st.text(),
        "trigger_source": st.text(),
    }
)
SCHEDULE = st.fixed_dictionaries({"cron": st.text(), "next_instance": MOMENTS})
RETRIES = st.fixed_dictionaries({"limit": st.integers(), "delay": st.text(), "backoff": st.text()})
CODES = st.sampled_from([200, 200, 200, 200, 204, 304, 404, 429, 500])
WORKFLOW = st.fixed_dictionaries(
    {
        "id": st.text(),
        "name": IDS,
        "class_name": st.text(),
        "created_on": MOMENTS,
        "triggered_on": MOMENTS,
        "instances": st.dictionaries(STATUSES, st.integers(0, 10**9)),
        "schedules": st.lists(
            st.fixed_dictionaries({"cron": st.text(), "next_instance": MOMENTS}), max_size=2
        ),
        "script_deleted": st.booleans(),
    }
)
ATTEMPT = st.fixed_dictionaries(
    {"start": MOMENTS, "end": MOMENTS, "success": st.one_of(st.none(), st.booleans()), "error": FAILURE}
)
STEP = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["step", "sleep", "waitForEvent", "rollback", "termination", "yet-unknown"]),
        "name": st.text(),
        "start": MOMENTS,
        "end": MOMENTS,
        "success": st.one_of(st.none(), st.booleans()),
        "finished": st.booleans(),
        "error": FAILURE,
        "output": st.sampled_from(HOSTILE),
        "config": st.fixed_dictionaries(
            {
                "retries": st.fixed_dictionaries(
                    {"limit": st.integers(), "delay": st.text(), "backoff": st.text()}
                ),
                "timeout": st.text(),
            }
        ),
        "attempts": st.lists(ATTEMPT, max_size=3),
        "trigger": st.fixed_dictionaries({"source": st.text()}),
    }
)
DETAIL = st.fixed_dictionaries(
    {
        "status": STATUSES,
        "params": st.sampled_from(HOSTILE),
        "trigger": st.fixed_dictionaries({"source": st.text()}),
        "versionId": st.text(),
        "queued": MOMENTS,
        "start": MOMENTS,
        "end": MOMENTS,
        "success": st.one_of(st.none(), st.booleans()),
        "error": FAILURE,
        "output": st.sampled_from(HOSTILE),
        "steps": st.lists(STEP, max_size=4),
        "step_count": st.integers(),
        "rollback": st.one_of(st.none(), st.fixed_dictionaries({"outcome": st.text(), "error": FAILURE})),
        "schedule": st.fixed_dictionaries({"cron": st.text(), "scheduledTime": st.integers()}),
    }
)
INFO = st.fixed_dictionaries(
    {
        "count": st.integers(),
        "per_page": st.integers(),
        "total_count": st.integers(),
        "total_pages": st.integers(),
        "cursor": st.sampled_from([None, "", "next", 3]),
        "status_counts": st.dictionaries(STATUSES, st.integers()),
    }
)
RESULT = st.one_of(st.lists(ITEM, max_size=5), st.lists(WORKFLOW, max_size=3), DETAIL, STEP, st.none())
ENVELOPE = st.fixed_dictionaries(
    {
        "success": st.sampled_from([True, True, True, False, None]),
        "errors": st.lists(st.fixed_dictionaries({"code": st.integers(), "message": st.text()}), max_size=2),
        "messages": st.lists(st.text(), max_size=2),
        "result": RESULT,
        "result_info": INFO,
    }
)


def broken(value, dice, breaks):
    """The value with some places removed, doubled, or put something hostile in."""
    value = copy.deepcopy(value)
    for _ in range(breaks):
        holder, key = None, None
        here = value
        while isinstance(here, dict | list) and here and dice.random() < 0.85:
            holder, key = here, dice.choice(list(here) if isinstance(here, dict) else range(len(here)))
            here = here[key]
        if holder is None:
            continue
        match dice.randrange(4):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.append(here)
            case 2 if isinstance(holder, dict):
                holder[dice.choice(["new", "", "id", "\x1b"])] = here
            case _:
                holder[key] = copy.deepcopy(dice.choice(HOSTILE))
    return value


def spoiled(body, dice):
    """The body's bytes as they are, or cut, bent, or packed."""
    match dice.randrange(8):
        case 0:
            return body[: dice.randrange(len(body) + 1)], {}
        case 1 if body:
            at = dice.randrange(len(body))
            return body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :], {}
        case 2:
            return gzip.compress(body), {"content-encoding": "gzip"}
        case 3:
            return gzip.compress(body)[: dice.randrange(20, 60)], {"content-encoding": "gzip"}
        case 4:
            return body, {"content-encoding": dice.choice(["br", "deflate", "nonsense"])}
    return body, {}


@asynccontextmanager
async def answered(status, body, headers, *, local=False):
    def answer(request):
        if local and request.url.path.endswith("/explorer/api"):
            patch = {"requestBody": {"properties": {"status": {}}}}
            paths = {"/workflows/{workflow_name}/instances/{instance_id}/status": {"patch": patch}}
            return httpx.Response(200, stream=Bytes(json.dumps({"paths": paths}).encode()))
        if local and request.url.path.endswith("/explorer/api/workflows"):
            return httpx.Response(200, stream=Bytes(b'{"success": true, "result": []}'))
        return httpx.Response(status, headers=headers, stream=Bytes(body))

    credential = Credential("obviously-fake-token", source="test")
    base = "http://127.0.0.1:1" if local else "https://api.cloudflare.com/client/v4"
    given_settings = Settings(account_id="acme", base_url=base, credential=credential, local=local)
    api = await connect(given_settings, transport=httpx.MockTransport(answer))
    try:
        yield api
    finally:
        await api.close()


class Bytes(httpx.AsyncByteStream):
    """A body that is decoded as it is read, as off a socket."""

    def __init__(self, body):
        self.body = body

    async def __aiter__(self):
        yield self.body


async def everything(api):
    """Ask for everything; returns how many asks were answered, the others having raised WorkflowsError."""
    answered_well, sentences = 0, []
    asks = [
        read_rows(api),
        read_detail_of(api),
        api.list_workflows(),
        api.get_workflow("orders"),
        api.change_status("orders", "a", "pause"),
        api.send_event("orders", "a", "paid", {}),
        api.get_step("orders", "a", "x-1"),
        api.list_versions("orders"),
        api.list_accounts(),
        api.verify_token(),
    ]
    try:
        while asks:
            try:
                await asks.pop(0)
                answered_well += 1
            except WorkflowsError as failure:
                sentences.append(failure.sentence)
    finally:
        for ask in asks:
            ask.close()
    assert all(sentences)
    return answered_well


async def read_rows(api):
    pages = 0
    async for page in walk(api, "orders"):
        pages += 1
        assert pages < 9, "a server that goes round in circles must not hold us"
        for item in page.items:
            row = Instance.from_item(item)
            assert row is None or json.dumps(row.item(), sort_keys=True) == json.dumps(item, sort_keys=True)


async def read_detail_of(api):
    answer = await api.get_instance("orders", "a")
    detail = read_detail("orders", "a", answer.result, refusal=answer.refusal)
    assert json.dumps(plain(detail.raw)) == json.dumps(plain(answer.result))


CALM = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@CALM
@given(
    ENVELOPE, st.integers(0, 6), st.integers(), st.sampled_from([200, 200, 200, 200, 204, 304, 404, 429, 500])
)
def test_an_answer_of_any_shape_is_read_or_reported(envelope, breaks, seed, status):
    dice = random.Random(seed)
    body, headers = spoiled(json.dumps(broken(envelope, dice, breaks)).encode(), dice)

    async def ask():
        async with answered(status, body, headers) as api:
            await everything(api)

    asyncio.run(ask())


@CALM
@given(ENVELOPE, st.integers(0, 6), st.integers())
def test_a_dev_sessions_answer_of_any_shape_is_read_or_reported(envelope, breaks, seed):
    dice = random.Random(seed)
    body, headers = spoiled(json.dumps(broken(envelope, dice, breaks)).encode(), dice)

    async def ask():
        async with answered(200, body, headers, local=True) as api:
            await everything(api)

    asyncio.run(ask())


@CALM
@given(st.binary(max_size=300), st.sampled_from([200, 302, 403, 500]), st.text(max_size=20))
def test_bytes_of_any_kind_are_reported(body, status, media):
    headers = {"content-type": media.encode("utf-8")}

    async def ask():
        async with answered(status, body, headers) as api:
            await everything(api)

    asyncio.run(ask())


def test_a_good_answer_would_pass_all_of_this():
    """So that the tests above cannot pass by everything being refused."""
    body = json.dumps({"success": True, "errors": [], "result": [{"id": "a", "name": "orders"}]}).encode()

    async def ask():
        async with answered(200, body, {}) as api:
            return await everything(api)

    assert asyncio.run(ask()) >= 8
