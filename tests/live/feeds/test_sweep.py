"""The sweep over everything that can still move: what it misses, what it leaves out, who goes before it."""

import asyncio
from functools import partial

from tests.support.clocks.simulated_time import EPOCH
from tests.support.fakes.scripted import item, scripted
from wfdash.api.interface import InstancePage
from wfdash.core.filter.query import parse
from wfdash.core.model.times import iso
from wfdash.core.rows.store import CHANGED, ENDED
from wfdash.core.rows.view import TableView


def matching(poller, query):
    return set(TableView(poller.store, parse(query), clock=lambda: EPOCH).ids())


@scripted
async def test_two_sweeps_that_miss_a_row_make_it_doubtful(api, poller, loop):
    api.pages = {"": [item("new", age=1)], "running": [item("new"), item("old", age=9)]}
    poller.show("orders")
    await asyncio.sleep(40)
    assert "old" in poller.store
    api.pages["running"] = [item("new")]
    await asyncio.sleep(45)
    assert poller.store.note("old") == ""
    assert "old" in poller.sweep.missed
    await asyncio.sleep(30)
    assert poller.store.note("old") == ENDED
    assert poller.store.note("new") == ""
    poller.prioritise(["old"])
    api.details["old"] = {"status": "complete", "end": iso(EPOCH + 5)}
    await asyncio.sleep(3)
    assert poller.store.get("old").status == "complete"
    assert poller.store.note("old") == ""


@scripted
async def test_a_watched_row_is_read_after_one_sweep_missed_it(api, poller, loop):
    api.pages = {"": [item("new", age=1)], "running": [item("old", age=9)]}
    poller.show("orders")
    poller.prioritise(["old"])
    await asyncio.sleep(40)
    assert not [each for each in api.asked if each[0] == "get"]
    api.pages["running"] = []
    api.details["old"] = {"status": "errored"}
    await asyncio.sleep(35)
    assert poller.store.get("old").status == "errored"


@scripted
async def test_a_row_that_left_its_status_counts_for_it_no_more(api, poller, loop):
    api.pages = {"running": [item("stays"), item("goes", age=9)]}
    poller.show("orders", parse("status:running"))
    await asyncio.sleep(4)
    assert matching(poller, "status:running") == {"stays", "goes"}
    api.pages["running"] = [item("stays")]
    await asyncio.sleep(12)
    assert poller.store.note("goes") == CHANGED
    assert matching(poller, "status:running") == {"stays"}
    # It may still move: that it ended nothing says yet.
    assert matching(poller, "status:active") == {"stays", "goes"}
    await asyncio.sleep(90)
    assert poller.store.note("goes") == ENDED
    assert matching(poller, "status:active") == {"stays"}
    assert matching(poller, "") == {"stays", "goes"}
    api.pages["running"].append(item("goes", age=9))
    await asyncio.sleep(4)
    assert poller.store.note("goes") == ""
    assert matching(poller, "status:running") == {"stays", "goes"}


async def endless(api, workflow, query):
    """Pages of an API in which more instances wait than a sweep can ask for."""
    await asyncio.sleep(0.05)
    if query.status != "waiting":
        rows = list(api.pages.get(query.status, []))
        return InstancePage(rows, "more" if query.status == "" else None, 1000)
    at = int(query.cursor or 0)
    return InstancePage([item(f"w{n}", "waiting", n) for n in range(at, at + 100)], str(at + 100), 90000)


@scripted
async def test_status_too_large_to_sweep_is_named_and_trusted(api, poller, loop):
    api.pages = {"": [item("new", age=1)]}

    api.list_instances = partial(endless, api)
    poller.show("orders")
    await asyncio.sleep(400)
    assert "waiting" in poller.sweep.left_out
    assert not any(map(poller.store.note, poller.store.ids()))
    assert len(poller.store) <= 6001


@scripted
async def test_a_sweep_without_end_leaves_a_search_its_turns(api, poller, loop):
    api.pages = {"": [item("new", age=1)]}

    api.list_instances = partial(endless, api)
    poller.show("orders")
    await asyncio.sleep(60)
    poller.look_for(parse("step~charge"))
    await asyncio.sleep(120)
    assert poller.search.searched.read >= 60
    assert poller.sweep.period is not None


@scripted
async def test_what_a_sweep_missed_is_looked_up_in_the_list(api, poller, loop):
    api.pages = {"": [item("new", age=1)], "running": [item("new"), item("a", age=9), item("b", age=8)]}
    poller.show("orders")
    await asyncio.sleep(40)
    api.pages["running"] = [item("new")]
    ends = [item("a", "complete", age=9), item("b", "errored", age=8), item("never loaded", age=7)]
    listed = []

    async def answer(api, workflow, query):
        listed.append(query.date_end)
        if query.date_end is None:
            more = "more" if query.status == "" else None
            return InstancePage(list(api.pages.get(query.status, [])), more, 1000)
        return InstancePage([ends[1], ends[0], ends[2]], None, None)

    api.list_instances = partial(answer, api)
    await asyncio.sleep(45)
    assert (poller.store.get("a").status, poller.store.get("b").status) == ("complete", "errored")
    assert "never loaded" not in poller.store
    assert sum(date is not None for date in listed) == 1, "one page tells of both"
    assert poller.store.note("a") == ""
