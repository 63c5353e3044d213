"""The dialect: envelopes, codes, pages, cursors, credentials, limits and what is refused."""

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from tests.demo.bench import BASE, HEADERS, START, Bench
from wfdash.demo.engine.program import ALWAYS, Do, Sleep, Wait
from wfdash.demo.engine.times import instant, iso
from wfdash.demo.engine.workflow import Cron
from wfdash.demo.http.credentials import ACCOUNT_ID, EMAIL, KEY, READ_ONLY_TOKEN
from wfdash.demo.http.request_log import LoggedRequest

STATUS = "/jobs/instances/one/status"


@pytest.fixture
def bench():
    return Bench([Do("a"), Wait("w", "go")]).begun()


def test_the_envelope(bench):
    http, envelope = bench.ask("GET", "")
    assert http == 200
    assert [envelope[key] for key in ("success", "errors", "messages")] == [True, [], []]
    assert envelope["result"][0]["name"] == "jobs"
    assert envelope["result"][0]["instances"]["running"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("GET", "/nope", None, (404, 10200)),
        ("GET", "/nope/instances", None, (404, 10200)),
        ("GET", "/jobs/instances/nope", None, (404, 10400)),
        ("PATCH", "/jobs/instances/nope/status", {"status": "pause"}, (404, 10400)),
        ("GET", "/jobs/instances/a/b/c", None, (404, 7000)),
        ("POST", "/jobs/instances/batch/delete", {"ids": ["one"]}, (404, 7000)),
        ("GET", "/jobs/versions/x/dag", None, (404, 7000)),
        ("DELETE", "/jobs/instances/one", None, (405, 7001)),
        ("PUT", "/jobs", {"script_name": "s", "class_name": "C"}, (405, 7001)),
        ("DELETE", "/jobs", None, (405, 7001)),
        ("POST", "/jobs/versions", {}, (405, 7001)),
        ("GET", "/jobs/versions/nope/graph", None, (404, 10201)),
        ("PATCH", STATUS, {"status": "stop"}, (400, 10002)),
        ("PATCH", STATUS, {"action": "pause"}, (400, 10002)),
        ("PATCH", STATUS, {"status": "pause", "rollback": False}, (400, 10002)),
        ("PATCH", STATUS, {"status": "terminate", "from": {"name": "a"}}, (400, 10002)),
        ("PATCH", STATUS, {"status": "restart", "rollback": True}, (400, 10002)),
        ("PATCH", STATUS, {"status": "terminate", "rollback": None}, (400, 10002)),
        ("PATCH", STATUS, [], (400, 10002)),
        ("POST", "/jobs/instances/one/events/order.paid", {}, (400, 10002)),
        ("POST", "/jobs/instances", {"instance_id": "one"}, (400, 10405)),
        ("POST", "/jobs/instances", {"instance_id": "-dash"}, (400, 10002)),
        ("POST", "/jobs/instances", {"instance_id": "a.b"}, (400, 10002)),
        ("POST", "/jobs/instances", {"instance_id": "x" * 101}, (400, 10002)),
        ("POST", "/jobs/instances", {"instance_id": None}, (400, 10002)),
        ("POST", "/jobs/instances", {"instance_id": "batch"}, (400, 10404)),
        ("POST", "/jobs/instances", {"instance_id": "cf_" + "a" * 64}, (400, 10404)),
        ("POST", "/jobs/instances", {"params": "x" * (1 << 20)}, (400, 10002)),
        ("POST", "/jobs/instances", {"location_hint": "moon"}, (400, 10002)),
        ("POST", "/jobs/instances", {"instance_retention": {"success_retention": "soon"}}, (400, 10002)),
        ("POST", "/jobs/instances/batch", [], (400, 10002)),
        ("POST", "/jobs/instances/batch", [{}] * 101, (400, 10002)),
        ("POST", "/jobs/instances/batch", {"instances": []}, (400, 10002)),
        ("POST", "/jobs/instances/one/events/go", "x" * (1 << 20), (400, 10002)),
        ("GET", "/jobs/instances/one/step", None, (400, 10002)),
    ],
)
def test_refusals(bench, method, path, body, answer):
    assert bench.refused(method, path, body) == answer


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": 101},
        {"per_page": 0},
        {"page": 0},
        {"page": "x"},
        {"status": "sleeping"},
        {"status": "running,queued"},
        {"date_start": "2026-01-01"},
        {"date_start": "2026-01-01T00:00:00+02:00"},
        {"date_start": "2026-01-01T00:00:00"},
        {"date_end": "2026-01-01T00:00:00.000"},
        {"date_start": iso(START), "date_end": iso(START - 1)},
        {"direction": "up"},
        {"cursor": "%%%"},
        {"cursor": "ZGVzYzox", "page": 1},
    ],
)
def test_bad_queries(bench, query):
    assert bench.refused("GET", "/jobs/instances", **query) == (400, 10002)


@pytest.mark.parametrize("text", ["", " ", "a b", "x" * 65, "-x", "a.b"])
def test_a_search_for_what_no_workflow_is_called(bench, text):
    assert bench.refused("GET", "", search=text) == (400, 10002)


@pytest.mark.parametrize("offset", ["Z", "+00:00"])
def test_a_moment_in_utc_is_taken_in_either_form(bench, offset):
    assert bench.listing(date_start=f"2026-01-01T00:00:00{offset}")["result"]


def test_a_method_that_is_not_served_names_those_that_are(bench):
    asked = LoggedRequest(bench.now, "DELETE", f"/client/v4{BASE}/jobs/instances", Headers(HEADERS), b"")
    assert bench.app.answer(asked).headers["Allow"] == "GET, POST"


def test_no_code_has_two_meanings(bench):
    paths = [
        ("GET", "/nope"),
        ("GET", "/jobs/instances/nope"),
        ("GET", "/jobs/versions/nope"),
        ("GET", "/a/b/c"),
    ]
    paths += [("DELETE", "/jobs"), ("GET", "/jobs/instances/one/step")]
    bodies = [{"instance_id": each} for each in ("batch", "one", "-")]
    messages = {}
    for method, path, body in [
        *((*each, None) for each in paths),
        *(("POST", "/jobs/instances", b) for b in bodies),
    ]:
        _, envelope = bench.ask(method, path, body)
        [error] = envelope["errors"]
        messages.setdefault(error["code"], set()).add(error["message"].partition(":")[0].rpartition(".")[0])
    assert {code: len(said) for code, said in messages.items() if len(said) > 1} == {}


def test_a_body_that_is_not_json(bench):
    http, envelope = bench.ask("PATCH", STATUS, raw=b"{status: pause}")
    assert (http, envelope["errors"][0]["code"]) == (400, 10002)


@pytest.mark.parametrize(
    ("headers", "path", "answer"),
    [
        ({}, "", 401),
        ({"Authorization": "Bearer wrong"}, "", 401),
        ({"X-Auth-Email": EMAIL, "X-Auth-Key": "wrong"}, "", 401),
        ({"X-Auth-Email": EMAIL, "X-Auth-Key": KEY}, "", 200),
        (HEADERS, f"//accounts/{'0' * 32}/workflows", 403),
        (HEADERS, "//user/tokens/verify", 200),
        (HEADERS, "//memberships", 200),
        (HEADERS, "//accounts", 200),
        (HEADERS, f"//accounts/{ACCOUNT_ID}", 200),
    ],
)
def test_credentials(bench, headers, path, answer):
    assert bench.ask("GET", path, headers=headers)[0] == answer


def test_a_token_that_may_only_read(bench):
    headers = {"Authorization": f"Bearer {READ_ONLY_TOKEN}"}
    assert bench.ask("GET", "/jobs/instances", headers=headers)[0] == 200
    http, envelope = bench.ask("PATCH", STATUS, {"status": "pause"}, headers=headers)
    assert (http, envelope["errors"][0]["code"]) == (403, 10000)
    assert bench.status() != "paused"


def test_create_answers_with_the_id_and_ignores_the_wrong_key(bench):
    created = bench.good("POST", "/jobs/instances", {"instance_id": "mine", "params": {"x": 1}})
    assert set(created) == {"id", "status", "version_id", "workflow_id", "trigger_source"}
    assert (created["id"], created["status"]) == ("mine", "queued")
    other = bench.good("POST", "/jobs/instances", {"id": "theirs"})["id"]
    assert other.startswith("cf_")
    assert len(other) == 67


@pytest.mark.parametrize("params", [{"a": [1]}, "text", 0, False, [], "", None, {}])
def test_params_come_back_as_they_were_sent(bench, params):
    bench.create("p", params=params)
    assert bench.detail("p")["params"] == params
    bench.create("without")
    assert bench.detail("without")["params"] == {}


def test_a_batch_passes_over_the_ids_that_exist(bench):
    created = bench.good(
        "POST", "/jobs/instances/batch", [{"instance_id": i} for i in ("one", "two", "two", "six")]
    )
    assert [each["id"] for each in created] == ["two", "six"]


def test_versions_and_workflows(bench):
    bench.work.deploy(bench.now)
    versions = bench.good("GET", "/jobs/versions")
    assert len(versions) == 2
    assert bench.good("GET", f"/jobs/versions/{versions[1]['id']}") == versions[1]
    bench.create("new")
    rows = {row["id"]: row["version_id"] for row in bench.listing()["result"]}
    assert rows == {"new": versions[0]["id"], "one": versions[1]["id"]}
    assert bench.ask("GET", "", search="job", per_page=1)[1]["result_info"]["total_count"] == 1
    assert bench.good("GET", "", search="zzz") == []


def test_an_id_made_by_cron_can_be_read_when_it_is_encoded():
    bench = Bench([Do("a")], crons=[Cron("*/30 * * * *", 1800)])
    bench.later(1900)
    [row] = bench.listing()["result"]
    boundary = int(START // 1800 + 1) * 1800
    assert row["id"] == f"*/30 * * * *-{boundary * 1000}"
    assert row["trigger_source"] == "cron"
    detail = bench.detail(row["id"])
    assert detail["trigger"] == {"source": "cron"}
    assert detail["schedule"]["cron"] == "*/30 * * * *"
    assert 24 <= detail["schedule"]["scheduledTime"] / 1000 - boundary <= 33
    assert bench.good("GET", "/jobs")["schedules"][0]["next_instance"] > iso(bench.now)


def test_a_stream_is_answered_as_bytes():
    bench = Bench([Do("pdf", stream=b"%PDF\x00")]).begun()
    bench.later(5)
    path = f"/client/v4{BASE}/jobs/instances/one/step?name=pdf-1&type=step"
    answer = bench.app.answer(LoggedRequest(bench.now, "GET", path, Headers(HEADERS), b""))
    assert (answer.type, answer.body()) == ("application/octet-stream", b"%PDF\x00")


def test_step_endpoint_has_attempt_and_state_between_retries():
    bench = Bench([Do("a", fails=1, output="ok", delay="1 minute"), Wait("w", "go")]).begun()
    bench.later(5)

    def step(**query):
        return bench.good("GET", "/jobs/instances/one/step", **{"name": "a-1", "type": "step", **query})

    assert (step()["status"], step()["error"]["name"]) == ("running", "Error")
    bench.later(100)
    assert (step()["status"], step()["output"], step()["error"]) == ("complete", "ok", None)
    assert (step(attempt=1)["status"], step(attempt=1)["output"]) == ("errored", None)
    assert step(name="w-1", type="waitForEvent")["status"] == "waiting"
    assert bench.refused("GET", "/jobs/instances/one/step", name="zzz-1", type="step")[0] == 404


@pytest.mark.parametrize("value", [{"held": 10}, [1, "x"], "text", 0, False, {"é": "x" * 5000}])
def test_the_step_endpoint_gives_the_value_itself(value):
    bench = Bench([Do("a", output=value), Wait("w", "go")]).begun()
    bench.later(5)
    assert bench.good("GET", "/jobs/instances/one/step", name="a-1", type="step")["output"] == value
    assert (
        bench.good("GET", "/jobs/instances/one/step", name="a-1", type="step", attempt=1)["output"] == value
    )
    bench.send("go", value)
    bench.later(1)
    waited = bench.good("GET", "/jobs/instances/one/step", name="w-1", type="waitForEvent")["output"]
    assert (waited["payload"], waited["type"]) == (value, "go")


# Pages


def test_pages_by_number_end_with_an_empty_one():
    bench = Bench([Sleep("nap", "1 day")])
    for number in range(25):
        bench.later(1)
        bench.create(f"i{number:02d}")
    pages = [[row["id"] for row in bench.listing(page=n, per_page=10)["result"]] for n in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert list(chain(*pages)) == [f"i{number:02d}" for number in range(24, -1, -1)]
    info = bench.listing(page=1, per_page=10)["result_info"]
    assert (info["count"], info["total_count"], info["total_pages"]) == (10, 25, 3)


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_directions(direction):
    bench = Bench([Sleep("nap", "1 day")])
    for number in range(7):
        bench.create(f"i{number}")
    ids = list(chain(*bench.pages(per_page=3, direction=direction)))
    assert ids == [f"i{n}" for n in (range(7) if direction == "asc" else range(6, -1, -1))]


def test_dates_are_of_creation():
    bench = Bench([Do("a")])
    for number in range(5):
        bench.create(f"i{number}")
        bench.later(60)
    found = bench.listing(date_start=iso(START + 60), date_end=iso(START + 180))
    assert [row["id"] for row in found["result"]] == ["i3", "i2", "i1"]
    assert found["result_info"]["total_count"] == 3
    none = bench.listing(date_start=iso(START + 60), date_end=iso(START + 180), status="errored")
    assert none["result_info"]["total_count"] == 0


@settings(max_examples=40, deadline=None)
@given(
    first=st.integers(0, 60),
    arrivals=st.lists(st.integers(0, 4), max_size=12),
    per_page=st.integers(1, 20),
    direction=st.sampled_from(["asc", "desc"]),
)
def test_cursor_yields_each_id_once_while_instances_arrive(first, arrivals, per_page, direction):
    bench = Bench([Sleep("nap", "1 day")])
    begun = 0

    def arrive(many):
        nonlocal begun
        for _ in range(many):
            begun += 1
            bench.create(f"i{begun}")
            bench.later(0.5)

    arrive(first)
    before = {f"i{number + 1}" for number in range(begun)}
    seen: list[str] = []
    coming = iter(arrivals)
    for page in bench.pages(per_page=per_page, direction=direction):
        seen += page
        arrive(next(coming, 0))
    assert len(seen) == len(set(seen))
    assert before <= set(seen)
    assert seen == sorted(seen, key=lambda i: int(i[1:]), reverse=direction == "desc")


# The limit


def test_who_asks_too_much_is_out_for_five_minutes():
    from wfdash.demo.http.ratelimit import RateLimit

    now = START
    limit = RateLimit(lambda: now)
    for number in range(1200):
        headers, refusal = limit.count("user")
        assert refusal is None
        assert headers["ratelimit"] == f'"default";r={1199 - number};t=300'
    assert headers["ratelimit-policy"] == '"default";q=1200;w=300'
    now += 290
    _, refusal = limit.count("user")
    assert refusal.http == 429
    assert refusal.envelope["errors"][0]["code"] == 971
    assert refusal.headers["retry-after"] == "300"
    assert limit.count("another")[1] is None
    now += 299
    assert limit.count("user")[1].headers["retry-after"] == "1"
    now += 1
    assert limit.count("user")[1] is None


def test_history_of_a_day_is_the_same_however_it_is_read():
    """Advanced in one leap or in many looks: one and the same life."""

    def life(leaps):
        bench = Bench([Do("a", fails=2), Sleep("n", "1 hour"), Do("b", fails=ALWAYS, limit=3)]).begun()
        for seconds in leaps:
            bench.later(seconds)
            bench.listing()
        return bench.detail()

    assert life([10_000]) == life([0.5] * 100 + [37] * 30 + [10_000 - 50 - 37 * 30])
    assert instant(life([10_000])["end"]) > START
