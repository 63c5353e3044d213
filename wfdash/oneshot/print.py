"""What one-shots print: data on stdout, flushed per line; words on stderr, cleaned."""

import json
import sys
from typing import Any

from wfdash.core.moment import iso
from wfdash.core.text import clean
from wfdash.oneshot.ending import Stop

__all__ = ["instant", "json_line", "line", "say"]


def json_line(value: Any) -> None:
    """One JSON value a line, ASCII-escaped, so that no character of it can act on a terminal."""
    _write(json.dumps(value, separators=(",", ":")))


def line(*cells: str, separator: str = "\t") -> None:
    """One line of text; each cell is cleaned, so that none can hold the separator or a line break."""
    _write(separator.join(map(clean, cells)).rstrip(" "))


def _write(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as wrong:
        raise Stop(f"the output could not be written: {wrong.strerror}", 1) from None


def say(sentence: str) -> None:
    """Words for the person."""
    for part in sentence.split("\n"):
        sys.stderr.write(clean(part) + "\n")
    sys.stderr.flush()


def instant(seconds: float | None) -> str:
    """`2026-11-21T14:02:11Z`, "-" for none."""
    return "-" if seconds is None else iso(seconds)[:19] + "Z"
