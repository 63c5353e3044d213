"""Untrusted text in Markdown: on one line, shown as it is, whatever it holds."""

import re
from collections.abc import Iterable

from wfdash.core.text.clean import clean

__all__ = ["code", "escaped", "table_row"]


def escaped(text: str) -> str:
    """Text in a paragraph or an item."""
    return "".join("\\" + c if c in "\\`*_[]<>#|" else c for c in clean(text))


def code(text: str) -> str:
    """Text as a code span, whatever backticks it holds."""
    line = clean(text)
    runs = [len(run) for run in re.findall("`+", line)]
    if not runs:
        return f"`{line}`"
    fence = "`" * (max(runs) + 1)
    return f"{fence} {line} {fence}"


def table_row(cells: Iterable[str]) -> str:
    """One row of a table. Ids in it can be copied as they are: only the bar is escaped."""
    return "| " + " | ".join(clean(cell).replace("|", "\\|") for cell in cells) + " |"
