"""Why is it there, since when, and what happens next: one sentence for an instance."""

from dataclasses import dataclass

from wfdash.core.detail import Detail
from wfdash.core.instance import Instance

__all__ = ["Why", "diagnose"]


@dataclass(frozen=True, slots=True)
class Why:
    """Times are epoch seconds."""

    sentence: str
    short: str
    """For a table cell: at most about 40 cells."""
    since: float | None = None
    deadline: float | None = None
    """When it will change by itself; None when that is not known."""
    looks_stuck: bool = False
    estimate: bool = False
    """The deadline was worked out, not answered."""


def diagnose(
    detail: Detail,
    *,
    now: float,
    row: Instance | None = None,
    local: bool = False,
    retention: float | None = None,
    running: int | None = None,
    utc: bool = True,
) -> Why:
    """Say it from what was answered: the status, the open steps and the clock.

    `running` is how many instances of the workflow run, `retention` how many seconds finished ones are kept,
    both None when unknown. `local` servers say nothing of planned ends.
    """
    status = detail.status or (row.status if row else "")
    return Why(status or "no status was answered", status)
