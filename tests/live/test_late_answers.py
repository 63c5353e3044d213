"""What is answered late: to a question nobody asks any more, or after something newer was told."""

import asyncio

from tests.support.harness.stage import staged, waiting_of
from wfdash.core.filter.query import parse
from wfdash.demo.engine import verbs
from wfdash.live.polling.read_instance import read_answer


@staged(latency=5.0)
async def test_rows_of_the_workflow_left_are_not_of_the_new_one(on):
    on.poller.show("orders")
    await asyncio.sleep(1)
    on.poller.show("refunds")
    await on.until(lambda: len(on.poller.store), within=20)
    await asyncio.sleep(20)
    assert {row.id.partition("-")[0] for row in on.poller.store} == {"refund"}


@staged(latency=5.0)
async def test_count_of_the_last_filter_is_not_of_the_new_one(on):
    orders = on.world.workflows["orders"]
    on.poller.show("orders", parse("status:complete"))
    await asyncio.sleep(1)
    on.poller.show("orders", parse("status:errored"))
    answer = set()

    def seen():
        answer.add(on.poller.newest.total)
        return on.poller.newest.total is not None

    await on.until(seen, within=20, step=0.05)
    assert answer == {None, orders.counts["errored"]}


@staged()
async def test_newer_news_outdoes_the_answer_to_an_older_request(on):
    first, read = waiting_of(on), on.api.get_instance

    async def slowly(*asked, **options):
        answer = await read(*asked, **options)
        await asyncio.sleep(5)
        return answer

    on.api.get_instance = slowly
    on.poller.show("orders")
    on.poller.open(first.id)
    await asyncio.sleep(1)
    verbs.pause(on.world, first)
    number = on.poller.sink.next_number()
    found = read_answer("orders", first.id, await read("orders", first.id))
    on.poller.sink.saw_detail(found, number)
    late = on.loop.time() + 10
    while on.loop.time() < late:
        assert on.poller.detail(first.id).detail.status == "paused"
        assert on.poller.store.get(first.id).status == "paused"
        await asyncio.sleep(0.1)
