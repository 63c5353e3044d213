"""What a filter can tell only of instances that were read: read out of spare budget, and said how many."""

import asyncio

from tests.support.simulated_time import simulate
from tests.support.stage import stage
from wfdash.api.interface import DetailAnswer
from wfdash.core.query import parse
from wfdash.demo import verbs


def waiting_of(one, workflow="orders"):
    return next(made for made in one.world.workflows[workflow].walk(newest_first=True, status="waiting"))


def test_what_was_said_of_a_row_goes_with_the_status_it_was_said_in():
    async def story():
        async with stage() as one:
            poller = one.poller
            poller.show("orders")
            await one.until(lambda: len(poller.store) > 0)
            made = waiting_of(one)
            poller.want([made.id])
            await one.until(lambda: poller.why(made.id) is not None)
            poller.want([])
            verbs.terminate(one.world, made)
            await one.until(lambda: poller.store.get(made.id).status == "terminated")
            assert poller.why(made.id) is None
            answer = DetailAnswer({"status": "terminated", "steps": [], "step_count": 0})
            poller.apply_detail("orders", made.id, answer)
            assert poller.why(made.id) is not None

    simulate(story())
