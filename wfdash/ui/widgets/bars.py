"""Values over time as columns of block characters, drawn into lines of text; a few kilobytes, no library.

uniplot and textual-plot load numpy (105 and 190 ms, 23 and 36 MB, measured) and draw whole pictures, of which
each change would be written again; these lines go to the widget that writes only cells that differ.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

__all__ = ["FULL", "HOLLOW", "NONE", "SHADE", "UNKNOWN", "ZERO", "Bar", "bar_lines", "nice_top"]

ZERO: Final = "╌"
"""Looked at, and it was nothing."""
UNKNOWN: Final = "·"
"""Not loaded, or erased: it may have been anything."""
NONE: Final = " "
"""Nothing was there to look at."""
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
FULL: Final = "█"
SHADE: Final = "░"
"""Between the value and what nearly all stay under."""
HOLLOW: Final = "╎"
"""Of a value that rests on little: the tallest of these is the least certain, and must not look like most."""


class Bar(Struct, frozen=True):
    """A column up to `value`, shaded on to `upper`; without a value the mark stands at its foot."""

    value: float | None = None
    upper: float | None = None
    mark: str = NONE
    shade: str = SHADE


def bar_lines(bars: Sequence[Bar], height: int, top: float) -> list[str]:
    """The lines from the top, a character a bar; the lowest says zero, unknown or nothing."""
    columns = [_column(bar, height, top) for bar in bars]
    return ["".join(column[row] for column in columns) for row in range(height)]


def _column(bar: Bar, height: int, top: float) -> str:
    """The characters of one bar, from the top down."""
    if bar.value is None:
        return " " * (height - 1) + bar.mark
    eighths = min(height * 8, round(bar.value / top * height * 8)) if top > 0 else 0
    if bar.value > 0:
        eighths = max(1, eighths)  # a little is not nothing
    shaded = (
        min(height, -(-round((bar.upper or 0.0) / top * height * 8) // 8)) if top > 0 and bar.upper else 0
    )
    column = ""
    for row in range(height):  # from the foot up
        part = min(8, max(0, eighths - row * 8))
        column = (_EIGHTHS[part] if part else bar.shade if row < shaded else " ") + column
    return column if eighths or shaded else " " * (height - 1) + ZERO


def nice_top(highest: float, steps: Sequence[float]) -> float:
    """The first of these steps that is high enough; beyond them 1, 2, 3 or 5 times a power of ten."""
    for step in steps:
        if highest <= step:
            return step
    power = 1.0
    while True:
        for factor in (1.0, 2.0, 3.0, 5.0):
            if highest <= factor * power:
                return factor * power
        power *= 10.0
