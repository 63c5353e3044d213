"""A dev session is asked by what its answers cost now, and less once nothing moves."""

import asyncio
from itertools import pairwise

from tests.support.clocks.simulated_time import EPOCH
from tests.support.fakes.scripted import item, scripted
from wfdash.api.errors import NotReached
from wfdash.api.interface import DetailAnswer, InstancePage, WorkflowPage
from wfdash.core.model.detail import read_detail
from wfdash.core.model.times import iso
from wfdash.core.model.workflow import Workflow
from wfdash.core.rows.store import GONE


def lists(api, loop, took):
    """Let each list take `took(number)` seconds; the moments at which they were asked."""
    times = []

    async def answer(workflow, query):
        times.append(loop.time())
        await asyncio.sleep(took(len(times)))
        return InstancePage(list(api.pages[""]), None, len(api.pages[""]), {})

    api.local, api.list_instances = True, answer
    return times


def session_of(poller):
    """What is known of the session for the instance a."""
    return poller.why_context(read_detail("orders", "a", {"status": "running"})).session


def gaps(times):
    return [later - earlier for earlier, later in pairwise(times)]


@scripted
async def test_one_slow_answer_slows_nothing(api, poller, loop):
    api.pages = {"": [item("a", age=1)]}
    times = lists(api, loop, lambda number: 5.7 if number == 4 else 0.02)
    poller.show("orders")
    await asyncio.sleep(45)
    assert max(gaps(times)) < 5.8


@scripted
async def test_slow_answers_keep_it_at_work_for_a_tenth_of_the_time(api, poller, loop):
    api.pages = {"": [item("a", age=1)]}
    times = lists(api, loop, lambda number: 2.0)
    poller.show("orders")
    await asyncio.sleep(100)
    assert all(20 <= gap < 21 for gap in gaps(times)[1:])


@scripted
async def test_the_list_rests_longer_after_a_minute_without_change(api, poller, loop):
    api.pages = {"": [item("a", age=1)]}
    times = lists(api, loop, lambda number: 0.02)
    poller.show("orders")
    await asyncio.sleep(400)
    within = [gap for at, gap in zip(times, gaps(times)) if at < EPOCH + 50]
    assert all(gap < 6 for gap in within)
    assert 29 < gaps(times)[-1] <= 31
    api.pages[""].append(item("b"))
    await asyncio.sleep(60)
    assert gaps(times)[-1] < 6, "a change is followed at the usual pace"


@scripted
async def test_a_row_is_read_less_the_longer_it_stands_still(api, poller, loop):
    asked = []

    async def answer(workflow, instance, **options):
        asked.append(loop.time())
        nap = {"type": "sleep", "name": "nap", "start": iso(EPOCH), "end": None, "finished": False}
        return DetailAnswer({"status": "running", "start": iso(EPOCH), "steps": [nap]})

    api.pages, api.get_instance = {"": [item("a")]}, answer
    lists(api, loop, lambda number: 0.02)
    poller.show("orders")
    poller.want(["a"])
    await asyncio.sleep(1800)
    assert min(gaps(asked)) >= 4.9
    assert 250 < gaps(asked)[-1] <= 302
    assert len(asked) < 20


@scripted
async def test_a_refused_connection_tells_what_was_cut(api, poller, loop):
    api.pages = {"": [item("a", age=1)]}
    lists(api, loop, lambda number: 0.02)
    poller.show("orders")
    await asyncio.sleep(12)
    answering = api.list_instances

    async def refused(workflow, query):
        raise NotReached("refused", sent=False)

    api.list_instances = refused
    await asyncio.sleep(12)
    api.list_instances = answering
    await asyncio.sleep(30)
    times = session_of(poller)
    assert EPOCH + 12 < times.started < EPOCH + 24
    assert times.watched > times.started


@scripted
async def test_the_processes_tell_when_the_session_began(api, poller, loop):
    api.pages = {"": [item("a", age=1)]}
    lists(api, loop, lambda number: 0.02)
    api.started = EPOCH - 50
    poller.show("orders")
    await asyncio.sleep(12)
    times = session_of(poller)
    assert (times.started, times.watched, times.changed) == (EPOCH - 50, EPOCH - 50, None)
    api.pages = {"": [item("a", "paused", age=1)]}
    await asyncio.sleep(12)
    assert session_of(poller).changed > EPOCH + 12


@scripted
async def test_rows_of_one_page_are_counted_themselves(api, poller, loop):
    rows = [item("a", age=1), item("b", "errored", age=2), item("c", "errored", age=3)]
    stale = {"running": 2, "errored": 1}

    async def counted_long_ago(workflow, query):
        return InstancePage(list(rows), None, len(rows), stale)

    api.local, api.list_instances = True, counted_long_ago
    poller.show("orders")
    await asyncio.sleep(2)
    assert poller.status_counts == {"running": 1, "errored": 2}
    del rows[2]
    await asyncio.sleep(12)
    assert poller.store.note("c") == GONE
    assert poller.status_counts == {"running": 1, "errored": 1}


@scripted
async def test_counts_are_not_asked_beside_the_first_list(api, poller, loop):
    asked = []

    async def listed(workflow, query):
        await asyncio.sleep(3)
        return InstancePage([item("a", age=1)], None, 1, {"running": 1})

    async def answered(name):
        asked.append(name)
        return Workflow(name, counts={"running": 1})

    api.local, api.list_instances, api.get_workflow = True, listed, answered
    poller.show("orders")
    await asyncio.sleep(30)
    assert poller.status_counts == {"running": 1}
    assert asked == []


@scripted
async def test_counts_are_read_of_each_workflow_alone(api, poller, loop):
    async def listed(**options):
        return WorkflowPage([Workflow("a"), Workflow("b")], total=2)

    async def answered(name):
        return Workflow(name, counts={"errored": 3 if name == "b" else 0})

    api.local, api.list_workflows, api.get_workflow = True, listed, answered
    poller.overview = True
    await asyncio.sleep(2)
    assert {workflow.name: workflow.counts for workflow in poller.counts.workflows} == {
        "a": {"errored": 0},
        "b": {"errored": 3},
    }
