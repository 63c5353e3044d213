"""Questions at the terminal, answered only by what was typed after they could be read."""

import asyncio
import select
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

from wfdash.cli.output import ask, say, typed_line

__all__ = ["answer_to", "wait_for_answer"]

_HOLD = 0.3
"""Seconds that a question has stood before an answer to it is read, as for a prompt of the dashboard."""
_TOO_SOON = "that was typed before the question could be read"


def answer_to(question: str) -> str:
    """Asks at the terminal, and returns the line that was typed."""
    for seconds in _asked(question):
        time.sleep(seconds)
    return typed_line()


async def wait_for_answer(question: str) -> str:
    """Asks and returns the line that was typed, without holding the loop: a signal still ends it."""
    for seconds in _asked(question):
        await asyncio.sleep(seconds)
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()

    def readable() -> None:
        if not typed.done():
            typed.set_result(typed_line())

    loop.add_reader(sys.stdin, readable)
    try:
        return await typed
    finally:
        loop.remove_reader(sys.stdin)


def _asked(question: str) -> Iterator[float]:
    """Asks until no line came too soon; yields the seconds to let pass before each look at that."""
    while True:
        ask(question)
        _drop_typed()
        yield _HOLD if sys.stdin.isatty() else 0.0
        if not _drop_typed():
            return
        say(_TOO_SOON)


def _drop_typed() -> bool:
    """Drops what was typed until now; whether a line of it was complete.

    What is pasted into a shell behind a command, or typed for another question while Python loads, waits in
    the terminal and would answer what nobody has seen.
    """
    try:
        import termios
    except ImportError:
        return False
    with suppress(OSError, ValueError, termios.error):
        if sys.stdin.isatty():
            complete = _readable()
            termios.tcflush(sys.stdin, termios.TCIFLUSH)
            return complete and not _readable()  # one that is gone can be read for ever
    return False


def _readable() -> bool:
    return bool(select.select([sys.stdin], [], [], 0)[0])
