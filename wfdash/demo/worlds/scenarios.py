"""Named worlds: `calm`, `incident`, `deploy-gone-wrong`, `fixed-deploy`, `half-fixed-deploy`, `huge`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from random import Random
from typing import Final, TypeAlias

from wfdash.demo.engine import verbs
from wfdash.demo.engine.instance import Retention, SimulatedInstance
from wfdash.demo.engine.workflow import DAY, Cron, SimulatedWorkflow
from wfdash.demo.engine.world import Arrivals, World
from wfdash.demo.worlds import office, repair, shop
from wfdash.demo.worlds.crowd import populate

__all__ = ["SCENARIOS", "Clock"]

Clock: TypeAlias = Callable[[], float]
MINUTE, HOUR = 60.0, 3600.0
OLD = 90 * DAY


@dataclass(frozen=True, slots=True)
class _Pace:
    """Arrivals at random, `mean` seconds apart; in the past before `busy` eight times as far."""

    world: World
    busy: float

    def stream(self, workflow: SimulatedWorkflow, mean: float, prefix: str, first: int, trigger: str) -> None:
        rng = Random(f"{self.world.seed}/{workflow.name}")

        def every(at: float, number: int) -> float:
            return rng.expovariate(1 / mean if at > self.busy else 1 / (8 * mean))

        self.world.add_arrivals(Arrivals(workflow, every, lambda n: f"{prefix}{first + n}", trigger))


def _company(world: World, now: float, *, order_every: float = 12.0) -> None:
    """The workflows of one company, each with its stream of new instances."""
    start, pace = now - OLD, _Pace(world, now - HOUR)
    orders = world.add_workflow(
        SimulatedWorkflow(
            "orders", partial(shop.order, pace=3.0), "shop-worker", "OrderWorkflow", start, shop.order_params
        )
    )
    orders.deploy(now - 20 * DAY)
    pace.stream(orders, order_every, "order-", 8000, "binding")
    refunds = SimulatedWorkflow(
        "refunds", shop.refund, "shop-worker", "RefundWorkflow", start, shop.refund_params
    )
    pace.stream(world.add_workflow(refunds), 60, "refund-", 510, "api")
    billing = SimulatedWorkflow(
        "billing", office.billing, "billing-worker", "BillingRun", start, office.billing_params
    )
    billing.concurrency = 6
    pace.stream(world.add_workflow(billing), 90, "bill-2026-11-", 1, "binding")
    onboarding = SimulatedWorkflow(
        "onboarding", office.onboarding, "accounts", "Onboarding", start, office.onboarding_params
    )
    pace.stream(world.add_workflow(onboarding), 110, "usr-", 20417, "event")
    sync = SimulatedWorkflow(
        "inventory-sync", office.sync, "stock", "InventorySync", start, language="python"
    )
    sync.crons = [Cron("*/30 * * * *", 1800)]
    sync.retention = Retention(3 * HOUR, DAY)
    world.add_workflow(sync)
    media = SimulatedWorkflow(
        "media-transcode",
        office.transcode,
        "media",
        "Transcode",
        start,
        office.transcode_params,
        concurrency=3,
    )
    pace.stream(world.add_workflow(media), 115, "clip-", 300, "event")
    legacy = SimulatedWorkflow(
        "legacy-import", office.sync, "legacy", "LegacyImport", start, script_deleted=True
    )
    world.add_workflow(legacy)


def _newest(world: World, workflow: str, status: str) -> SimulatedInstance | None:
    """The newest in that status that the world made itself: what a client made is left alone."""
    walk = world.workflows[workflow].walk(newest_first=True, status=status)
    return next((instance for instance in walk if not instance.by_client), None)


def _people(world: World, now: float) -> None:
    """What colleagues did before you came: a pause, a termination, one with rollback, a restart."""

    def on(
        workflow: str, status: str, act: Callable[[World, SimulatedInstance], None]
    ) -> Callable[[float], None]:
        def action(at: float) -> None:
            found = _newest(world, workflow, status)
            if found:
                act(world, found)

        return action

    def rolled_back(where: World, instance: SimulatedInstance) -> None:
        verbs.terminate(where, instance, rollback=True)

    def start_over(where: World, instance: SimulatedInstance) -> None:
        verbs.restart(where, instance)

    for minutes in (190, 64, 31):
        world.at(now - minutes * MINUTE, on("orders", "waiting", verbs.pause))
    for minutes in (150, 55):
        world.at(now - minutes * MINUTE, on("orders", "waiting", verbs.terminate))
    for minutes in (120, 12):
        world.at(now - minutes * MINUTE, on("orders", "waiting", rolled_back))
    world.at(now - 41 * MINUTE, on("orders", "errored", start_over))
    world.at(now - 3, lambda at: _colleague(world, at))
    world.at(now - 25 * MINUTE, on("billing", "running", verbs.pause))


def _colleague(world: World, now: float) -> None:
    """Somebody who goes on working beside you: pauses and resumes clips, takes refunds back."""

    def take_back(at: float) -> None:
        found = _newest(world, "refunds", "waiting")
        if found:
            verbs.terminate(world, found, rollback=True)
        world.at(at + 45, take_back)

    def hold(at: float) -> None:
        found = _newest(world, "media-transcode", "running")
        if found and not world.workflows["media-transcode"].counts["waitingForPause"]:
            verbs.pause(world, found)
        world.at(at + 50, hold)

    def let_go(at: float) -> None:
        found = _newest(world, "media-transcode", "paused")
        if found:
            verbs.resume(world, found)
        world.at(at + 240, let_go)

    take_back(now)
    hold(now)
    world.at(now + 60, let_go)


def _past(clock: Clock, seed: str, hours: float) -> tuple[World, float]:
    now = clock()
    return World(clock=clock, seed=seed, begins=now - hours * HOUR), now


def calm(clock: Clock, seed: str) -> World:
    """An ordinary afternoon."""
    world, now = _past(clock, seed, 10)
    _company(world, now)
    _people(world, now)
    world.advance(now)
    return world


def incident(clock: Clock, seed: str) -> World:
    """A new version of `orders` has timed out at the card charge for 38 minutes; retries pile up."""
    world, now = _past(clock, seed, 8)
    _company(world, now, order_every=5.0)
    _people(world, now)
    orders = world.workflows["orders"]
    world.at(now - 38 * MINUTE, orders.deploy)
    world.advance(now)
    return world


def deploy_gone_wrong(clock: Clock, seed: str) -> World:
    """`orders` broke 11 minutes ago, was rolled back 3 minutes ago; the failed ones wait for a restart."""
    world, now = _past(clock, seed, 8)
    _company(world, now, order_every=7.0)
    _people(world, now)
    orders = world.workflows["orders"]

    def back(at: float) -> None:
        good = orders.deploy(at)
        good.index = 1

    world.at(now - 11 * MINUTE, orders.deploy)
    world.at(now - 3 * MINUTE, back)
    world.advance(now)
    return world


def fixed_deploy(clock: Clock, seed: str) -> World:
    """`parcels` broke an hour ago in six places; the version that mends them all came 4 minutes ago."""
    return half_fixed_deploy(clock, seed, all_mended=True)


def half_fixed_deploy(
    clock: Clock, seed: str, *, failed: int = 300, newest: bool = True, all_mended: bool = False
) -> World:
    """The same with a fix that leaves a second fault: a few fail once more, and a few were rolled back.

    With `newest` a restart runs the newest version, else the one it had.
    """
    world, now = _past(clock, seed, 3)
    parcels = SimulatedWorkflow(
        "parcels", repair.parcel, "depot-worker", "ParcelWorkflow", now - OLD, repair.parcel_params
    )
    parcels.restarts_on_newest = newest
    if all_mended:
        parcels.writer = partial(repair.parcel, all_mended=True)
    world.add_workflow(parcels)
    for number in range(failed):
        world.advance(now - HOUR + number * 50 * MINUTE / failed)
        world.create(parcels, f"parcel-{1000 + number}", trigger="binding", own=True)
    world.at(now - 4 * MINUTE, parcels.deploy)
    _Pace(world, now - HOUR).stream(parcels, 20.0, "parcel-", 5000, "binding")
    world.advance(now)
    return world


def huge(clock: Clock, seed: str) -> World:
    """100,000 instances of `orders`, 5,000 of them active, about 50 changes a second."""
    world, now = _past(clock, seed, 2)
    _company(world, now, order_every=1e12)
    world.advance(now)
    orders = world.workflows["orders"]
    orders.writer = partial(shop.order, pace=4.5)
    populate(world, orders, now=now, total=100_000, active=5_000)
    waiting = list(islice(orders.walk(newest_first=True, status="waiting"), 0, 4000, 50))
    for number, instance in enumerate(waiting):
        if number % 2:
            verbs.pause(world, instance)
        else:
            verbs.terminate(world, instance, rollback=number % 8 == 0)
    _colleague(world, now)
    return world


SCENARIOS: Final[dict[str, Callable[[Clock, str], World]]] = {
    "calm": calm,
    "incident": incident,
    "deploy-gone-wrong": deploy_gone_wrong,
    "fixed-deploy": fixed_deploy,
    "half-fixed-deploy": half_fixed_deploy,
    "huge": huge,
}
