"""Warns where the steps that runs are to begin at are in no late run of the version that is newest now."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import RestartFrom
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.step_kind import kind_of
from wfdash.core.text.clean import fit
from wfdash.core.text.words import short_version
from wfdash.core.why.step_names import base_name
from wfdash.live.actions.plan import Target

__all__ = ["missing_steps"]

_RUNS: Final = 3
"""Runs that are read: one may have gone another way through the same code."""
_NAMED: Final = 3
"""Steps that the sentence names."""


async def missing_steps(
    targets: Sequence[Target],
    complete: Callable[[], Awaitable[list[Instance]]],
    read: Callable[[str], Awaitable[Detail]],
) -> str:
    """A sentence, or "" where each step was found, no other version ran since, or nothing could be read.

    `complete` lists the newest complete instances. A read or four for a whole plan; none without a step.
    """
    starts = list(dict.fromkeys(each.restart_from for each in targets if each.restart_from is not None))
    if not starts:
        return ""
    try:
        rows = [row for row in await complete() if row.version]
        newest = max(rows, key=lambda row: row.created or 0.0, default=None)
        if newest is None or all(each.version == newest.version for each in targets if each.restart_from):
            return ""
        runs = [row for row in rows if row.version == newest.version][:_RUNS]
        details = [await read(row.id) for row in runs]
    except WorkflowsError:
        return ""  # it is a warning beside the plan, which stands without it
    found = {
        (base_name(step.name), kind_of(step.kind).restart_type) for each in details for step in each.steps
    }
    gone = [start for start in starts if (start.name, start.type or "do") not in found]
    if not gone:
        return ""
    late = "the newest complete run" if len(runs) == 1 else f"the {len(runs)} newest complete runs"
    return f"{_names(gone)} not in {late} of version {short_version(newest.version)}"


def _names(starts: Iterable[RestartFrom]) -> str:
    """`"a" and "b" are`, each name once."""
    names = [
        f'"{fit(name, 40, cut="middle").rstrip()}"' for name in dict.fromkeys(each.name for each in starts)
    ]
    more = [f"{len(names) - _NAMED} more steps"] if len(names) > _NAMED else []
    *others, last = [*names[:_NAMED], *more]
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"
