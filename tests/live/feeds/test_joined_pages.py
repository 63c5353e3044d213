"""Older rows that several dashboards read on at a time: each page is asked for by one of them."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.clocks.simulated_time import EPOCH, simulate
from tests.support.harness.stage import asked, joined_stages
from wfdash.core.filter.query import parse
from wfdash.demo.engine import verbs

NEW_PAGE = 1.3
"""Seconds apart, so that no two begin with the same newest page."""


async def read_to_the_end(on, *, pause=0.0):
    while not on.poller.history.complete:
        on.poller.load_more()
        await on.until(lambda: not on.poller.history.wanted, within=30, step=0.05)
        await asyncio.sleep(pause)


def older(ons, status=""):
    """Pages below the newest one that were asked for, by any of them; active ones are swept too."""
    pages = [each for on in ons for each in asked(on, "/instances?") if "cursor=" in each.path]
    return [each for each in pages if ("status=" in each.path) is bool(status) and status in each.path]


def loaded(on):
    """Those that were there before anybody looked."""
    return {row.id for row in on.poller.store if (row.created or 0.0) < EPOCH}


@pytest.mark.parametrize("apart", [0.0, 0.4, 4.0])
@pytest.mark.parametrize("number", [2, 3])
def test_those_that_read_to_the_end_ask_for_each_page_once(tmp_path, number, apart):
    async def main():
        async with AsyncExitStack() as stack:
            ons = await joined_stages(stack, tmp_path, number, apart=NEW_PAGE)
            there = {row.id for row in ons[0].world.workflows["orders"].by_id.values() if row.created < EPOCH}
            began = len(older(ons))

            async def read(on, delay):
                await asyncio.sleep(delay)
                await read_to_the_end(on)

            await asyncio.gather(*(read(on, apart * place) for place, on in enumerate(ons)))
            assert all(loaded(on) == there for on in ons)
            assert len(older(ons)) - began <= len(there) // 100 + number
            await asyncio.sleep(15)
            assert not list(tmp_path.glob("*pages*")), "whoever leaves last takes the file along"

    simulate(main())


def test_pages_of_a_filtered_list_are_shared_too(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            ons = await joined_stages(stack, tmp_path, 2, query=parse("status:complete"), apart=NEW_PAGE)
            await asyncio.gather(*map(read_to_the_end, ons))
            complete = ons[0].world.workflows["orders"].counts["complete"]
            assert 0 < len(older(ons, "complete")) <= complete // 100 + 2

    simulate(main())


def test_page_asked_for_long_ago_is_not_taken(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            first, second = await joined_stages(stack, tmp_path, 2, apart=NEW_PAGE)
            # One goes on seldom enough to keep what it read open to others, and often enough not to leave.
            walk = asyncio.create_task(read_to_the_end(first, pause=8))
            await asyncio.sleep(60)
            since = first.loop.time()
            second.poller.load_more()
            await second.until(lambda: not second.poller.history.wanted, within=30, step=0.05)
            assert len([each for each in older([second]) if each.at >= since]) == 1
            walk.cancel()

    simulate(main())


def test_older_page_of_another_takes_back_no_news(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            first, second = await joined_stages(stack, tmp_path, 2, apart=NEW_PAGE)
            first.poller.load_more()
            await first.until(lambda: not first.poller.history.wanted, within=30, step=0.05)
            page = [row for row in first.poller.store if row.status == "complete"]
            lowest = min(page, key=lambda row: row.created)
            await asyncio.sleep(4)
            verbs.restart(first.world, first.world.workflows["orders"].by_id[lowest.id])
            poller = second.poller
            poller.open(lowest.id)
            await second.until(lambda: poller.detail(lowest.id).detail is not None, within=10, step=0.1)
            asked_before = len(older([second]))
            second.poller.load_more()
            await second.until(lambda: not second.poller.history.wanted, within=30, step=0.05)
            assert len(older([second])) == asked_before, "it takes the page that the first one asked for"
            assert second.poller.store.get(lowest.id).status != "complete"

    simulate(main())
