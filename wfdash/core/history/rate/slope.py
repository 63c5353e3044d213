"""A rate that rose or fell little by little, of which no one moment is the one at which it changed."""

from collections.abc import Sequence
from itertools import pairwise
from math import log
from typing import Final

from msgspec import Struct

__all__ = ["Slope", "gained_by_steps", "slope_of"]

_PARTS: Final = 12
"""Parts with about as many ended each, at whose edges a slope begins and ends."""
_FITS: Final = 3
"""How often the two rates are fitted, each time with the weights of the last."""
_SURE: Final = 0.005
"""Share below which no rate is taken to be."""


class Slope(Struct, frozen=True):
    """A rate that went evenly from `before` at place `start` to `after` at place `end`."""

    start: int
    end: int
    before: float
    after: float
    gained: float
    """Logarithm of how likely it makes what ended."""


def slope_of(failed: Sequence[int], passed: Sequence[int], *, least: int) -> Slope | None:
    """The slope of at least so many places that explains it best; None where there is no room for one."""
    parts = _parted(failed, passed)
    best: Slope | None = None
    for first in range(len(parts)):
        for last in range(first, len(parts)):
            start, end = parts[first].start, parts[last].end
            if end - start < least:
                continue
            along = [min(1.0, max(0.0, (part.middle - start) / (end - start))) for part in parts]
            found = _fitted(parts, along)
            if found is not None and (best is None or found[2] > best.gained):
                best = Slope(start, end, *found)
    return best


def gained_by_steps(failed: Sequence[int], passed: Sequence[int], places: Sequence[int]) -> float:
    """Logarithm of how likely what ended is where the rate changed at these places, and at no other."""
    gained = 0.0
    for low, high in pairwise((0, *places, len(failed))):
        bad, fine = sum(failed[low:high]), sum(passed[low:high])
        gained += _likely(bad, fine, bad / (bad + fine)) if bad and fine else 0.0
    return gained


class _Part(Struct, frozen=True):
    start: int
    end: int
    failed: int
    passed: int

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


def _parted(failed: Sequence[int], passed: Sequence[int]) -> list[_Part]:
    enough = max(1.0, (sum(failed) + sum(passed)) / _PARTS)
    parts: list[_Part] = []
    start = bad = fine = 0
    for index, (more_bad, more_fine) in enumerate(zip(failed, passed, strict=True)):
        bad, fine = bad + more_bad, fine + more_fine
        if bad + fine >= enough or (index == len(failed) - 1 and bad + fine):
            parts.append(_Part(start, index + 1, bad, fine))
            start, bad, fine = index + 1, 0, 0
    return parts


def _fitted(parts: Sequence[_Part], along: Sequence[float]) -> tuple[float, float, float] | None:
    """The rates at its two ends, and how likely they make it: least squares, weighted by what is expected."""
    rates = [0.5] * len(parts)
    before = after = 0.0
    for _ in range(_FITS):
        weights = [
            (part.failed + part.passed) / (rate * (1 - rate)) for part, rate in zip(parts, rates, strict=True)
        ]
        aa = ab = bb = ay = by = 0.0
        for part, weight, x in zip(parts, weights, along, strict=True):
            y = part.failed / (part.failed + part.passed)
            aa += weight * (1 - x) * (1 - x)
            ab += weight * (1 - x) * x
            bb += weight * x * x
            ay += weight * (1 - x) * y
            by += weight * x * y
        if (determinant := aa * bb - ab * ab) <= 1e-9 * aa * bb:
            return None
        before = min(1.0, max(0.0, (ay * bb - by * ab) / determinant))
        after = min(1.0, max(0.0, (by * aa - ay * ab) / determinant))
        rates = [min(1 - _SURE, max(_SURE, before + (after - before) * x)) for x in along]
    gained = sum(_likely(part.failed, part.passed, rate) for part, rate in zip(parts, rates, strict=True))
    return before, after, gained


def _likely(failed: int, passed: int, rate: float) -> float:
    return failed * log(rate) + passed * log(1 - rate)
