"""What instances hold, out of the record: a filter for it asks the server only about what is not there."""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterator, Sequence
from time import monotonic

from msgspec import Struct

from wfdash.core.filter.detail_fields import DetailFields, read_fields
from wfdash.core.filter.query import Query
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.live.records.contents import search_of
from wfdash.live.records.record.reading import RecordReader
from wfdash.live.records.record.recorder import UntilOpen
from wfdash.live.records.record.schema import Unusable
from wfdash.live.records.search.finding import (
    Place,
    RecordedInstance,
    all_indexed,
    find_others,
    ids_with,
    look_up,
    may_hold,
    named,
    pages_of,
    still_holds,
    tells_contents,
)

__all__ = ["RecordRecall"]

_NOW = float("inf")
_TYPED = 30.0
"""Seconds after which the index is asked anew even for a longer text: others write into the record too."""
_KEPT = 500
"""Places that are kept for the next letter: of more, the index names what is left before they are read."""


class _Named(Struct, frozen=True):
    """What the index named for a filter at a moment of the monotonic clock."""

    workflow: str
    query: Query
    at: float
    places: Sequence[Place]


class RecordRecall:
    """Tells what instances hold out of the record: contents from one with payloads, ids from any."""

    def __init__(
        self,
        open_reader: Callable[[], RecordReader],
        *,
        at: Callable[[], float] = lambda: _NOW,
        is_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """`open_reader` may raise Unusable and OSError; `at` is the moment that is shown.

        Until `is_ready` says that the record is open what is asked waits for it, some seconds at most.

        Of another moment than now, as of a record that somebody else may have written, no index is asked.
        """
        self._open_reader, self._at = open_reader, at
        self._wait = UntilOpen(is_ready)
        self._reader: RecordReader | None = None
        self._last: _Named | None = None
        self._indexed: set[str] = set()
        """Workflows of which all that was read is in the index."""

    async def __call__(self, workflow: str, rows: Sequence[Instance]) -> dict[str, DetailFields]:
        """The recorded fields of those rows that did not change since they were read, by id."""
        await self._wait()
        return await asyncio.to_thread(self.look, workflow, rows)

    def look(self, workflow: str, rows: Sequence[Instance]) -> dict[str, DetailFields]:
        """Looks rows up and blocks: some 30,000 a second out of the index, 5,000 without one."""
        reader = self._open()
        if reader is None:
            return {}
        found: dict[str, DetailFields] = {}
        for row in rows:
            fields = self._of_index(reader, workflow, row) or self._of_answer(reader, workflow, row)
            if fields is not None:
                found[row.id] = fields
        return found

    async def find(
        self, workflow: str, query: Query, now: float, apart_from: Container[str] = ()
    ) -> AsyncIterator[list[RecordedInstance]]:
        """Yields all else in the record that matches, newest first, whether listed or not."""
        await self._wait()
        reader = await asyncio.to_thread(self._open)
        if reader is None or self._at() != _NOW or not may_hold(query):
            return
        slices = self._named(reader, workflow, query)
        while (places := await asyncio.to_thread(next, slices, None)) is not None:
            pages = pages_of(reader, workflow, places, query, now, apart_from)
            while (page := await asyncio.to_thread(next, pages, None)) is not None:
                yield page
        if search_of(query) is not None and await asyncio.to_thread(self._has_all, reader, workflow):
            return
        pages = find_others(reader, workflow, query, now, apart_from)
        while (page := await asyncio.to_thread(next, pages, None)) is not None:
            yield page

    async def find_ids(self, workflow: str, query: Query, now: float, most: int) -> list[Instance]:
        """Recorded instances that a filter for ids names, as listed last; none where they are over `most`."""
        await self._wait()
        reader = await asyncio.to_thread(self._open)
        if reader is None or self._at() != _NOW:
            return []
        return await asyncio.to_thread(ids_with, reader, workflow, query, now, most)

    def _named(self, reader: RecordReader, workflow: str, query: Query) -> Iterator[Sequence[Place]]:
        """Yields what the index names.

        For a text that only grew, the last names are narrowed and not asked anew.
        """
        last = self._last
        if last is None or last.workflow != workflow or monotonic() - last.at > _TYPED:
            last = None
        if last is not None and query.narrows(last.query):
            yield last.places
            return
        places: list[Place] = []
        for some in named(reader, workflow, query):
            if len(places) <= _KEPT:
                places += some
            yield some
        if len(places) <= _KEPT:
            self._last = _Named(workflow, query, monotonic(), places)

    def _has_all(self, reader: RecordReader, workflow: str) -> bool:
        """Whether the index holds every instance that was read, so that it names all that match."""
        if workflow not in self._indexed and all_indexed(reader, workflow):
            self._indexed.add(workflow)
        return workflow in self._indexed

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _open(self) -> RecordReader | None:
        # What was erased is in it as long as the file is open.
        if self._reader is not None and self._reader.is_gone:
            self.close()
            self._indexed.clear()
            self._last = None
        if self._reader is None:
            try:
                self._reader = self._open_reader()
            except (Unusable, OSError):
                return None
        return self._reader

    def _of_index(self, reader: RecordReader, workflow: str, row: Instance) -> DetailFields | None:
        if not reader.has_index or self._at() != _NOW:
            return None
        found = look_up(reader, workflow, row.id)
        if found is None or not still_holds(found[0], found[1].status, row):
            return None
        return found[1]

    def _of_answer(self, reader: RecordReader, workflow: str, row: Instance) -> DetailFields | None:
        kept = reader.detail(workflow, row.id, self._at())
        if kept is None or not tells_contents(kept):
            return None
        if not still_holds(kept.at, kept.result.get("status"), row):
            return None
        return read_fields(read_detail(workflow, row.id, kept.result))
