"""The dashboard over the simulator in one process, on simulated time: all parts real, nothing waited for."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from msgspec.structs import replace

from tests.support.clocks.simulated_time import SimulatedLoop, simulate
from tests.support.clocks.textual_time import textual_on
from tests.support.fakes.worlds import build, remembered
from tests.support.harness.afterwards import leaves
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings
from wfdash.demo.engine import verbs
from wfdash.demo.engine.workflow import SimulatedWorkflow
from wfdash.demo.engine.world import Arrivals, World
from wfdash.demo.http.api import create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.demo.worlds import shop
from wfdash.keymap.actions import BY_ID
from wfdash.ui.app import WfdashApp
from wfdash.ui.session import BegunSession

__all__ = ["Dashboard", "drive", "masked", "opened", "shop_world"]

BASE = Settings(
    account_id=ACCOUNT_ID,
    base_url="https://demo.invalid/client/v4",
    credential=Credential(TOKEN, source="test"),
)


_LONG = 0.12
"""Simulated seconds in which what a key set going is drawn: more than any delay the screens use but rest."""


class Dashboard:
    """What a test holds: the app, the keys, the server behind it. Waiting moves the simulated time on."""

    def __init__(self, app: WfdashApp, pilot: Any, server: Any, world: World) -> None:
        self.app = app
        self.pilot = pilot
        self.server = server
        self.world = world
        self._frames = 0
        """How often something was drawn: what waits looks ten times a second, and reads it anew only then."""
        self._read: tuple[tuple[Any, ...], list[str]] | None = None
        self._display = app._display
        app._display = self._framed

    async def press(self, *actions: str) -> None:
        """Press the key of each action id, or the key itself where there is no such action."""
        for action in actions:
            await self.pilot.press(BY_ID[action].keys[0] if action in BY_ID else action)
        await self.settled()

    async def type(self, text: str) -> None:
        await self.pilot.press(*text)
        await self.settled()

    async def settled(self) -> None:
        """Everything that follows from the last key or event has been drawn."""
        await self.pilot.pause()
        await asyncio.sleep(_LONG)
        await self.pilot.pause()

    async def passes(self, seconds: float) -> None:
        """So much time goes by."""
        await asyncio.sleep(seconds)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], Any], seconds: float = 120.0) -> None:
        """Time goes by until this holds; it must within so many simulated seconds."""
        for _ in range(int(seconds / 0.1)):
            if condition():
                await self.settled()
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"never happened within {seconds:g} s:\n{self.text}")

    @property
    def lines(self) -> list[str]:
        screen = self.app.screen
        waits = screen._compositor._dirty_regions or screen._dirty_widgets or screen._layout_required
        of = (screen, screen.size, self._frames)
        if waits or self._read is None or self._read[0] != of:
            strips = screen._compositor.render_strips()
            self._read = (of, ["".join(segment.text for segment in strip).rstrip() for strip in strips])
        return list(self._read[1])

    def _framed(self, *frame: Any) -> None:
        self._frames += 1
        self._display(*frame)

    @property
    def text(self) -> str:
        """The screen as a person reads it."""
        return "\n".join(self.lines)

    def line(self, part: str) -> str:
        """The first line that holds `part`."""
        return next((line for line in self.lines if part in line), "")


def shop_world(clock: Callable[[], float], *, hours: float = 2.5, every: float = 60.0) -> World:
    """`orders` with about 150 instances in all states, and `refunds` with none: quick to make."""
    now = clock()
    world = World(clock=clock, seed="tests", begins=now - hours * 3600)
    start = now - 90 * 86400
    orders = world.add_workflow(
        SimulatedWorkflow("orders", shop.order, "shop-worker", "OrderWorkflow", start, shop.order_params)
    )
    orders.deploy(now - 20 * 86400)
    world.add_workflow(
        SimulatedWorkflow("refunds", shop.refund, "shop-worker", "RefundWorkflow", start, shop.refund_params)
    )
    world.add_arrivals(
        Arrivals(
            orders, lambda at, number: every * (1 + number % 3) / 2, lambda n: f"order-{8000 + n}", "binding"
        )
    )
    waiting = orders.walk(newest_first=True, status="waiting")
    world.at(now - 1200, lambda at: verbs.pause(world, next(waiting)))
    world.at(now - 600, lambda at: verbs.terminate(world, next(waiting)))
    with remembered():
        world.advance(now)
    return world


@asynccontextmanager
async def opened(
    *,
    workflow: str = "orders",
    filter: str = "",
    instance: str = "",
    size: tuple[int, int] = (140, 40),
    demo: bool = True,
    world: World | None = None,
    scenario: str = "",
    serve: Callable[..., Awaitable[None]] | None = None,
    handover: Any = None,
    early: bool = False,
    **settings: Any,
):
    """`scenario` is one of the demo's worlds; `serve` stands in for the simulator as an ASGI application.

    With `early` the session is opened, and has asked for its first rows, before there is an app.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    if scenario:
        world = build(scenario, clock=loop.time)
    world = world or shop_world(loop.time)
    server = create_app(world)
    built = replace(BASE, demo="calm" if demo else "", **settings)

    def reach(settings):
        async def connected(observer):
            from wfdash.api.connect import connect

            transport = httpx.ASGITransport(app=serve or server)
            return await connect(settings, observer=observer, transport=transport, clock=loop.time)

        return connected

    begun = None
    if early:
        begun = BegunSession(built, reach(built), first=(workflow, None), clock=loop.time)
        await asyncio.sleep(0.5)
    with leaves(world):
        app = WfdashApp(
            built,
            reach,
            workflow=workflow,
            instance=instance,
            filter=filter,
            handover=handover,
            begun=begun,
            clock=loop.time,
        )
        async with textual_on(loop), app.run_test(size=size) as pilot:
            dashboard = Dashboard(app, pilot, server, world)
            if workflow and serve is None:
                await dashboard.until(lambda: _answered(dashboard))
            yield dashboard


def _answered(dashboard: Dashboard) -> bool:
    """The list was asked for and answered, be it with nothing."""
    poller = dashboard.app.session.poller if dashboard.app.session else None
    return poller is not None and poller.newest.freshness.answered_at is not None


def drive(script: Callable[[Dashboard], Awaitable[None]], **options: Any) -> None:
    """Run a script against a dashboard, on simulated time."""

    async def main() -> None:
        async with opened(**options) as dashboard:
            await script(dashboard)

    simulate(main())


def masked(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"(budget|wfdash used) \d+ %( used| of its(?: request)? budget) *", r"\1 n %\2", text)
    text = re.sub(r"-manual-[0-9a-f]{6}", "-manual-nnnnnn", text)
    text = re.sub(r"\b(\d{3} {5})[ \d]{5}\d(?=  )", r"\1    ms", text)
    text = re.sub(r"\bread \d\d:\d\d:\d\d", "read hh:mm:ss", text)
    text = re.sub(r"\b\d+ Bytes", "n Bytes", text)
    text = re.sub(r"\bread \d+ of", "read n of", text)
    text = re.sub(r"\bnext \d+ s +(?=[·.] (?:budget|wfdash))", "next n s ", text)
    text = re.sub(r"\b\d+ s old +(?=[·.] (?:budget|wfdash)|$)", "n s old ", text, flags=re.M)
    return re.sub(r"\b\d+ s +(?=[·.] (?:next|budget|wfdash))", "n s ", text)
