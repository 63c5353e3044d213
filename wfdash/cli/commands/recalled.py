"""What the record tells a one-shot: what is in instances, and what one was that the server erased."""

import asyncio
from collections.abc import Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from wfdash.api.errors import InstanceNotFound
from wfdash.cli.output import instant
from wfdash.cli.session import CommandSession
from wfdash.core.model.instance import Instance
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, listed

if TYPE_CHECKING:
    from wfdash.core.filter.detail_fields import DetailFields
    from wfdash.core.filter.query import Query
    from wfdash.live.records.record.reading import RecordReader
    from wfdash.live.records.search.recall import RecordRecall

__all__ = ["Recalled", "recalled_pauses", "recalled_row"]

_NAMED = 5
"""Ids that a note names."""


class Recalled:
    """Looks instances up in the record, if that keeps payloads; SQLite is loaded with the first question."""

    def __init__(self, session: CommandSession) -> None:
        self._session = session
        self._recall: RecordRecall | None = None
        self.number = 0
        """Instances that it told of, without a request."""
        self.erased: list[str] = []
        self.unasked: list[str] = []

    def fields(self, workflow: str, row: Instance) -> "DetailFields | None":
        """What an instance held when it was read, where nothing of its row changed since; else None."""
        recall = self._open()
        found = recall.look(workflow, [row]).get(row.id) if recall is not None else None
        self.number += found is not None
        return found

    async def find_unlisted(
        self, workflow: str, query: "Query", listed: Container[str], most: int | None
    ) -> None:
        """Looks for what matches and was not listed; asks the server for at most so many of them."""
        session, recall, asked = self._session, self._open(), 0
        if recall is None:
            return
        async for page in recall.find(workflow, query, session.clock()):
            for each in page:
                # The list is newer than the record, so that its row stands and this one is not told beside
                # it.
                if each.row.id in listed:
                    continue
                if session.api.local:  # whatever a dev session still has was listed
                    self.erased.append(each.row.id)
                elif most is not None and asked >= most:
                    self.unasked.append(each.row.id)
                else:
                    asked += 1
                    if not await self._is_there(workflow, each.row.id):
                        self.erased.append(each.row.id)

    def notes(self) -> Iterator[str]:
        if self.number:
            yield f"{count(self.number)} out of the record"
        for ids, words in (
            (self.erased, "that the server erased match in the record"),
            (self.unasked, "more match in the record, not read (--read-details)"),
        ):
            if ids:
                yield f"{count(len(ids))} {words}: {listed([*map(clean, ids)], _NAMED)}"

    async def _is_there(self, workflow: str, instance: str) -> bool:
        try:
            # Without its steps: what it held the record has told, and only whether it is still there is
            # asked.
            await self._session.read(lambda: self._session.api.get_instance(workflow, instance, simple=True))
        except InstanceNotFound:
            return False
        return True

    def _open(self) -> "RecordRecall | None":
        settings = self._session.settings
        if self._recall is None and settings.record.on and settings.record.payloads:
            from wfdash.live.records.search.recall import RecordRecall

            self._recall = RecordRecall(lambda: _open_record(self._session))
            self._session.endings.append(self._recall.close)
        return self._recall


async def recalled_row(session: CommandSession, workflow: str, instance: str) -> str:
    """A sentence on what an instance that is gone was when it was listed last.

    "" where it is not in the record, or none can be read.
    """
    if not session.settings.record.on:
        return ""
    from wfdash.live.records.record.recorder import ask_record

    def look(reader: "RecordReader") -> list[Instance]:
        row = reader.row(workflow, instance, session.clock())
        return [row] if row is not None else []

    for row in await asyncio.to_thread(ask_record, lambda: _open_record(session), look):
        words = [clean(row.status, 40) or "listed without a status"]
        for word, moment in (("created", row.created), ("ended", row.ended)):
            words += [f"{word} {instant(moment)}"] if moment is not None else []
        return f"the server no longer has it, the record does: it was {', '.join(words)}"
    return ""


async def recalled_pauses(
    session: CommandSession, workflow: str, instance: str
) -> list[tuple[float, float | None]]:
    """When a dashboard or recorder of this machine saw the instance paused, and until when."""
    if not session.settings.record.on:
        return []
    from wfdash.live.feeds.pauses import recorded_pauses
    from wfdash.live.records.record.recorder import ask_record

    def look(reader: "RecordReader") -> list[tuple[float, float | None]]:
        return recorded_pauses(reader.statuses(workflow, instance))

    return await asyncio.to_thread(ask_record, lambda: _open_record(session), look)


def _open_record(session: CommandSession) -> "RecordReader":
    """The record of the account in use. Raises Unusable and OSError."""
    from wfdash.live.records.record.location import owner_of, record_path
    from wfdash.live.records.record.opening import open_record

    path = record_path(user_state_path("wfdash"), session.settings, session.api.account_id) or Path()
    # With the owner: a record that was copied here from another account tells of instances of the same names.
    return open_record(path, owner_of(path))
