"""A recorder and its file: where it lies, what is in the way of it, and what others do with it."""

import sqlite3
from contextlib import closing

import pytest

from tests.live.records.record.test_keeping import AT, kept_in, row
from tests.live.records.record.writer_files import SEEN, recorder_at
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.text.clean import fit
from wfdash.live.records.locked_file import try_lock
from wfdash.live.records.record.file import erase
from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.observations import SawDetail, SawRows
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.records.record.schema import (
    Unusable,
    open_file,
)


def test_a_file_keeps_to_the_account_that_began_it(tmp_path):
    path, said = tmp_path / "out.db", []
    for owner, identity in (("one", "a"), ("two", "b"), ("one", "c")):
        recorder = Recorder(clock=lambda: AT, report=said.append)
        recorder.saw(SawRows(AT, "orders", [row(identity)]))
        recorder.start(RecordLocation(path, own=False, owner=owner))
        recorder.flush(3)
        recorder.close()
    assert said[1:] == ["the record is not kept: it is the record of another account or server"]
    with closing(open_record(path)) as reader:
        assert {each.id for each in reader.rows("orders", AT + 1)} == {"a", "c"}


def test_the_record_of_another_account_is_not_read_either(tmp_path):
    """As one that was handed over and copied to where the own one lies."""
    path = tmp_path / "own.db"
    for owner in ("theirs", "ours"):
        recorder = Recorder(clock=lambda: AT, report=lambda _: None)
        recorder.saw(SawRows(AT, "orders", [row(f"of-{owner}")]))
        recorder.start(RecordLocation(path, owner=owner))
        recorder.flush(3)
        recorder.close()
    with pytest.raises(Unusable, match="of another account or server"):
        recorder.read()
    with pytest.raises(Unusable, match="of another account or server"):
        open_record(path, "ours")
    with closing(open_record(path, "theirs")) as reader:
        assert [each.id for each in reader.rows("orders", AT + 1)] == ["of-theirs"]


def test_recorded_end_that_its_row_no_longer_tells_is_found(tmp_path):
    """Nobody had the dashboard open while they were restarted: the record never saw them begin again."""
    path = tmp_path / "a.db"
    times = {"created_on": iso(AT - 90), "started_on": iso(AT - 80), "ended_on": iso(AT - 60)}
    failed = [row(identity, status="errored", **times) for identity in ("again", "same", "gone")]
    recorder_at(path, [SawRows(AT, "orders", failed)])
    now = {
        "again": Instance("again", "complete", AT - 90, AT, AT - 80, AT),
        "same": Instance("same", "errored", AT - 90, AT - 60, AT - 80, AT - 60),
    }
    with closing(open_record(path)) as reader:
        assert [(each.id, each.ended) for each in reader.ends("orders", AT - 600, now)] == [
            ("again", AT - 60)
        ]


def test_a_recorder_says_where_it_keeps_and_writes_on_closing(tmp_path):
    path = tmp_path / "records" / "a.db"
    recorder, said = recorder_at(path, SEEN)
    short = fit(str(path.parent), 30, cut="middle").rstrip()
    assert said == [f"kept in {short}, no payloads; off: [record] on = false"]
    assert len(said[0]) <= 78  # what the bottom line of 80 columns has room for
    assert not recorder.trouble
    connection = sqlite3.connect(path)
    assert [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in
            ("listed", "counts", "version")] == [1, 1, 1]  # fmt: skip
    connection.close()
    assert recorder_at(path, SEEN)[1] == []


def test_causes_of_a_record_are_those_before_a_moment(tmp_path):
    path = tmp_path / "a.db"
    failed = {"status": "errored", "error": {"name": "CardError", "message": "declined"}, "steps": []}
    recorder_at(path, [SawDetail(AT, "orders", "a", False, failed)])
    with closing(open_record(path)) as reader:
        assert [cause[:2] for cause in reader.causes()] == [("orders", "CardError")]
        assert reader.causes(AT) == []


def test_erasing_removes_every_part_and_a_writer_begins_anew(tmp_path):
    path = tmp_path / "a.db"
    recorder = Recorder(clock=lambda: AT)
    recorder.start(RecordLocation(path))
    recorder.saw(SEEN[0])
    assert recorder.flush()
    assert erase(path)
    assert not list(tmp_path.iterdir())
    recorder.saw(SEEN[1])
    assert recorder.flush()
    recorder.close()
    assert kept_in(path, "SELECT count(*) FROM instance") == (0,)
    assert erase(path)
    assert not erase(path)


@pytest.mark.parametrize("kept", ["a.db", None])
def test_a_copy_holds_all_that_was_seen_so_far(tmp_path, kept):
    recorder = Recorder(clock=lambda: AT)
    recorder.start(RecordLocation(kept and tmp_path / kept))
    for observation in SEEN:
        recorder.saw(observation)
    copy = tmp_path / "copy.db"
    copy.touch(0o600)
    recorder.copy(copy)
    recorder.saw(SawRows(AT + 1, "orders", [row("later")]))
    assert recorder.flush()
    recorder.close()
    reader = open_record(copy)
    assert [each.id for each in reader.rows("orders", AT + 9)] == ["a"]
    assert reader.flaws == []
    reader.close()
    assert copy.stat().st_mode & 0o777 == 0o600


def test_the_first_notice_names_the_usual_folder_uncut(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".local" / "state" / "wfdash" / "records" / f"{'a' * 32}.db"
    _, said = recorder_at(path, SEEN)
    assert said == ["kept in ~/.local/state/wfdash/records, no payloads; off: [record] on = false"]


def test_a_record_erased_meanwhile_is_said_in_words(tmp_path):
    path = tmp_path / "a.db"
    recorder = Recorder(clock=lambda: AT)
    recorder.saw(SEEN[0])
    recorder.start(RecordLocation(path))
    assert recorder.flush()
    erase(path)
    with pytest.raises(Unusable, match=r"^it was erased; a new one begins$"):
        recorder.read()
    recorder.saw(SEEN[0])
    with closing(recorder.read()) as reader:
        assert [each.id for each in reader.rows("orders", AT)] == ["a"]
    recorder.close()


@pytest.mark.parametrize("held", [False, True])
def test_erasing_takes_the_lock_of_hooks_that_nobody_holds(tmp_path, held):
    path, lock = tmp_path / "a.db", tmp_path / "a.db.hooks"
    open_file(path).close()
    with lock.open("w") as file:
        if held:
            assert try_lock(file.fileno())
        erase(path)
        assert lock.exists() == held


def test_a_copy_of_nothing_is_an_error(tmp_path):
    with pytest.raises(OSError, match="nothing is recorded yet"):
        Recorder(clock=lambda: AT).copy(tmp_path / "copy.db")
