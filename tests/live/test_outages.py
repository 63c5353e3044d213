"""The poller through failures, a spent quota and an unreachable server: it tells and never gives up."""

import asyncio

from tests.support.fakes.scripted import item, scripted
from tests.support.harness.stage import asked, newest, staged, waiting_of
from wfdash.api.errors import NotReached, ServerFailed
from wfdash.demo.http.credentials import TOKEN
from wfdash.demo.http.faults import InjectedFault


@staged()
async def test_failures_are_told_keep_the_rows_and_end_by_themselves(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(5)
    rows = len(poller.store)
    on.app.state.faults.append(InjectedFault.parse("500:100000@instances"))
    await on.until(lambda: poller.newest.freshness.stale, within=30)
    assert poller.newest.freshness.failure
    assert len(poller.store) >= rows
    since = on.loop.time()
    await asyncio.sleep(600)
    assert 60 <= len(newest(on, since)) <= 130
    on.app.state.faults.clear()
    await on.until(lambda: not poller.newest.freshness.stale, within=61)
    assert poller.newest.freshness.failure == ""


@staged(limit=1200)
async def test_a_second_client_burning_the_quota(on):
    poller, budget = on.poller, on.budget
    poller.show("orders")
    poller.want(
        [each.id for each in on.world.workflows["orders"].walk(newest_first=True, status="waiting")][:40]
    )
    await asyncio.sleep(30)
    burnt = on.app._limit
    for _ in range(660):
        burnt.count(TOKEN)
    await asyncio.sleep(8)
    since = on.loop.time()
    await asyncio.sleep(30)
    assert budget.server_left.fraction < 0.5
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
    await on.until(
        lambda: (
            not poller.newest.freshness.stale and poller.newest.freshness.answered_at > on.loop.time() - 4
        ),
        within=700,
    )
    refused = [each for each in on.app.state.requests if each.http == 429]
    assert len(refused) <= 6


@scripted
async def test_an_unreachable_server_is_asked_for_ever(api, poller, loop):
    api.pages = {"": NotReached("no route to the server")}
    poller.show("orders")
    await asyncio.sleep(3600)
    assert poller.newest.freshness.failure == "no route to the server"
    assert 360 <= len(api.asked) <= 900, "the list every 5 to 10 s, the rest more seldom"
    api.pages = {"": [item("new")]}
    await asyncio.sleep(11)
    assert "new" in poller.store


@staged()
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
    await on.until(lambda: not on.poller.newest.freshness.failure, within=11)
    await asyncio.sleep(3)
    assert not on.poller.detail(waiting).freshness.failure
    assert not on.poller.counts.all_fresh.failure


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
    assert "could not read" in poller.newest.freshness.failure
    api.pages = {"": [item("new")]}
    await asyncio.sleep(61)
    assert poller.newest.freshness.failure == ""


@scripted
async def test_a_clock_set_back_does_not_stop_the_polls(api, poller, loop):
    api.pages = {"": [item("new")]}
    poller.show("orders")
    await asyncio.sleep(10)
    asked = len(api.asked)
    poller._feeds.newest.next_at = loop.time() + 7200
    await asyncio.sleep(10)
    assert len(api.asked) > asked
