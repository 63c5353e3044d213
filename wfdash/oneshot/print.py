"""What one-shots print: data on stdout, flushed per line; words on stderr, cleaned."""

import json
import sys
from typing import Any

from wfdash.core.moment import iso
from wfdash.core.text import clean

__all__ = ["instant", "json_line", "line", "say"]


def json_line(value: Any) -> None:
    """One JSON value a line, ASCII-escaped, so that no character of it can act on a terminal."""
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def line(*cells: str, separator: str = "\t") -> None:
    """One line of text; each cell is cleaned, so that none can hold the separator or a line break."""
    sys.stdout.write(separator.join(map(clean, cells)).rstrip(" ") + "\n")
    sys.stdout.flush()


def say(sentence: str) -> None:
    """Words for the person."""
    for part in sentence.split("\n"):
        sys.stderr.write(clean(part) + "\n")
    sys.stderr.flush()


def instant(seconds: float | None) -> str:
    """`2026-11-21T14:02:11Z`, "-" for none."""
    return "-" if seconds is None else iso(seconds)[:19] + "Z"
