"""An event loop whose time passes only while nothing can run: a simulated day takes seconds."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

EPOCH = 1_800_000_000.0
_THREADS = 60.0
"""Real seconds in which a thread may still have something to tell when nothing else is left."""


class _Skipping(selectors.DefaultSelector):
    """Instead of waiting, moves the loop's time on."""

    loop: "SimulatedLoop"

    def select(self, timeout=None):
        events = super().select(0)
        if events or timeout == 0:
            return events
        if self.loop.in_threads and (events := super().select(_THREADS)):
            return events  # what a thread does takes no simulated time
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
        self.in_threads = 0
        self._clock_resolution = 1e-6  # what epoch seconds in a float can still tell apart

    def time(self):
        return self.now

    def run_in_executor(self, executor, func, *args):
        self.in_threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._left_thread)
        return future

    def _left_thread(self, future):
        self.in_threads -= 1

    async def shutdown_default_executor(self, timeout=None):
        """Without the limit that Python 3.12 and later set: it would be over before a thread has ended."""
        await super().shutdown_default_executor()


def simulate(main: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end; `asyncio.get_running_loop().time()` is then epoch seconds too."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main)
