"""Untrusted text in Markdown: on one line, shown as it is, whatever it holds."""

import re
from collections.abc import Iterable

from wfdash.core.text.clean import clean

__all__ = ["code", "escaped", "table_row"]

_LINK = r"(?i)//|www\.|@|[^\W\d_]:(?=\S)|\w\.(?=[^\W\d_])"
"""A word with this in it is a link or a mention to GitHub, a chat or an issue tracker, without any markup."""
_MARKS = r"[\\`*_\[\]<>#|&~$!]"
_STARTS = ("-", "+", "="), (".", ")")
"""At the very start, or there behind a number, these would make a list, a rule or a heading."""
_PLAIN = r"(?:[A-Za-z0-9]|[ -](?=[A-Za-z0-9])|(?<=[0-9])[.:](?=[0-9]))*"


def escaped(text: str) -> str:
    """Text in a paragraph or an item: no markup, no HTML, and no link, not even a bare one."""
    line = clean(text).strip(" ")
    words = (
        code(word) if re.search(_LINK, word) else re.sub(_MARKS, r"\\\g<0>", word) for word in line.split(" ")
    )
    return _safe_start(" ".join(words))


def _safe_start(line: str) -> str:
    digits = len(line) - len(line.lstrip("0123456789"))
    return line[:digits] + "\\" + line[digits:] if line[digits : digits + 1] in _STARTS[digits > 0] else line


def code(text: str) -> str:
    """Text as a code span, whatever backticks it holds."""
    line = clean(text)
    runs = [len(run) for run in re.findall("`+", line)]
    if not runs:
        return f"`{line}`"
    fence = "`" * (max(runs) + 1)
    return f"{fence} {line} {fence}"


def table_row(cells: Iterable[str]) -> str:
    """One row of a table. What is more than plain words is code, to be copied as it is."""
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    line = clean(text).strip(" ")
    # The bar is escaped in code too: a table is parted before its cells are read (GFM, section 4.10).
    return line if re.fullmatch(_PLAIN, line) else code(line).replace("|", "\\|")
