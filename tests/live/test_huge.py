"""A quarter of an hour over 100,000 instances of which 5,000 move: nothing is missed, the budget is kept."""

import asyncio

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import stage
from wfdash.core.rows.store import ENDED
from wfdash.live.budget.ledger import WINDOW

STEP = 5.0
SLACK = 15.0


def untold(ids, rows, poller, now, *, bound, closely):
    """Those whose present status has been true for longer than `bound` seconds but is not on screen."""
    store = poller.store
    for identity in ids:
        truth, answer, note = rows.get(identity), store.get(identity), store.note(identity)
        if truth is None or answer.status == truth.status or now - truth.modified <= bound:
            continue
        if not (truth.final and identity not in closely and note == ENDED):
            yield identity, answer.status, truth.status, now - truth.modified


def most_in_a_window(times):
    first = most = 0
    for index, at in enumerate(times):
        while times[first] <= at - WINDOW:
            first += 1
        most = max(most, index - first + 1)
    return most


def test_huge_world_is_followed_for_a_quarter_of_an_hour():
    async def watch():
        async with stage("huge") as on:
            poller, rows = on.poller, on.world.workflows["orders"].by_id
            begun = on.loop.time()
            poller.show("orders")
            await on.until(lambda: poller.sweep.period)
            active = [each for each in poller.store.ids() if each in poller.store.active]
            visible, watched = active[:40], active[300:310]
            poller.want(visible)
            poller.prioritise(watched)
            poller.open(visible[3])
            closely = {*visible, *watched}
            periods = []
            while on.loop.time() < begun + 900:
                await asyncio.sleep(STEP)
                now = on.world.look()
                periods.append(poller.sweep.period)
                bound = 2 * max(periods[-60:]) + SLACK
                moving = [each for each in poller.store.active if each in rows and not rows[each].final]
                assert not list(untold(moving, rows, poller, now, bound=bound, closely=closely))
                assert not list(untold(closely, rows, poller, now, bound=bound, closely=closely))
            everyone = list(poller.store.ids())
            assert not list(untold(everyone, rows, poller, now, bound=1.5 * bound, closely=closely))
            assert any(poller.store.note(each) == ENDED for each in everyone)
            assert poller.row_details.progress[0] == poller.row_details.progress[1]
            created = [each.id for each in rows.values() if begun < each.created < now - SLACK]
            assert created
            assert all(each in poller.store for each in created)
            assert not on.overlaps
            assert not poller.sweep.left_out
            times = [asked.at for asked in on.app.state.requests]
            assert poller.budget.limit / 2 < most_in_a_window(times) <= poller.budget.limit
            spent, ago = poller.budget.meter[0], [on.loop.time() - at for at in times]
            assert sum(each < WINDOW for each in ago) <= spent <= sum(each < WINDOW + 16 for each in ago)
            assert all(asked.http == 200 for asked in on.app.state.requests)

    simulate(watch())
