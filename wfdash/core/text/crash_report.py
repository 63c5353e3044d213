"""The report of a fault of our own, to be pasted into a bug report: it names the place, and no values."""

import platform
import traceback
from collections.abc import Callable

from wfdash import __version__
from wfdash.core.text.clean import clean

__all__ = ["crash_report"]

_FRAMES = 12
"""Innermost frames of a traceback: where it broke, and how it came there."""
_LONGEST = 400
"""Characters of a line: an error may quote a whole answer."""
_LINES = 120
"""Lines of a report; from the middle of a longer one some are left out."""


def crash_report(error: BaseException, *, hide: Callable[[str], str]) -> str:
    """Printable lines without the values of variables; `hide` blots out secrets in the words of errors."""
    # The last frames, where it broke, and no locals: one of them may be a credential.
    trace = traceback.TracebackException.from_exception(error, limit=-_FRAMES, capture_locals=False)
    lines = [line for part in trace.format() for line in hide(part).split("\n") if line.strip()]
    if len(lines) > _LINES:
        # Of a chain of causes the first says what began it, and the last what ended the program.
        lines = [*lines[: _LINES // 2], "[...]", *lines[-_LINES // 2 :]]
    system = f"wfdash {__version__}, Python {platform.python_version()}, {platform.system()}"
    head = ["wfdash stopped on a fault of its own. Please report it with the lines below.", system]
    return "\n".join([*head, *(clean(line, _LONGEST) for line in lines)])
