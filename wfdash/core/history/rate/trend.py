"""How the rate of failures went last: one judgement for the errors page and the history."""

from collections.abc import Mapping, Sequence

from wfdash.core.history.rate.change import changes_of
from wfdash.core.model.instance import Instance
from wfdash.core.triage.headline import Trend

__all__ = ["last_trend"]


def last_trend(rows: Sequence[Instance], *, now: float, deployed: Mapping[str, float]) -> Trend | None:
    """The last change among `rows`, an unbroken stretch of the list; None where one rate explains it all."""
    start = min((row.created for row in rows if row.created is not None), default=None)
    if start is None:
        return None
    _, changes = changes_of(rows, start=start, now=now, deployed=deployed)
    if not changes:
        return None
    last = changes[-1]
    return Trend(last.at, last.before, last.after, last.between)
