"""What a client may do to an instance, and what comes of it in each status."""

from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

from wfdash.demo.engine.execution import Event
from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.log import LogEntry
from wfdash.demo.engine.world import World

__all__ = ["CANNOT_RESTART", "CANNOT_SEND", "CANNOT_TERMINATE", "From", "VerbRefused"]
__all__ += ["pause", "restart", "resume", "send_event", "terminate"]

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
    """`name` without its counter; the `count`-th of that name and type, from 1."""

    name: str
    count: int = 1
    type: Literal["do", "sleep", "waitForEvent"] = "do"


def pause(world: World, one: SimulatedInstance) -> None:
    """From running or waiting; once no step's code runs it is paused. Anything else: no effect."""
    one.tell(world.time)
    if one.run is None or one.status not in ("running", "waiting"):
        return
    one.run.held = True
    one.settle(world.time)
    _moved(world, one)


def resume(world: World, one: SimulatedInstance) -> None:
    """A pause that is still asked for is cancelled; a paused one goes through the queue. Else: no effect."""
    one.tell(world.time)
    if one.run is None:
        return
    if one.status == "waitingForPause":
        one.run.held = False
        one.run.collect(world.time)
        one.settle(world.time)
        _moved(world, one)
    elif one.status == "paused":
        if one.workflow.slot_free() and not one.workflow.backlog:
            one.begin(world.time)
            _moved(world, one)
        else:
            one.become("queued", world.time)
            one.stamp += 1
            one.workflow.backlog.append((one, one.stamp))


def terminate(world: World, one: SimulatedInstance, *, rollback: bool = False) -> None:
    """At once, or after the rollback handlers. Refused when it is final."""
    one.tell(world.time)
    if one.final:
        raise VerbRefused(*CANNOT_TERMINATE)
    if rollback and one.status == "rollingBack":
        one.terminating = True
        return
    one.terminating = True
    one.paused_at = None
    if one.run is None:
        _end_unstarted(world, one)
    elif rollback and one.run.roll_back(world.time):
        one.settle(world.time)
    else:
        one.run.stop()
        one.settle(world.time)
    _moved(world, one)


def _end_unstarted(world: World, one: SimulatedInstance) -> None:
    one.ended = world.time
    one.kept = [*one.kept, LogEntry("termination", "", "", world.time, source="api")]
    one.become("terminated", world.time)


def restart(world: World, one: SimulatedInstance, start: From | None = None) -> None:
    """From any status: all history goes, or with `start` that step and everything logged after it."""
    one.tell(world.time)
    kept: list[LogEntry] = []
    if start is not None:
        entries = one.run.entries if one.run else one.kept
        kept = entries[: _place(entries, start)]
    one.run, one.kept, one.paused_at = None, kept, None
    one.ended, one.terminating = None, False
    one.restarts += 1
    one.events.clear()
    one.become("queued", world.time)
    one.modified = world.time
    if start is None:
        one.queued, one.started = world.time, None
    world.requeue(one)
    world.fill_slots(one.workflow)


def _place(entries: list[LogEntry], start: From) -> int:
    """Where in the log the named step stands; Refused when it does not."""
    seen = 0
    for place, entry in enumerate(entries):
        if entry.kind == _KINDS[start.type] and entry.plain == start.name:
            seen += 1
            if seen == start.count:
                return place
    raise VerbRefused(*CANNOT_RESTART)


def send_event(world: World, one: SimulatedInstance, type: str, payload: Any) -> None:
    """To the wait that is open for it, else kept, first in first out. Refused when it can never be read."""
    one.tell(world.time)
    if one.status in ("complete", "terminated"):
        raise VerbRefused(*CANNOT_SEND)
    event = Event(type, payload, world.time)
    if one.run is None or one.run.over:
        one.events.setdefault(type, deque()).append(event)
        return
    one.run.deliver(event, world.time)
    if one.paused_at is None:
        one.settle(world.time)
        _moved(world, one)


def _moved(world: World, one: SimulatedInstance) -> None:
    world.reschedule(one)
    world.fill_slots(one.workflow)
