"""A list that goes on for weeks: the oldest rows that have ended go, and all that was kept of them."""

import asyncio
from itertools import count

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import stage
from wfdash.core.rows.store import GONE
from wfdash.core.rows.view import TableView
from wfdash.demo.engine import verbs
from wfdash.live import kept_rows
from wfdash.live.hooks.changes import ChangeWatch

MOST, AT_ONCE = 120, 20
ROUND = 40
NUMBERS = count()


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(kept_rows, "_MOST", MOST)
    monkeypatch.setattr(kept_rows, "_AT_ONCE", AT_ONCE)


async def churn(on, rounds=10):
    """Some come and end, in each of so many polls."""
    arrived = []
    for _ in range(rounds):
        for _ in range(ROUND):
            on.world.advance(on.loop.time())
            built = on.world.create(on.world.workflows["orders"], f"new-{next(NUMBERS)}")
            verbs.terminate(on.world, built)
            arrived.append(built.id)
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
    return arrived


async def shown(on):
    on.poller.show("orders")
    await on.until(lambda: len(on.poller.store) > 0 and on.poller.sweep.seen > 0)
    return {row.id for row in on.poller.store}


def held_of(poller, identities):
    """Where anything is still kept by one of these ids."""
    feeds, context = poller._feeds, poller._context
    owners = (
        poller.store, context.contiguous, poller.row_details, feeds.search, feeds.error_samples,
        feeds.anomalies, feeds.pauses,
    )  # fmt: skip
    return {
        f"{type(owner).__name__}.{name}": kept & identities
        for owner in owners
        for name in (*getattr(owner, "__dict__", ()), *getattr(type(owner), "__struct_fields__", ()))
        if isinstance(value := getattr(owner, name), dict | set) and (kept := set(value)) & identities
        if name != "_denied"  # a replica may list it for minutes more
    }


def test_rows_that_come_by_themselves_are_bounded():
    async def story():
        async with stage() as on:
            first, poller = await shown(on), on.poller
            arrived = await churn(on)
            active = len(poller.store.active)
            assert len(poller.store) <= MOST + AT_ONCE + active + len(first)
            kept = [identity for identity in arrived if identity in poller.store]
            assert kept == arrived[-len(kept) :]
            assert MOST <= len(kept) + active <= MOST + AT_ONCE + active
            before = len(poller.store)
            await churn(on)
            assert abs(len(poller.store) - before) <= AT_ONCE + ROUND

    simulate(story())


def test_row_that_is_not_kept_leaves_nothing_behind():
    async def story():
        async with stage() as on:
            first, poller = await shown(on), on.poller
            poller.want(list(first))
            await on.until(lambda: poller.row_details.progress[0] > 10)
            read = {identity for identity in first if poller.row_details.fact(identity)}
            view = TableView(poller.store, clock=on.loop.time)
            on.on_change = view.update
            poller.want([])
            for identity in read:
                poller.sink.saw_gone("orders", identity)
            poller.row_details.watched = ()
            await churn(on)
            dropped = {identity for identity in first if identity not in poller.store}
            assert len(dropped & read) > 5
            assert held_of(poller, dropped) == {}
            assert dropped.isdisjoint(view.ids())
            assert set(view.ids()) == {row.id for row in poller.store if poller.store.note(row.id) != GONE}

    simulate(story())


def test_what_is_looked_at_marked_or_active_is_kept():
    async def story():
        async with stage() as on:
            await shown(on)
            poller = on.poller
            ended = [row.id for row in poller.store if row.id not in poller.store.active]
            marked, opened, on_screen = ended[0], ended[1], ended[2]
            poller.prioritise({marked})
            poller.open(opened)
            poller.want([], [on_screen])
            before = set(poller.store.active)
            await churn(on, rounds=6)
            every = on.world.workflows["orders"].by_id
            active = {each for each in before if each in every and not every[each].final}
            assert len(active) > 10
            assert {marked, opened, on_screen, *active} <= set(poller.store.ids())
            assert ended[3] not in poller.store

    simulate(story())


def test_paging_down_brings_again_what_was_not_kept():
    async def story():
        async with stage() as on:
            await shown(on)
            poller = on.poller
            await churn(on)
            assert not poller.history.complete
            loaded = poller.contiguous()
            floor = min(row.created for row in loaded)
            every = [each.id for each in on.world.workflows["orders"].walk(newest_first=True)]
            # Within the range none is missing, and the next page begins right below it.
            newer = [each for each in every if on.world.workflows["orders"].by_id[each].created >= floor]
            assert {row.id for row in loaded} >= set(newer) - poller.store.gone
            before = len(on.app.state.requests)
            poller.load_more()
            await on.until(lambda: min(row.created for row in poller.contiguous()) < floor)
            pages = [asked for asked in list(on.app.state.requests)[before:] if "date_end" in asked.path]
            assert len(pages) == 1
            for _ in range(20):
                poller.load_more()
                await asyncio.sleep(5)
            assert poller.history.complete
            assert set(every) <= set(poller.store.ids())

    simulate(story())


def test_row_that_is_listed_again_is_no_news():
    async def story():
        async with stage() as on:
            await shown(on)
            poller = on.poller
            changes, seen = ChangeWatch(poller, on.loop.time), []
            on.poller.tell(lambda update: seen.extend(changes.of(update)))
            arrived = await churn(on)
            assert arrived[0] not in poller.store
            seen.clear()
            poller.load_more()
            for _ in range(8):
                poller.load_more()
                await asyncio.sleep(5)
            assert arrived[0] in poller.store
            assert [change for change in seen if change.id in arrived] == []

    simulate(story())
