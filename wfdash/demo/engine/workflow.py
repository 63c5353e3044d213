"""One workflow: its code, versions, schedules and instances in the order they were made."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from wfdash.demo.engine.instance import STATUSES, Retention, SimulatedInstance
from wfdash.demo.engine.program import RunContext, Writer

__all__ = ["DAY", "Cron", "SimulatedLife", "SimulatedVersion", "SimulatedWorkflow"]

DAY = 86_400.0
_seq = attrgetter("seq")
_created = attrgetter("created")


@lru_cache(1024)
def _id_of(name: str) -> str:
    """The UUID of a name: each row of each list answer carries its workflow's."""
    return str(uuid5(NAMESPACE_DNS, name))


@dataclass(slots=True)
class SimulatedVersion:
    id: str
    index: int
    created: float


@dataclass(slots=True)
class Cron:
    """A schedule; `every` seconds, at whole multiples of it."""

    expression: str
    every: float

    def after(self, at: float) -> float:
        return (at // self.every + 1) * self.every


class SimulatedLife(NamedTuple):
    """What analytics keep of an instance, longer than the instance is there."""

    id: str
    created: float
    started: float | None
    ended: float | None
    status: str
    failed: tuple[tuple[float, str], ...] = ()
    """When a step of it failed for good, and its name."""


@dataclass(slots=True, eq=False)
class SimulatedWorkflow:
    """`concurrency` limits the running ones; the waiting, queued and paused do not count."""

    name: str
    writer: Writer
    script: str
    class_name: str
    created: float
    params: Any = None
    """What an instance gets that the world makes: a function of the story, or None."""
    concurrency: int | None = None
    retention: Retention = field(default_factory=lambda: Retention(7 * DAY, 7 * DAY))
    crons: list[Cron] = field(default_factory=list)
    script_deleted: bool = False
    restarts_on_newest: bool = False
    """Whether a restart runs the newest version. Not documented; the local engine keeps its version
    (its source), so that is the default."""
    language: str = "javascript"
    versions: list[SimulatedVersion] = field(default_factory=list)
    triggered: float | None = None
    order: list[SimulatedInstance] = field(default_factory=list)
    """Oldest first; the expired stay until the next tidying."""
    by_id: dict[str, SimulatedInstance] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    backlog: deque[tuple[SimulatedInstance, int]] = field(default_factory=deque)
    """Who waits for a slot, each with its stamp at the time."""
    next_seq: int = 0
    erased: list[SimulatedLife] = field(default_factory=list)
    """Of each instance that is there no more: analytics outlive it."""
    ends_before: list[tuple[float, str]] = field(default_factory=list)
    """When and how runs ended that a restart took away: what was counted of them stays counted."""

    @property
    def id(self) -> str:
        return _id_of(f"{self.name}.workflows.example.com")

    @property
    def current(self) -> SimulatedVersion:
        return self.versions[-1]

    def deploy(self, at: float) -> SimulatedVersion:
        index = len(self.versions)
        version = SimulatedVersion(_id_of(f"{index}.{self.name}.workflows.example.com"), index, at)
        self.versions.append(version)
        return version

    def add(self, instance: SimulatedInstance) -> None:
        instance.seq = self.next_seq
        self.next_seq += 1
        self.order.append(instance)
        self.by_id[instance.id] = instance
        self.counts[instance.status] += 1
        self.triggered = instance.created

    def forget(self, instance: SimulatedInstance) -> None:
        instance.expired = True
        self.erased.append(self.life(instance))
        self.counts[instance.status] -= 1
        del self.by_id[instance.id]
        if len(self.order) > 2 * len(self.by_id) + 50:
            self.order = [instance for instance in self.order if not instance.expired]

    def life(self, instance: SimulatedInstance) -> SimulatedLife:
        """What analytics would tell of it."""
        if instance.status == "errored":
            instance.tell(instance.ended or inf)
        entries = instance.run.entries if instance.run is not None else []
        failed = [
            (entry.end, entry.name)
            for entry in entries
            if entry.kind == "step" and entry.success is False and entry.end is not None
        ]
        return SimulatedLife(
            instance.id, instance.created, instance.started, instance.ended, instance.status, tuple(failed)
        )

    def slot_free(self) -> bool:
        busy = self.counts["running"] + self.counts["waitingForPause"] + self.counts["rollingBack"]
        return self.concurrency is None or busy < self.concurrency

    def walk(
        self,
        *,
        newest_first: bool,
        after: int | None = None,
        status: str = "",
        start: float | None = None,
        end: float | None = None,
    ) -> Iterator[SimulatedInstance]:
        """The instances past the one numbered `after`, of one status, made from `start` to `end`."""
        order = self.order
        low = 0 if start is None else bisect_left(order, start, key=_created)
        high = len(order)
        if end is not None:
            high = bisect_left(order, end + 0.0005, key=_created)
        if after is not None and newest_first:
            high = min(high, bisect_left(order, after, key=_seq))
        elif after is not None:
            low = max(low, bisect_left(order, after + 1, key=_seq))
        places = range(high - 1, low - 1, -1) if newest_first else range(low, high)
        for place in places:
            instance = order[place]
            if not instance.expired and (not status or instance.status == status):
                yield instance

    def story(self, identity: str, seed: int, at: float) -> RunContext:
        return RunContext(identity, seed, None, self.current.index, 0, at)
