"""Numbers over time as one bar each, in one of two scales."""

from collections.abc import Sequence

__all__ = ["amounts", "moves"]

_BARS = "▁▂▃▄▅▆▇█"


def amounts(values: Sequence[float]) -> str:
    """Scaled from nothing to the highest: a space for nothing, the lowest bar for a little."""
    top = max(values, default=0)
    return "".join(_BARS[min(7, int(v / top * 7.999))] if v > 0 and top > 0 else " " for v in values)


def moves(values: Sequence[int], width: int) -> str:
    """The last `width` values, scaled from the least of them to the highest, so that small moves show."""
    shown = values[-width:] if width > 0 else []
    if not shown:
        return ""
    least, most = min(shown), max(shown)
    span = most - least or 1
    return "".join(_BARS[(value - least) * (len(_BARS) - 1) // span] for value in shown)
