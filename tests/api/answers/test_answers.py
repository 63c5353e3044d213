"""What comes back: good answers in all their shapes, and odd ones that must not be taken for good."""

import json

import pytest

from tests.support.fakes.loopback import envelope, reply
from wfdash.api.errors import (
    BadAnswer,
    CannotTerminate,
    ChooseAccount,
    RateLimited,
    Refused,
    ServerFailed,
    WorkflowsError,
)
from wfdash.api.interface import ListQuery, RestartFrom
from wfdash.api.paging import walk
from wfdash.core.model.detail import read_detail
from wfdash.core.model.lazy_steps import plain


def answering(result, **more):
    return lambda seen, writer: envelope(result, **more)


def sending(body, status=200, **headers):
    return lambda seen, writer: reply(status, body, **headers)


async def test_workflows_with_counts_and_schedules(cloud):
    item = {
        "id": "u",
        "name": "orders",
        "class_name": "Orders",
        "script_name": "shop",
        "created_on": "2026-11-21T10:58:42.160Z",
        "modified_on": None,
        "triggered_on": None,
        "instances": {
            "running": 3,
            "errored": 0,
            "rollingBack": 1,
            "new": 2,
            "odd": "x",
            "owed": -1,
            "huge": 10**400,
        },
        "schedules": [{"cron": "*/5 * * * *", "next_instance": "2026-11-21T11:00:00Z"}, {"cron": None}, 7],
        "script_deleted": True,
    }
    api, _ = await cloud(answering([item, {"id": "nameless"}, None], result_info={"total_count": 412}))
    page = await api.list_workflows()
    assert page.total == 412
    (found,) = page.items
    assert found.counts == {"running": 3, "errored": 0, "rollingBack": 1, "new": 2}
    assert found.schedules[0].next_at == 1795258800
    assert (found.created, found.triggered, found.script_deleted) == (1795258722.16, None, True)


@pytest.mark.parametrize("info", [{}, {"cursor": None}, {"cursor": ""}, {"total_pages": 0}, None, 7, []])
async def test_an_absent_null_or_empty_cursor_ends_the_list(cloud, info):
    api, server = await cloud(answering([{"id": "a"}], result_info=info))
    assert [item["id"] async for page in walk(api, "orders") for item in page.items] == ["a"]
    assert len(server.seen) == 1


async def test_pages_are_walked_by_cursor_and_each_id_comes_once(cloud):
    pages = {"": (["a", "b"], "1"), "1": (["b", "c"], "2"), "2": ([], "3"), "3": (["d"], "1")}

    def behave(seen, writer):
        ids, cursor = pages[seen.target.rpartition("cursor=")[2] if "cursor=" in seen.target else ""]
        return envelope([{"id": identity} for identity in ids], result_info={"cursor": cursor})

    api, server = await cloud(behave)
    assert [item["id"] async for page in walk(api, "orders") for item in page.items] == list("abcd")
    assert len(server.seen) == 4, "a cursor that comes round again ends the walk"


async def test_rows_are_handed_on_as_they_came(cloud):
    rows = [{"id": "a", "status": "someday", "new": {"x": [1]}, "started_on": None}, {"id": "b"}]
    api, _ = await cloud(answering([*rows, None, "x", 3]))
    assert (await api.list_instances("orders")).items == rows


@pytest.mark.parametrize("result", [None, {}, "x", 3])
async def test_a_list_that_is_none_is_no_empty_list(cloud, result):
    api, _ = await cloud(answering(result))
    with pytest.raises(BadAnswer, match="without the list"):
        await api.list_instances("orders")


async def test_a_refusal_with_a_result_is_a_partial_answer(cloud):
    result = {"status": "complete", "steps": [{"name": "a-1", "type": "step"}], "step_count": 63}
    errors = [{"code": 10001, "message": "workflows.api.error.internal_server"}]
    api, _ = await cloud(answering(result, success=False, errors=errors))
    answer = await api.get_instance("orders", "a")
    assert plain(answer.result) == result
    assert answer.refusal == "code 10001: workflows.api.error.internal_server"
    assert answer.size > 100
    assert answer.milliseconds > 0


async def test_a_refusal_without_a_result_is_a_failure(cloud):
    errors = [{"code": 10001, "message": "workflows.api.error.internal_server"}]
    api, _ = await cloud(answering(None, success=False, errors=errors))
    with pytest.raises(ServerFailed, match="code 10001"):
        await api.get_instance("orders", "a")


def refused(code, message=""):
    error = {"code": code, "message": message}
    return json.dumps({"success": False, "errors": [error], "messages": [], "result": None}).encode()


@pytest.mark.parametrize(
    ("status", "body", "of_a_read", "of_a_write"),
    [
        (429, refused(971), (RateLimited, True), (RateLimited, True)),
        (429, b"<html>slow down</html>", (RateLimited, False), (RateLimited, False)),
        # The limit by another name. A write that met it may have been carried out all the same.
        (500, refused(971, "consider throttling"), (RateLimited, False), (ServerFailed, False)),
        (400, refused(10429, "slow"), (RateLimited, True), (ServerFailed, True)),
        (400, refused(10401), (CannotTerminate, True), (CannotTerminate, True)),
        (500, refused(10401), (CannotTerminate, True), (CannotTerminate, True)),
        (400, refused(10000, " "), (ServerFailed, True), (ServerFailed, True)),
        (400, refused(10000, "a word"), (Refused, True), (Refused, True)),
        (200, refused(7003, "no"), (ServerFailed, False), (ServerFailed, False)),
        (503, refused(7003, "no"), (ServerFailed, False), (ServerFailed, False)),
    ],
)
async def test_a_no_is_what_its_status_and_code_say(cloud, status, body, of_a_read, of_a_write):
    """What was `denied` was surely not carried out: only that may be sent again, or told as refused."""
    api, _ = await cloud(sending(body, status))
    for asked, (kind, denied) in (
        (api.get_instance("orders", "a"), of_a_read),
        (api.change_status("orders", "a", "terminate"), of_a_write),
    ):
        with pytest.raises(WorkflowsError) as caught:
            await asked
        assert (type(caught.value), caught.value.denied) == (kind, denied)
        assert caught.value.http == status


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
async def test_a_step_that_is_not_there_is_told_under_any_status(cloud, status):
    words = 'Step "pay" not found in execution history'
    api, _ = await cloud(answering(None, status=status, errors=[{"code": 10001, "message": words}]))
    with pytest.raises(Refused, match="does not know this step") as refused:
        await api.change_status("orders", "a", "restart", restart_from=RestartFrom("pay"))
    assert refused.value.denied


async def test_another_conflict_keeps_its_words(cloud):
    errors = [{"code": 10402, "message": "instance.cannot_restart: it is being restarted"}]
    api, _ = await cloud(answering(None, status=409, errors=errors))
    with pytest.raises(Refused, match=r"code 10402, instance\.cannot_restart: it is being") as refused:
        await api.change_status("orders", "a", "restart", restart_from=RestartFrom("pay"))
    assert "goes by its name" not in str(refused.value)


async def test_messages_and_errors_may_be_plain_strings_or_nothing(cloud):
    api, _ = await cloud(answering({"status": "running"}, messages=["hello"], errors=None))
    assert (await api.get_instance("orders", "a")).result == {"status": "running"}
    api, _ = await cloud(answering(None, success=False, errors=["out of order"], messages=["x"]))
    with pytest.raises(ServerFailed, match="out of order"):
        await api.get_instance("orders", "a")
    api, _ = await cloud(answering(None, success=False))
    with pytest.raises(ServerFailed):
        await api.get_instance("orders", "a")


async def test_an_errors_chain_is_told(cloud):
    errors = [{"code": 7003, "message": "no route", "error_chain": [{"code": 7000, "message": "bad id"}]}]
    api, _ = await cloud(answering(None, status=400, errors=errors))
    with pytest.raises(Exception, match=r"no route \(bad id\)"):
        await api.get_workflow("orders")


async def test_a_text_cut_inside_a_character_is_still_read(cloud):
    body = json.dumps({"success": True, "result": {"output": "日本"}}, ensure_ascii=False).encode()
    api, _ = await cloud(sending(body.replace("本".encode(), "本".encode()[:2])))
    assert (await api.get_instance("orders", "a")).result == {"output": "日\ufffd"}


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1" + "0" * 5000, "1e999", "-1e999", "NaN", "Infinity"])
async def test_monstrous_numbers_are_read(cloud, number):
    api, _ = await cloud(sending(f'{{"success":true,"errors":[],"result":{{"step_count":{number}}}}}'))
    answer = await api.get_instance("orders", "a")
    assert read_detail("orders", "a", answer.result).step_count is None


async def test_nesting_200_deep_is_taken_and_endless_nesting_is_not(cloud):
    api, _ = await cloud(sending('{"success":true,"result":{"output":' + "[" * 200 + "]" * 200 + "}}"))
    assert (await api.get_instance("orders", "a")).result
    api, _ = await cloud(sending('{"success":true,"result":{"output":' + "[" * 500 + "]" * 500 + "}}"))
    assert (await api.get_instance("orders", "a")).result == {"output": "nested deeper than 400 levels"}
    api, _ = await cloud(sending('{"success":true,"result":{"output":' + "[" * 99_999 + "]" * 99_999 + "}}"))
    with pytest.raises(BadAnswer, match="nested"):
        await api.get_instance("orders", "a")


async def test_a_steps_stream_comes_back_as_bytes(cloud):
    api, _ = await cloud(sending(b"\x00\xff{raw", content_type="application/octet-stream; x=y"))
    assert (await api.get_step("orders", "a", "report-1")).content == b"\x00\xff{raw"
    api, _ = await cloud(answering({"status": "complete", "output": {"a": 1}}))
    answer = await api.get_step("orders", "a", "report-1")
    assert (answer.result, answer.content) == ({"status": "complete", "output": {"a": 1}}, None)
    api, _ = await cloud(sending("<html>", content_type="text/html"))
    with pytest.raises(BadAnswer, match="HTML"):
        await api.get_step("orders", "a", "report-1")


async def test_204_is_an_answer_to_a_write_and_none_to_a_read(cloud):
    api, _ = await cloud(sending("", 204, content_type="", content_length=""))
    assert (await api.change_status("orders", "a", "pause")).status == ""
    with pytest.raises(BadAnswer, match="empty"):
        await api.get_instance("orders", "a")


_LISTS = '"errors":[],"messages":[]'


@pytest.mark.parametrize(
    ("body", "result"),
    [
        # The cloud's, its older reference's, a dev session's.
        (
            f'{{"success":true,{_LISTS},"result":{{"instanceId":"a","timestamp":"2026-11-30T09:00:00Z"}}}}',
            {"instanceId": "a", "timestamp": "2026-11-30T09:00:00Z"},
        ),
        (f'{{"success":true,{_LISTS}}}', {}),
        (f'{{"success":true,{_LISTS},"result":null}}', {}),
        ('{"success":true,"errors":null,"messages":null,"result":null}', {}),
        (f'{{"success":true,{_LISTS},"result":{{}}}}', {}),
        (f'{{"success":true,{_LISTS},"result":{{"success":true}}}}', {"success": True}),
        ('{"success":true,"result":{"success":true}}', {"success": True}),
        ('{"success":true,"result":{"instanceId":"a"}}', {"instanceId": "a"}),
    ],
)
async def test_an_event_is_taken_by_each_word_of_the_api(cloud, body, result):
    api, _ = await cloud(sending(body))
    assert await api.send_event("orders", "a", "paid", {}) == result


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 204),
        ("", 200),
        ('{"success":true}', 200),
        ('{"success":true,"result":null}', 200),
        ('{"success":true,"result":{}}', 200),
        ('{"success":true,"messages":[]}', 200),
        (f'{{"success":true,{_LISTS},"result":{{"instanceId":"b"}}}}', 200),
        (f'{{"success":true,{_LISTS},"result":{{"instanceId":["a"]}}}}', 200),
        (f'{{"success":true,{_LISTS},"result":{{"success":false}}}}', 200),
        (f'{{"success":true,{_LISTS},"result":[]}}', 200),
        (f'{{"success":true,{_LISTS},"result":"ok"}}', 200),
        (f'{{"success":true,{_LISTS},"result":{{"instanceId":"a"}}}}', 206),
        (f'{{"success":true,{_LISTS},"result":{{"instanceId":"a"}}}}', 202),
        (
            '{"success":true,"errors":[{"code":1,"message":"x"}],"messages":[],"result":{"instanceId":"a"}}',
            200,
        ),
        (f'{{{_LISTS},"result":{{"instanceId":"a"}}}}', 200),
    ],
)
async def test_an_event_is_not_taken_by_what_the_api_cannot_say(cloud, body, status):
    api, _ = await cloud(sending(body, status))
    with pytest.raises(BadAnswer) as raised:
        await api.send_event("orders", "a", "paid", {})
    assert (raised.value.sent, raised.value.denied) == (True, False)  # so its outcome is unknown


@pytest.mark.parametrize("body", ["[]", "3", "null", '"x"', '{"hello":"world"}', '{"success":"yes"}'])
async def test_other_json_is_not_the_api(cloud, body):
    api, _ = await cloud(sending(body))
    with pytest.raises(BadAnswer, match="not the Cloudflare API's"):
        await api.list_instances("orders")


async def test_versions(cloud):
    item = {
        "id": "v1",
        "created_on": "2026-11-21T10:58:42.160Z",
        "concurrency": {"limit": 40},
        "language": None,
    }
    api, _ = await cloud(answering([item, {}]))
    first, second = await api.list_versions("orders")
    assert (first.id, first.created, first.concurrency_limit, first.language) == ("v1", 1795258722.16, 40, "")
    assert second.id == ""


@pytest.mark.parametrize(
    ("accounts", "words"), [([], "no account"), ([{"id": "a"}, {"id": "b"}], "2 accounts")]
)
async def test_an_account_that_cannot_be_told_must_be_chosen(cloud, accounts, words):
    api, _ = await cloud(answering(accounts), account="")
    with pytest.raises(ChooseAccount, match=words) as choose:
        await api.list_workflows()
    assert choose.value.accounts == accounts
    assert choose.value.exit_code == 2


async def test_verifying_a_token_that_belongs_to_the_account(cloud):
    def behave(seen, writer):
        if seen.target == "/client/v4/user/tokens/verify":
            return envelope(None, status=401, errors=[{"code": 1000, "message": "Invalid API Token"}])
        return envelope({"status": "active"})

    api, server = await cloud(behave)
    assert await api.verify_token() == {"status": "active"}
    assert server.seen[1].target.endswith("/tokens/verify")
    assert "/accounts/" in server.seen[1].target


@pytest.mark.parametrize("date", ["", "Sat, 21 Nov 2026 11:00:00 GMT"])
async def test_date_to_wait_for_is_the_same_wait_for_all(cloud, date):
    """The sentence said that the server names no time, and the budget kept still for that time."""
    found = []
    headers = {"retry_after": "Sat, 21 Nov 2026 11:02:00 GMT", **({"date": date} if date else {})}
    api, _ = await cloud(sending("{}", 429, **headers), observer=found.append)
    api.http.clock = lambda: 1_795_258_800.0
    with pytest.raises(RateLimited, match="asks to wait 120 s") as raised:
        await api.list_instances("orders")
    assert raised.value.retry_after == found[0].retry_after == 120


async def test_the_observer_is_told_every_exchange(cloud):
    found = []
    headers = {
        "cf_ray": "8c-FRA",
        "ratelimit": '"default";r=50;t=30',
        "ratelimit_policy": '"burst";q=100;w=60',
        "date": "Sat, 21 Nov 2026 10:58:42 GMT",
    }
    api, _ = await cloud(sending('{"success":true,"result":[]}', **headers), observer=found.append)
    await api.list_instances("orders", ListQuery(cursor="x"))
    (only,) = found
    assert (only.kind, only.method, only.http, only.ray, only.size, only.failure) == (
        "list", "GET", 200, "8c-FRA", 28, ""
    )  # fmt: skip
    assert only.path.endswith("/workflows/orders/instances?per_page=100&cursor=x")
    assert (only.ratelimit, only.ratelimit_policy) == ('"default";r=50;t=30', '"burst";q=100;w=60')
    assert only.server_date == "Sat, 21 Nov 2026 10:58:42 GMT"
    assert only.milliseconds > 0
