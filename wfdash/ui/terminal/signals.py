"""Signals do as a key would: the terminal is given back, and the exit code says which of them ended it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

__all__ = ["on_signals", "on_stopping"]

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


def on_stopping(stop: Callable[[], None], again: Callable[[], None], lent: Callable[[], bool]) -> None:
    """Call `stop` for SIGTSTP and `again` when the program goes on after a stop that it did not see.

    Textual would start to draw and to read keys a second time then, and never end. While the terminal is
    `lent`, to an editor or to the shell, whoever has it sees to it.
    """
    if not hasattr(signal, "SIGTSTP"):
        return
    loop = asyncio.get_running_loop()

    def stopping(*_: object) -> None:
        if lent():
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            loop.call_soon_threadsafe(stop)

    def continued(*_: object) -> None:
        if not lent():
            loop.call_soon_threadsafe(again)

    with contextlib.suppress(ValueError):  # not on the main thread
        signal.signal(signal.SIGTSTP, stopping)
        signal.signal(signal.SIGCONT, continued)
