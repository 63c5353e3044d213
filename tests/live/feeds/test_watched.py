"""Watched instances of any workflow are read at their own pace, and a change is told once."""

from msgspec.structs import replace

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import stage
from wfdash.api.errors import InstanceNotFound
from wfdash.api.interface import DetailAnswer, ListQuery
from wfdash.api.paging import walk
from wfdash.core.model.times import iso
from wfdash.core.rows.store import GONE
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.live.feeds.watched import PACE, Watched
from wfdash.live.polling.context import FeedContext
from wfdash.live.records.pins import Pin


def test_a_change_in_another_workflow_is_told_once():
    async def story():
        async with stage("calm") as on:
            page = await on.api.list_instances("onboarding", ListQuery(status="waiting"))
            pin = Pin(ACCOUNT_ID, "onboarding", page.items[0]["id"])
            on.poller.show("orders")
            on.poller.watched.follow([pin])
            await on.until(lambda: on.poller.watched.states[0].status == "waiting")
            assert not on.watched_changes
            await on.api.change_status(pin.workflow, pin.id, "terminate")
            await on.until(lambda: on.watched_changes, within=2 * PACE)
            state = on.poller.watched.states[0]
            assert (state.before, state.status) == ("waiting", "terminated")
            await on.until(lambda: on.loop.time() > state.changed_at + 3 * PACE)
            assert len(on.watched_changes) == 1

    simulate(story())


def test_list_row_of_a_new_watch_is_shown_with_it():
    async def story():
        async with stage("calm") as on:
            on.poller.show("orders")
            await on.until(lambda: len(on.poller.store) > 0)
            waiting = next(row.id for row in on.poller.store if row.status == "waiting")
            on.poller.watched.follow([Pin(ACCOUNT_ID, "orders", waiting)])
            assert on.poller.watched.states[0].created == on.poller.store.get(waiting).created
            await on.api.change_status("orders", waiting, "terminate")
            await on.until(lambda: on.watched_changes, within=5, step=0.1)
            state = on.poller.watched.states[0]
            assert (state.before, state.status) == ("waiting", "terminated")
            await on.until(lambda: on.loop.time() > state.changed_at + 3 * PACE)
            assert len(on.watched_changes) == 1

    simulate(story())


class Watchable:
    """Answers `running` of a run that was queued when `queued` says."""

    local = False
    queued = 100.0

    async def get_instance(self, workflow, identity, *, simple):
        return DetailAnswer({"status": "running", "queued": iso(self.queued), "steps": []})


async def test_another_run_of_a_watched_id_is_noted():
    api, now = Watchable(), [200.0]
    watched = Watched(FeedContext(api, lambda: now[0], lambda update: None, workflow="refunds"))
    watched.follow([Pin(ACCOUNT_ID, "orders", "a")])
    for queued, another in ((100.0, False), (100.0, False), (190.0, True), (190.0, True)):
        api.queued, now[0] = queued, now[0] + PACE
        await watched.ask()
        assert watched.states[0].another is another


def test_one_that_is_not_there_is_asked_for_once():
    async def story():
        async with stage("calm") as on:
            pin = Pin(ACCOUNT_ID, "orders", "never-was")
            on.poller.show("orders")
            on.poller.watched.follow([pin])
            began = on.loop.time()
            await on.until(lambda: on.poller.watched.states[0].status == GONE)
            await on.until(lambda: on.loop.time() > began + 10 * PACE)
            asked = [request for request in on.app.state.requests if "never-was" in request.path]
            assert len(asked) == 1

    simulate(story())


def test_list_that_lags_behind_rings_once():
    async def story():
        async with stage("calm") as subject:
            subject.poller.show("orders")
            await subject.until(lambda: len(subject.poller.store) > 0)
            waiting = next(row.id for row in subject.poller.store if row.status == "waiting")
            subject.poller.watched.follow([Pin(ACCOUNT_ID, "orders", waiting)])
            stale = [page async for page in walk(subject.api, "orders")]
            old = {item["id"]: item for page in stale for item in page.items}
            listed = subject.api.list_instances

            async def lags(*asked, **more):
                page = await listed(*asked, **more)
                items = [old[waiting] if item["id"] == waiting else item for item in page.items]
                return replace(page, items=items)

            subject.api.list_instances = lags
            await subject.api.change_status("orders", waiting, "terminate")
            await subject.until(lambda: subject.watched_changes, within=2 * PACE)
            end = subject.loop.time() + 10 * PACE
            await subject.until(lambda: subject.loop.time() > end)
            assert len(subject.watched_changes) == 1
            assert subject.poller.store.get(waiting).status == "terminated"

    simulate(story())


def test_gone_stays_gone_while_the_list_still_has_its_row():
    async def story():
        async with stage("calm") as subject:
            subject.poller.show("orders")
            await subject.until(lambda: len(subject.poller.store) > 0)
            waiting = next(
                row.id
                for row in subject.poller.store
                if row.status == "waiting" and row.created < subject.loop.time() - 60
            )
            subject.poller.watched.follow([Pin(ACCOUNT_ID, "orders", waiting)])
            answered = subject.api.get_instance

            async def denies(workflow, identity, **more):
                if identity == waiting:
                    raise InstanceNotFound("no such instance", http=404)
                return await answered(workflow, identity, **more)

            subject.api.get_instance = denies
            await subject.until(lambda: subject.watched_changes, within=2 * PACE)
            state, began = subject.poller.watched.states[0], subject.loop.time()
            seen = set()
            await subject.until(
                lambda: (
                    seen.add((state.status, subject.poller.store.note(waiting)))
                    or subject.loop.time() > began + 5 * PACE
                )
            )
            assert seen == {(GONE, GONE)}
            assert len(subject.watched_changes) == 1

    simulate(story())


async def test_nothing_is_kept_of_what_is_watched_no_more():
    class Server:
        async def get_instance(self, workflow, identity, *, simple=False):
            return DetailAnswer({"status": "running", "queued": iso(50.0)})

    watched = Watched(FeedContext(Server(), lambda: 100.0, lambda event: None))
    pin = Pin("acme", "orders", "a")
    watched.follow([pin])
    await watched.ask()
    assert watched._queued == {pin: 50.0}
    watched.follow([])
    assert watched._queued == {}
