"""What a terminal sends, byte by byte and pause by pause, through the real decoder into a dashboard."""

import asyncio

from tests.support.harness.dashboard import Dashboard
from wfdash.ui.keys.prompt_gate import event_time
from wfdash.ui.terminal.decoder import InputDecoder

__all__ = ["Keyboard"]

_TURN = 0.1
"""Seconds after which the driver tells the decoder that only time went by."""


class Keyboard:
    """The driver's part between the terminal and the app, on the clock of the test."""

    def __init__(self, dash: Dashboard) -> None:
        self._dash = dash
        self._decoder = InputDecoder(event_time)
        dash.app._driver.came_alone = self._decoder.came_alone

    def send(self, data: bytes) -> None:
        """One read."""
        app = self._dash.app
        for message in self._decoder.feed(data):
            message.set_sender(app)
            app.post_message(message)

    async def rest(self, seconds: float) -> None:
        """Nothing is typed for so long."""
        while seconds > 0:
            await asyncio.sleep(min(seconds, _TURN))
            seconds -= _TURN
            self.send(b"")

    async def type(self, *reads: bytes, gap: float = 1.0) -> None:
        """One read after the other, with a gap behind each."""
        for data in reads:
            self.send(data)
            await self.rest(gap)
