"""The story of a session: notes, actions, status changes seen and causes named, in the order they came."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import asdict

from wfdash.core.handoff.handover import HandoverLine
from wfdash.core.model.times import iso
from wfdash.core.text.clean import masked
from wfdash.live.records.locked_file import LockedFile

__all__ = ["SessionStory"]

FILE_NAME = "notes.jsonl"
_MOST = 2_000
"""Entries of a session that are kept to be handed over."""


class SessionStory:
    """What a handover tells. Notes also go to a file at once: a dropped session loses none.

    Only status changes that a person could have seen are worth telling: the caller chooses them.
    """

    def __init__(self, path: Path | None = None, *, account: Callable[[], str] = str) -> None:
        """`account` says of which account, or of which dev session, a note is."""
        self._account = account
        self.entries: deque[HandoverLine] = deque(maxlen=_MOST)
        self.trouble = ""
        self._file = LockedFile(path) if path is not None else None

    def __iter__(self) -> Iterator[HandoverLine]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def tell(self, at: float, kind: str, text: str, *, workflow: str = "", id: str = "") -> HandoverLine:
        """Adds an entry, unless it repeats the last one of its kind and id word for word."""
        entry = HandoverLine(at, kind, text, workflow, id)
        for last in reversed(self.entries):
            if (last.kind, last.id, last.workflow) == (kind, id, workflow):
                if last.text == text and kind != "note":
                    return last
                break
        self.entries.append(entry)
        if kind == "note":
            self._keep(entry)
        return entry

    def _keep(self, entry: HandoverLine) -> None:
        if self._file is None:
            return
        kept = asdict(entry) | {"at": iso(entry.at), "account": self._account()}
        line = masked(json.dumps(kept)).encode("ascii")
        try:
            self._file.append(line, sync=True)
            self.trouble = ""
        except OSError as error:
            self.trouble = f"the note is kept in this session only: {error.strerror}"
