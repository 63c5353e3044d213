"""Watched instances of any workflow are read at their own pace, and a change is told once."""

from msgspec.structs import replace

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import stage
from wfdash.api.interface import ListQuery
from wfdash.api.paging import walk
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.live.feeds.watched import GONE, PACE
from wfdash.live.records.pins import Pin


def test_a_change_in_another_workflow_is_told_once():
    async def story():
        async with stage("calm") as one:
            page = await one.api.list_instances("onboarding", ListQuery(status="waiting"))
            pin = Pin(ACCOUNT_ID, "onboarding", page.items[0]["id"])
            one.poller.show("orders")
            one.poller.watched.follow([pin])
            await one.until(lambda: one.poller.watched.states[0].status == "waiting")
            assert not one.watched_changes
            await one.api.change_status(pin.workflow, pin.id, "terminate")
            await one.until(lambda: one.watched_changes, within=2 * PACE)
            state = one.poller.watched.states[0]
            assert (state.before, state.status) == ("waiting", "terminated")
            await one.until(lambda: one.loop.time() > state.changed_at + 3 * PACE)
            assert len(one.watched_changes) == 1

    simulate(story())


def test_list_row_of_a_new_watch_is_shown_with_it():
    async def story():
        async with stage("calm") as one:
            one.poller.show("orders")
            await one.until(lambda: len(one.poller.store) > 0)
            waiting = next(row.id for row in one.poller.store if row.status == "waiting")
            one.poller.watched.follow([Pin(ACCOUNT_ID, "orders", waiting)])
            await one.api.change_status("orders", waiting, "terminate")
            await one.until(lambda: one.watched_changes, within=5, step=0.1)
            state = one.poller.watched.states[0]
            assert (state.before, state.status) == ("waiting", "terminated")
            await one.until(lambda: one.loop.time() > state.changed_at + 3 * PACE)
            assert len(one.watched_changes) == 1

    simulate(story())


def test_one_that_is_not_there_is_asked_for_once():
    async def story():
        async with stage("calm") as one:
            pin = Pin(ACCOUNT_ID, "orders", "never-was")
            one.poller.show("orders")
            one.poller.watched.follow([pin])
            began = one.loop.time()
            await one.until(lambda: one.poller.watched.states[0].status == GONE)
            await one.until(lambda: one.loop.time() > began + 10 * PACE)
            asked = [request for request in one.app.state.requests if "never-was" in request.path]
            assert len(asked) == 1

    simulate(story())


def test_list_that_lags_behind_rings_once():
    async def story():
        async with stage("calm") as one:
            one.poller.show("orders")
            await one.until(lambda: len(one.poller.store) > 0)
            waiting = next(row.id for row in one.poller.store if row.status == "waiting")
            one.poller.watched.follow([Pin(ACCOUNT_ID, "orders", waiting)])
            stale = [page async for page in walk(one.api, "orders")]
            old = {item["id"]: item for page in stale for item in page.items}
            listed = one.api.list_instances

            async def lags(*asked, **more):
                page = await listed(*asked, **more)
                items = [old[waiting] if item["id"] == waiting else item for item in page.items]
                return replace(page, items=items)

            one.api.list_instances = lags
            await one.api.change_status("orders", waiting, "terminate")
            await one.until(lambda: one.watched_changes, within=2 * PACE)
            end = one.loop.time() + 10 * PACE
            await one.until(lambda: one.loop.time() > end)
            assert len(one.watched_changes) == 1
            assert one.poller.store.get(waiting).status == "terminated"

    simulate(story())
