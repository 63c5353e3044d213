"""An instance's own answer turned into a Detail a slice at a time, and what it tells of the list row."""

import asyncio
import gc
from typing import Any

from wfdash.api.interface import DetailAnswer
from wfdash.core.detail import Detail, read_detail, read_step
from wfdash.core.store import Delta, Store

__all__ = ["amend_row", "read_answer", "read_answer_now"]

_SLICE = 500
_HUGE = 2000
"""Steps from which an answer is kept out of the garbage collector's sight; it holds no cycles."""


async def read_answer(workflow: str, identity: str, answer: DetailAnswer, *, simple: bool = False) -> Detail:
    """Never more than a few milliseconds at a time, however many steps came."""
    detail = _read(workflow, identity, answer, simple)
    steps = _steps(answer.result)
    for index, entry in enumerate(steps):
        detail.steps.append(read_step(index, entry))
        if index % _SLICE == _SLICE - 1:
            await asyncio.sleep(0)
    if len(steps) >= _HUGE:
        # Otherwise every full collection from now on walks half a million values, 250 ms at 10,000 steps.
        gc.freeze()
    return detail


def read_answer_now(workflow: str, identity: str, answer: DetailAnswer) -> Detail | None:
    """The same at once; None when it is too long for that."""
    steps = _steps(answer.result)
    if len(steps) > _SLICE:
        return None
    detail = _read(workflow, identity, answer, simple=False)
    detail.steps = [read_step(index, entry) for index, entry in enumerate(steps)]
    return detail


def amend_row(store: Store, detail: Detail, number: int) -> Delta:
    """Tell the list row what the instance itself said."""
    return store.amend(
        detail.id,
        seq=number,
        status=detail.status,
        created=detail.queued,
        started=detail.start,
        ended=detail.end,
        version=detail.version,
        trigger=detail.trigger,
    )


def _read(workflow: str, identity: str, answer: DetailAnswer, simple: bool) -> Detail:
    return read_detail(workflow, identity, answer.result, simple=simple, refusal=answer.refusal, steps=False)


def _steps(result: dict[str, Any]) -> list[Any]:
    steps = result.get("steps")
    return steps if isinstance(steps, list) else []
