"""Textual on the clock of its loop, so that what a test sees does not depend on how fast the machine is.

Its timers and the stamps of its events go by the real clock, and its pilot waits until the process used
little of the processor: both make simulated time pass in other steps on a busy machine.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

from tests.support.clocks.simulated_time import SimulatedLoop

__all__ = ["textual_on"]

_TURN = 0.02
"""Simulated seconds; all that can be done is done before they are over."""


async def _done(*_: float) -> None:
    await asyncio.sleep(_TURN)


@asynccontextmanager
async def textual_on(loop: SimulatedLoop) -> AsyncIterator[None]:
    """For the length of the block."""
    with (
        patch("textual._time.get_time", loop.time),
        patch("textual.app.wait_for_idle", _done),
        patch("textual.pilot.wait_for_idle", _done),
    ):
        yield
