"""An account with its workflows on one clock: what is due happens whenever somebody looks."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any, Protocol
from zlib import crc32

from wfdash.demo.engine.instance import CronFire, Retention, SimulatedInstance
from wfdash.demo.engine.workflow import Cron, SimulatedWorkflow

__all__ = ["Arrivals", "World", "build"]


class _Due(Protocol):
    stamp: int


@dataclass(slots=True, eq=False)
class Arrivals:
    """A stream of new instances: the world asks it for each and when the next comes."""

    workflow: SimulatedWorkflow
    every: Callable[[float, int], float]
    """Seconds to the next one, by the time and its number."""
    identity: Callable[[int], str]
    trigger: str = "binding"
    number: int = 0
    stamp: int = 0


@dataclass(slots=True, eq=False)
class _Clockwork:
    workflow: SimulatedWorkflow
    cron: Cron
    boundary: float
    stamp: int = 0

    def dispatch(self) -> float:
        """When this boundary is dispatched: some seconds after it, as by Cloudflare."""
        return self.boundary + 24 + crc32(f"{self.cron.expression}{self.boundary}".encode()) % 10


class World:
    """An account's workflows on one clock.

    `look()` brings it to the clock's time, a step back is waited out.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.time, seed: str = "wfdash", begins: float | None = None
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.time = clock() if begins is None else begins
        self.workflows: dict[str, SimulatedWorkflow] = {}
        self._agenda: list[tuple[float, int, _Due, int]] = []
        self._plans: list[tuple[float, int, Callable[[float], object]]] = []
        self._tie = count()
        self._ids_given = 0

    # Time

    def look(self) -> float:
        """Lets everything happen that is due by now; returns now."""
        self.advance(self.clock())
        return self.time

    def advance(self, to: float) -> None:
        while self._plans and self._plans[0][0] <= to:
            at, _, action = heappop(self._plans)
            self._run_until(at)
            action(at)
        self._run_until(to)

    def _run_until(self, limit: float) -> None:
        agenda = self._agenda
        while agenda and agenda[0][0] <= limit:
            at, _, due, stamp = heappop(agenda)
            if due.stamp != stamp:
                continue
            self.time = max(self.time, at)
            self._happen(due, at, limit)
        self.time = max(self.time, limit)

    def at(self, moment: float, action: Callable[[float], object]) -> None:
        """Has something done at a moment to come."""
        heappush(self._plans, (moment, next(self._tie), action))

    def _put(self, at: float, due: _Due) -> None:
        heappush(self._agenda, (at, next(self._tie), due, due.stamp))

    def _happen(self, due: _Due, at: float, limit: float) -> None:
        if isinstance(due, SimulatedInstance):
            self._instance_due(due, at, limit)
        elif isinstance(due, Arrivals):
            due.number += 1
            self.create(due.workflow, due.identity(due.number), trigger=due.trigger, own=True)
            self._put(at + due.every(at, due.number), due)
        elif isinstance(due, _Clockwork):
            self._cron_due(due, at)

    # Building

    def add_workflow(self, workflow: SimulatedWorkflow) -> SimulatedWorkflow:
        self.workflows[workflow.name] = workflow
        if not workflow.versions:
            workflow.deploy(workflow.created)
        for cron in workflow.crons:
            clockwork = _Clockwork(workflow, cron, cron.after(self.time))
            self._put(clockwork.dispatch(), clockwork)
        return workflow

    def add_arrivals(self, arrivals: Arrivals) -> None:
        self._put(self.time + arrivals.every(self.time, 0), arrivals)

    def adopt(self, instances: list[SimulatedInstance]) -> None:
        """Takes in many instances at once that already stand in their workflows."""
        for instance in instances:
            due = min(instance.next_due(), instance.expires())
            self._agenda.append((due, next(self._tie), instance, instance.stamp))
        heapify(self._agenda)

    # Instances

    def create(
        self,
        workflow: SimulatedWorkflow,
        identity: str,
        *,
        params: Any = None,
        trigger: str = "api",
        own: bool = False,
        schedule: CronFire | None = None,
        retention: Retention | None = None,
    ) -> SimulatedInstance:
        """Makes an instance now. With `own`, the workflow itself provides its params."""
        at = self.time
        seed = crc32(f"{self.seed}/{workflow.name}/{identity}".encode())
        instance = SimulatedInstance(identity, workflow, 0, seed, workflow.current, at, trigger, params)
        instance.modified = instance.queued = at
        instance.schedule, instance.retention = schedule, retention
        instance.by_client = not own
        if own and workflow.params is not None:
            instance.params = workflow.params(instance.story())
        workflow.add(instance)
        self._put(at + self.start_delay(instance), instance)
        return instance

    @staticmethod
    def start_delay(instance: SimulatedInstance) -> float:
        """Seconds it stays queued although a slot is free."""
        return instance.story().between("start", 0.05, 0.25)

    def reschedule(self, instance: SimulatedInstance) -> None:
        """Puts an instance's next moment on the agenda in place of what stood there."""
        if instance.parked:
            return  # its stamp is in the backlog
        instance.stamp += 1
        due = instance.next_due()
        if instance.final:
            due = instance.expires()
        if due != float("inf"):
            self._put(due, instance)

    def new_id(self) -> str:
        """An id as the server makes one."""
        self._ids_given += 1
        return "cf_" + sha256(f"{self.seed}/{self._ids_given}/{self.time}".encode()).hexdigest()

    def requeue(self, instance: SimulatedInstance) -> None:
        """Sends an instance through the queue (after a restart or a resume)."""
        instance.stamp += 1
        self._put(self.time + self.start_delay(instance), instance)

    def fill_slots(self, workflow: SimulatedWorkflow) -> None:
        """Starts those who wait for a slot, oldest first, while there is one."""
        backlog = workflow.backlog
        while backlog and workflow.slot_free():
            instance, stamp = backlog.popleft()
            if instance.stamp == stamp and instance.status == "queued":
                instance.begin(self.time)
                self.reschedule(instance)

    def _instance_due(self, instance: SimulatedInstance, at: float, limit: float) -> None:
        """Where no queue ties them together an instance may run ahead of the others, up to `limit`."""
        if instance.final:
            if instance.expires() <= at:
                instance.stamp += 1
                instance.workflow.forget(instance)
            else:
                self.reschedule(instance)
            return
        if instance.status == "queued" and instance.track is None:
            instance.stamp += 1
            instance.workflow.backlog.append((instance, instance.stamp))
        else:
            instance.advance(limit if instance.workflow.concurrency is None else at)
            self.reschedule(instance)
        self.fill_slots(instance.workflow)

    def _cron_due(self, due: _Clockwork, at: float) -> None:
        """Creates the instance of a boundary, which its id carries.

        Its schedule has the moment of dispatch.
        """
        expression = due.cron.expression
        identity = f"{expression}-{round(due.boundary * 1000)}"
        if identity not in due.workflow.by_id:
            schedule = CronFire(expression, at)
            self.create(due.workflow, identity, trigger="cron", own=True, schedule=schedule)
        due.boundary = due.cron.after(due.boundary)
        self._put(due.dispatch(), due)


def build(scenario: str = "calm", *, clock: Callable[[], float] = time.time, seed: str = "wfdash") -> World:
    """A world as of now, with its past; KeyError for a scenario that is not in `scenarios.SCENARIOS`."""
    from wfdash.demo.worlds.scenarios import SCENARIOS

    collecting = gc.isenabled()
    gc.disable()  # all that is made stays: looking through it again and again took a quarter of the time
    try:
        return SCENARIOS[scenario](clock, seed)
    finally:
        if collecting:
            gc.enable()
