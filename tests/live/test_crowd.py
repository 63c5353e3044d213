"""A budget that is short, as several dashboards on one credential make it: it is kept and nothing starves."""

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from tests.support.clocks.simulated_time import EPOCH, simulate
from tests.support.fakes.worlds import build
from tests.support.harness.stage import stage
from wfdash.core.filter.query import parse
from wfdash.live.budget.ledger import WINDOW, Priority
from wfdash.live.budget.shared_counter import SharedCounter

LONGEST = 10.0
"""Seconds between two answers to the list, whatever else is wanted."""
STEP = 0.25
MINUTES = 5.5


def active_of(poller):
    return [row.id for row in poller.store if row.status in ("running", "waiting")]


async def watched(ons, seconds):
    """When each list was answered; every dashboard has an active instance open, and rows to read."""
    loop = asyncio.get_running_loop()
    answers = [[] for _ in ons]
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(STEP)
        for number, (on, each) in enumerate(zip(ons, answers, strict=True)):
            answered = on.poller.newest.freshness.answered_at
            if answered is not None and answered not in each[-1:]:
                each.append(answered)
            assert on.unattended or not on.poller.newest.freshness.stale
            if ids := active_of(on.poller):
                on.poller.want(ids[:20])
                on.poller.open(ids[number])
    return answers


async def join(stack, world, folder, **options):
    """Another watcher of the orders, on the counter that all of them share."""
    subject = stage(world, counter=SharedCounter(folder / "spent.json"), **options)
    on = await stack.enter_async_context(subject)
    on.poller.show("orders")
    return on


@pytest.mark.parametrize("apart", [0.0, 0.7])
def test_four_dashboards_stay_fresh_and_keep_the_budget(tmp_path, apart):
    async def main():
        world = build("calm", clock=asyncio.get_running_loop().time)
        async with AsyncExitStack() as stack:
            ons = []
            for _ in range(4):
                ons.append(await join(stack, world, tmp_path))
                await asyncio.sleep(apart)
            answers = await watched(ons, MINUTES * 60)
            asked = sorted(subject.at for on in ons for subject in on.app.state.requests)
            assert sum(at < EPOCH + 5 for at in asked) <= 45, "one burst for all"
            for start in asked[::5]:
                assert sum(start <= at < start + WINDOW for at in asked) <= 606
            for answer in answers:
                assert max(later - earlier for earlier, later in pairwise(answer)) <= LONGEST + STEP
            assert all(on.poller.sweep.period is not None for on in ons)
            spent = [len(on.app.state.requests) for on in ons]
            assert max(spent) - min(spent) <= 0.1 * max(spent), "shared evenly"

    simulate(main())


def test_recorder_stands_behind_the_dashboards_and_goes_on(tmp_path):
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with AsyncExitStack() as stack:
            ons = [await join(stack, world, tmp_path, unattended=each) for each in (True, False, False)]
            answers = await watched(ons, 90)
            gaps = [max(later - earlier for earlier, later in pairwise(answer)) for answer in answers]
            assert max(gaps[1:]) <= LONGEST + STEP
            assert gaps[0] <= 2 * LONGEST, "it is slower and never starves"
            assert min(len(answer) for answer in answers[1:]) > len(answers[0])
            assert not ons[0].budget.spenders[0][1].total(range(Priority.ROWS)), "nobody waits for it"

    simulate(main())


def test_long_search_leaves_list_and_detail_fresh(tmp_path):
    """On the screen it is made on and on another one; `ctrl+r` lets it go on again and again, for minutes."""

    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with AsyncExitStack() as stack:
            ons = [await join(stack, world, tmp_path) for _ in range(2)]
            searching = ons[0].poller
            while not searching.history.complete:
                searching.load_more()
                await asyncio.sleep(0.5)
            for on in ons:
                on.poller.open(active_of(on.poller)[0])
            searching.look_for(parse("params~nothing-is-like-this"))
            pollers = [on.poller for on in ons]
            shown = [each for on in pollers for each in (on.newest, on.detail(on.opened))]
            longest = 0.0
            for _ in range(round(WINDOW / STEP)):
                await asyncio.sleep(STEP)
                searching.search_on()
                now = asyncio.get_running_loop().time()
                ages = [now - (state.freshness.answered_at or now) for state in shown]
                longest = max(longest, *ages)
            assert longest <= LONGEST, "what stands on a screen goes on beside it"
            assert all(state.freshness.answered_at for state in shown)
            assert searching.search.searched.read >= 300, "and the search has most of it"

    simulate(main())


def test_remaining_budget_goes_to_what_somebody_opens():
    async def main():
        async with stage("calm") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: active_of(poller))
            subject, other, *_ = active_of(poller)
            poller.open(subject)
            await on.until(lambda: poller.detail(subject).detail)
            poller.frozen = True
            await asyncio.sleep(60)
            while not on.budget.take(Priority.VISIBLE):
                pass
            asked = len(on.app.state.requests)
            poller.frozen = False
            await asyncio.sleep(0.2)
            assert len(on.app.state.requests) == asked, "list and detail are due, and wait"
            poller.open(other)
            await on.until(lambda: poller.detail(other).detail, within=0.2, step=0.05)

    simulate(main())
