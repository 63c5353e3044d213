"""Rows further and further back: each once, no further than asked, and begun anew below what was read."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.stage import asked, stage, staged
from wfdash.api.errors import NotReached, Refused
from wfdash.live.budget.shared_counter import SharedCounter
from wfdash.live.reads.past_rows import PastRows


async def read(past, since):
    return [row async for page in past.back_to(since) for row in page]


@staged()
async def test_all_are_read_back_to_a_moment(on):
    rows = list(on.world.workflows["orders"].walk(newest_first=True))
    since = on.loop.time() - 2 * 3600
    past = PastRows(on.api, on.budget, "orders")
    read_ = await read(past, since)
    ids = {row.id for row in read_}
    assert {each.id for each in rows if each.created >= since} <= ids
    assert {each.id for each in rows if each.ended is not None and each.ended >= since} <= ids
    assert past.floor < since
    assert not past.exhausted
    more = {row.id for row in await read(past, 0.0)}
    assert ids | more == {each.id for each in rows}
    assert past.exhausted
    assert await read(past, 0.0) == []


@staged()
async def test_failed_page_is_read_again_below_what_came(on):
    past = PastRows(on.api, on.budget, "orders")
    ids = set()

    async def cut_off():
        async for page in past.back_to(0.0):
            ids.update(row.id for row in page)
            on.unreachable = True

    with pytest.raises(NotReached):
        await cut_off()
    on.unreachable = False
    floor = past.floor
    later = await read(past, 0.0)
    assert all(row.created <= floor for row in later)
    assert ids | {row.id for row in later} == {
        each.id for each in on.world.workflows["orders"].walk(newest_first=True)
    }


def test_two_that_read_back_at_a_time_share_their_pages(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            world = build("calm", clock=asyncio.get_running_loop().time)
            counters = [SharedCounter(tmp_path / "requests-1.json") for _ in range(2)]
            both = [await stack.enter_async_context(stage(world, counter=counter)) for counter in counters]
            pasts = [PastRows(on.api, on.budget, "orders") for on in both]
            rows = await asyncio.gather(*(read(past, 0.0) for past in pasts))
            assert [row.id for row in rows[0]] == [row.id for row in rows[1]]
            pages = -(-len(rows[0]) // 100)
            assert pages <= sum(len(asked(on, "/orders/instances?")) for on in both) <= pages + 2
            assert [path.name for path in tmp_path.iterdir()] == ["requests-1.json"]

    simulate(main())


@staged()
async def test_server_that_refuses_dates_is_walked_from_its_top(on):
    lists = on.api.list_instances

    class NoDates:
        local = False
        account_id = "acme"

        async def list_instances(self, workflow, query):
            if query.date_end is not None:
                raise Refused("dates are not taken")
            return await lists(workflow, query)

    past = PastRows(NoDates(), on.budget, "orders", on.loop.time() - 3600)
    rows = await read(past, on.loop.time() - 2 * 3600)
    assert past.dates_refused
    assert len({row.id for row in rows}) > 50
