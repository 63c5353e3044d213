"""Lines of a dev session's store."""

import json

import pytest

from tests.api.logs.simulated import START
from tests.support.fakes.loopback import envelope, reply
from wfdash.api.errors import Refused
from wfdash.api.log_source import LogQuery


@pytest.mark.parametrize(
    ("code", "words"), [(10130, "X_LOCAL_OBSERVABILITY"), (7000, "needs wrangler 4.164")]
)
async def test_dev_session_without_a_store(local, code, words):
    def behave(seen, writer):
        if seen.method == "GET":
            return envelope([])
        body = b'{"success":false,"errors":[{"code":%d,"message":"no"}],"result":null}' % code
        return reply(404, body)

    api, _ = await local(behave)
    with pytest.raises(Refused, match=words):
        await api.log_reader().read(LogQuery("w", "order-1", START, START + 1))


async def test_dev_session_of_two_workers_gives_each_its_lines(local):
    stored = [
        ("s1", '["[shop]","order-1 begins"]'),
        ("s2", '["[desk]","order-1 is looked at"]'),
        ("s2", '[{"of": "the desk"}]'),
        ("s1", '[{"of": "the shop"}]'),
        ("s3", '"[\\"[shop]\\",\\"a line\\\\nof two"'),
        ("s1", '["[shop]","[desk]",1]'),
        ("ended", '["says nothing of its Worker"]'),
    ]
    workers = [("orders", "shop"), ("visits", "desk")]
    services = {"ended": "desk", "s1": "shop"}

    def behave(seen, writer):
        if seen.method == "GET":
            return envelope([{"name": name, "script_name": script} for name, script in workers])
        rows = [
            [n, START * 1e3 + n, span, "log", words, 0, services.get(span)]
            for n, (span, words) in enumerate(stored, 1)
        ]
        return envelope({"rows": rows if "WITH" in seen.json()["sql"] else [[6, START * 1e3]]})

    api, _ = await local(behave)
    page = await api.log_reader().read(LogQuery("orders", "order-1", START, START + 1))
    assert [line.message for line in page.lines] == [
        "order-1 begins",
        '{"of": "the shop"}',
        "a line\nof two … (cut: of a line a dev session keeps 256 kB)",
        "[desk] 1",
    ]
    # Where there is one Worker, what a program prints so is its own.
    workers[1:] = []
    stored[:] = [("s1", '["[db]","asked"]'), ("s2", '["plain"]')]
    page = await api.log_reader().read(LogQuery("orders", "order-1", START, START + 1))
    assert [line.message for line in page.lines] == ["[db] asked", "plain"]


@pytest.mark.parametrize(
    ("beside", "held"),
    [
        # One that was created by itself, or called through its own handle.
        (["a", None], "a"),
        (["a", None, "a", "a"], "a"),
        # Of a batch each is called twice, and the id of the last call is not noted.
        (["a", "b", "a", None], "b"),
        (["a", "b", "c", "a", None, "b"], "c"),
        # A row is missing: more than one may be left.
        (["a", "b", "c", None], ""),
        (["a", "b", "a"], ""),
        (["a", "b", None, None], ""),
        ([None], ""),
        ({"a": 1}, ""),
        (5, ""),
        (None, ""),
    ],
)
async def test_object_that_is_not_noted_is_the_one_left(local, beside, held):
    asked = []

    def behave(seen, writer):
        if seen.method == "GET":
            return envelope([{"name": "orders", "script_name": "shop"}])
        sql, params = seen.json()["sql"], seen.json()["params"]
        if "json_group_array" in sql:
            asked.append(json.loads(params[0]))
            return envelope({"rows": [["s1", None, json.dumps(beside)], ["s9", "b", None]]})
        if "createBatch" in sql:
            return envelope({"rows": [["t", "a"], ["t", "b"]]})
        if "handlers" in sql:
            return envelope({"rows": [[1, START * 1e3, "s1", "log", '["x"]', 0, None, "t"]]})
        return envelope({"rows": [[1, START * 1e3]]} if "logs" in sql else {"rows": []})

    api, _ = await local(behave)
    reader = api.log_reader()
    page = await reader.read(LogQuery("orders", "order-1", START, START + 1))
    assert dict(page.objects.runs) == ({"s1": held} if held else {}) | {"s9": "b"}
    assert dict(page.objects.traces) == {"t": {"a", "b"}}
    # What was told is not asked for again, and what was not is.
    await reader.read(LogQuery("orders", "order-1", START, START + 1))
    assert asked == [[["t", "s1"]]] * (1 if held else 2)


async def test_store_whose_calls_made_each_other_still_gives_lines(local):
    def behave(seen, writer):
        if seen.method == "GET":
            return envelope([{"name": "orders", "script_name": "shop"}])
        sql = seen.json()["sql"]
        if "handlers" in sql:
            return envelope({"rows": [[1, START * 1e3, "s1", "log", '["x"]', 0, None, "t"]]})
        if "duration_ms IS NOT NULL" in sql:
            calls = [("s1", "s2"), ("s2", "s1")]
            rows = [
                [n, span, above, START * 1e3, 1, 0, "shop", "t", ""] for n, (span, above) in enumerate(calls)
            ]
            return envelope({"rows": rows})
        return envelope({"rows": [[1, START * 1e3]]} if "logs" in sql else {"rows": []})

    api, _ = await local(behave)
    page = await api.log_reader().read(LogQuery("orders", "order-1", START, START + 1))
    assert [line.message for line in page.lines] == ["x"]


async def test_store_laid_out_in_another_way_still_gives_its_lines(local):
    def behave(seen, writer):
        if seen.method == "GET":
            return envelope([{"name": "orders", "script_name": "shop"}])
        sql = seen.json()["sql"]
        if "durable_object_subrequest" in sql:
            return reply(
                400, b'{"success":false,"errors":[{"code":10131,"message":"no such"}],"result":null}'
            )
        if "handlers" in sql:
            return envelope({"rows": [[1, START * 1e3, "s1", "log", '["x"]', 0, None, "t"]]})
        return envelope({"rows": [[1, START * 1e3]]} if "logs" in sql else {"rows": []})

    api, _ = await local(behave)
    page = await api.log_reader().read(LogQuery("orders", "order-1", START, START + 1))
    assert [line.message for line in page.lines] == ["x"]
    assert not page.objects.runs
