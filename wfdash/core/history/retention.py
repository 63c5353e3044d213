"""How far back the list tells all: before that, what ended may have been erased, and none is not nothing."""

from collections.abc import Iterable
from math import inf
from typing import Final

from msgspec import Struct

from wfdash.core.history.bucket import Tally
from wfdash.core.why.context import kept_for

__all__ = ["Edge", "Kept", "edge", "kept"]

_SHORTEST: Final = 3 * 86400.0
"""Seconds that a finished instance is kept at least where nothing says how long (limits page, free plan)."""


class Edge(Struct, frozen=True):
    """From when on (epoch seconds) all that completed, and all that failed, is still there."""

    success: float = -inf
    error: float = -inf

    @property
    def both(self) -> float:
        """From when on a rate can be told: before it, what ended one of the two ways may have been erased."""
        return max(self.success, self.error)

    def number(self, count: int, start: float) -> int | None:
        """How many there were in a stretch from `start`; None where none is left and some may have been."""
        # An instance may have been created to be kept for less than its version's default, so that none
        # of one end proves nothing where the other end's may have been erased.
        return count if count or start >= self.both else None

    def rate(self, tally: Tally, start: float) -> float | None:
        return tally.failure_rate if start >= self.both else None


class Kept(Struct, frozen=True):
    """Seconds for which what ended so is kept at least."""

    success: float = inf
    error: float = inf

    def edge(self, now: float) -> Edge:
        """Moments from which on nothing that ended so has been erased."""
        return Edge(now - self.success, now - self.error)


def kept(*, configured: float | None = None, defaults: Iterable[object] = (), local: bool = False) -> Kept:
    """Finds the shortest time that any version keeps what ended; a dev session keeps everything.

    `configured` is the config's time for the workflow, `defaults` each version's `default_retention`.
    """
    if local:
        return Kept()
    if configured is not None:
        return Kept(configured, configured)
    versions = list(defaults)

    def shortest(status: str) -> float:
        times = [kept_for(default, status) for default in versions]
        return min((time for time in times if time is not None), default=_SHORTEST)

    return Kept(shortest("complete"), shortest("errored"))


def edge(
    now: float, *, configured: float | None = None, defaults: Iterable[object] = (), local: bool = False
) -> Edge:
    """From when on the list is complete, by how long what ended is `kept`; -inf in a dev session."""
    return kept(configured=configured, defaults=defaults, local=local).edge(now)
