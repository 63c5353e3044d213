"""Half a simulated day: nothing grows that should not, and the polling never ends."""

import asyncio
import gc

from tests.support.clocks.simulated_time import EPOCH, simulate
from wfdash.api.errors import NotReached
from wfdash.api.interface import DetailAnswer, InstancePage
from wfdash.core.model.times import iso
from wfdash.core.model.workflow import Workflow
from wfdash.live.budget.budget import Budget
from wfdash.live.watcher import Watcher

HOUR = 3600.0
ROWS = 16
SHARE = 0.05
"""A tenth of the usual requests: it is over sooner, and as long."""


class Busy:
    """A workflow of a few instances that change all the time; every tenth minute it cannot be reached."""

    local = False
    watch_only = ""

    def __init__(self, clock):
        self._clock = clock
        self.asked = 0
        self.open = 0

    async def _answer(self):
        self.asked += 1
        self.open += 1
        try:
            await asyncio.sleep(0.2)
        finally:
            self.open -= 1
        if self._clock() // 60 % 10 == 9:
            raise NotReached("the network is down")

    def _item(self, number):
        turn = int(self._clock() // 7) + number
        status = ("running", "waiting", "queued")[turn % 3]
        return {"id": f"i{number}", "status": status, "created_on": iso(EPOCH - number), "turn": turn % 50}

    async def get_workflow(self, workflow):
        await self._answer()
        return Workflow(workflow, counts={"running": int(self._clock() // 60) % 40})

    async def list_instances(self, workflow, query):
        await self._answer()
        items = [self._item(number) for number in range(ROWS)]
        if query.status:
            return InstancePage([item for item in items if item["status"] == query.status], None, ROWS)
        return InstancePage(items, "older", 5000)

    async def get_instance(self, workflow, instance, **_):
        await self._answer()
        step = {"type": "step", "name": "a-1", "start": iso(self._clock()), "end": None, "attempts": []}
        return DetailAnswer({"status": "running", "step_count": 1, "steps": [step]})


def test_half_a_day_leaves_no_trace(monkeypatch):
    # This clock is never set: looking at it each second would be most of what the test does.
    monkeypatch.setattr("wfdash.live.polling.scheduler._LONGEST_WAIT", 20.0)

    async def day():
        loop = asyncio.get_running_loop()
        api, budget = Busy(loop.time), Budget(clock=loop.time, share=SHARE)
        poller = Watcher(api, clock=loop.time, budget=budget, interval=20, notify=lambda event: None)
        running = asyncio.create_task(poller.run())
        poller.show("orders")
        held, tasks = [], []
        # What was there before is not looked through again each hour: of a thousand tests it is a million.
        gc.collect()
        gc.freeze()
        for hour in range(12):
            for step in range(12):
                poller.want([f"i{number}" for number in range(step, ROWS)])
                poller.open(f"i{(hour + step) % ROWS}")
                await asyncio.sleep(HOUR / 12)
            gc.collect()
            held.append(len(gc.get_objects()))
            tasks.append(len(asyncio.all_tasks()))
            assert api.open <= 7
            assert not running.done()
        assert held[-1] - held[3] < 900, f"{held} objects"
        assert max(tasks) <= 9
        assert 12 * 12 * 40 < api.asked <= 12 * 12 * 60 + 10
        await asyncio.sleep(120)
        assert not poller.newest.freshness.stale
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert len(asyncio.all_tasks()) == 1

    simulate(day())
