"""Runs that a restart took out of the list, as far as this machine knows: by its record, by its journal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wfdash.core.history.earlier_runs import earlier_runs
from wfdash.core.model.instance import Instance
from wfdash.live.records.journal import Journal
from wfdash.live.records.record.recorder import Recorder, ask_record

if TYPE_CHECKING:
    from wfdash.live.records.record.reading import RecordReader

__all__ = ["restarted_runs"]


def restarted_runs(
    workflow: str,
    rows: Mapping[str, Instance],
    since: float,
    *,
    recorder: Recorder | None,
    journal: Journal | None,
) -> dict[str, Instance]:
    """Of these rows the runs before, from then on; none where nothing can be read. Not on the event loop."""

    def recorded(reader: "RecordReader") -> list[Instance]:
        return reader.ends(workflow, since, rows)

    # Without them a page says that its rows are as they stand now.
    kept = ask_record(recorder.read, recorded) if recorder is not None and recorder.started else []
    noted = journal.restarted_ends(workflow, since) if journal is not None else []
    return earlier_runs(kept, rows, noted=noted)
