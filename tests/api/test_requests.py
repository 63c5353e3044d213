"""What leaves: paths, queries, bodies and headers, read from the bytes that arrived."""

import pytest

from tests.support.fakes.loopback import envelope, reply
from wfdash.api.errors import BadAnswer, Refused, WorkflowNotFound
from wfdash.api.interface import AnswerListener, ListQuery, NewInstance, RestartFrom
from wfdash.config.credential import Credential

ACCOUNT = "0123456789abcdef0123456789abcdef"
BASE = f"/client/v4/accounts/{ACCOUNT}/workflows"
CRON = "*/30 * * * *-1786001400000"
ENCODED = "%2A%2F30%20%2A%20%2A%20%2A%20%2A-1786001400000"


def answering(result, **more):
    return lambda seen, writer: envelope(result, **more)


async def test_a_cron_instances_id_arrives_undamaged(cloud):
    api, server = await cloud(answering({"status": "running"}))
    await api.get_instance("orders", CRON)
    await api.change_status("orders", CRON, "pause")
    await api.send_event("orders", CRON, "approve", {})
    assert [seen.target for seen in server.seen] == [
        f"{BASE}/orders/instances/{ENCODED}",
        f"{BASE}/orders/instances/{ENCODED}/status",
        f"{BASE}/orders/instances/{ENCODED}/events/approve",
    ]


@pytest.mark.parametrize(
    ("identity", "encoded"),
    [
        ("100%25", "100%2525"),
        ("a?b#c", "a%3Fb%23c"),
        ("../x", "..%2Fx"),
        ("é\u202e", "%C3%A9%E2%80%AE"),
        ("\ud83d", "%ED%A0%BD"),
        ("a+b&c=d", "a%2Bb%26c%3Dd"),
    ],
)
async def test_any_id_stays_one_segment(cloud, identity, encoded):
    api, server = await cloud(answering({}))
    await api.get_instance("orders", identity)
    assert server.seen[0].target == f"{BASE}/orders/instances/{encoded}"


async def test_a_cookie_goes_back_to_no_server(cloud):
    answer = reply(200, '{"success": true, "result": {}}', set_cookie="__cf_bm=who-you-are; Path=/")
    api, server = await cloud(lambda seen, writer: answer)
    for _ in range(2):
        await api.get_instance("orders", CRON)
    assert [seen.headers.get("cookie") for seen in server.seen] == [None, None]


async def test_each_read_is_told_to_the_listener_but_one_from_the_end(cloud):
    seen = []

    class Listener(AnswerListener):
        def saw_instance(self, workflow, instance, answer, *, simple):
            seen.append((instance, answer.result, simple))

        def saw_versions(self, workflow, versions):
            seen.append((workflow, [version.id for version in versions]))

    api, server = await cloud(answering({"status": "running"}))
    api.listener = Listener()
    await api.get_instance("orders", CRON, simple=True)
    await api.get_instance("orders", CRON, order="desc")
    assert len(server.seen) == 2
    assert seen == [(CRON, {"status": "running"}, True)]
    api, _ = await cloud(answering([{"id": "v1"}]))
    api.listener = Listener()
    await api.list_versions("orders")
    assert seen[1:] == [("orders", ["v1"])]


@pytest.mark.parametrize("identity", ["", ".", ".."])
async def test_an_id_that_would_change_the_address_is_never_sent(cloud, identity):
    api, server = await cloud(answering({}))
    with pytest.raises(Refused) as refused:
        await api.change_status("orders", identity, "terminate")
    assert not refused.value.sent
    assert server.seen == []


async def test_the_list_asks_with_every_parameter(cloud):
    api, server = await cloud(answering([]))
    query = ListQuery(
        status="errored",
        date_start=1795258722.16,
        date_end=1795258800,
        direction="asc",
        cursor="a/b+c==",
        page=4,
        per_page=7,
    )
    await api.list_instances("orders", query)
    await api.list_instances("orders", ListQuery(page=4))
    assert [seen.target for seen in server.seen] == [
        f"{BASE}/orders/instances?per_page=7&status=errored&date_start=2026-11-21T10%3A58%3A42.160Z"
        "&date_end=2026-11-21T11%3A00%3A00.000Z&direction=asc&cursor=a%2Fb%2Bc%3D%3D",
        f"{BASE}/orders/instances?per_page=100&page=4",
    ]


async def test_the_other_reads(cloud):
    api, server = await cloud(answering([]))
    await api.list_workflows(page=2, per_page=5, search="ord")
    await api.get_workflow("orders")
    await api.list_versions("orders")
    await api.get_step("orders", "a", "charge card-1", type="waitForEvent", attempt=2)
    assert [seen.target for seen in server.seen] == [
        f"{BASE}?page=2&per_page=5&search=ord",
        f"{BASE}/orders",
        f"{BASE}/orders/versions?page=1&per_page=50",
        f"{BASE}/orders/instances/a/step?name=charge%20card-1&type=waitForEvent&attempt=2",
    ]
    assert {seen.method for seen in server.seen} == {"GET"}
    assert {seen.body for seen in server.seen} == {b""}


async def test_simple_and_order_are_sent_only_when_asked_for(cloud):
    api, server = await cloud(answering({}))
    await api.get_instance("orders", "a")
    await api.get_instance("orders", "a", simple=True, order="desc")
    assert [seen.target.partition("?")[2] for seen in server.seen] == ["", "simple=true&order=desc"]


@pytest.mark.parametrize(
    ("verb", "more", "body"),
    [
        ("pause", {}, {"status": "pause"}),
        ("resume", {}, {"status": "resume"}),
        ("terminate", {}, {"status": "terminate"}),
        ("terminate", {"rollback": True}, {"status": "terminate", "rollback": True}),
        ("restart", {}, {"status": "restart"}),
        (
            "restart",
            {"restart_from": RestartFrom("poll", 2, "sleep")},
            {"status": "restart", "from": {"name": "poll", "count": 2, "type": "sleep"}},
        ),
    ],
)
async def test_a_verb_has_its_own_body_without_nulls(cloud, verb, more, body):
    api, server = await cloud(
        answering({"status": "waitingForPause", "timestamp": "2026-11-21T10:58:42.160Z"})
    )
    answer = await api.change_status("orders", "a", verb, **more)
    assert [(seen.method, seen.json()) for seen in server.seen] == [("PATCH", body)]
    assert server.seen[0].headers["content-type"] == "application/json"
    assert (answer.status, answer.timestamp) == ("waitingForPause", 1795258722.16)


@pytest.mark.parametrize(
    ("verb", "more"), [("pause", {"rollback": True}), ("terminate", {"restart_from": RestartFrom("x")})]
)
async def test_a_verb_with_anothers_option_is_refused_unsent(cloud, verb, more):
    api, server = await cloud(answering({}))
    with pytest.raises(Refused, match="nothing was sent"):
        await api.change_status("orders", "a", verb, **more)
    assert server.seen == []


async def test_create_sends_its_own_id_and_real_json(cloud):
    def behave(seen, writer):
        return envelope({"id": seen.json()["instance_id"], "status": "queued", "version_id": "v"}, status=201)

    api, server = await cloud(behave)
    created = await api.create_instance("orders", NewInstance("a"))
    await api.create_instance(
        "orders",
        NewInstance(
            "b",
            params={"é": None},
            has_params=True,
            success_retention="7 days",
            error_retention=0,
            location_hint="weur",
        ),
    )
    await api.create_instance("orders", NewInstance("c", params=None, has_params=True))
    assert [seen.json() for seen in server.seen] == [
        {"instance_id": "a"},
        {
            "instance_id": "b",
            "params": {"é": None},
            "instance_retention": {"success_retention": "7 days", "error_retention": 0},
            "location_hint": "weur",
        },
        {"instance_id": "c", "params": None},
    ]
    assert (created.id, created.status, created.version) == ("a", "queued", "v")


async def test_a_mebibyte_is_counted_and_sent_as_utf_8(cloud):
    api, server = await cloud(answering({"id": "a"}))
    largest = "日" * (2**20 // 3 - 1)
    await api.create_instance("orders", NewInstance("a", params=largest, has_params=True))
    assert server.seen[0].json()["params"] == largest
    assert len(server.seen[0].body) < 2**20 + 100
    await api.create_instance("orders", NewInstance("a", params="\ud800", has_params=True))
    assert server.seen[1].body.endswith(b'"\\ud800"}')


async def test_a_batch_may_come_back_shorter(cloud):
    api, server = await cloud(answering([{"id": "b", "status": "queued"}]))
    created = await api.create_instances("orders", [NewInstance("a"), NewInstance("b")])
    assert [each.id for each in created] == ["b"]
    assert server.seen[0].target == f"{BASE}/orders/instances/batch"
    assert server.seen[0].json() == [{"instance_id": "a"}, {"instance_id": "b"}]


@pytest.mark.parametrize(
    "result", [None, {}, [], {"id": "other"}, {"status": "queued"}, "a", [{"id": "other"}]]
)
async def test_answer_naming_no_instance_asked_for_is_no_success(cloud, result):
    api, _ = await cloud(answering(result))
    with pytest.raises(BadAnswer):
        await api.create_instance("orders", NewInstance("a"))
    if result != []:
        with pytest.raises(BadAnswer):
            await api.create_instances("orders", [NewInstance("a"), NewInstance("b")])


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (NewInstance("a b"), "cannot be an instance id"),
        (NewInstance("-a"), "cannot be an instance id"),
        (NewInstance("a" * 101), "cannot be an instance id"),
        (NewInstance("a\n"), "cannot be an instance id"),
        (NewInstance("cf_" + "0" * 64), "reserved"),
        (NewInstance("batch"), "reserved"),
        (NewInstance("a", params="x" * 2**20, has_params=True), "1 MiB"),
        (NewInstance("a", params=float("nan"), has_params=True), "cannot be written as JSON"),
        (NewInstance("a", location_hint="mars"), "not a location hint"),
    ],
)
async def test_what_the_api_would_refuse_is_refused_before_sending(cloud, new, words):
    api, server = await cloud(answering({}))
    with pytest.raises(Refused, match=words) as refused:
        await api.create_instance("orders", new)
    with pytest.raises(Refused, match=words):
        await api.create_instances("orders", [NewInstance("fine"), new])
    assert not refused.value.sent
    assert server.seen == []


@pytest.mark.parametrize("number", [0, 101])
async def test_a_batch_has_1_to_100(cloud, number):
    api, server = await cloud(answering([]))
    with pytest.raises(Refused, match="1 to 100"):
        await api.create_instances("orders", [NewInstance(f"i{n}") for n in range(number)])
    assert server.seen == []


async def test_an_event_type_with_a_dot_is_refused_in_words(cloud):
    api, server = await cloud(answering({}))
    with pytest.raises(Refused, match="Dots are not allowed"):
        await api.send_event("orders", "a", "order.paid", {})
    with pytest.raises(Refused, match="1 MiB"):
        await api.send_event("orders", "a", "paid", "x" * 2**20)
    assert server.seen == []


@pytest.mark.parametrize("payload", [None, 0, False, "", {"a": [1, None]}, "\ud83d"])
async def test_an_events_payload_is_sent_as_it_is(cloud, payload):
    api, server = await cloud(answering(None))
    assert await api.send_event("orders", "a", "paid", payload) == {}
    assert server.seen[0].json() == payload


async def test_a_token_goes_alone(cloud):
    api, server = await cloud(answering([]))
    await api.list_instances("orders")
    headers = server.seen[0].headers
    assert headers["authorization"] == "Bearer obviously-fake-token-0xDEADBEEF"
    assert not {"x-auth-key", "x-auth-email"} & set(headers)


async def test_a_key_goes_with_its_email_and_without_a_token(cloud):
    key = Credential("obviously-fake-key", source="CLOUDFLARE_API_KEY", email="ops@example.com")
    api, server = await cloud(answering([]), credential=key)
    await api.list_instances("orders")
    headers = server.seen[0].headers
    assert (headers["x-auth-key"], headers["x-auth-email"]) == ("obviously-fake-key", "ops@example.com")
    assert "authorization" not in headers


async def test_without_an_account_the_only_one_is_taken_once(cloud):
    def behave(seen, writer):
        return envelope([{"id": "only", "name": "Acme"}] if seen.target.endswith("per_page=50") else [])

    api, server = await cloud(behave, account="")
    await api.list_instances("orders")
    await api.list_instances("orders")
    assert api.account_id == "only"
    assert [seen.target.partition("?")[0] for seen in server.seen] == [
        "/client/v4/accounts",
        *["/client/v4/accounts/only/workflows/orders/instances"] * 2,
    ]


async def test_a_workflow_called_settings_is_read_from_the_list(cloud):
    listed = [{"name": "settings-old"}, {"name": "settings", "instances": {"running": 3}}]
    api, server = await cloud(answering(listed))
    assert (await api.get_workflow("settings")).counts == {"running": 3}
    assert server.seen[0].target.startswith(f"{BASE}?page=1&per_page=100&search=settings")
    with pytest.raises(WorkflowNotFound, match="the API's concurrency"):
        await api.get_workflow("concurrency")
