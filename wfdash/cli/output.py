"""What one-shots print: data on stdout, flushed per line; words on stderr, cleaned."""

import json
import math
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from wfdash.cli.exits import Stop
from wfdash.cli.signals import go_on
from wfdash.core.model.times import iso
from wfdash.core.text.clean import clean

__all__ = ["ask", "deaden", "instant", "json_line", "line", "refuse", "say", "typed_line", "write"]


_LONGEST = 6_000
"""Characters of a sentence: those of a megabyte given for a number would be all that a terminal keeps."""


def json_line(value: Any, *, of_a_write: bool = False) -> None:
    """Prints one JSON value a line, ASCII-escaped, so that no character of it can act on a terminal.

    What came `of_a_write` is printed though a signal came.
    """
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    # Infinity and NaN are no JSON, and jq stops at them.
    except ValueError:
        # Only then: to look through each value costs more than to print it.
        text = json.dumps(_finite(value), separators=(",", ":"))
    write(text, of_a_write=of_a_write)


def _finite(value: Any) -> Any:
    """The value with the largest double for numbers beyond it (1e400), as jq has them, and null for NaN."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else math.copysign(sys.float_info.max, value)
    return value


def line(*cells: str, separator: str = "\t") -> None:
    """Prints a line of cells, each cleaned, so that none can hold the separator or a line break."""
    write(separator.join(map(clean, cells)).rstrip(" "))


def write(text: str, *, of_a_write: bool = False) -> None:
    """Writes one line as it is; raises Stop when it cannot be written, and BrokenPipeError.

    Raises CancelledError in a command that a signal ends, but for what came `of_a_write`.
    """
    if not of_a_write:
        go_on()
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as wrong:
        deaden(sys.stdout)
        raise Stop(f"the output could not be written: {wrong.strerror}", 1) from None


def say(*lines: str) -> None:
    """Says sentences to the person, one a line; where nobody takes them the work goes on without.

    What a sentence repeats, as the name of a file, may hold a line break: it is shown and begins no line.
    """
    try:
        for line in lines:
            for row in _rows(clean(_without_middle(line))):
                sys.stderr.write(row + "\n")
        sys.stderr.flush()
    except OSError:
        deaden(sys.stderr)


def ask(question: str) -> None:
    """Writes a question, and no line break: the answer is typed behind it."""
    try:
        sys.stderr.write(clean(_without_middle(question)))
        sys.stderr.flush()
    except OSError:
        deaden(sys.stderr)


def typed_line() -> str:
    """Reads a typed answer; "" for what is no text in this encoding, and where none comes."""
    try:
        return sys.stdin.readline().strip()
    except (UnicodeDecodeError, OSError):
        return ""


def _without_middle(line: str) -> str:
    """The line without its middle if it is long: what was given stands first, what is wrong with it last."""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"


def _rows(line: str) -> list[str]:
    """The line in rows of the terminal, broken between words; whole where there is no terminal."""
    width = 0
    with suppress(OSError, ValueError):
        # Of stderr, where these words go: stdout may be a pipe.
        width = os.get_terminal_size(sys.stderr.fileno()).columns
    if not 0 < width < len(line):
        return [line]
    from textwrap import wrap

    # A line that goes on stands as far in as it began: from the margin it would read as another sentence.
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def refuse(sentence: str, code: int, *more: str) -> int:
    """Says why nothing was done, with more lines below it; the code to leave with."""
    say(f"wfdash: {sentence}", *more)
    return code


def deaden(stream: TextIO) -> None:
    """Points a stream that takes nothing any more nowhere, or what is left in it would fail at the exit."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def instant(seconds: float | None) -> str:
    """`2026-11-21T14:02:11Z`, "-" for none."""
    return "-" if seconds is None else iso(seconds)[:19] + "Z"
