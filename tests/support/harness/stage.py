"""A poller over the simulator in one process, on simulated time."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import httpx

from tests.support.clocks.simulated_time import SimulatedLoop, simulate
from tests.support.fakes.worlds import build
from wfdash.api.connect import connect
from wfdash.api.interface import Workflows
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings
from wfdash.demo.engine.world import World
from wfdash.demo.http.api import create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.shared_counter import SharedCounter
from wfdash.live.watcher import Watcher


class Stage:
    """`overlaps` are the requests that were asked while the same one was under way; `updates`
    is what the screens would get; `on_change` is called with each delta of the store."""

    def __init__(
        self,
        world: World,
        *,
        latency: float = 0.1,
        limit: int = 1200,
        share: float = 0.5,
        counter: SharedCounter | None = None,
        unattended: bool = False,
    ):
        self.loop = asyncio.get_running_loop()
        assert isinstance(self.loop, SimulatedLoop)
        self.world = world
        self.app = create_app(world, latency=latency, limit=limit)
        self.in_flight = Counter()
        self.overlaps = []
        self.budget = Budget(clock=self.loop.time, share=share, counter=counter)
        self.unattended = unattended
        self.updates = []
        self.unreachable = False
        self.on_change = lambda delta: None
        self.poller: Watcher
        self.api: Workflows

    async def connect(self):
        settings = Settings(
            account_id=ACCOUNT_ID,
            base_url="https://demo.invalid/client/v4",
            credential=Credential(TOKEN, source="test"),
        )
        transport = httpx.ASGITransport(app=self._ask)
        api = self.api = await connect(settings, observer=self.budget.saw, transport=transport)
        self.poller = Watcher(
            api,
            clock=self.loop.time,
            budget=self.budget,
            notify=self._notify,
            unattended=self.unattended,
        )
        return api

    async def _ask(self, scope, receive, send):
        if self.unreachable:
            raise httpx.ConnectError("no route to the server")
        asked = (scope["method"], scope["raw_path"], scope["query_string"])
        self.in_flight[asked] += 1
        if self.in_flight[asked] > 1:
            self.overlaps.append(asked)
        try:
            await self.app(scope, receive, send)
        finally:
            self.in_flight[asked] -= 1

    def _notify(self, update):
        self.updates.append(update)
        if update.delta:
            self.on_change(update.delta)

    @property
    def watched_changes(self):
        return [state for update in self.updates for state in update.watched]

    async def until(self, condition, *, within: float = 600.0, step: float = 0.5):
        """Wait until a condition holds; fails when that takes more than so many simulated seconds."""
        end = self.loop.time() + within
        while not condition():
            assert self.loop.time() < end, "it did not happen in time"
            await asyncio.sleep(step)


@asynccontextmanager
async def stage(scenario: str = "calm", **options):
    """A running poller over a scenario that begins now."""
    loop = asyncio.get_running_loop()
    world = scenario if isinstance(scenario, World) else build(scenario, clock=loop.time)
    subject = Stage(world, **options)
    api = await subject.connect()
    running = asyncio.create_task(subject.poller.run())
    try:
        yield subject
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await api.close()


async def joined_stages(stack, folder, number, *, query=None, apart=0.0):
    """Several over one incident that count what they spend together; `stack` ends them.

    Each begins `apart` seconds after the last.
    """
    world = build("incident", clock=asyncio.get_running_loop().time)
    ons = []
    for _ in range(number):
        subject = stage(world, counter=SharedCounter(folder / "spent.json"))
        ons.append(await stack.enter_async_context(subject))
        ons[-1].poller.show("orders", query)
        await asyncio.sleep(apart)
    await asyncio.sleep(5)
    return ons


def staged(scenario="calm", **options):
    """Turn a coroutine function over a stage into a test."""

    def decorate(body):
        def test():
            async def main():
                async with stage(scenario, **options) as on:
                    await body(on)

            simulate(main())

        test.__name__ = body.__name__
        return test

    return decorate


def asked(on, part, since=0.0):
    """The requests with `part` in their path, since then."""
    return [request for request in on.app.state.requests if part in request.path and request.at >= since]


def newest(on, since=0.0):
    """The lists that were not narrowed to a status or a time, since then."""
    lists = asked(on, "/instances?", since)
    return [each for each in lists if "status=" not in each.path and "date_end=" not in each.path]


def final_of(on, workflow="orders"):
    return next(each for each in on.world.workflows[workflow].walk(newest_first=True) if each.final)


def waiting_of(on, workflow="orders"):
    return next(each for each in on.world.workflows[workflow].walk(newest_first=True, status="waiting"))
