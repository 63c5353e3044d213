"""An instance's own answer turned into a Detail, and what it tells of the list row."""

import asyncio

from wfdash.api.answers.large_json import HEAVY, collector_at_rest
from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.api.interface import DetailAnswer
from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.model.detail import Detail, read_detail
from wfdash.core.model.frozen import freeze
from wfdash.core.model.lazy_steps import Entries
from wfdash.core.rows.store import Delta, Store
from wfdash.core.why.diagnose import diagnose
from wfdash.core.why.failure import look_for_lost
from wfdash.core.why.session_times import last_moved
from wfdash.core.why.waits import open_waits
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.detail_pace import next_read
from wfdash.live.polling.events import Update

__all__ = ["amend_row", "read_answer", "read_answer_aside", "read_instance"]

_ASIDE = 500_000
"""Bytes from which all that goes through its steps is worked out in a thread: a megabyte of attempts or of
open steps would hold the loop for 40 ms."""
_HUGE = 2000
"""Steps from which an answer in values is kept out of the collector's sight; it holds no cycles."""


def read_answer(workflow: str, identity: str, answer: DetailAnswer, *, simple: bool = False) -> Detail:
    """Reads an answer at once, however many steps came: each step is read when it is looked at."""
    detail = read_detail(workflow, identity, answer.result, simple=simple, refusal=answer.refusal)
    detail.read_at, detail.unread = answer.read_at, answer.unread
    if len(detail.steps) >= _HUGE and not isinstance(detail.steps.entries, Entries):
        freeze()
    return detail


async def read_answer_aside(
    workflow: str, identity: str, answer: DetailAnswer, *, simple: bool = False
) -> Detail:
    """Reads an answer as `read_answer` does, a large one in a thread, so that keys go on."""
    await asyncio.sleep(0)  # its parse has held the loop long enough
    if answer.size < _ASIDE:
        return read_answer(workflow, identity, answer, simple=simple)
    with collector_at_rest(kept=answer.size >= HEAVY):
        detail = await asyncio.to_thread(read_answer, workflow, identity, answer, simple=simple)
        await asyncio.to_thread(_work_out, detail)
    return detail


def _work_out(detail: Detail) -> None:
    """Does ahead what the loop will ask of all steps: the results stay with the detail."""
    read_fields(detail, keep=True)
    last_moved(detail, 0.0)
    next_read(detail, now=0.0)
    diagnose(detail, now=0.0)
    open_waits([detail])
    look_for_lost(detail)


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
    number, workflow = context.next_number(), context.workflow
    try:
        answer = await context.api.get_instance(workflow, identity)
    except InstanceNotFound:
        context.refusals.answered(workflow, identity)
        context.tell(context.store.deny(identity, context.clock()))
        return None
    except WorkflowsError as error:
        context.refusals.failed(workflow, identity, error, context.clock())
        context.notify(Update(details=(identity,)))
        raise
    context.refusals.answered(workflow, identity)
    detail = await read_answer_aside(context.workflow, identity, answer)
    context.tell(amend_row(context.store, detail, number, context.clock()))
    return detail
