"""What is stuck or odd in the workflow shown, from what was read anyway: no request is made for it."""

from collections.abc import Iterable

from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.model.workflow import Workflow
from wfdash.core.triage.anomalies import (
    Oddity,
    StepTimes,
    missed_fires,
    odd_detail,
    odd_row,
    queue_pressure,
    worst_first,
)
from wfdash.core.why.diagnose import Why
from wfdash.live.feeds.count_history import Trends
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.polling.context import FeedContext

__all__ = ["find_oddities"]

_STUCK = 3_000.0
_MOST_ROWS = 20_000
"""Active rows that are looked through at one time."""


def find_oddities(
    context: FeedContext, details: RowDetails, times: StepTimes, trends: Trends, workflow: Workflow | None
) -> list[Oddity]:
    """The worst first. Whatever needs steps is told only of instances read since they changed."""
    now = context.clock()
    found: list[Oddity] = []
    for identity in list(context.store.active)[:_MOST_ROWS]:
        row = context.store.get(identity)
        if row is None:
            continue
        if odd := odd_row(context.workflow, row, now=now):
            found.append(odd)
        found += _of_detail(details, identity, times, now, context.workflow)
    if odd := queue_pressure(context.workflow, trends.samples(context.workflow)):
        found.append(odd)
    if workflow is not None:
        cron = (row for row in context.store if row.trigger == "cron")
        found += missed_fires(workflow, cron, now=now)
    return worst_first(found)


def _of_detail(
    details: RowDetails, identity: str, times: StepTimes, now: float, workflow: str
) -> Iterable[Oddity]:
    fact = details.fact(identity)
    detail: Detail | None = fact.detail if fact is not None else None
    if detail is None or is_final(detail.status) or details.moved_on(identity):
        return
    yield from odd_detail(detail, times, now=now)
    why: Why | None = details.why(identity)
    if why is not None and why.looks_stuck:
        weight = _STUCK + (now - why.since if why.since is not None else 0.0)
        yield Oddity(workflow, identity, "stuck", why.sentence, weight)
