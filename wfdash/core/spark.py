"""Numbers over time as one cell each."""

from collections.abc import Sequence

__all__ = ["spark"]

_BARS = "▁▂▃▄▅▆▇█"


def spark(values: Sequence[float]) -> str:
    """One bar a value, scaled to the highest; a space for nothing, the lowest bar for a little."""
    top = max(values, default=0)
    return "".join(_BARS[min(7, int(v / top * 7.999))] if v > 0 and top > 0 else " " for v in values)
