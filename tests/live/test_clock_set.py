"""A clock that is set while the dashboard runs: it goes on asking, and no age is told too low."""

import asyncio

import pytest

from tests.support.simulated_time import simulate
from wfdash.live.budget.budget import Budget
from wfdash.live.polling.job import Job
from wfdash.live.polling.scheduler import Scheduler


class Asking(Job):
    def __init__(self):
        super().__init__(3.0)
        self.asked = 0

    async def ask(self):
        self.asked += 1


@pytest.mark.parametrize("by", [-2, -30, -100, -3600, 30, 86400])
def test_polls_go_on_at_their_pace_and_stay_fresh(by):
    async def script():
        loop, ahead, job = asyncio.get_running_loop(), 0.0, Asking()

        def clock():
            return loop.time() + ahead

        scheduler = Scheduler(
            lambda: [job], clock=clock, budget=Budget(clock=clock), settled=lambda settled: None
        )
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(31)
        before = job.asked
        ahead = by
        await asyncio.sleep(1.5)  # the clock is looked at each second
        age = clock() - job.freshness.answered_at
        await asyncio.sleep(28.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert before == 11
        assert 9 <= job.asked - before <= 12
        assert 0 <= age <= 4

    simulate(script())
