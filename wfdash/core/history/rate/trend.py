"""How the rate of failures went last: one judgement for the errors page and the history."""

from collections.abc import Mapping, Sequence
from typing import Final

from wfdash.core.history.rate.change import changes_of
from wfdash.core.model.instance import Instance
from wfdash.core.triage.headline import Trend

__all__ = ["last_trend"]

_MOST: Final = 4_000
"""Rows among which it is looked for, the newest: it takes 2 ms a thousand, and is done every few seconds."""


def last_trend(rows: Sequence[Instance], *, now: float, deployed: Mapping[str, float]) -> Trend | None:
    """The last change among `rows`, an unbroken stretch of the list; None where one rate explains it all."""
    if len(rows) > _MOST:
        rows = sorted(rows, key=lambda row: row.created or 0.0)[-_MOST:]
    start = min((row.created for row in rows if row.created is not None), default=None)
    if start is None:
        return None
    _, changes = changes_of(rows, start=start, now=now, deployed=deployed)
    if not changes:
        return None
    last = changes[-1]
    return Trend(last.at, last.before, last.after, last.between)
