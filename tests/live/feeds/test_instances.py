"""Which rows the poller lists: by filter, page by page, and none of another workflow."""

import asyncio
from collections import Counter
from itertools import count

from tests.support.clocks.simulated_time import EPOCH
from tests.support.fakes.scripted import item, scripted
from tests.support.harness.dashboard import drive
from tests.support.harness.stage import asked, newest, staged
from wfdash.api.interface import InstancePage
from wfdash.core.filter.query import parse
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.rows.store import GONE
from wfdash.demo.engine import verbs


@staged()
async def test_the_answer_to_an_old_question_is_dropped(on):
    poller = on.poller
    on.app.state.latency = 2.0
    poller.show("orders")
    await asyncio.sleep(1)
    poller.show("billing")
    await asyncio.sleep(5)
    assert set(poller.store.ids()) <= set(on.world.workflows["billing"].by_id)
    assert len(poller.store)


@staged()
async def test_a_filter_goes_to_the_server_where_it_can(on):
    poller = on.poller
    poller.show("orders", parse("status:errored since:20h order"))
    await asyncio.sleep(1)
    (first, *_) = [each for each in asked(on, "/instances?") if "date_start" in each.path]
    assert "status=errored" in first.path
    assert poller.newest.total == on.world.workflows["orders"].counts["errored"]
    poller.show("orders", parse("status:errored,complete"))
    await asyncio.sleep(1)
    assert poller.newest.total == poller.total


@staged()
async def test_visible_row_that_left_the_listing_is_read_at_once(on):
    poller = on.poller
    poller.show("orders", parse("status:waiting"))
    await asyncio.sleep(2)
    visible = [each.id for each in poller.store if each.status == "waiting"][:10]
    poller.want(visible)
    await asyncio.sleep(20)
    ended, expired = on.world.workflows["orders"].by_id[visible[1]], visible[2]
    verbs.terminate(on.world, ended)
    on.world.workflows["orders"].forget(on.world.workflows["orders"].by_id[expired])
    await on.until(lambda: poller.store.get(ended.id).status == "terminated", within=6)
    await on.until(lambda: poller.store.note(expired) == GONE, within=6)
    since = on.loop.time()
    await asyncio.sleep(20)
    assert len(asked(on, expired, since)) == 0
    assert len(asked(on, ended.id, since)) <= 1


@staged()
async def test_history_is_loaded_page_by_page_to_its_end(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    pages = 0
    while not poller.history.complete:
        poller.load_more()
        await on.until(lambda: not poller.history.wanted, within=30, step=0.2)
        pages += 1
    rows = on.world.workflows["orders"].by_id
    assert pages in (len(rows) // 100, len(rows) // 100 - 1)
    assert {each.id for each in rows.values() if each.created < EPOCH} <= set(poller.store.ids())
    since = on.loop.time()
    poller.load_more()
    await asyncio.sleep(2)
    assert not [each for each in newest(on, since) if "cursor" in each.path]


@staged()
async def test_more_arrivals_than_a_page_are_all_listed(on):
    poller, world = on.poller, on.world
    poller.show("orders")
    await asyncio.sleep(1)
    orders = world.workflows["orders"]
    world.look()
    created = [world.create(orders, f"burst-{number}", own=True).id for number in range(730)]
    await asyncio.sleep(8)
    assert all(each in poller.store for each in created)


@scripted
async def test_dev_session_is_asked_for_the_rows_on_screen(api, poller, loop):
    rows = [item(f"i-{n}", age=10 + n / 100) for n in range(60)]
    api.local, api.pages = True, {"": rows}
    poller.show("orders")
    await asyncio.sleep(1)
    poller.newest.looked_at = 20
    await asyncio.sleep(28)
    assert (api.sizes[0], set(api.sizes[1:])) == (100, {20}), "all of them only after 30 s"
    await asyncio.sleep(5)
    assert 100 in api.sizes[-3:]
    assert poller.newest.complete_at is not None
    assert poller.history.complete
    assert not poller.store.gone

    # One far below the screen is deleted: fewer are told, and all are asked for until it is found.
    api.pages = {"": rows[:50] + rows[51:]}
    await asyncio.sleep(16)
    assert poller.store.gone == {"i-50"}

    # More come than are on screen: none is missing between them and those known before.
    api.pages = {"": [item(f"new-{n}", age=1 + n / 100) for n in range(30)] + rows[:50]}
    await asyncio.sleep(6)
    assert {f"new-{n}" for n in range(30)} <= set(poller.store.ids())
    poller.newest.looked_at = 0
    await asyncio.sleep(12)
    assert api.sizes[-1] == 100


@scripted
async def test_looking_for_the_session_does_not_slow_its_list(api, poller, loop):
    async def searched():
        await asyncio.sleep(4)

    api.local, api.session_started = True, searched
    api.pages = {"": [item("a", age=9)]}
    poller.show("orders")
    await asyncio.sleep(50)
    assert len(api.sizes) >= 10


@scripted
async def test_dev_session_that_stood_still_before_is_asked_seldom(api, poller, loop):
    """To open it is no movement: each list leaves hundreds of rows with its developer."""
    rows = [item(f"i-{n}", age=300 + n) for n in range(60)]
    api.local, api.pages = True, {"": rows}
    poller.show("orders")
    await asyncio.sleep(1)
    poller.newest.looked_at = 20
    await asyncio.sleep(58)
    assert api.sizes == [100, 20]

    # A read of another kind shows that something moved: the list does not rest any longer.
    await asyncio.sleep(10)
    asked = len(api.sizes)
    poller._context.session.moved(loop.time(), loop.time())
    await asyncio.sleep(6)
    assert len(api.sizes) > asked
    await asyncio.sleep(20)
    assert len(api.sizes) >= asked + 4


@scripted
async def test_dev_session_that_wrote_nothing_is_not_listed(api, poller, loop):
    """Its files say for nothing what a list would wake each of its instances for."""
    rows = [item(f"i-{n}", age=300 + n) for n in range(60)]
    api.local, api.pages, api.wrote = True, {"": rows}, loop.time() - 300
    reads, began = count(), loop.time() - 900

    async def started():
        return began + next(reads) / 1000  # it is reckoned from two clocks

    api.session_started = started
    poller.show("orders")
    await asyncio.sleep(1)
    poller.newest.looked_at = 20
    await asyncio.sleep(200)
    assert api.sizes == [100]
    assert loop.time() - poller.newest.freshness.answered_at <= 6, "what it says is as of now all the same"
    assert not poller.newest.freshness.missed
    assert {poller.store.note(f"i-{n}") for n in range(60)} == {""}

    # What is written is listed within a poll, and once more: it may have been written while it was listed.
    api.pages, api.wrote = {"": [item("i-0", status="complete", age=300), *rows[1:]]}, loop.time()
    await asyncio.sleep(6)
    assert poller.store.get("i-0").status == "complete"
    await asyncio.sleep(60)
    asked = len(api.sizes)
    assert asked <= 4

    # A person who asks is answered, and a reload, which writes nothing, is looked at.
    poller.newest.soon()
    await asyncio.sleep(6)
    assert len(api.sizes) == asked + 1
    began = loop.time()
    await asyncio.sleep(6)
    assert len(api.sizes) == asked + 2
    await asyncio.sleep(610)
    assert asked + 3 <= len(api.sizes) <= asked + 4, "now and then it is listed whatever its files say"


@scripted
async def test_counts_of_a_whole_page_are_those_of_its_rows(api, poller, loop):
    """Counts are asked for every 10 s: `4 running` stood above four errored rows."""
    rows = [item(f"i-{n}", age=9 + n) for n in range(4)]

    async def listed(workflow, query=None):
        return InstancePage(list(rows), None, len(rows))

    api.list_instances = listed
    poller.show("orders")
    await asyncio.sleep(12)
    rows[:] = [each | {"status": "errored"} for each in rows]
    await asyncio.sleep(4)
    assert poller.store.counts == {"errored": 4}
    assert poller.status_counts == {"errored": 4}


@scripted
async def test_dev_session_whose_files_are_not_seen_is_listed(api, poller, loop):
    api.local, api.pages, api.wrote = True, {"": [item("a", age=9)]}, loop.time() - 300
    poller.show("orders")
    await asyncio.sleep(20)
    asked, api.wrote = len(api.sizes), None
    await asyncio.sleep(30)
    assert len(api.sizes) >= asked + 4


@scripted
async def test_a_start_that_a_detail_tells_is_no_movement(api, poller, loop):
    """A dev session lists no start: to read the rows on screen once kept its list from resting."""
    api.local, api.pages = True, {"": [item("a", age=300)]}
    poller.show("orders")
    await asyncio.sleep(1)
    answer = {"id": "a", "status": "running", "created_on": iso(EPOCH - 300), "started_on": iso(EPOCH - 299)}
    poller._context.tell(poller.store.apply([answer], seq=900, now=loop.time()))
    await asyncio.sleep(27)
    assert len(api.sizes) == 1


def test_rows_of_a_list_answer_are_read_once(monkeypatch):
    read, real = [], Instance.from_item

    def counted(item):
        read.append(item["id"])
        return real(item)

    async def script(dashboard):
        await dashboard.passes(30)
        newest = dashboard.app.session.poller.newest
        await dashboard.until(lambda: not newest.freshness.asking)
        before, ledger = newest.freshness.answered_at, dashboard.server.state.requests
        ledger.clear()
        monkeypatch.setattr(Instance, "from_item", counted)
        await dashboard.until(lambda: newest.freshness.answered_at != before)
        answers = len(ledger.of("GET", "/orders/instances?"))  # a busy machine may let a second one come
        more = [identity for identity, times in Counter(read).items() if times > answers]
        assert len(read) >= 100
        assert more == []

    drive(script)
