"""How wide this terminal draws the characters whose width Unicode leaves to it: it is asked."""

import os
import re
import select
import sys
import time
from typing import Final

__all__ = ["ambiguous_width"]

_SHOWN: Final = "▲◌≈…"
"""Drawn by the dashboard, each in one cell. East Asian Width is `A` for them: one cell, or two in a terminal
that is set up for Chinese, Japanese or Korean."""
_ASK: Final = "\x1b[6n"
_PLACE: Final = re.compile(rb"\x1b\[\d+;(\d+)R")
_PATIENCE: Final = 1.0
"""Seconds for an answer: over a slow line it takes some tenths, and some terminals give none."""


def ambiguous_width() -> str:
    """Measures how wide the terminal draws such characters, in words; it is left as it was."""
    try:
        import termios
        import tty
    except ImportError:
        return "not measured: this system has no way to ask"
    stdin = sys.__stdin__
    if stdin is None or not stdin.isatty() or not sys.stdout.isatty():
        return "not measured: not a terminal"
    descriptor = stdin.fileno()
    try:
        # One in the background that changed the terminal's mode would be stopped.
        if os.tcgetpgrp(descriptor) != os.getpgrp():
            return "not measured: in the background"
        before = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor, termios.TCSANOW)
            sys.stdout.write(f"\r{_SHOWN}{_ASK}")
            sys.stdout.flush()
            column = _column(descriptor)
        finally:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()
            termios.tcsetattr(descriptor, termios.TCSANOW, before)
    except (OSError, termios.error):
        return "not measured: the terminal cannot be asked"
    if column is None:
        return "not measured: the terminal gave no answer"
    if column - 1 == len(_SHOWN):
        return "1 cell, as wfdash draws them"
    return f"{len(_SHOWN)} take {column - 1} cells: columns do not line up. Set it to narrow, or take --ascii"


def _column(descriptor: int) -> int | None:
    """The column that the terminal says its cursor is in; None for no answer."""
    answer, deadline = b"", time.monotonic() + _PATIENCE
    while (remaining := deadline - time.monotonic()) > 0:
        if not select.select([descriptor], [], [], remaining)[0]:
            return None
        answer += os.read(descriptor, 1000)
        if found := _PLACE.search(answer):
            return int(found[1])
    return None
