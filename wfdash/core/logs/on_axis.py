"""Where on the time axis of a timeline lines were printed: how many to a cell, and how grave."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from wfdash.core.logs.line import PlacedLine
from wfdash.core.text.sparkline import amounts
from wfdash.core.timeline.axis import Axis

__all__ = ["PrintedTimes", "cell_of", "printed_strip"]

_GRAVE: Final = ("error", "warn")


class PrintedTimes(Struct, frozen=True):
    """When lines were printed, ascending: all of them, and those that are grave.

    Made once for the lines, so that a cell of a strip costs two searches however many there are.
    """

    all: Sequence[float] = ()
    by_level: Sequence[tuple[str, Sequence[float]]] = ()
    doubtful: frozenset[str] = frozenset()
    """The levels of lines that may be others'."""

    @classmethod
    def of(cls, entries: Sequence[PlacedLine]) -> "PrintedTimes":
        levels = [
            (level, [entry.line.at for entry in entries if entry.line.level == level]) for level in _GRAVE
        ]
        doubtful = frozenset(entry.line.level for entry in entries if not entry.certain)
        return cls([entry.line.at for entry in entries], levels, doubtful)


def cell_of(axis: Axis, at: float, width: int) -> int:
    """The cell of an axis `width` cells wide in which an instant lies."""
    return min(width - 1, max(0, int(axis.position(at) * width)))


def printed_strip(times: PrintedTimes, axis: Axis, width: int) -> list[tuple[str, str]]:
    """A character a cell, as high as many lines were printed then, and the gravest level among them."""
    edges = [float("-inf"), *(axis.at(cell / width) for cell in range(1, width)), float("inf")]
    grave = [(level, _counts(of_level, edges)) for level, of_level in times.by_level]
    levels = [next((level for level, counts in grave if counts[cell]), "") for cell in range(width)]
    return list(zip(amounts(_counts(times.all, edges)), levels))


def _counts(times: Sequence[float], edges: Sequence[float]) -> list[int]:
    places = [bisect_left(times, edge) for edge in edges]
    return [after - before for before, after in pairwise(places)]
