"""A poller over an API that gives what it is told to, on simulated time."""

import asyncio

from tests.support.clocks.simulated_time import EPOCH, simulate
from wfdash.api.interface import NEWEST, DetailAnswer, InstancePage
from wfdash.core.model.times import iso
from wfdash.core.model.workflow import Workflow
from wfdash.live.budget.budget import Budget
from wfdash.live.watcher import Watcher

__all__ = ["Scripted", "item", "scripted"]


class Scripted:
    """An API that gives what it is told to: `pages` by status, errors raised as they come."""

    local = False
    watch_only = ""
    started = None
    """When the code of the dev session began to run."""
    wrote = None
    """When it wrote anything last, where that is to be seen."""

    def __init__(self):
        self.pages = {}
        self.details = {}
        self.asked = []
        self.sizes = []
        """Rows that each list asked for at most."""

    async def session_started(self):
        return self.started

    async def session_still(self, workflow):
        return None if self.wrote is None else asyncio.get_running_loop().time() - self.wrote

    async def get_workflow(self, workflow):
        return Workflow(workflow, counts={"running": 1})

    async def list_instances(self, workflow, query=NEWEST):
        status = query.status
        self.asked.append(("list", status, query.cursor))
        await asyncio.sleep(0.1)
        page = self.pages.get(status, [])
        if isinstance(page, Exception):
            raise page
        self.sizes.append(query.per_page)
        if self.local:
            more = "2" if len(page) > query.per_page else None
            return InstancePage(list(page)[: query.per_page], more, len(page))
        return InstancePage(list(page), "more" if status == "" else None, 1000)

    async def get_instance(self, workflow, instance, *, simple=False, order=""):
        self.asked.append(("get", instance, simple))
        await asyncio.sleep(0.1)
        answer = self.details.get(instance, {"status": "running", "steps": []})
        if isinstance(answer, Exception):
            raise answer
        return DetailAnswer(dict(answer))


def scripted(body):
    def test():
        async def main():
            loop = asyncio.get_running_loop()
            api, budget = Scripted(), Budget(clock=loop.time)
            poller = Watcher(api, clock=loop.time, budget=budget, notify=lambda event: None)
            running = asyncio.create_task(poller.run())
            await body(api, poller, loop)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        simulate(main())

    test.__name__ = body.__name__
    return test


def item(identity, status="running", age=0.0):
    return {"id": identity, "status": status, "created_on": iso(EPOCH - age)}
