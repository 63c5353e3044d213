"""Numbers over time as one bar each."""

from collections.abc import Sequence

__all__ = ["amounts"]

_BARS = "▁▂▃▄▅▆▇█"


def amounts(values: Sequence[float], top: float = 0.0) -> str:
    """One bar a value, scaled to the highest or to `top`.

    A space for nothing, the lowest bar for a little.
    """
    top = top or max(values, default=0)
    return "".join(_BARS[min(7, int(v / top * 7.999))] if v > 0 and top > 0 else " " for v in values)
