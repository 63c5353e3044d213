"""A row's bar as terminal cells."""

from collections.abc import Iterable
from itertools import groupby
from math import ceil
from typing import Final

from wfdash.core.text.words import brief
from wfdash.core.timeline.axis import Axis
from wfdash.core.timeline.timeline import Segment

__all__ = ["GLYPHS", "bar"]

GLYPHS: Final = {
    "work": "▇",
    "failed": "▇",
    "open": "▇",
    "cut": "▒",
    "backoff": "·",
    "pending": "·",
    "sleep": "░",
    "wait": "░",
    "stop": "■",
}
_CUT: Final = "≈"
_RANK: Final = {
    name: rank
    for rank, name in enumerate(
        ("backoff", "pending", "sleep", "wait", "cut", "work", "open", "failed", "stop"), 1
    )
}
_NAMES: Final = {rank: name for name, rank in _RANK.items()}


def bar(parts: Iterable[Segment], axis: Axis, width: int) -> list[tuple[str, str]]:
    """The segments on an axis `width` cells wide, as runs of (text, stroke); the stroke of a blank is "".

    Whatever happened has at least one cell; where two things share one, the one that matters more has it.
    A stretch that passes a cut of the axis is marked `≈` in the middle of the cut, a back-off that has
    ended is labelled with its length where that fits.
    """
    if width <= 0:
        return []
    ranks = bytearray(width)
    passed: list[tuple[float, float]] = []
    gaps: list[tuple[Segment, int, int]] = []
    for part in parts:
        start, end, stroke = part
        left = min(width - 1, int(axis.position(start) * width + 1e-9))
        right = min(width, max(left + 1, ceil(axis.position(end) * width - 1e-9)))
        rank = _RANK.get(stroke, 1)
        if right - left == 1:
            ranks[left] = max(ranks[left], rank)
        else:
            ranks[left:right] = bytes(max(rank, old) for old in ranks[left:right])
        passed.append((start, end))
        if stroke == "backoff" and right - left > 4:
            gaps.append((part, left + 1, right - 1))
    cells = [(GLYPHS[_NAMES[rank]], _NAMES[rank]) if rank else (" ", "") for rank in ranks]
    for cut in axis.cuts[:200]:
        middle = min(width - 1, int((axis.position(cut.start) + axis.position(cut.end)) / 2 * width))
        amid = (cut.start + cut.end) / 2
        if any(start <= amid <= end for start, end in passed):
            cells[middle] = (_CUT, cells[middle][1])
    for part, left, right in gaps:
        label = brief(part.end - part.start)
        if right - left >= len(label) + 2 and set(ranks[left:right]) == {1}:
            middle = (left + right - len(label)) // 2
            cells[middle : middle + len(label)] = [(character, "backoff") for character in label]
    return [
        ("".join(glyph for glyph, _ in run), stroke)
        for stroke, run in groupby(cells, key=lambda cell: cell[1])
    ]
