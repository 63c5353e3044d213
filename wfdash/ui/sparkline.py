"""A row of numbers as a row of bars, one cell each."""

from collections.abc import Sequence

__all__ = ["sparkline"]

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[int], width: int) -> str:
    """The last `width` values at the right; the lowest bar is their least, so that small moves show."""
    shown = values[-width:] if width > 0 else []
    if not shown:
        return " " * max(0, width)
    least, most = min(shown), max(shown)
    span = most - least or 1
    bars = "".join(_BARS[(value - least) * (len(_BARS) - 1) // span] for value in shown)
    return bars.rjust(width)
