"""The lines of one instance as they are gathered."""

import asyncio
import gc

import pytest

from tests.support.fakes.details import T0, detail, done
from wfdash.api.log_source import LogPage
from wfdash.core.logs.cloud_runs import CloudRun
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.line import LogLine
from wfdash.core.logs.objects import TracedObjects
from wfdash.core.model.workflow import Workflow
from wfdash.live.reads import log_lines
from wfdash.live.reads.log_lines import InstanceLogs


class Cloud:
    """As much of the API as is needed while nothing is read."""

    local = False

    def log_reader(self):
        return None


async def turn(_again):
    pass


def lines(numbers):
    return [LogLine(float(n), "log", f"line {n}", "tail", order=f"{n:06d}") for n in numbers]


async def test_what_is_remembered_of_lines_is_bounded(monkeypatch):
    """An instance is followed for weeks, and a line that was dropped takes no room any more."""
    monkeypatch.setattr(log_lines, "_MOST", 100)
    logs = InstanceLogs(Cloud(), "orders", "order-1", turn=turn, now=lambda: 0.0)
    for start in range(0, 2000, 50):
        assert logs.add(lines(range(start, start + 50))) == 50
        await logs.cut()
    assert len(logs._kept) <= 110
    assert len(logs.lines) <= 110
    assert logs.lines[-1].message == "line 1999"
    assert logs.add(lines(range(1950, 2000))) == 0
    # A source that is read far back gives them again: they would be printed a second time.
    assert logs.add(lines(range(50))) == 0
    assert "cut: only the newest 100 lines are kept" in logs.state.notes(0)


def test_lines_of_the_run_before_are_its_own_alone():
    """In a dev session others print in the same store."""
    logs = InstanceLogs(Cloud(), "orders", "order-1", turn=turn, now=lambda: T0 + 100)
    words = {-50: ("a", "id=order-1 begins"), -49: ("a", "bare"), -48: ("b", "id=order-2 begins")}
    words |= {-47: ("b", "bare"), -46: ("c", "of nobody"), 5: ("d", "id=order-1 begins again")}
    logs.add(
        [LogLine(T0 + at, "log", text, "local", call, order=str(at)) for at, (call, text) in words.items()]
    )
    placed = logs.placed(detail("running"), {"order-2": Lifetime()}, of_this_run=True)
    assert [entry.line.message for entry in placed] == ["id=order-1 begins again"]
    assert logs.earlier == 2


async def test_lines_that_come_while_others_are_cut_are_kept(monkeypatch):
    monkeypatch.setattr(log_lines, "_MOST", 100)
    logs = InstanceLogs(Cloud(), "orders", "order-1", turn=turn, now=lambda: 0.0)
    logs.add(lines(range(200)))
    cutting = [asyncio.ensure_future(logs.cut()) for _ in range(2)]
    await asyncio.sleep(0)
    assert logs.add(lines(range(190, 230))) == 30
    await asyncio.gather(*cutting)
    assert [line.message for line in logs.lines] == [f"line {n}" for n in range(100, 230)]
    assert logs.add(lines(range(90, 230))) == 0


class Telemetry:
    """A source that has each line so many seconds after it was printed."""

    name, permission, pace, lag, local = "telemetry", "", 3.0, 20.0, False
    kept, kept_surely = 7 * 86_400.0, 3 * 86_400.0

    def __init__(self, printed, behind=0.0):
        self.printed = [T0 + at for at in printed]
        self.behind, self.now, self.asked = behind, T0, []
        self.beside = []

    def log_reader(self):
        return self

    async def get_workflow(self, workflow):
        return Workflow(workflow, script_name="shop", class_name="Orders")

    async def read(self, query, turn):
        self.asked.append((query.since, query.until))
        self.lived = query.lived
        beside = self.beside if query.lived is not None else ()
        there = [at for at in self.printed if query.since <= at <= min(query.until, self.now - self.behind)]
        lines = [LogLine(at, "log", f"order-1 at {at}", "telemetry", "r", order=str(at)) for at in there]
        return LogPage(lines, invocations=beside)

    def lines_of(self):
        return InstanceLogs(self, "orders", "order-1", turn=turn, now=lambda: self.now)


async def read_until(source, logs, shown, end):
    while source.now < T0 + end:
        source.now += source.pace
        await logs.read(shown(source.now))


async def test_runs_of_code_that_are_remembered_are_bounded(monkeypatch):
    """Each wake of an instance is one: of one that is followed for weeks there are thousands."""
    source = Telemetry([])
    asked = []

    async def read(query, turn):
        asked.append(list(query.requests))
        return LogPage([], requests=[*query.requests, f"run {len(asked)}"])

    monkeypatch.setattr(source, "read", read)
    logs = source.lines_of()
    for _ in range(200):
        source.now += source.pace
        await logs.read(detail("running"))
    assert len(logs._requests) == 50
    assert asked[-1] == [f"run {number}" for number in range(150, 200)]


async def test_objects_that_a_session_tells_of_are_bounded(monkeypatch):
    monkeypatch.setattr(log_lines, "_MOST_TRACED", 10, raising=False)
    source = Telemetry([])
    numbers = iter(range(100))

    async def read(query, turn):
        own = str(next(numbers))
        held = frozenset({own})
        return LogPage([], objects=TracedObjects({own: own}, {own: held}, {own: held}, {own: {"orders": 1}}))

    monkeypatch.setattr(source, "read", read)
    logs = source.lines_of()
    for _ in range(100):
        await logs.read(detail("running"))
    newest = {str(number) for number in range(90, 100)}
    kept = logs._objects
    assert set(kept.runs) == set(kept.traces) == set(kept.called) == set(kept.begins) == newest


@pytest.mark.parametrize("behind", [0.0, 10.0, 45.0, 130.0])
async def test_lines_that_come_late_are_not_lost(behind):
    source = Telemetry([float(at) for at in range(1, 200, 7)], behind)
    logs = source.lines_of()
    await read_until(source, logs, lambda _: detail("running"), 200 + behind + 60)
    assert sorted(line.at for line in logs.lines) == source.printed
    far = [until - since for since, until in source.asked if until - since > 100]
    assert len(far) <= len(source.asked) / 10


async def test_ended_instance_is_read_to_its_end():
    """Not before what comes late has had its time, and then far enough back for what came later still."""
    source = Telemetry([1.0, 40.0, 59.0], behind=30.0)
    logs = source.lines_of()

    def shown(now):
        return detail("complete", end=60.0) if now >= T0 + 61 else detail("running")

    await read_until(source, logs, shown, 78)
    assert (logs.state.read_to_end, source.lived) == (False, None)
    await read_until(source, logs, shown, 81)
    assert logs.state.read_to_end
    # What else ran beside it is asked for once all of it is told, from its first moment to its last.
    assert source.lived == (T0 - 2, T0 + 65)
    # Once more then: what is not told by that time takes back what was believed of a line.
    assert 0 < logs.settles_in(shown(source.now)) == T0 + 60 + 2 * source.lag + 1 - source.now
    before = logs.version
    source.now = T0 + 102
    assert logs.settles_in(shown(source.now)) <= 0
    await logs.read(shown(source.now))
    assert logs.version > before
    assert [line.at for line in logs.lines] == source.printed
    await logs.read(detail("running"))
    assert not logs.state.read_to_end


async def test_lines_older_than_a_source_keeps_are_not_asked_for():
    day = 86_400.0
    source = Telemetry([8 * day])
    source.now = T0 + 9 * day
    logs = source.lines_of()
    await logs.read(detail("running"))
    assert source.asked == [(T0 + 2 * day, T0 + 9 * day + 1)]
    assert logs.state.notes(0) == ["what it printed more than 7 days ago is kept no longer"]
    source.now = T0 + 17 * day
    ended = detail("complete", end=8 * day)
    logs = source.lines_of()
    await logs.read(ended)
    assert len(source.asked) == 1
    assert logs.state.read_to_end
    words = "It ended 9d ago: lines are kept for 7 days, for 3 on the free plan."
    assert (logs.why_none(ended), logs.state.notes(0)) == (words, [])


def test_many_lines_are_placed_while_the_collector_rests(monkeypatch):
    """The collector holds every thread as long as it walks, wherever it began to."""
    logs = InstanceLogs(Cloud(), "orders", "order-1", turn=turn, now=lambda: T0 + 100)
    found = {}

    def place(lines, *_args, **_more):
        found[len(lines)] = gc.isenabled()
        return []

    monkeypatch.setattr(log_lines, "place_lines", place)
    for number in (10, 5000):
        logs.add(lines(range(number)))
        logs.placed(detail("running"))
    assert found == {10: True, 5000: False}
    assert gc.isenabled()


async def test_run_that_is_found_later_takes_back_whose_the_lines_are():
    """Its row came late: a run beside it that names nobody may be the instance's."""
    source = Telemetry([1.0, 9.0])
    source.now, ended = T0 + 81, detail("complete", [done("load-1", 0, 10)], end=60)
    own = CloudRun("r", T0 + 60, T0, T0 + 60, frozenset({"order-1"}))
    logs = source.lines_of()
    late = CloudRun("q", T0 + 60, T0, T0 + 60)
    # Or more of them than are looked through: then none is told.
    for beside, sure in (([own], True), ([], False), ([own], True), ([own, late], False)):
        source.beside = beside
        await logs.read(ended)
        assert {entry.certain for entry in logs.placed(ended)} == {sure}


async def test_lines_that_are_not_sure_say_why():
    """While it runs, and until what ran beside it has its rows, nothing tells whose they are."""
    source = Telemetry([1.0, 9.0])
    logs = source.lines_of()
    ended = detail("complete", [done("load-1", 0, 10)], end=60)
    own = CloudRun("r", T0 + 60, T0, T0 + 60, frozenset({"order-1"}))
    late, part = CloudRun("q", T0 + 60, T0, T0 + 60), CloudRun("r", T0 + 5, T0, T0 + 5, own.speakers)
    soon = "told 20 s after its end"
    for found, at, beside, why in (
        (detail("running", [done("load-1", 0, 10)]), 30, [], soon),
        (ended, 65, [], soon),
        (ended, 81, [], "what ran beside it could not be read whole"),
        (ended, 81, [own, late], "a run beside it names nobody that surely ran then"),
        (ended, 81, [part], "one of its runs has left no row"),
        (ended, 81, [own], ""),
    ):
        source.now, source.beside = T0 + at, beside
        await logs.read(found)
        assert {entry.certain for entry in logs.placed(found)} == {not why}
        assert logs.why_unsure(found) == why
