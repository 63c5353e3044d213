"""Whether the dashboard can be drawn here, and what of the environment its drawing is given."""

import sys
from collections.abc import Mapping, MutableMapping

from wfdash.cli.exits import UsageError

__all__ = ["check_terminal", "shows_more_than_ascii", "take_variables"]

_COLOURS = ("auto", "standard", "256", "truecolor")
_LONGEST_ESCAPE = 500
"""Milliseconds after which an escape is the key. More would make esc seem dead."""
_ESCAPE = "50"
"""Milliseconds, where ESCDELAY does not say. Textual's 100 are a quarter of the time in which a key should be
answered over a slow link, and the rest of a sequence comes with its escape, or too late for either."""
_FASTEST = 240
"""Frames a second up to which Textual's variable makes sense; more only burn the processor."""


def check_terminal(environ: Mapping[str, str]) -> None:
    """Raises UsageError where the dashboard cannot be drawn: Textual would write escape codes into a pipe."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the dashboard needs a terminal; away from one use wfdash tail, or list --json")
    if environ.get("TERM", "") in ("", "dumb"):
        raise UsageError("the dashboard cannot be drawn on this terminal (TERM is dumb); use wfdash tail")
    try:
        import termios  # noqa: F401
    except ImportError:
        raise UsageError(
            "the dashboard needs a terminal as Unix has it (on Windows: WSL); the other commands work here"
        ) from None


def shows_more_than_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the terminal takes UTF-8, as far as the locale and the stream tell.

    Python itself takes a locale of C for UTF-8; LC_ALL says that it is meant.
    """
    insisted = environ.get("LC_ALL", "").partition(".")
    plain = insisted[0] in ("C", "POSIX") and not insisted[2]
    return not plain and sys.stderr.encoding.lower().replace("-", "") == "utf8"


def take_variables(environ: MutableMapping[str, str]) -> None:
    """Leaves Textual, before it is loaded, only variables that are about this terminal.

    The rest are for people who write programs with it: TEXTUAL_PRESS types keys, TEXTUAL=headless draws
    nothing, TEXTUAL_LOG writes what is shown to a file. COLUMNS and LINES would stand still when the terminal
    is resized, and a million of each takes all the memory. Raises UsageError for one that is no good.
    """
    colours = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if colours not in _COLOURS:
        listed = ", ".join(_COLOURS)
        raise UsageError(
            f'TEXTUAL_COLOR_SYSTEM: "{colours[:40]}" is none of {listed}; choose one or unset it'
        )
    frames = environ.get("TEXTUAL_FPS", "60")
    if not _is_number(frames, _FASTEST):
        raise UsageError(f'TEXTUAL_FPS: "{frames[:40]}" is not 1 to {_FASTEST}; correct or unset it')
    if not _is_number(environ.setdefault("ESCDELAY", _ESCAPE), _LONGEST_ESCAPE):
        environ["ESCDELAY"] = _ESCAPE
    kept = ("TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FPS", "TEXTUAL_DISABLE_KITTY_KEY")
    for name in [variable for variable in environ if variable.startswith("TEXTUAL") and variable not in kept]:
        del environ[name]
    for name in ("COLUMNS", "LINES", "UNICODE_VERSION"):
        environ.pop(name, None)


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= most
