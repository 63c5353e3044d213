"""Lines as they are sent: shared, made anew, in pieces, too many."""

import asyncio
import json

import pytest

from tests.api.logs.simulated import START, reached
from wfdash.api.errors import Forbidden
from wfdash.api.logs import tail as tail_logs
from wfdash.api.logs.socket import SocketEnded
from wfdash.api.logs.tail import TailLogs, _read
from wfdash.core.logs.place import place_lines
from wfdash.core.model.detail import read_detail
from wfdash.demo.http.faults import InjectedFault


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


class Attributed(Flood):
    """Each message with the same attributes."""

    def __init__(self, attributes):
        super().__init__(1)
        self.attributes = attributes

    async def receive(self):
        return json.dumps({**json.loads(await super().receive()), "tailAttributes": self.attributes})


@pytest.mark.parametrize(
    ("attributes", "instance"),
    [
        ({"workflowName": "orders", "instanceId": "order-1"}, "order-1"),
        ({"instanceId": "order-1"}, ""),
        ({"workflowName": "", "instanceId": "order-1"}, ""),
        ({}, ""),
    ],
)
async def test_message_without_a_workflow_tells_no_instance(api, attributes, instance):
    """Another workflow of the script may have one of the same id."""
    socket = Attributed(attributes)
    stream = TailLogs(api.log_stream()._endpoints, socket).follow("shop-worker", "orders")
    page = await anext(stream)
    await stream.aclose()
    assert [line.instance for line in page.lines] == [instance]
    # Those of another id are left out all the same.
    assert page.instance == attributes.get("instanceId", "")


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
