"""A file that is damaged, newer, or on a disk that cannot serve: a sentence, and it goes on."""

import os
import resource
import sqlite3
from contextlib import closing

import pytest

from tests.live.records.record.test_keeping import AT, kept_in, row, rows_of
from tests.live.records.record.writer_files import SEEN, recorder_at
from wfdash.live.records.record import schema
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.observations import SawRows
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.record.queue import RecordQueue
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.records.record.schema import (
    MIGRATIONS,
    open_file,
)
from wfdash.live.records.record.writing import RecordWriter


@pytest.mark.parametrize("spoil", [b"rubbish" * 4000, b"SQLite format 3\0" + b"\xff" * 9000, b""])
def test_a_damaged_file_is_set_aside_and_another_begins(tmp_path, spoil):
    path = tmp_path / "a.db"
    path.write_bytes(spoil)
    recorder, said = recorder_at(path, SEEN)
    assert not recorder.trouble
    assert kept_in(path, "SELECT id FROM instance") == ("a",)
    if spoil:
        assert "the record was damaged: a new one begins, the old one is a.db.damaged-" in said[0]
        assert next(tmp_path.glob("a.db.damaged-*")).read_bytes() == spoil


@pytest.mark.parametrize("left", [b"", b"what was not in it yet"])
def test_what_lies_on_a_full_disk_is_read(tmp_path, left):
    """After a program that was killed there: readers want a file to share, for which there is no room."""
    path = tmp_path / "a.db"
    recorder_at(path, SEEN)
    path.with_name("a.db-wal").write_bytes(left)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        reader = open_record(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with closing(reader):
        assert [each.id for each in reader.rows("orders", AT)] == ["a"]
        assert len(reader.flaws) == bool(left)


def test_what_was_set_aside_is_bounded_too(tmp_path):
    """By the age and, all of it together, the size of a record; only beside one that wfdash named."""
    path, ends = tmp_path / "a.db", ("20261001-120000", "20261117-120000", "20261118-100000", "mine")
    for own, most, left in (
        (False, 1000, ends),
        (True, 4_000_000, ends[1:]),
        (True, 1000, ends[2:]),  # the newest stays, however large
    ):
        for end in ends:
            for part in ("", "-wal"):
                (tmp_path / f"a.db.damaged-{end}{part}").write_bytes(b"x" * 600)
        recorder = Recorder(clock=lambda: AT)
        recorder.start(RecordLocation(path, own=own, most_bytes=most))
        assert recorder.flush()
        recorder.close()
        found = {part.name.removesuffix("-wal") for part in tmp_path.glob("a.db.damaged-*")}
        assert found == {f"a.db.damaged-{end}" for end in left}


def test_a_newer_record_is_left_alone(tmp_path):
    path = tmp_path / "a.db"
    open_file(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    recorder, said = recorder_at(path, SEEN)
    assert said == [recorder.trouble] == ["the record is not kept: a newer wfdash writes it"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    recorder, said = recorder_at(tmp_path / "file" / "a.db", SEEN)
    assert recorder.trouble.startswith("the record is not kept: ")
    assert len(said) == 1


def test_a_full_disk_is_a_sentence(tmp_path):
    path = tmp_path / "a.db"
    small = open_file(path)
    pages = small.execute("PRAGMA page_count").fetchone()[0]
    small.close()
    file = RecordFile(path, payloads=False, most_bytes=10**9)
    file.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        file.write([SawRows(AT, "orders", [row(f"order-{number}" * 50) for number in range(500)])])
    file.write([SawRows(AT, "orders", [row("a")])])
    assert rows_of(file) == 1
    file.close()


def said_of_a_refusal(path):
    """What a recorder says of a place that keeps nothing."""
    said = []
    recorder = Recorder(clock=lambda: AT, report=said.append)
    recorder.start(RecordLocation(path))
    recorder.saw(SawRows(AT, "orders", [row("a")]))
    assert not recorder.flush()
    recorder.close()
    return said


@pytest.mark.parametrize(
    ("disk", "words"),
    [("vfs=unix-dotfile", "no WAL"), ("mode=ro", "its file is read-only")],
)
def test_a_disk_that_cannot_serve_is_a_sentence(tmp_path, monkeypatch, disk, words):
    def connect(path):
        return sqlite3.connect(f"file:{path}?{disk}", uri=True, isolation_level=None, check_same_thread=False)

    monkeypatch.setattr(schema, "_connect", connect)
    said = said_of_a_refusal(tmp_path / "a.db")
    assert len(said) == 1
    assert words in said[0]


def test_a_disk_without_shared_memory_is_one_sentence(tmp_path):
    """Where no memory can be had for the file, as on some network disks: here a pipe lies in its place."""
    os.mkfifo(tmp_path / "a.db-shm")
    for _ in range(2):  # the first one leaves a file that is in WAL already
        said = said_of_a_refusal(tmp_path / "a.db")
        assert [words for words in said if "no WAL" not in words] == []
        assert len(said) == 1


def test_a_record_that_replaced_the_damaged_one_stays(tmp_path):
    path = tmp_path / "a.db"
    writer = RecordWriter(RecordQueue(lambda: AT, lambda _: None), RecordLocation(path))
    path.write_bytes(b"rubbish" * 4000)
    with pytest.raises(sqlite3.DatabaseError) as wrong:
        writer._open()
    path.rename(tmp_path / "aside")
    open_file(path).close()
    writer._failed(wrong.value)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.db", "aside"]
