"""The poller over the simulator: what is asked when, and what becomes of it."""

import asyncio
from itertools import pairwise

import pytest
from msgspec.structs import replace

from tests.support.scripted import Scripted, item, scripted
from tests.support.simulated_time import EPOCH, simulate
from tests.support.stage import stage
from wfdash.api.errors import NotReached, ServerFailed
from wfdash.api.interface import DetailAnswer, InstancePage
from wfdash.core.query import parse
from wfdash.core.store import EXPIRED
from wfdash.demo import verbs
from wfdash.demo.credentials import TOKEN
from wfdash.demo.faults import Fault
from wfdash.live.budget import Budget
from wfdash.live.poller import Poller


def run(scenario="calm", **options):
    """Turn a coroutine function over a stage into a test."""

    def decorate(body):
        def test():
            async def main():
                async with stage(scenario, **options) as on:
                    await body(on)

            simulate(main())

        test.__name__ = body.__name__
        return test

    return decorate


def asked(on, part, since=0.0):
    return [one for one in on.app.state.requests if part in one.path and one.at >= since]


def newest(on, since=0.0):
    return [one for one in asked(on, "/instances?", since) if "status=" not in one.path]


def final_of(on, workflow="orders"):
    return next(one for one in on.world.workflows[workflow].walk(newest_first=True) if one.final)


def waiting_of(on, workflow="orders"):
    return next(one for one in on.world.workflows[workflow].walk(newest_first=True, status="waiting"))


@run()
async def test_the_first_rows_come_with_the_first_request(on):
    on.poller.show("orders")
    await on.until(lambda: len(on.poller.store), within=1, step=0.05)
    assert newest(on)[0].at - EPOCH < 0.2


@run()
async def test_list_and_counts_keep_their_pace(on):
    on.poller.show("orders")
    await asyncio.sleep(60)
    times = [one.at for one in newest(on)]
    assert all(2.9 < later - earlier < 3.3 for earlier, later in pairwise(times))
    times = [one.at for one in asked(on, "/workflows/orders") if "/instances" not in one.path]
    assert all(9.9 < later - earlier < 10.5 for earlier, later in pairwise(times))
    truth = on.world.workflows["orders"]
    assert on.poller.counts.keys() == truth.counts.keys()
    assert abs(on.poller.total - len(truth.by_id)) <= 5


@run()
async def test_every_token_is_a_request(on):
    await asyncio.sleep(20)
    assert on.budget.meter[0] == len(on.app.state.requests)
    on.poller.show("orders")
    on.poller.open(waiting_of(on).id)
    on.poller.want([waiting_of(on).id])
    await asyncio.sleep(60)
    assert on.budget.meter[0] == len(on.app.state.requests)


@run()
async def test_without_the_focus_the_list_is_polled_every_30_s_and_at_once_with_it(on):
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


@run()
async def test_frozen_asks_nothing_and_goes_stale_by_nothing(on):
    on.poller.show("orders")
    await asyncio.sleep(10)
    on.poller.frozen = True
    await asyncio.sleep(1)
    since = on.loop.time()
    await asyncio.sleep(120)
    assert not asked(on, "/", since)
    assert not on.poller.list.stale
    on.poller.frozen = False
    await asyncio.sleep(1)
    assert newest(on, since)


@run()
async def test_poll_now_asks_the_list_the_counts_and_the_detail(on):
    on.poller.show("orders")
    one = waiting_of(on)
    on.poller.open(one.id)
    await asyncio.sleep(20)
    since = on.loop.time()
    on.poller.poll_now()
    await asyncio.sleep(0.3)
    assert newest(on, since)
    assert asked(on, one.id, since)
    assert asked(on, "/workflows/orders", since)


@run(latency=2.0)
async def test_all_workflows_are_asked_for_at_once_while_the_counts_of_one_are_on_their_way(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    poller.overview = True
    await asyncio.sleep(1.5)
    assert poller.workflows_fresh.answered_at is None, "nothing is known of the others yet"
    await on.until(lambda: len(poller.workflows) > 3, within=5)
    told_at = poller.workflows_fresh.answered_at
    assert told_at == pytest.approx(on.loop.time(), abs=2)
    poller.overview = False
    await asyncio.sleep(60)
    assert poller.workflows_fresh.answered_at == told_at, "only one of them was asked about since"


@run(latency=5.0)
async def test_a_slow_server_is_never_asked_the_same_twice_at_a_time(on):
    on.poller.show("orders")
    for _ in range(60):
        await asyncio.sleep(1)
        on.poller.poll_now()
    assert len(newest(on)) > 5
    assert not on.overlaps


@run()
async def test_failures_are_told_keep_the_rows_and_end_by_themselves(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(5)
    rows = len(poller.store)
    on.app.state.faults.append(Fault.parse("500:100000@instances"))
    await on.until(lambda: poller.list.stale, within=30)
    assert poller.list.failure
    assert len(poller.store) >= rows
    since = on.loop.time()
    await asyncio.sleep(600)
    assert 60 <= len(newest(on, since)) <= 130
    on.app.state.faults.clear()
    await on.until(lambda: not poller.list.stale, within=61)
    assert poller.list.failure == ""


@run()
async def test_the_answer_to_an_old_question_is_dropped(on):
    poller = on.poller
    on.app.state.latency = 2.0
    poller.show("orders")
    await asyncio.sleep(1)
    poller.show("billing")
    await asyncio.sleep(5)
    assert set(poller.store.ids()) <= set(on.world.workflows["billing"].by_id)
    assert len(poller.store)


@run()
async def test_a_filter_goes_to_the_server_where_it_can(on):
    poller = on.poller
    poller.show("orders", parse("status:errored since:20h order"))
    await asyncio.sleep(1)
    (first, *_) = [one for one in asked(on, "/instances?") if "date_start" in one.path]
    assert "status=errored" in first.path
    assert poller.matching_total == on.world.workflows["orders"].counts["errored"]
    poller.show("orders", parse("status:errored,complete"))
    await asyncio.sleep(1)
    assert poller.matching_total == poller.total


@run()
async def test_a_visible_row_that_left_what_the_list_asks_for_is_read_at_once(on):
    poller = on.poller
    poller.show("orders", parse("status:waiting"))
    await asyncio.sleep(2)
    visible = [one.id for one in poller.store if one.status == "waiting"][:10]
    poller.want(visible)
    await asyncio.sleep(20)
    ended, expired = on.world.workflows["orders"].by_id[visible[1]], visible[2]
    verbs.terminate(on.world, ended)
    on.world.workflows["orders"].forget(on.world.workflows["orders"].by_id[expired])
    await on.until(lambda: poller.store.get(ended.id).status == "terminated", within=6)
    await on.until(lambda: poller.store.note(expired) == EXPIRED, within=6)
    since = on.loop.time()
    await asyncio.sleep(20)
    assert len(asked(on, expired, since)) == 0
    assert len(asked(on, ended.id, since)) <= 1


@run()
async def test_history_is_loaded_page_by_page_to_its_end(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    pages = 0
    while not poller.complete:
        poller.load_more()
        await on.until(lambda: not poller.loading_more, within=30, step=0.2)
        pages += 1
    rows = on.world.workflows["orders"].by_id
    assert pages in (len(rows) // 100, len(rows) // 100 - 1)
    assert {one.id for one in rows.values() if one.created < EPOCH} <= set(poller.store.ids())
    since = on.loop.time()
    poller.load_more()
    await asyncio.sleep(2)
    assert not [one for one in newest(on, since) if "cursor" in one.path]


@run()
async def test_more_arrivals_than_a_page_are_all_listed(on):
    poller, world = on.poller, on.world
    poller.show("orders")
    await asyncio.sleep(1)
    orders = world.workflows["orders"]
    world.look()
    made = [world.create(orders, f"burst-{number}", own=True).id for number in range(730)]
    await asyncio.sleep(8)
    assert all(one in poller.store for one in made)


@run()
async def test_the_detail_follows_and_stops_when_final(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    one = waiting_of(on)
    poller.open(one.id)
    await asyncio.sleep(1)
    state = poller.detail(one.id)
    assert state.detail.steps
    assert poller.why(one.id).sentence
    full = [request for request in asked(on, one.id) if "simple" not in request.path]
    await asyncio.sleep(30)
    assert len([request for request in asked(on, one.id) if "simple" not in request.path]) <= len(full) + 3
    verbs.terminate(on.world, one)
    await asyncio.sleep(20)
    assert state.detail.status == "terminated"
    assert state.freshness.settled
    assert poller.store.get(one.id).status == "terminated"
    since = on.loop.time()
    await asyncio.sleep(120)
    assert not asked(on, one.id, since)
    assert not state.freshness.stale
    verbs.restart(on.world, one)
    await asyncio.sleep(40)
    assert asked(on, one.id, since)
    assert not state.freshness.settled or state.detail.end > since


@run()
async def test_an_instance_that_vanished_is_marked_and_asked_for_no_more(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    one = waiting_of(on)
    poller.open(one.id)
    await asyncio.sleep(1)
    on.world.workflows["orders"].forget(one)
    await asyncio.sleep(20)
    assert poller.store.note(one.id) == EXPIRED
    assert poller.detail(one.id).gone
    assert poller.detail(one.id).detail is not None
    since = on.loop.time()
    await asyncio.sleep(60)
    assert not asked(on, one.id, since)


@run()
async def test_going_back_to_an_instance_shows_what_was_read(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    one = final_of(on)
    poller.open(one.id)
    await asyncio.sleep(1)
    poller.open(None)
    since = on.loop.time()
    poller.open(one.id)
    assert poller.detail(one.id).detail is not None
    await asyncio.sleep(60)
    assert not asked(on, one.id, since)


@run()
async def test_a_re_read_by_an_action_lands_in_row_and_detail(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    one = waiting_of(on)
    answer = DetailAnswer({"status": "paused", "steps": [], "step_count": 0})
    poller.apply_detail("orders", one.id, answer)
    assert poller.store.get(one.id).status == "paused"
    assert poller.why(one.id) is not None
    poller.apply_detail("billing", one.id, replace(answer, result={"status": "errored"}))
    assert poller.store.get(one.id).status == "paused"


@run()
async def test_what_visible_rows_wait_for_is_read_and_read_again(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    ids = [one.id for one in on.world.workflows["orders"].walk(newest_first=True, status="waiting")][:12]
    poller.want(ids)
    assert poller.facts_read == (0, 12)
    await on.until(lambda: poller.facts_read == (12, 12), within=30)
    assert all(poller.why(one).short and poller.fact(one).read_at for one in ids)
    assert set(poller.read) >= set(ids)
    await asyncio.sleep(75)
    assert all(on.loop.time() - poller.fact(one).read_at < 75 for one in ids if one in poller.store.active)


@run()
async def test_the_open_instance_is_not_read_once_more_for_its_row(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    one = waiting_of(on)
    since = on.loop.time()
    poller.open(one.id)
    poller.want([one.id])
    await on.until(lambda: poller.facts_read == (1, 1), within=30)
    await asyncio.sleep(4)
    assert len(asked(on, f"/instances/{one.id}", since)) == 1
    poller.open(None)
    await asyncio.sleep(75)
    assert on.loop.time() - poller.fact(one.id).read_at < 75, "closed, it is read for its row again"


@run(limit=1200)
async def test_a_second_client_burning_the_quota(on):
    poller, budget = on.poller, on.budget
    poller.show("orders")
    poller.want(
        [one.id for one in on.world.workflows["orders"].walk(newest_first=True, status="waiting")][:40]
    )
    await asyncio.sleep(30)
    burnt = on.app._limit
    for _ in range(660):
        burnt.count(TOKEN)
    await asyncio.sleep(8)
    since = on.loop.time()
    await asyncio.sleep(30)
    assert budget.left.fraction < 0.5
    assert not asked(on, "/instances/", since)
    for _ in range(400):
        burnt.count(TOKEN)
    await asyncio.sleep(10)
    since = on.loop.time()
    await asyncio.sleep(20)
    assert not asked(on, "/", since)
    await asyncio.wait_for(budget.acquire_action(), 1)
    for _ in range(400):
        burnt.count(TOKEN)
    await on.until(lambda: not poller.list.stale and poller.list.answered_at > on.loop.time() - 4, within=700)
    refused = [one for one in on.app.state.requests if one.http == 429]
    assert len(refused) <= 6


@scripted
async def test_an_unreachable_server_is_asked_for_ever(api, poller, loop):
    api.pages = {"": NotReached("no route to the server")}
    poller.show("orders")
    await asyncio.sleep(3600)
    assert poller.list.failure == "no route to the server"
    assert 360 <= len(api.asked) <= 900, "the list every 5 to 10 s, the rest more seldom"
    api.pages = {"": [item("new")]}
    await asyncio.sleep(11)
    assert "new" in poller.store


@run()
async def test_with_the_list_all_else_comes_back(on):
    on.poller.show("orders")
    await asyncio.sleep(1)
    waiting = waiting_of(on).id
    on.poller.open(waiting)
    await on.until(lambda: on.poller.detail(waiting) is not None)
    on.unreachable = True
    await asyncio.sleep(900)
    assert on.poller.detail(waiting).freshness.failure
    on.unreachable = False
    await on.until(lambda: not on.poller.list.failure, within=11)
    await asyncio.sleep(3)
    assert not on.poller.detail(waiting).freshness.failure
    assert not on.poller.workflows_fresh.failure


@scripted
async def test_retry_after_of_one_endpoint_is_kept(api, poller, loop):
    api.pages = {"": ServerFailed("busy", retry_after=50)}
    poller.show("orders")
    await asyncio.sleep(45)
    assert len(api.asked) == 1


@scripted
async def test_a_bug_in_reading_an_answer_does_not_end_the_polling(api, poller, loop):
    api.pages = {"": RuntimeError("odd")}
    poller.show("orders")
    await asyncio.sleep(30)
    assert "could not read" in poller.list.failure
    api.pages = {"": [item("new")]}
    await asyncio.sleep(61)
    assert poller.list.failure == ""


@scripted
async def test_a_clock_set_back_does_not_stop_the_polls(api, poller, loop):
    api.pages = {"": [item("new")]}
    poller.show("orders")
    await asyncio.sleep(10)
    asked = len(api.asked)
    poller._jobs.newest.next_at = loop.time() + 7200
    await asyncio.sleep(10)
    assert len(api.asked) > asked


@scripted
async def test_a_dev_session_is_asked_gently(api, poller, loop):
    api.local = True
    api.pages = {"": [item("a", age=1), item("b", age=2)]}

    async def slow(workflow, **options):
        api.asked.append(("list", options.get("status"), loop.time()))
        await asyncio.sleep(2)
        return InstancePage(list(api.pages[""]), None, 2, {"running": 2}, hidden=3)

    api.list_instances = slow
    poller.show("orders", parse("status:running"))
    poller.open("never-listed")
    await asyncio.sleep(100)
    times = [at for kind, _, at in api.asked if kind == "list"]
    assert all(status == "" for kind, status, _ in api.asked if kind == "list")
    assert all(later - earlier >= 20 for earlier, later in pairwise(times))
    assert not [one for one in api.asked if one[0] == "get"]
    assert poller.hidden == 3
    assert poller.counts == {"running": 2}


@pytest.mark.parametrize("seconds", [3600])
def test_an_hour_of_wanting_everything_stays_in_the_budget(seconds):
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
        poller = Poller(api, clock=loop.time, budget=Budget(clock=loop.time), notify=lambda event: None)
        running = asyncio.create_task(poller.run())
        poller.show("orders")
        poller.open("n3")
        poller.want([f"n{n}" for n in range(60)])
        while loop.time() < EPOCH + seconds:
            poller.load_more()
            poller.poll_now()
            await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    simulate(main())
    first = most = 0
    for index, at in enumerate(times):
        while times[first] <= at - 300:
            first += 1
        most = max(most, index - first + 1)
    assert 500 < most <= 600
