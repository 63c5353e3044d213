"""Ends that a restart took away, out of the journal: each instance was read just before it was sent."""

import json
from collections.abc import Callable
from pathlib import Path

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.verbs.rules import RESTARTS
from wfdash.live.records.journal_entries import JournalEvent, journal_files, parse_entry

__all__ = ["restarted_ends"]

_MOST = 200_000
"""Ends taken out of the journal."""


def restarted_ends(
    folder: Path, workflow: str, since: float, is_ours: Callable[[str], bool]
) -> list[Instance]:
    """Ends that stood there before each restart that was sent; whether one came of it, the list tells.

    A row says of a run no more than how and when it ended. Never on the event loop.
    """
    found: list[Instance] = []
    name = json.dumps(workflow).encode("ascii")
    for data in journal_files(folder):
        lines = data.split(b"\n")
        # A file may hold 50,000 lines: those of other events and workflows are not parsed.
        for line in lines:
            entry = parse_entry(line) if b'"sent"' in line and name in line else None
            if entry is None or (entry.event, entry.workflow) != (JournalEvent.SENT, workflow):
                continue
            ours = entry.verb in RESTARTS and is_ours(entry.account)
            if ours and entry.id and is_final(entry.before) and entry.end is not None and entry.end >= since:
                found.append(Instance(entry.id, entry.before, ended=entry.end))
        first = parse_entry(lines[0])
        # Nothing that an older file tells of ended later than it was sent.
        if (first is not None and first.at < since) or len(found) >= _MOST:
            break
    return found
