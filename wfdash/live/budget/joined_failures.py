"""Why instances failed, found out once by several processes at a time: by `E`, or by `history --by error`."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import Sample
from wfdash.live.budget.joined_reads import JoinedReads
from wfdash.live.budget.shared_lines import shared_path

__all__ = ["found_elsewhere", "join_failures", "run_of"]

_HOLDS: Final = 60.0
"""Seconds for which what another process read of a run that ended is taken."""


def join_failures(
    beside: Path | None, account: str, workflow: str, *, clock: Callable[[], float]
) -> JoinedReads[Sample]:
    """The causes in one workflow, without params, outputs and what steps ran.

    Without a counter to lie `beside` nothing is shared.
    """
    return JoinedReads(shared_path(beside, "failures", account, workflow), Sample, clock=clock)


async def found_elsewhere(others: JoinedReads[Sample], row: Instance) -> Sample | None:
    """What another process found out of this run, once none asks about it now."""
    sample = await others.found(row.id, run_of(row), _HOLDS)
    # It may have been looked up there for its age; here it is one in a row.
    return None if sample is None else replace(sample, apart=False)


def run_of(row: Instance) -> str:
    """Tells a run from one after a restart; "" where the list does not say when it ended."""
    return str(row.ended or "")
