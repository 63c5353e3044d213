"""Parcels that failed at many steps, on the simulator, and what redrives them."""

import asyncio
from collections import Counter

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import Stage
from wfdash.core.model.instance import Instance
from wfdash.demo.worlds.scenarios import half_fixed_deploy
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import Progress
from wfdash.live.actions.redrive import plan_redrive
from wfdash.live.polling.read_instance import read_answer
from wfdash.live.records.journal import Journal

__all__ = ["on_parcels", "stubborn"]


def on_parcels(story, folder, *, newest=True, failed=300):
    async def main():
        clock = asyncio.get_running_loop().time
        stage = Stage(
            half_fixed_deploy(clock, "wfdash", failed=failed, newest=newest), latency=0.02, limit=10**9
        )
        api = await stage.connect()
        journal = Journal(folder, profile="", account="", clock=clock)
        try:
            await story(Desk(stage, api, journal))
        finally:
            journal.close()
            await api.close()

    simulate(main())


class Desk:
    def __init__(self, stage, api, journal):
        self.stage, self.api, self.journal = stage, api, journal
        self.events = []
        self.operator = Operator(api, budget=stage.budget, journal=journal, clock=stage.loop.time)

    @property
    def parcels(self):
        self.stage.world.look()
        return self.stage.world.workflows["parcels"]

    def rows(self, first=lambda each: True):
        """Those that errored, the ones to be `first` before the rest."""
        found = [each for each in self.parcels.by_id.values() if each.status == "errored"]
        found.sort(key=lambda each: not first(each))
        return [Instance(each.id, each.status, each.created, ended=each.ended) for each in found]

    async def read(self, identity):
        return read_answer("parcels", identity, await self.api.get_instance("parcels", identity))

    async def plan(self, rows, **options):
        now = self.stage.loop.time()
        return await plan_redrive("parcels", rows, self.read, now=now, guard=self.operator.guard, **options)

    async def redrive(self, rows, course, **options):
        plan = (await self.plan(rows, **options)).plan
        return await self.operator.carry_out(plan, self.events.append, course)

    def notes(self, stage):
        return [event.note for event in self.events if isinstance(event, Progress) and event.stage == stage]

    async def first_at(self, step):
        """One that is redriven from this step."""
        points = (await self.plan(self.rows())).points
        return next(row for row in self.rows() if (at := points[row.id].target) and at.name == step)

    def writes(self):
        patches = [each for each in self.stage.app.state.requests if each.method == "PATCH"]
        return Counter(each.path.split("/")[-2] for each in patches)


def stubborn(given):
    return given.story().luck("stubborn") < 0.04 and given.story().luck("undone") >= 0.04
