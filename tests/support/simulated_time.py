"""An event loop whose time passes only while nothing can run: a simulated day takes seconds."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

EPOCH = 1_800_000_000.0
_THREADS = 10.0
"""Real seconds in which a thread may still have something to tell when nothing else is left."""


class _Skipping(selectors.DefaultSelector):
    """Instead of waiting, moves the loop's time on."""

    loop: "SimulatedLoop"

    def select(self, timeout=None):
        events = super().select(0)
        if events or timeout == 0:
            return events
        if timeout is None:
            if events := super().select(_THREADS):
                return events
            raise RuntimeError("nothing is left that could ever happen")
        self.loop.now += max(timeout, 1e-6)
        return events


class SimulatedLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.now = EPOCH
        selector = _Skipping()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = 1e-6  # what epoch seconds in a float can still tell apart

    def time(self):
        return self.now


def simulate(main: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end; `asyncio.get_running_loop().time()` is then epoch seconds too."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main)
