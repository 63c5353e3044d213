"""Lines of a dev session's store."""

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
