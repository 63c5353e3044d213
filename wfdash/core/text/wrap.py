"""Cleaned text broken into lines by terminal cells, or told as far as it has room."""

import re
from collections.abc import Sequence

from wfdash.core.text.clean import cells, fit

__all__ = ["joined", "wrapped"]

_DURATION = re.compile(r"\b\d+ (?:d|h|ms?|s)(?: \d+ [hms])?\b")
_GLUE = "\xa0"
_DENSE = 8
"""More characters than cleaned text has to a cell, which is one and the few marks on it."""


def wrapped(text: str, width: int, limit: int = 0) -> list[str]:
    """Lines of at most `width` cells, broken at spaces where there are any; what `limit` leaves out is ….

    A duration such as `1 m 53 s` stays on one line.
    """
    if width <= 0:
        return []
    # What can never have room is not looked at: a sentence may repeat an error of a megabyte.
    text = text[: width * (limit + 1) * 4] if limit else text
    text = _DURATION.sub(lambda found: found[0].replace(" ", _GLUE), text)
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if not _too_wide(longer, 0, width):
            line = longer
            continue
        if line:
            lines.append(line)
        at = 0
        while _too_wide(word, at, width) and not (limit and len(lines) > limit):
            head = fit(word[at : at + _DENSE * width + 1], width, mark="").rstrip() or word[at]
            lines.append(head)
            at += len(head)
        line = word[at:]
        if limit and len(lines) > limit:
            break
    if line:
        lines.append(line)
    if limit and len(lines) > limit:
        last = fit(f"{lines[limit - 1]} …", width) if cells(lines[limit - 1]) + 2 <= width else ""
        lines = [*lines[: limit - 1], (last or fit(lines[limit - 1] + "…" * 2, width)).rstrip()]
    return [line.replace(_GLUE, " ") for line in lines]


def joined(parts: Sequence[str], width: int) -> str:
    """`1 s so far · 4 steps`: as many of the parts as have room, none of them cut but a first one alone."""
    text = ""
    for part in parts:
        longer = f"{text} · {part}" if text else part
        if part and cells(longer) > width:
            break
        text = longer if part else text
    return text or fit(next(filter(None, parts), ""), max(0, width)).rstrip()


def _too_wide(text: str, at: int, width: int) -> bool:
    """Whether what begins there takes more cells than that.

    To weigh all that is left of a long word for each of its lines took seconds.
    """
    return len(text) - at > _DENSE * width or cells(text[at:]) > width
