"""Signals end the app as a key would: the terminal is given back, and the exit code says which it was."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

__all__ = ["on_signals"]

_SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT")


def on_signals(leave: Callable[[int], None]) -> None:
    """Call `leave(128 + n)` on the running loop for the signals that ask a program to end."""
    loop = asyncio.get_running_loop()
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None:
            # Not on the main thread, or a platform without them: then there is nothing to catch.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, leave, 128 + int(number))
