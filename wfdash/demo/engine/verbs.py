"""What a client may do to an instance, and what comes of it in each status."""

from collections import deque
from copy import copy
from dataclasses import dataclass
from typing import Any, Literal

from wfdash.demo.engine.execution import Event
from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.log import LogEntry
from wfdash.demo.engine.world import World

__all__ = [
    "CANNOT_RESTART",
    "CANNOT_SEND",
    "CANNOT_TERMINATE",
    "From",
    "VerbRefused",
    "pause",
    "restart",
    "resume",
    "send_event",
    "terminate",
]

CANNOT_TERMINATE = (409, 10401, "instance.cannot_terminate")
# Cloudflare publishes no code for these two.
CANNOT_RESTART = (409, 10402, "instance.cannot_restart")
CANNOT_SEND = (409, 10403, "instance.cannot_send_event")
_KINDS = {"do": "step", "sleep": "sleep", "waitForEvent": "waitForEvent"}


class VerbRefused(Exception):
    """An HTTP status with Cloudflare's code and message."""

    def __init__(self, http: int, code: int, message: str) -> None:
        super().__init__(message)
        self.http, self.code, self.message = http, code, message


@dataclass(frozen=True, slots=True)
class From:
    """The step to restart from: `name` without its counter; the `count`-th of that name and type, from 1."""

    name: str
    count: int = 1
    type: Literal["do", "sleep", "waitForEvent"] = "do"


def pause(world: World, instance: SimulatedInstance) -> None:
    """Pauses what runs or waits, once no step's code runs. Anything else: no effect."""
    instance.tell(world.time)
    # 200 without any effect, as the engine answers (measured): a client has to compare the status.
    if instance.run is None or instance.status not in ("running", "waiting"):
        return
    instance.run.held = True
    instance.settle(world.time)
    _moved(world, instance)


def resume(world: World, instance: SimulatedInstance) -> None:
    """A pause that is still asked for is cancelled; a paused one goes through the queue. Else: no effect."""
    instance.tell(world.time)
    if instance.run is None:
        return
    if instance.status == "waitingForPause":
        instance.run.held = False
        instance.run.collect(world.time)
        instance.settle(world.time)
        _moved(world, instance)
    elif instance.status == "paused":
        # What waits already goes first: a resumed one queues behind it.
        if instance.workflow.slot_free() and not instance.workflow.backlog:
            instance.begin(world.time)
            _moved(world, instance)
        else:
            instance.become("queued", world.time)
            instance.stamp += 1
            instance.workflow.backlog.append((instance, instance.stamp))


def terminate(world: World, instance: SimulatedInstance, *, rollback: bool = False) -> None:
    """Terminates at once, or after the rollback handlers. Refused when it is final."""
    instance.tell(world.time)
    if instance.final:
        raise VerbRefused(*CANNOT_TERMINATE)
    # Its handlers run already; it ends as terminated instead of errored.
    if rollback and instance.status == "rollingBack":
        instance.terminating = True
        return
    instance.terminating = True
    instance.paused_at = None
    if instance.run is None:
        _end_unstarted(world, instance)
    elif rollback and instance.run.roll_back(world.time):
        instance.settle(world.time)
    else:
        instance.run.stop()
        instance.settle(world.time)
    _moved(world, instance)


def _end_unstarted(world: World, instance: SimulatedInstance) -> None:
    instance.ended = world.time
    instance.kept = [*instance.kept, LogEntry("termination", "", "", world.time, source="api")]
    instance.become("terminated", world.time)


def restart(world: World, instance: SimulatedInstance, start: From | None = None) -> None:
    """Restarts from any status: all history goes, or with `start` that step and all logged after it."""
    instance.tell(world.time)
    kept: list[LogEntry] = []
    if start is not None:
        entries = instance.run.entries if instance.run else instance.kept
        # An attempt that was cut is begun anew in a log of its own: that of the run before stays as it ended.
        kept = [copy(entry) for entry in entries[: _place(entries, start)]]
    instance.run, instance.kept, instance.paused_at = None, kept, None
    if instance.ended is not None:
        instance.workflow.ends_before.append((instance.ended, instance.status))
    instance.ended, instance.terminating, instance.parked = None, False, False
    instance.restarts += 1
    if instance.workflow.restarts_on_newest:
        instance.version = instance.workflow.current
    # Events that were kept for a later wait go with the run that they were sent to.
    instance.events.clear()
    instance.become("queued", world.time)
    instance.modified = world.time
    if start is None:
        # From a step the old start stays, since what came before it is kept (measured on the engine).
        instance.queued, instance.started = world.time, None
    world.requeue(instance)
    world.fill_slots(instance.workflow)


def _place(entries: list[LogEntry], start: From) -> int:
    """The index in the log of the named step. Raises VerbRefused where there is none."""
    seen = 0
    for place, entry in enumerate(entries):
        if entry.kind == _KINDS[start.type] and entry.plain == start.name:
            seen += 1
            if seen == start.count:
                return place
    http, code, word = CANNOT_RESTART
    # In the words of the local engine (measured).
    raise VerbRefused(http, code, f'({word}) Step "{start.name}" not found in execution history')


def send_event(world: World, instance: SimulatedInstance, type: str, payload: Any) -> None:
    """Sends to the wait that is open for it, else keeps it, first in first out; refused if never readable."""
    instance.tell(world.time)
    # An errored one still takes events (Workers API docs, sendEvent).
    if instance.status in ("complete", "terminated"):
        raise VerbRefused(*CANNOT_SEND)
    event = Event(type, payload, world.time)
    if instance.run is None or instance.run.over:
        instance.events.setdefault(type, deque()).append(event)
        return
    instance.run.deliver(event, world.time)
    if instance.paused_at is None:
        instance.settle(world.time)
        _moved(world, instance)


def _moved(world: World, instance: SimulatedInstance) -> None:
    world.reschedule(instance)
    world.fill_slots(instance.workflow)
