"""How often an open instance is read, and whether its steps are asked for."""

from bisect import bisect_right
from collections.abc import Sequence
from math import inf
from typing import Final

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.model.step import Step
from wfdash.core.why.current_steps import Doing, deadline, doing, of_current
from wfdash.core.why.session_times import last_moved

__all__ = ["Pace", "next_read", "steps_wanted"]

_COMPUTING: Final = 2.0
"""Seconds between reads while a step's code runs: it may end at any moment."""
_PARKED: Final = 5.0
"""Seconds while everything sleeps or waits: only an event or a person can change that before its time."""
_STILL: Final = 15.0
"""Seconds while it is paused, which only a person ends."""
_SMALL: Final = 100
"""Steps up to which the full answer is read at the quickest pace."""
_COST_SHARE: Final = 50.0
"""An answer is not asked for again before this many times what it cost to ask and read has passed."""
_LOCAL: Final = 2.0
"""Seconds at least in a dev session, whose server is the developer's own machine."""


class Pace(Struct, frozen=True):
    """How to read next: `delay` seconds from the last answer, None until its row changes.

    `simple` without steps.
    """

    delay: float | None
    simple: bool
    """Without the steps: status and step_count tell whether anything moved."""


def next_read(detail: Detail | None, *, now: float, cost: float = 0.0, local: bool = False) -> Pace:
    """The pace after an answer that took `cost` seconds to ask for and read.

    2 s while an attempt runs, 5 s while it sleeps or waits (sooner when a time it told of comes), 15 s when
    it stands still, slower with the number of steps; never again once final. Local servers ignore `simple`.
    """
    if detail is None:
        return Pace(_COMPUTING, False)
    if is_final(detail.status):
        return Pace(None, False)
    kinds, dues = of_current(detail, "pace", _doings_and_dues)
    computing = "runs" in kinds
    ahead = bisect_right(dues, now)
    # Status and number of steps tell whether anything moved; only where an attempt runs or is about to do
    # they stay the same while its steps change.
    full = local or detail.simple or not kinds.isdisjoint(("runs", "retries"))
    full = full or (bool(dues) and dues[0] <= now + _COMPUTING)
    delay = _by_state(detail, computing) * (_by_size(len(detail.steps)) if full else 1.0)
    soon = dues[ahead] - now if ahead < len(dues) else inf
    if local and (moved := last_moved(detail, now)) is not None:
        delay = max(delay, min(_STILL, (now - moved) / 10))  # each read leaves traces with its developer
    delay = min(delay, max(_COMPUTING, soon + 0.5))
    return Pace(max(delay, _LOCAL if local else 0.0, cost * _COST_SHARE if full else 0.0), not full)


def _doings_and_dues(steps: Sequence[Step]) -> tuple[frozenset[Doing], list[float]]:
    """What the steps are at, and when those that do not run change by themselves, the next first."""
    dues = (deadline(step)[0] for step in steps if doing(step) != "runs")
    return frozenset(map(doing, steps)), sorted(due for due in dues if due is not None)


def steps_wanted(last: Detail, simple: Detail) -> bool:
    """Whether an answer without steps says that they moved: ask for the full one at once."""
    return (simple.status, simple.step_count, simple.end) != (last.status, last.step_count, last.end)


def _by_state(detail: Detail, computing: bool) -> float:
    if detail.status in ("paused", "queued"):
        return _STILL if detail.status == "paused" else _PARKED
    if computing or detail.status in ("waitingForPause", "rollingBack"):
        return _COMPUTING
    return _PARKED


def _by_size(steps: int) -> float:
    """A factor on the pace by the number of steps: 2 s up to 100 steps, 4 s at 400, 20 s at 10,000."""
    # With the root of it: in proportion, 10,000 steps would be read every three minutes.
    return max(1.0, float((steps / _SMALL) ** 0.5))
