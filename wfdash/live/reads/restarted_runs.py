"""Runs that a restart took out of the list, as far as this machine knows: by its record, by its journal."""

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING

from wfdash.core.history.earlier_runs import earlier_runs
from wfdash.core.model.instance import Instance
from wfdash.live.records.journal import Journal
from wfdash.live.records.record.recorder import Recorder, ask_record

if TYPE_CHECKING:
    from wfdash.live.records.record.reading import RecordReader

__all__ = ["RestartedRuns"]


class RestartedRuns:
    """Looks up runs before a restart: in the record that this session writes, or in the one it shows."""

    def __init__(
        self,
        *,
        recorder: Recorder | None = None,
        replayed: "RecordReader | None" = None,
        journal: Journal | None = None,
        until: float = inf,
    ) -> None:
        """`replayed` is a record that is shown, as of `until`: what ended later had not ended yet."""
        self._recorder, self._replayed, self._journal, self._until = recorder, replayed, journal, until

    @property
    def has_source(self) -> bool:
        """Whether there is anywhere to look."""
        return any(each is not None for each in (self._recorder, self._replayed, self._journal))

    def find(self, workflow: str, rows: Mapping[str, Instance], since: float) -> dict[str, Instance]:
        """The earlier runs of these rows that ended since then; none where nothing can be read.

        Not on the event loop.
        """
        until = self._until

        def recorded(reader: "RecordReader") -> list[Instance]:
            return reader.ends(workflow, since, rows, at=until)

        # Without them a page says that its rows are as they stand.
        kept: list[Instance] = []
        if self._replayed is not None:
            kept = recorded(self._replayed)
        elif self._recorder is not None and self._recorder.started:
            kept = ask_record(self._recorder.read, recorded)
        noted = self._journal.restarted_ends(workflow, since) if self._journal is not None else []
        noted = [run for run in noted if run.ended is not None and run.ended <= until]
        return earlier_runs(kept, rows, noted=noted)
