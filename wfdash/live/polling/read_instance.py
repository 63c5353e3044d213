"""An instance's own answer turned into a Detail, and what it tells of the list row."""

import asyncio
import gc

from wfdash.api.errors import InstanceNotFound
from wfdash.api.interface import DetailAnswer
from wfdash.core.model.detail import Detail, read_detail
from wfdash.core.model.lazy_steps import Entries
from wfdash.core.rows.store import EXPIRED, Delta, Store
from wfdash.live.polling.context import FeedContext

__all__ = ["amend_row", "read_answer", "read_instance"]

_HEAVY = 2_000_000
"""Bytes of an answer from which its params and output are taken for as many values."""
_HUGE = 2000
"""Steps from which an answer in values is kept out of the collector's sight; it holds no cycles."""


def read_answer(workflow: str, identity: str, answer: DetailAnswer, *, simple: bool = False) -> Detail:
    """Reads an answer at once, however many steps came: each step is read when it is looked at."""
    detail = read_detail(workflow, identity, answer.result, simple=simple, refusal=answer.refusal)
    detail.read_at, detail.unread = answer.read_at, answer.unread
    many = len(detail.steps) >= _HUGE and not isinstance(detail.steps.entries, Entries)
    if many or (answer.size >= _HEAVY and (detail.params or detail.output)):
        # Otherwise every full collection from now on walks half a million values, 250 ms at 10,000 steps.
        gc.freeze()
    return detail


def amend_row(store: Store, detail: Detail, number: int, now: float) -> Delta:
    """Tells the list row what the instance itself said."""
    row = store.get(detail.id)
    # Out of a record the list may be the younger of the two.
    if detail.read_at is not None and row is not None and (row.modified or 0.0) > detail.read_at:
        return Delta()
    return store.amend(
        detail.id,
        seq=number,
        now=now,
        status=detail.status,
        created=detail.queued,
        started=detail.start,
        ended=detail.end,
        version=detail.version,
        trigger=detail.trigger,
    )


async def read_instance(context: FeedContext, identity: str) -> Detail | None:
    """Reads one in full and tells its row; None for one that is gone, whose row is then marked as expired."""
    number = context.next_number()
    try:
        answer = await context.api.get_instance(context.workflow, identity)
    except InstanceNotFound:
        context.tell(context.store.doubt([identity], EXPIRED))
        return None
    await asyncio.sleep(0)  # its parse has held the loop long enough
    detail = read_answer(context.workflow, identity, answer)
    context.tell(amend_row(context.store, detail, number, context.clock()))
    return detail
