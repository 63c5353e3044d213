"""One process that has loaded the simulator and forks a new one whenever it is asked to.

Each is a process of its own with a world, a clock, a port and an environment of its own, as if it had been
started alone; what it is spared is loading Python and the simulator, and building a world that is as good as
the one that was built for another some seconds ago: that is most of what a start costs.

Run as `python -m tests.support.fakes.simulators SOCKET`. Each order is a line of JSON: `main` (module and
function), `arguments`, `env` and `scenario` with a descriptor for its output, answered by the new process's
id; or `end` (a process's id), answered once that process has ended.
"""

import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from importlib import import_module
from typing import Any

import wfdash.cli.main
from tests.support.fakes import hostile_world, repair_world
from tests.support.harness.forking import next_order
from wfdash.demo.engine import workflow
from wfdash.demo.engine.world import World, build
from wfdash.demo.http import api, serve
from wfdash.demo.http.credentials import READ_ONLY_TOKEN
from wfdash.demo.http.ratelimit import RateLimit
from wfdash.demo.worlds.scenarios import SCENARIOS

__all__ = ["main", "serve_world"]

FRESH = 10.0
"""Seconds for which a world that was built is handed out. Its new owner brings it to the time of its clock,
as if it had started so much earlier: no more than a start takes on a busy machine."""
LOADED = (wfdash.cli.main, hostile_world, repair_world)
"""What the forked ones will run, besides this module."""


def serve_world(scenario: str, stopped: bool, ahead: float, kept: float) -> int:
    count = RateLimit.count
    RateLimit.count = lambda self, user: ({}, None) if user == READ_ONLY_TOKEN else count(self, user)  # type: ignore[method-assign]
    if kept:
        retention = workflow.Retention(kept, kept)
        workflow.Retention = lambda success, error: retention  # type: ignore[assignment,misc]
    if not ahead:
        # Or this machine's clock would be called wrong.
        api.formatdate = lambda *_, **__: formatdate(usegmt=True)  # type: ignore[assignment]
    began = time.time()
    return serve.serve(
        0, scenario=scenario, clock=(lambda: began) if stopped else lambda: time.time() + ahead
    )


class _Worlds:
    """The newest of each scenario that was asked for."""

    def __init__(self) -> None:
        self._built: dict[str, World] = {}

    def fresh(self, scenario: str) -> World | None:
        """None of one that there is not: who asked for it will say so."""
        if scenario not in SCENARIOS:
            return None
        if scenario not in self._built or time.time() - self._built[scenario].time > FRESH:
            if self._built.pop(scenario, None):
                gc.collect()  # a world goes in circles
            self._built[scenario] = build(scenario)
        return self._built[scenario]


def _hand_out(world: World) -> None:
    """Serves this one instead of building another."""

    def given(_scenario: str, *, clock: Callable[[], float], seed: str) -> World:
        world.clock = clock
        return world

    serve.build = given  # type: ignore[assignment]


def _become(order: dict[str, Any], output: int, orders: socket.socket, world: World | None) -> int:
    """Runs in the child; returns the exit code."""
    gc.freeze()  # what it was forked with is shared with its parent as long as nobody looks through it
    gc.enable()
    orders.close()
    if world is not None:
        _hand_out(world)
    os.dup2(output, 1)
    os.close(output)
    # What was there was made for a file, and a pipe cannot be sought in.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(order["env"])
    module, _, function = order["main"].partition(":")
    try:
        return int(getattr(import_module(module), function)(*order["arguments"]) or 0)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    finally:
        sys.stdout.flush()


def _fork(order: dict[str, Any], output: int, orders: socket.socket, world: World | None) -> int:
    child = os.fork()
    if not child:
        code = 1
        try:
            code = _become(order, output, orders, world)
        except Exception:
            os.write(1, traceback.format_exc().encode())
        finally:
            os._exit(code)  # neither what the parent would do at its end, nor a look for garbage
    os.close(output)
    return child


def main(orders: socket.socket) -> None:
    alive, worlds = set[int](), _Worlds()
    gc.disable()
    gc.collect()
    gc.freeze()
    while line := next_order(orders):
        order, outputs = line
        if "end" in order:
            child = order["end"]
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            alive.discard(child)
        else:
            child = _fork(order, outputs[0], orders, worlds.fresh(order["scenario"]))
            alive.add(child)
        orders.sendall(f"{child}\n".encode())
    for child in alive:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c at the tests is for the tests, which then leave
    main(socket.socket(fileno=int(sys.argv[1])))
