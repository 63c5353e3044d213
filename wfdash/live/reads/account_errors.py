"""Errored instances of every workflow of the account, the newest of each in turn."""

from collections.abc import Callable, Sequence
from typing import Final

from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.core.model.instance import Instance
from wfdash.core.triage.account_causes import ErroredWorkflow
from wfdash.core.triage.error_groups import Sample
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.budget.joined_failures import found_elsewhere, join_failures, run_of
from wfdash.live.budget.joined_reads import JoinedReads
from wfdash.live.reads.reads import Reads

__all__ = ["EACH", "MOST_WORKFLOWS", "PURPOSE", "read_account_errors"]

MOST_WORKFLOWS: Final = 50
"""Workflows that are asked: each costs a request for its list."""
EACH: Final = 10
"""Instances of a workflow that are read: as many as make a sample (see the headline)."""
PURPOSE: Final = "errors of all"


async def read_account_errors(
    reads: Reads, names: Sequence[str], on_read: Callable[[list[ErroredWorkflow]], None]
) -> list[ErroredWorkflow]:
    """Lists the errored of each workflow, then reads one of each in turn: a few of all come first.

    Calls `on_read` after each answer. A workflow that cannot be listed keeps the reason; the others go on.
    """
    workflows = [ErroredWorkflow(name) for name in names[:MOST_WORKFLOWS]]
    rows: dict[str, list[Instance]] = {}
    for workflow in workflows:
        try:
            found, total = await reads.errored_instances(workflow.name, PURPOSE)
        except WorkflowsError as error:
            workflow.failure = error.sentence
        else:
            rows[workflow.name] = found
            workflow.listed = len(found)
            workflow.errored = total if total is not None else len(found)
        on_read(workflows)
    others = {workflow.name: _others(reads, workflow.name) for workflow in workflows}
    try:
        for turn in range(EACH):
            for workflow in workflows:
                if turn < len(listed := rows.get(workflow.name, [])):
                    await _read_next(reads, workflow, listed[turn], others[workflow.name])
                    on_read(workflows)
    finally:
        for each in others.values():
            each.close()
    return workflows


def _others(reads: Reads, workflow: str) -> JoinedReads[Sample]:
    """What other processes read of one workflow's failures, shared as `E` shares it."""
    beside = None if reads.api.local else reads.budget.shared_file
    return join_failures(beside, reads.api.account_id, workflow, clock=reads.budget.clock)


async def _read_next(
    reads: Reads, workflow: ErroredWorkflow, row: Instance, others: JoinedReads[Sample]
) -> None:
    if (sample := await found_elsewhere(others, row)) is not None:
        workflow.samples.append(sample)
        return
    asked_at = others.asks(row.id)
    try:
        detail = await reads.instance(workflow.name, row.id, PURPOSE)
    except InstanceNotFound:
        return
    except WorkflowsError as error:
        workflow.failure = error.sentence
        return
    if detail.status == "errored" and not detail.unread:  # in a record some were only listed
        workflow.samples.append(Sample(row.id, detail.end or row.ended, fingerprint(detail)))
        others.tell(row.id, asked_at, workflow.samples[-1], run_of(row))
