"""Errored instances of every workflow of the account, the newest of each in turn."""

from collections.abc import Callable, Sequence
from typing import Final

from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.core.model.instance import Instance
from wfdash.core.triage.account_causes import ErroredWorkflow
from wfdash.core.triage.error_groups import Sample
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.reads.reads import Reads

__all__ = ["MOST_WORKFLOWS", "read_account_errors"]

MOST_WORKFLOWS: Final = 50
"""Workflows that are asked: each costs a request for its list."""
EACH: Final = 10
"""Instances of a workflow that are read: as many as make a sample (see the headline)."""
_PURPOSE: Final = "errors of all"


async def read_account_errors(
    reads: Reads, names: Sequence[str], on_read: Callable[[list[ErroredWorkflow]], None]
) -> list[ErroredWorkflow]:
    """Lists, then reads one of each workflow in turn, so that a few are known of all before many of one.

    Calls `on_read` after each answer. A workflow that cannot be listed keeps the reason; the others go on.
    """
    workflows = [ErroredWorkflow(name) for name in names[:MOST_WORKFLOWS]]
    rows: dict[str, list[Instance]] = {}
    for workflow in workflows:
        try:
            found, total = await reads.errored_instances(workflow.name, _PURPOSE)
        except WorkflowsError as error:
            workflow.failure = error.sentence
        else:
            rows[workflow.name] = found
            workflow.listed = len(found)
            workflow.errored = total if total is not None else len(found)
        on_read(workflows)
    for turn in range(EACH):
        for workflow in workflows:
            if turn < len(listed := rows.get(workflow.name, [])):
                await _read_next(reads, workflow, listed[turn])
                on_read(workflows)
    return workflows


async def _read_next(reads: Reads, workflow: ErroredWorkflow, row: Instance) -> None:
    try:
        detail = await reads.instance(workflow.name, row.id, _PURPOSE)
    except InstanceNotFound:
        return
    except WorkflowsError as error:
        workflow.failure = error.sentence
        return
    if detail.status == "errored" and not detail.unread:  # in a record some were only listed
        workflow.samples.append(Sample(row.id, detail.end or row.ended, fingerprint(detail)))
