"""What failed before anybody looked: without it each old cause would be new to a first start."""

import asyncio
from typing import Final

from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.api.interface import ListQuery, Workflows
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.read_instance import read_answer_aside
from wfdash.live.records.record.redaction import redacted_kind

__all__ = ["Cause", "read_earlier_causes", "redacted_cause"]

Cause = tuple[str, str, str]
"""Error, kind of message and step."""

_SAMPLE: Final = 50
"""Errored instances that are read, as many as the page of causes reads."""
_TRIES, _AGAIN = 10, 30.0
"""How often a list that fails is asked for, and the seconds between."""
_PURPOSE: Final = "earlier causes"


def redacted_cause(detail: Detail) -> Cause:
    """Why it failed, in words that a record without payloads may hold."""
    found = fingerprint(detail)
    return found.error, redacted_kind(found.error, found.message), found.step


async def read_earlier_causes(api: Workflows, budget: Budget, workflow: str, before: float) -> set[Cause]:
    """Reads why the newest failures from before that moment failed, behind all that somebody looks at.

    None of a dev session: it is not asked by status, for that wakes every instance it has.
    """
    causes: set[Cause] = set()
    if api.local:
        return causes
    for row in await _errored(api, budget, workflow, before):
        await budget.acquire(Priority.BACKGROUND, _PURPOSE)
        try:
            answer = await api.get_instance(workflow, row.id)
        except InstanceNotFound:
            continue
        except WorkflowsError:
            await asyncio.sleep(_AGAIN)
            continue
        detail = await read_answer_aside(workflow, row.id, answer)
        if detail.status == "errored":
            causes.add(redacted_cause(detail))
    return causes


async def _errored(api: Workflows, budget: Budget, workflow: str, before: float) -> list[Instance]:
    for _ in range(_TRIES):
        await budget.acquire(Priority.BACKGROUND, _PURPOSE)
        try:
            page = await api.list_instances(workflow, ListQuery("errored"))
        except WorkflowsError:
            await asyncio.sleep(_AGAIN)
            continue
        rows = [row for row in Instance.from_items(page.items) if (row.ended or 0.0) < before]
        rows.sort(key=lambda row: row.ended or 0.0, reverse=True)
        return rows[:_SAMPLE]
    return []
