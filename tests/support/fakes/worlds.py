"""The demo's worlds as `world.build` makes them, each life in them told once a process.

Hundreds of tests begin with the same past on the same clock: to tell its 1,700 lives anew was half of what
such a test computed, with what it took to collect them afterwards.
"""

from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

from msgspec import Struct

from wfdash.demo.engine import world
from wfdash.demo.engine.execution import Execution
from wfdash.demo.engine.instance import SimulatedInstance

__all__ = ["build", "remembered"]


class _Life(Struct):
    """An execution that came to its end with nobody touching it."""

    run: Execution
    status: str
    ended: float


_lives: dict[tuple[object, ...], _Life] = {}
_advance = SimulatedInstance.advance


@contextmanager
def remembered():
    """While a world is built, who has ended before anything happens to it again has the run of the last time.

    A run that is over changes no more: a restart writes a log of its own.
    """
    with patch.object(SimulatedInstance, "advance", _remembering):
        yield


def build(scenario="calm", **options):
    with remembered():
        return world.build(scenario, **options)


def _remembering(instance, to):
    run = instance.run
    if instance.track or instance.by_client or instance.restarts or run is None or run.entries or run.held:
        return _advance(instance, to)
    of = instance.workflow
    writer = of.writer
    if isinstance(writer, partial):  # each world makes its own
        writer = writer.func, writer.args, *writer.keywords.items()
    subject = of.name, instance.id, instance.seed, instance.version.index, instance.created, instance.started
    if (life := _lives.get(story := (writer, *subject))) is None:
        _advance(instance, to)
        if run.over:
            _lives[story] = _Life(run, instance.status, instance.ended)
    elif life.ended <= to:
        instance.run, instance.ended = life.run, life.ended
        instance.become(life.status, life.ended)
    else:
        _advance(instance, to)
    return None
