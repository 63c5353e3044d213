"""The terminal itself: one that does not know its size, and one that is not there any more."""

import os
import sys

try:
    import termios
except ImportError:  # Windows: the console always knows its size
    termios = None  # type: ignore[assignment]

__all__ = ["ensure_size", "is_gone"]

_USUAL = (24, 80)


def ensure_size() -> None:
    """Give a terminal that says 0x0 (a bare pty) the usual size until it says another.

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
    """Whether the terminal was closed without a signal that says so."""
    try:
        return not os.isatty(sys.__stdin__.fileno()) if sys.__stdin__ else False
    except (OSError, ValueError):
        return True
