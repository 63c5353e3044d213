"""The signal that ends a one-shot: heard in the midst of a long turn, never forgotten, obeyed within 2 s."""

import os
import signal
import sys
import time
from _thread import start_new_thread
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever prints imports this module, and a refusal needs no loop: 30 ms
    from asyncio import AbstractEventLoop, Task

__all__ = ["ending_code", "go_on", "interruptible"]

_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Windows has no SIGHUP."""
_PATIENCE = 1.5
"""Seconds for an end in good order: what was told to end is gone within 2."""
_TOGETHER = 0.1
"""Seconds in which a signal that comes twice is one: `timeout` sends it to the process and to its group, a
terminal that is closed by itself and through the shell. A person who asks again takes longer."""


class _EndingSignal:
    """Cancels the task that catches it when a signal comes that ends a program.

    The loop may stand still then: thousands of lines are put in words, or nobody reads what is written. So
    it is heard at once, and noted; `go_on` ends the work at the next line that is printed; and where neither
    that nor the loop comes to it, or a second signal does, the process ends as it stands. What was sent is in
    the journal by then.
    """

    def __init__(self) -> None:
        self.code = 0
        """The exit code, 128 + the number of the first, as shells have it: for a script no failure."""
        self._task: Task[object] | None = None
        self._came_at = 0.0
        self._obeyed = False

    def catch(self, loop: "AbstractEventLoop", task: "Task[object] | None") -> None:
        """Hears signals from now on, for the task."""
        self._task = task
        for number in _ENDING:
            # Whoever started us chose that this signal shall not end it.
            if number != signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup
            with suppress(NotImplementedError):  # Windows, where ctrl+c cancels the task by itself
                # The loop's own handler wakes it where it sleeps, also where another thread got the signal.
                # But it waits for the turn to end, and what ends in that turn would never know.
                loop.add_signal_handler(number, self._obey)
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if self.code:
            if now - self._came_at >= _TOGETHER:
                os._exit(self.code)
            return
        self.code, self._came_at = 128 + number, now
        # Not a timer of the loop, which is what may stand still; and no Thread, for what was interrupted may
        # hold the lock that it takes.
        start_new_thread(self._end_late, ())

    def _end_late(self) -> None:
        time.sleep(_PATIENCE)
        os._exit(self.code)

    def _obey(self) -> None:
        if not self._obeyed and self._task is not None:
            self._obeyed = True
            self._task.cancel()

    def go_on(self) -> None:
        """Raises CancelledError in the task, once, where the loop has not come to the signal yet."""
        from asyncio import CancelledError, current_task

        # Once alone: what the task then says of what was interrupted is printed.
        if not self._obeyed and self._task is current_task():
            self._obeyed = True
            raise CancelledError


_current = _EndingSignal()


async def interruptible(work: Callable[[], Awaitable[int]]) -> int:
    """Carries out the work, which a signal cancels: the process then ends with the signal's code."""
    from asyncio import CancelledError, current_task, get_running_loop

    global _current
    ending = _current = _EndingSignal()
    ending.catch(get_running_loop(), current_task())
    try:
        code = await work()
    except CancelledError:
        if not ending.code:
            raise
        code = 0
    if not ending.code:
        return code
    with suppress(OSError, ValueError):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    # All is in order by now but for threads, which the interpreter would wait for as long as they compute.
    os._exit(ending.code)


def ending_code() -> int:
    """The exit code of the signal that came; 0 for none."""
    return _current.code


def go_on() -> None:
    """Raises CancelledError where a signal came that ends the command: not a line more is printed."""
    if _current.code:
        _current.go_on()
