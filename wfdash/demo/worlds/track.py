"""A life computed once and lived by many: how the largest world starts at once."""

from dataclasses import dataclass

from wfdash.demo.engine.execution import Execution
from wfdash.demo.engine.program import RunContext, Writer

__all__ = ["QUEUED", "Track", "track"]

QUEUED = 0.12
"""Seconds from creation to start on a free slot, for tracked lives."""


@dataclass(frozen=True, slots=True)
class Track:
    """A seed and every change of status it leads to, as (seconds after creation, status)."""

    seed: int
    changes: tuple[tuple[float, str], ...]

    length: float
    """Seconds from creation to its end."""
    end: str
    """The status it ends in."""


def track(write: Writer, seed: int, *, version: int = 0, shortest: float = 0.5) -> Track:
    """Lives one life through; changes that last under `shortest` seconds are left out."""
    run = Execution(write, RunContext(f"{seed:08x}", seed, version=version), 0.0, events={})
    changes = [(QUEUED, "running")]
    while not run.over:
        at = run.step() + QUEUED
        if run.over:
            status = "errored" if run.error else "complete"
        elif run.rolling_back:
            status = "rollingBack"
        else:
            status = "waiting" if run.idle else "running"
        if changes[-1][1] == status:
            continue
        if at - changes[-1][0] < shortest and len(changes) > 1 and not run.over:
            changes.pop()
            if changes[-1][1] == status:
                continue
        changes.append((at, status))
    return Track(seed, tuple(changes), *changes[-1])
