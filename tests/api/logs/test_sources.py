"""The sources of lines, against the simulator in process and against servers that misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from msgspec.structs import replace

from tests.support.fakes.bad_network import close_after_request, cut_short, never_answer
from tests.support.fakes.loopback import envelope, reply
from wfdash.api.connect import connect
from wfdash.api.errors import Forbidden, NotReached, OtherServer, Refused, WorkflowsError
from wfdash.api.interface import ListQuery
from wfdash.api.log_source import LogQuery
from wfdash.api.logs import tail as tail_logs
from wfdash.api.logs import telemetry as telemetry_logs
from wfdash.api.logs.message import cut_text, message_of
from wfdash.api.logs.socket import SocketEnded
from wfdash.api.logs.socket_factory import SocketFactory, check_address
from wfdash.api.logs.tail import TailLogs, _read
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings
from wfdash.core.logs.place import place_lines
from wfdash.core.model.detail import read_detail
from wfdash.demo.engine.world import build
from wfdash.demo.http.api import Application, create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.demo.http.faults import InjectedFault

START = 1_795_000_000.0


class Time:
    now = START


@pytest.fixture(scope="module")
def world():
    return build("incident", clock=lambda: Time.now)


@pytest.fixture
def app(world) -> Application:
    return create_app(world)


@pytest.fixture
async def api(app: Application) -> AsyncIterator[object]:
    settings = Settings(
        account_id=ACCOUNT_ID,
        base_url="http://simulator.invalid/client/v4",
        credential=Credential(TOKEN, source="CLOUDFLARE_API_TOKEN"),
    )
    client = await connect(settings, transport=httpx.ASGITransport(app=app))
    yield client
    await client.close()


async def failed(api) -> tuple[object, list[str]]:
    page = await api.list_instances("orders", ListQuery("errored"))
    return page.items[0]["id"], [row["id"] for row in page.items]


async def read(api, identity):
    about = await api.get_workflow("orders")
    query = LogQuery("orders", identity, Time.now - 4 * 3600, Time.now, about.script_name, about.class_name)
    return await api.log_reader().read(query)


async def lines_of(api):
    identity, ids = await failed(api)
    page = await read(api, identity)
    detail = read_detail("orders", identity, (await api.get_instance("orders", identity)).result)
    return detail, place_lines(page.lines, detail, others=ids), page


async def test_telemetry_finds_lines_that_do_not_name_the_instance(api):
    detail, placed, page = await lines_of(api)
    assert page.notes == []
    assert all(entry.certain for entry in placed)
    assert any(detail.id not in entry.line.message for entry in placed)
    failed_step = detail.steps.failed()[-1]
    last = [entry for entry in placed if entry.step == failed_step.index][-1]
    assert last.line.level == "error"
    assert "charge card failed" in last.line.message


async def test_lines_of_a_worker_without_a_name_are_not_all(api):
    """Those of every Worker of the account would say nothing of this instance."""
    about = await api.get_workflow("orders")
    nobody = LogQuery("orders", "order-nobody", Time.now - 4 * 3600, Time.now)
    page = await api.log_reader().read(nobody)
    assert (page.lines, page.unnamed) == ([], "")
    page = await api.log_reader().read(replace(nobody, script=about.script_name))
    assert page.lines
    assert "all lines of its Worker" in page.unnamed


@pytest.mark.parametrize("trouble", [{"twice": True}, {"disorder": True}, {"started": 1}])
async def test_telemetry_that_misbehaves_changes_nothing(api, app, trouble):
    _, right, _ = await lines_of(api)
    for name, value in trouble.items():
        setattr(app.state.telemetry, name, value)
    _, placed, _ = await lines_of(api)
    assert placed == right


async def test_sampled_answer_says_so(api, app):
    app.state.telemetry.sampled = 10
    _, _, page = await lines_of(api)
    assert any("about 1 of 10 lines" in note for note in page.notes)


async def test_missing_permission_is_named(api, app):
    app.state.faults.append(InjectedFault.parse("403@telemetry|/tails"))
    with pytest.raises(Forbidden, match="Workers Observability Read"):
        await read(api, "order-1")
    stream = api.log_stream().follow("shop-worker")
    with pytest.raises(Forbidden, match="Workers Tail Read"):
        await anext(stream)
    await stream.aclose()


@pytest.fixture
def moving():
    """Lets the world's time go on by some minutes, so that invocations end."""
    return lambda minutes: setattr(Time, "now", Time.now + 60 * minutes)


async def reached(true):
    """Waits for the other tasks until it is so."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def frame_of(*messages, **more):
    logs = [{"message": [each], "level": "log", "timestamp": 1_795_262_400_000} for each in messages]
    attributes = {"workflowName": "orders", "instanceId": "order-1"}
    return json.dumps({"logs": logs, "exceptions": [], "tailAttributes": attributes} | more)


@pytest.mark.parametrize("number", [3, 3000])
def test_large_message_of_a_tail_says_what_a_small_one_says(number):
    said = ["}, {", '"', {"a": [{}, {"b": "}]"}]}, 17, None, ["é"]][: number + 3]
    exceptions = [{"name": "E", "message": "}, x", "timestamp": 1_795_262_400_000}]
    name, page = _read(frame_of(*said * number, exceptions=exceptions, truncated=True))
    assert (name, page.instance, len(page.notes)) == ("orders", "order-1", 1)
    shown = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in said]
    assert [line.message for line in page.lines] == [*shown * number, "uncaught E: }, x"]


@pytest.mark.parametrize("value", [[[]] * 600_000, [1] * 900_000, {"k": [[], {}] * 300_000}])
def test_value_no_console_prints_is_not_parsed(value):
    """The parser lets no key through while it runs: half a second for one of these."""
    _, page = _read(frame_of("before", value, "after"))
    before, said, after = [line.message for line in page.lines]
    assert (before, after) == ("before", "after")
    assert said.endswith("MB: not shown]")


@pytest.mark.parametrize("cut", [1, 17, 40_000])
def test_large_message_cut_short_is_no_line(cut):
    assert not _read(frame_of("x" * 50_000)[:-cut])[1].lines


async def test_tail_is_shared_and_deleted_at_the_end(api, app, moving):
    tails = app.state.tails
    first, second = (api.log_stream().follow("shop-worker", "orders") for _ in range(2))
    reading = [asyncio.ensure_future(anext(stream)) for stream in (first, second)]
    await reached(lambda: tails.connections)
    moving(1)
    for page in await asyncio.gather(*reading):
        assert page.lines
        assert all(line.instance.startswith("order-") and line.source == "tail" for line in page.lines)
    assert (len(tails.open), tails.connections) == (1, 1)
    await first.aclose()
    assert len(tails.open) == 1
    await second.aclose()
    assert (len(tails.open), tails.deleted) == (0, 1)
    asked = [item for item in app.state.requests if "/tails" in item.path]
    assert [item.method for item in asked] == ["POST", "DELETE"]


async def test_tail_that_is_cut_is_made_anew(api, app, moving):
    tails = app.state.tails
    tails.cut_after = 1
    turns = []

    async def turn():
        turns.append(tails.connections)

    stream = api.log_stream().follow("shop-worker", turn=turn)
    reading = asyncio.ensure_future(anext(stream))
    await reached(lambda: tails.connections)
    moving(1)
    assert await reading
    reading = asyncio.ensure_future(anext(stream))
    await reached(lambda: tails.connections == 2)
    tails.cut_after = None
    moving(1)
    assert await reading
    await stream.aclose()
    assert tails.open == {}
    assert turns == [0, 1], "each waits for its turn before it is made"


async def followed(api, app, moving, *, least=2):
    """The lines of one instance that ran while its tail was followed, put in their places."""
    stream = api.log_stream().follow("shop-worker", "orders")
    notes, lines = [], []
    try:
        before = app.state.tails.connections
        reading = asyncio.ensure_future(anext(stream))
        await reached(lambda: app.state.tails.connections > before)
        for _ in range(60):
            moving(1)
            page = await reading
            notes += page.notes
            lines += page.lines
            if len({line.instance for line in lines}) >= least:
                break
            reading = asyncio.ensure_future(anext(stream))
    finally:
        await stream.aclose()
    return notes, lines


@pytest.mark.parametrize("trouble", [{"twice": True}, {"disorder": True}, {"lag": 30.0}])
async def test_tail_that_misbehaves_changes_nothing(api, app, moving, trouble):
    for name, value in trouble.items():
        setattr(app.state.tails, name, value)
    _, lines = await followed(api, app, moving)
    for identity in {line.instance for line in lines}:
        detail = read_detail("orders", identity, (await api.get_instance("orders", identity)).result)
        placed = place_lines(lines, detail)
        assert placed
        assert {entry.line.instance for entry in placed} == {identity}
        assert all(entry.certain for entry in placed)
        assert [entry.line.at for entry in placed] == sorted(entry.line.at for entry in placed)
        keys = [(entry.line.request, entry.line.order) for entry in placed]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("fault", "words"), [("overload", "sampled: for a time"), ("truncated", "cut: a run")]
)
async def test_tail_says_what_it_left_out(api, app, moving, fault, words):
    setattr(app.state.tails, fault, True)
    notes, _ = await followed(api, app, moving, least=1)
    assert any(words in note for note in notes)


async def test_tail_that_expired_is_made_anew(api, app, moving):
    tails = app.state.tails
    stream = api.log_stream().follow("shop-worker")
    reading = asyncio.ensure_future(anext(stream))
    await reached(lambda: tails.connections)
    first = set(tails.open)
    moving(5 * 60)
    await reached(lambda: tails.connections == 2)
    assert first.isdisjoint(tails.open)
    assert len(tails.open) == 1
    moving(1)
    assert (await reading).lines
    await stream.aclose()
    assert tails.open == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://tail.example/x",
        "ws://tail.example/x",
        "wss://user:secret@tail.example/x",
        "wss://",
        "file:///etc/passwd",
        "wss://[::1",
        "",
    ],
)
def test_address_that_is_not_followed(url):
    with pytest.raises(OtherServer):
        check_address(url)


async def test_websocket_without_redirect_and_credential(cloud):
    def behave(seen, writer):
        if seen.method == "POST":
            url = f"ws://127.0.0.1:{server.port}/socket"
            return envelope({"id": "a" * 32, "url": url, "expires_at": "2026-11-28T00:00:00Z"})
        if seen.target == "/socket":
            return reply(302, b"", headers={"Location": f"ws://127.0.0.1:{server.port}/elsewhere"})
        return envelope(None)

    api, server = await cloud(behave)
    stream = api.log_stream().follow("worker")
    reading = asyncio.ensure_future(anext(stream))
    await reached(lambda: any(seen.method == "DELETE" for seen in server.seen))
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await stream.aclose()
    targets = [seen.target for seen in server.seen]
    assert "/socket" in targets
    assert "/elsewhere" not in targets
    opening = next(seen for seen in server.seen if seen.target == "/socket")
    assert not {"authorization", "x-auth-key", "cookie"} & set(opening.headers)
    assert "obviously-fake-token" not in repr(opening)


async def test_websocket_nobody_answers_is_not_reached():
    with pytest.raises(NotReached):
        await SocketFactory().open("ws://127.0.0.1:9/x", "trace-v1")


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


@pytest.mark.parametrize("break_off", [cut_short, close_after_request])
async def test_question_that_broke_off_is_no_write(cloud, break_off):
    """It is sent as a POST, and changes nothing: nobody has to look for what it did."""
    api, _ = await cloud(break_off)
    with pytest.raises(WorkflowsError) as failure:
        await api.log_reader().read(LogQuery("orders", "order-1", START, START + 1, script="shop"))
    assert "carried out" not in failure.value.sentence
    with pytest.raises(WorkflowsError) as failure:
        await api.analytics("orders", since=START, until=START + 3600, width=60.0)
    assert "carried out" not in failure.value.sentence


async def test_query_that_hangs_is_asked_once_more(cloud, monkeypatch):
    monkeypatch.setattr(telemetry_logs, "_HANGS", 0.3)
    asked = []

    async def behave(seen, writer):
        asked.append(seen.method)
        if len(asked) == 1:
            return await never_answer(seen, writer)
        return envelope({"run": {"status": "COMPLETED"}, "events": {"events": []}})

    api, _ = await cloud(behave)
    page = await api.log_reader().read(LogQuery("orders", "order-1", START, START + 1))
    assert (list(page.lines), len(asked)) == ([], 2)


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
    ("args", "words"),
    [
        (["a", {"b": [1, None]}, 2], 'a {"b": [1, null]} 2'),
        ("plain", "plain"),
        ({"a": "ü"}, '{"a": "ü"}'),
        (None, "null"),
        ([], ""),
    ],
)
def test_message_of_arguments(args, words):
    assert message_of(args) == words


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ('"a line\\nof two', "a line\nof two"),
        ('"cut in an escape\\', "cut in an escape"),
        ('"the first",{"second":1', "the first"),
        ('{"a":[1,2', '{"a":[1,2'),
        ("", ""),
    ],
)
def test_cut_text_is_what_is_left_of_the_arguments(kept, words):
    assert cut_text(kept) == words


async def test_later_lines_of_a_run_need_not_name_the_instance(api):
    identity, _ = await failed(api)
    first = await read(api, identity)
    by_name = [line for line in first.lines if identity in line.message]
    others = [line for line in first.lines if identity not in line.message]
    assert by_name
    assert others
    about = await api.get_workflow("orders")
    # A time in which no line names it: the runs that did before are asked for, and nobody else's.
    at = others[-1].at
    query = LogQuery(
        "orders", "order-nobody", at - 0.01, at + 0.01, about.script_name, about.class_name, first.requests
    )
    page = await api.log_reader().read(query)
    assert page.unnamed == ""
    assert {line.request for line in page.lines} <= set(first.requests)
    assert others[-1].message in {line.message for line in page.lines}


class Flood:
    """A socket with messages at hand without a pause, each as large as one of `lines` lines."""

    def __init__(self, messages, lines=1):
        self.left, self.lines, self.turns = messages, lines, 0

    async def open(self, url, protocol):
        return self

    async def send(self, text):
        pass

    async def receive(self):
        if not self.left:
            raise SocketEnded
        self.left -= 1
        logs = [{"timestamp": START * 1e3 + n, "level": "log", "message": ["x"]} for n in range(self.lines)]
        return json.dumps({"eventTimestamp": START * 1e3 + self.left, "logs": logs})

    async def close(self):
        pass


async def test_flood_of_messages_leaves_the_loop_its_turns(api):
    """Keys wait for the loop: a socket that always has one more message must not keep it."""
    flood = Flood(20_000)
    stream = TailLogs(api.log_stream()._endpoints, flood).follow("shop-worker")
    async for _ in stream:
        assert flood.left, "every message was read before anything else had a turn"
        break
    await stream.aclose()


async def test_tail_that_is_closed_again_and_again_says_so(api, monkeypatch):
    monkeypatch.setattr(tail_logs, "_FIRST_WAIT", 0.01)
    closed = Flood(0)
    tail = TailLogs(api.log_stream()._endpoints, closed)
    stream = tail.follow("shop-worker")
    reading = asyncio.ensure_future(anext(stream))
    await reached(lambda: tail.trouble("shop-worker"))
    assert tail.trouble("shop-worker").sentence == "The server closed the log that it sends (WebSocket 1006)."
    assert tail.trouble("another-worker") is None
    closed.left = 1
    await reading
    assert tail.trouble("shop-worker") is None
    await stream.aclose()


async def test_tail_that_ended_takes_no_other_with_it(api, app):
    app.state.faults.append(InjectedFault.parse("403:1@/tails"))
    tail = api.log_stream()
    refused, follower = tail.follow("shop-worker"), tail.follow("shop-worker")
    with pytest.raises(Forbidden):
        await anext(refused)
    reading = [asyncio.ensure_future(anext(follower))]
    await reached(lambda: app.state.tails.connections)
    await refused.aclose()
    third = tail.follow("shop-worker")
    reading.append(asyncio.ensure_future(anext(third)))
    await asyncio.sleep(0)
    assert len(tail._pumps["shop-worker"].readers) == 2
    for each in reading:
        each.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    for stream in (follower, third):
        await stream.aclose()
    assert app.state.tails.open == {}


async def test_slow_reader_is_kept_a_bounded_number_of_lines(api, monkeypatch):
    """Some megabytes, however large the messages are; the newest stay."""
    monkeypatch.setattr(tail_logs, "_A_LINE", 0.0)
    flood = Flood(60, lines=2000)
    tail = TailLogs(api.log_stream()._endpoints, flood)
    stream = tail.follow("shop-worker")
    await anext(stream)
    await reached(lambda: not flood.left)
    (reader,) = tail._pumps["shop-worker"].readers
    newest = f"{START * 1e3:.0f}"
    # The last one is parsed off the loop, after it was received.
    await reached(lambda: reader._waiting and reader._waiting[-1][1].lines[0].request.endswith(newest))
    waiting = []
    while reader._waiting:
        waiting.append(await anext(stream))
    await stream.aclose()
    assert sum(len(page.lines) for page in waiting) <= 20_000
    assert waiting[-1].lines[0].request.endswith(newest)
