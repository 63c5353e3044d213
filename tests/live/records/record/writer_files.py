"""A recorder over a file, and what it sees."""

from tests.live.records.record.test_keeping import AT, row
from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.observations import SawRows, SawVersions, SawWorkflows
from wfdash.live.records.record.recorder import Recorder


def recorder_at(path, seen, before=lambda: None):
    """Hands these to a recorder and ends it; what it had to say."""
    said = []
    recorder = Recorder(clock=lambda: AT, report=said.append)
    for observation in seen:
        recorder.saw(observation)
    before()
    recorder.start(RecordLocation(path))
    recorder.flush(3)
    recorder.close()
    return recorder, said


SEEN = [
    SawRows(AT, "orders", [row("a")]),
    SawWorkflows(AT, {"orders": {"name": "orders", "instances": {"running": 1}}}),
    SawVersions(AT, "orders", {"v1": {"id": "v1"}}),
]
