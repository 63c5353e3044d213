"""What instances hold, out of the record: a filter for it asks the server only about what is not there."""

import asyncio
from collections.abc import Callable, Sequence

from wfdash.core.filter.detail_fields import DetailFields, read_fields
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.payload.placeholders import NOT_RECORDED
from wfdash.live.records.record.reading import KeptDetail, RecordReader
from wfdash.live.records.record.schema import Unusable

__all__ = ["RecordRecall"]


class RecordRecall:
    """Called with rows as the list tells them now; gives those that did not change since they were read.

    Only of a record that keeps payloads: without them nothing in it says what an instance holds.
    """

    def __init__(
        self, open_reader: Callable[[], RecordReader], *, at: Callable[[], float] = lambda: float("inf")
    ) -> None:
        """`open_reader` may raise Unusable and OSError; `at` is the moment that is shown."""
        self._open_reader, self._at = open_reader, at
        self._reader: RecordReader | None = None

    async def __call__(self, workflow: str, rows: Sequence[Instance]) -> dict[str, DetailFields]:
        return await asyncio.to_thread(self.look, workflow, rows)

    def look(self, workflow: str, rows: Sequence[Instance]) -> dict[str, DetailFields]:
        """Blocks: some 5,000 instances a second."""
        if self._reader is None:
            try:
                self._reader = self._open_reader()
            except (Unusable, OSError):
                return {}
        found: dict[str, DetailFields] = {}
        for row in rows:
            kept = self._reader.detail(workflow, row.id, self._at())
            if kept is not None and _still_holds(kept, row):
                found[row.id] = read_fields(read_detail(workflow, row.id, kept.result))
        return found

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _still_holds(kept: KeptDetail, row: Instance) -> bool:
    if NOT_RECORDED in (kept.result.get("params"), kept.result.get("output")):
        return False
    if kept.result.get("status") != row.status:
        return False
    changed = row.modified if row.modified is not None else row.ended
    return changed <= kept.at if changed is not None else is_final(row.status)
