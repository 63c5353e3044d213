"""The poller over the simulator: what is asked when."""

import asyncio
from itertools import pairwise

import pytest

from tests.support.clocks.simulated_time import EPOCH, simulate
from tests.support.fakes.scripted import Scripted, item, scripted
from tests.support.harness.stage import asked, newest, staged, waiting_of
from wfdash.api.interface import InstancePage
from wfdash.core.filter.query import parse
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import ACTIONS, QUOTA, WINDOW
from wfdash.live.watcher import Watcher


@staged()
async def test_the_first_rows_come_with_the_first_request(on):
    on.poller.show("orders")
    await on.until(lambda: len(on.poller.store), within=1, step=0.05)
    assert newest(on)[0].at - EPOCH < 0.2


@staged()
async def test_rows_begun_early_are_kept_by_the_first_show(on):
    on.poller.begin("orders", None)
    await on.until(lambda: len(on.poller.store), within=1, step=0.05)
    await asyncio.sleep(1)
    assert len(on.app.state.requests) == 1, "nothing else before the rows are drawn"
    on.poller.show("orders", None)
    assert len(on.poller.store)
    on.poller.go_on()
    await asyncio.sleep(1)
    assert len(newest(on)) == 1
    assert len(on.app.state.requests) > 1
    on.poller.show("orders", None)
    await asyncio.sleep(1)
    assert len(newest(on)) == 2


@staged()
async def test_rows_begun_early_go_when_others_are_shown(on):
    on.poller.begin("orders", None)
    await on.until(lambda: len(on.poller.store), within=1, step=0.05)
    on.poller.show("refunds", None)
    assert not len(on.poller.store)


@staged()
async def test_list_and_counts_keep_their_pace(on):
    on.poller.show("orders")
    await asyncio.sleep(60)
    times = [each.at for each in newest(on)]
    assert all(2.9 < later - earlier < 3.3 for earlier, later in pairwise(times))
    times = [each.at for each in asked(on, "/workflows/orders") if "/instances" not in each.path]
    assert all(9.9 < later - earlier < 10.5 for earlier, later in pairwise(times))
    truth = on.world.workflows["orders"]
    assert on.poller.status_counts.keys() == truth.counts.keys()
    assert abs(on.poller.total - len(truth.by_id)) <= 5


@staged()
async def test_every_token_is_a_request(on):
    await asyncio.sleep(20)
    assert on.budget.meter[0] == len(on.app.state.requests)
    on.poller.show("orders")
    on.poller.open(waiting_of(on).id)
    on.poller.want([waiting_of(on).id])
    await asyncio.sleep(60)
    assert on.budget.meter[0] == len(on.app.state.requests)


@staged("incident")
async def test_an_answer_is_one_update(on):
    """Rows, detail, counts and freshness go out together: a page draws once for each answer."""
    on.poller.show("orders")
    waiting = waiting_of(on).id
    on.poller.open(waiting)
    on.poller.want([waiting])
    on.poller.overview = on.poller.error_samples.wanted = True
    await asyncio.sleep(60)
    assert any(waiting in update.details and update.delta for update in on.updates)
    assert any(update.workflows for update in on.updates)
    assert 60 < len(on.updates) <= len(on.app.state.requests)


@staged()
async def test_list_is_polled_every_30_s_until_the_focus_is_back(on):
    on.poller.show("orders")
    await asyncio.sleep(5)
    on.poller.focus(False)
    await asyncio.sleep(5)
    since = on.loop.time()
    await asyncio.sleep(90)
    assert len(newest(on, since)) == 3
    since = on.loop.time()
    on.poller.focus(True)
    await asyncio.sleep(0.5)
    assert len(newest(on, since)) == 1


@staged()
async def test_frozen_asks_nothing_and_goes_stale_by_nothing(on):
    on.poller.show("orders")
    await asyncio.sleep(10)
    on.poller.frozen = True
    await asyncio.sleep(1)
    since = on.loop.time()
    await asyncio.sleep(120)
    assert not asked(on, "/", since)
    assert not on.poller.newest.freshness.stale
    on.poller.frozen = False
    await asyncio.sleep(1)
    assert newest(on, since)


@staged()
async def test_poll_now_asks_the_list_the_counts_and_the_detail(on):
    on.poller.show("orders")
    subject = waiting_of(on)
    on.poller.open(subject.id)
    await asyncio.sleep(20)
    since = on.loop.time()
    on.poller.poll_now()
    await asyncio.sleep(0.3)
    assert newest(on, since)
    assert asked(on, subject.id, since)
    assert asked(on, "/workflows/orders", since)


@staged(latency=2.0)
async def test_workflows_are_read_while_counts_are_on_their_way(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    poller.overview = True
    await asyncio.sleep(1.5)
    assert poller.counts.all_fresh.answered_at is None, "nothing is known of the others yet"
    await on.until(lambda: len(poller.counts.workflows) > 3, within=5)
    answered_at = poller.counts.all_fresh.answered_at
    assert answered_at == pytest.approx(on.loop.time(), abs=2)
    poller.overview = False
    await asyncio.sleep(60)
    assert poller.counts.all_fresh.answered_at == answered_at, "only one of them was asked about since"


@staged(latency=5.0)
async def test_a_slow_server_is_never_asked_the_same_twice_at_a_time(on):
    on.poller.show("orders")
    for _ in range(60):
        await asyncio.sleep(1)
        on.poller.poll_now()
    assert len(newest(on)) > 5
    assert not on.overlaps


@scripted
async def test_a_dev_session_is_asked_gently(api, poller, loop):
    api.local = True
    api.pages = {"": [item("a", age=1), item("b", age=2)]}

    async def slow(workflow, query):
        api.asked.append(("list", query.status, loop.time()))
        await asyncio.sleep(2)
        return InstancePage(list(api.pages[""]), None, 2, {"running": 2}, hidden=3)

    api.list_instances = slow
    poller.show("orders", parse("status:running"))
    poller.open("never-listed")
    await asyncio.sleep(100)
    times = [at for kind, _, at in api.asked if kind == "list"]
    assert all(status == "" for kind, status, _ in api.asked if kind == "list")
    assert all(later - earlier >= 20 for earlier, later in pairwise(times[1:])), "one alone may be a reload"
    reads = [identity for kind, identity, _ in api.asked if kind == "get"]
    assert set(reads) == {"never-listed"}
    assert len(reads) <= 20, "the open one alone, every 5 s"
    assert poller.newest.hidden == 3
    assert poller.status_counts == {"running": 3}, "with the open one, which answered"


def test_wanting_everything_stays_in_the_budget():
    times = []

    async def main():
        loop = asyncio.get_running_loop()
        api = Scripted()
        api.pages = {"": [item(f"n{n}", age=n) for n in range(100)], "waiting": [item("w", "waiting")]}
        real = (api.list_instances, api.get_instance)

        async def counted(which, *args, **options):
            times.append(loop.time())
            return await real[which](*args, **options)

        api.list_instances = lambda *args, **options: counted(0, *args, **options)
        api.get_instance = lambda *args, **options: counted(1, *args, **options)
        poller = Watcher(api, clock=loop.time, budget=Budget(clock=loop.time), notify=lambda event: None)
        running = asyncio.create_task(poller.run())
        poller.show("orders")
        poller.open("n3")
        poller.want([f"n{n}" for n in range(60)])
        while loop.time() < EPOCH + 4 * WINDOW:
            poller.load_more()
            poller.poll_now()
            await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    simulate(main())
    first = most = 0
    for index, at in enumerate(times):
        while times[first] <= at - WINDOW:
            first += 1
        most = max(most, index - first + 1)
    assert 500 < most <= QUOTA - ACTIONS
