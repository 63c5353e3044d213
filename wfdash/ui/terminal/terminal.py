"""The terminal itself: one that does not know its size, and one that is not there any more."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable

try:
    import termios
except ImportError:  # Windows: the console always knows its size
    termios = None  # type: ignore[assignment]

__all__ = ["ensure_size", "is_gone", "on_signals", "on_stopping"]

_USUAL = (24, 80)
"""Lines and columns of a terminal that tells no size."""


def ensure_size() -> None:
    """Gives a terminal that says 0x0 (a bare pty) the usual size until it says another.

    Textual and Rich fall back to different heights there, and lay out for ever between the two.
    """
    if termios is None:
        return
    try:
        descriptor = sys.__stderr__.fileno() if sys.__stderr__ else 2
        if 0 in termios.tcgetwinsize(descriptor):
            termios.tcsetwinsize(descriptor, _USUAL)
    except (OSError, termios.error):
        return


def is_gone() -> bool:
    """Whether the terminal was closed without a signal that said so."""
    try:
        return not os.isatty(sys.__stdin__.fileno()) if sys.__stdin__ else False
    except (OSError, ValueError):
        return True


def _is_behind() -> bool:
    """Whether another process has the terminal, as the shell has while this one is stopped."""
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno()) != os.getpgrp() if sys.__stdin__ else False
    except (AttributeError, OSError, ValueError):
        return False


_SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT")
_PATIENCE = 1.5
"""Seconds for leaving in good order; a program that was told to end is gone within 2."""


def on_signals(
    leave: Callable[[int], None], give_up: Callable[[], None], lent: Callable[[], bool]
) -> Callable[[], bool]:
    """Calls `leave(128 + n)` on the running loop for the signals that ask a program to end.

    The loop may stand still: writing to a terminal that takes nothing (ctrl+s, a dead link) blocks it. Then,
    and at a second signal at once, `give_up` restores what can be restored without waiting, and the process
    ends. While the terminal is `lent` to an editor there is no hurry: its keys sent the signal. While it is
    lent to the shell, which goes on with a stopped program to end it (`kill %1`), nothing is to be restored.
    What comes back tells whether such a signal came.
    """
    loop = asyncio.get_running_loop()
    ending: list[int] = []

    def end() -> None:
        with contextlib.suppress(Exception):
            give_up()
        os._exit(ending[0])

    def asked(number: int, _: object) -> None:
        if ending and not lent():
            end()
        ending.append(128 + number)
        if _is_behind():
            if lent():
                os._exit(ending[0])
            # Giving the terminal back from behind the shell would stop it again, until somebody says fg.
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(RuntimeError):  # the loop is closed: it is ending already
            loop.call_soon_threadsafe(leave, ending[0])
        if not lent():
            # Not a timer of the loop, which is what may stand still.
            late = threading.Timer(_PATIENCE, end)
            late.daemon = True
            late.start()

    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None:
            # Not asyncio's own handler, which waits for the loop. It fails where this is not the main thread.
            with contextlib.suppress(ValueError):
                signal.signal(number, asked)
    return lambda: bool(ending)


def on_stopping(stop: Callable[[], None], again: Callable[[], None], lent: Callable[[], bool]) -> None:
    """Calls `stop` for SIGTSTP and `again` when the program goes on after a stop that it did not see.

    Textual would start to draw and to read keys a second time then, and never end. While the terminal is
    `lent`, to an editor or to the shell, whoever has it sees to it; who is ending takes it no more.
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
