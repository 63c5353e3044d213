"""What programs print, as the simulated telemetry and tail give it out."""

import asyncio
import json

import pytest
from starlette.datastructures import Headers

from tests.demo.bench import HEADERS, START, Bench
from wfdash.demo.engine.console import invocations
from wfdash.demo.engine.program import ALWAYS, Do, Sleep
from wfdash.demo.engine.world import build
from wfdash.demo.http.api import PREFIX, create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, READ_ONLY_TOKEN
from wfdash.demo.http.request_log import LoggedRequest

TELEMETRY = f"//accounts/{ACCOUNT_ID}/workers/observability/telemetry"
TAILS = f"//accounts/{ACCOUNT_ID}/workers/scripts/script/tails"


@pytest.fixture
def bench():
    """An instance that failed after a sleep, and one that is as it."""
    program = [Do("load", takes=1.0), Sleep("rest", "1 minute"), Do("pay", takes=2, fails=ALWAYS, limit=1)]
    bench = Bench(program).begun("job-1").begun("job-2")
    bench.later(200)
    bench.world.look()
    return bench


def query(bench, **more):
    frame = {"from": round((bench.now - 3600) * 1000), "to": round(bench.now * 1000)}
    return {"queryId": "q", "timeframe": frame, "view": "events", "limit": 2000} | more


def rows(bench, **parameters):
    found = bench.good("POST", f"{TELEMETRY}/query", query(bench, parameters=parameters))
    return found["events"]["events"]


def test_instance_prints_once_an_attempt_and_again_at_each_wake(bench):
    found = invocations(bench.work.by_id["job-1"], bench.now)
    assert [len([x for x in stay.lines if "runs" in str(x.args)]) for stay in found] == [1, 1, 1]
    attempts = [x for stay in found for x in stay.lines if "pay: attempt" in str(x.args)]
    assert [line.args[1] for line in attempts] == [{"attempt": 1}, {"attempt": 2}]
    levels = {line.level for stay in found for line in stay.lines}
    assert {"log", "error", "warn"} <= levels


def test_needle_finds_the_lines_that_name_an_instance(bench):
    named = rows(bench, needle={"value": "job-1"})
    assert named
    assert all("job-1" in json.dumps(row) for row in named)
    requests = {row["$metadata"]["requestId"] for row in named}
    asked = {"key": "$metadata.requestId", "operation": "in", "type": "string", "value": ",".join(requests)}
    every = rows(bench, filters=[asked])
    assert len(every) > len(named)
    assert {row["$metadata"]["requestId"] for row in every} == requests


def test_events_come_newest_first_and_in_pages(bench):
    every = rows(bench)
    ids = [row["$metadata"]["id"] for row in every]
    assert ids == sorted(ids, reverse=True)
    paged, offset = [], ""
    while True:
        body = query(bench, limit=7) | ({"offset": offset} if offset else {})
        page = bench.good("POST", f"{TELEMETRY}/query", body)["events"]["events"]
        paged += [row["$metadata"]["id"] for row in page]
        if len(page) < 7:
            break
        offset = paged[-1]
    assert paged == ids


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ({"timeframe": {"from": 2, "to": 1}}, 10002),
        ({"limit": 2001}, 10002),
        ({"queryId": 7}, 10002),
        ({"parameters": {"filters": [{"key": "a", "operation": "like", "type": "string"}]}}, 10002),
        ({"parameters": {"needle": {"value": "(", "isRegex": True}}}, 10002),
    ],
)
def test_bad_query_is_refused(bench, spoilt, code):
    assert bench.refused("POST", f"{TELEMETRY}/query", query(bench, **spoilt)) == (400, code)


def test_faults_of_telemetry(bench):
    telemetry = bench.app.state.telemetry
    every = len(rows(bench))
    telemetry.started = 2
    statuses = [bench.good("POST", f"{TELEMETRY}/query", query(bench))["run"]["status"] for _ in range(3)]
    assert statuses == ["STARTED", "STARTED", "COMPLETED"]
    telemetry.started, telemetry.sampled = 0, 4
    sampled = bench.good("POST", f"{TELEMETRY}/query", query(bench))
    assert sampled["statistics"]["abr_level"] == 4
    assert len(sampled["events"]["events"]) < every / 2
    telemetry.sampled, telemetry.lag = 1, 1e6
    assert rows(bench) == []


def test_read_only_token_reads_logs(bench):
    headers = {"Authorization": f"Bearer {READ_ONLY_TOKEN}"}
    assert bench.ask("POST", f"{TELEMETRY}/query", query(bench), headers=headers)[0] == 200


async def test_tail_sends_each_invocation_once_it_ended():
    bench = Bench([Do("load", takes=1.0), Sleep("rest", "1 minute"), Do("pay", takes=1.0)])
    created = bench.good("POST", TAILS, {"filters": []})
    to_app, to_us = asyncio.Queue(), asyncio.Queue()
    scope = {"type": "websocket", "path": f"/tail/{created['id']}", "subprotocols": ["trace-v1"]}
    await to_app.put({"type": "websocket.connect"})
    task = asyncio.ensure_future(bench.app(scope, to_app.get, to_us.put))
    assert (await to_us.get())["subprotocol"] == "trace-v1"
    bench.begun("job-9")
    bench.later(100)
    messages = [json.loads((await to_us.get())["bytes"]) for _ in range(2)]
    assert {message["tailAttributes"]["instanceId"] for message in messages} == {"job-9"}
    assert [message["event"] for message in messages] == [{"rpcMethod": "run"}] * 2
    assert bench.good("DELETE", f"{TAILS}/{created['id']}") is None
    assert (await to_us.get())["type"] == "websocket.close"
    await task
    assert bench.refused("DELETE", f"{TAILS}/{created['id']}") == (404, 10008)
    assert bench.refused("POST", TAILS.replace("script/", "nope/"), {}) == (404, 10007)


def test_every_world_can_be_asked_at_any_time():
    now = START
    app = create_app(build("incident", clock=lambda: now))
    path = f"{PREFIX}{TELEMETRY[1:]}/query"
    for _ in range(40):
        now += 7
        frame = {"from": round((now - 60) * 1000), "to": round(now * 1000)}
        body = {"queryId": "q", "timeframe": frame, "view": "events", "limit": 1000}
        asked = LoggedRequest(now, "POST", path, Headers(HEADERS), json.dumps(body).encode())
        assert app.answer(asked).http == 200


def test_server_remembers_only_the_last_requests_it_told_of(bench, monkeypatch):
    monkeypatch.setattr("wfdash.demo.http.telemetry._REMEMBERED", 4)
    served = bench.app.state.telemetry
    assert len({row["$metadata"]["requestId"] for row in rows(bench)}) > 4
    assert len(served._by_request) == 4
    served.started = 3
    for number in range(9):
        bench.good("POST", f"{TELEMETRY}/query", query(bench, queryId=f"q{number}"))
    assert list(served._asked) == ["q5", "q6", "q7", "q8"]
