"""A recorder and its file: where it lies, what is in the way of it, and what others do with it."""

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress

import pytest

from tests.live.records.record.test_keeping import AT, kept_in, row, rows_of
from tests.support.harness.program import ROOT
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.text.clean import fit
from wfdash.live.records.locked_file import try_lock
from wfdash.live.records.record import schema
from wfdash.live.records.record.file import RecordFile, erase
from wfdash.live.records.record.observations import SawDetail, SawRows, SawVersions, SawWorkflows
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.record.place import RecordPlace
from wfdash.live.records.record.queue import RecordQueue
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.records.record.schema import (
    MIGRATIONS,
    Unusable,
    open_file,
)
from wfdash.live.records.record.writing import RecordWriter


def recorder_at(path, seen, before=lambda: None):
    """Hands these to a recorder and ends it; what it had to say."""
    said = []
    recorder = Recorder(clock=lambda: AT, said=said.append)
    for observation in seen:
        recorder.saw(observation)
    before()
    recorder.start(RecordPlace(path))
    recorder.flush(3)
    recorder.close()
    return recorder, said


SEEN = [
    SawRows(AT, "orders", [row("a")]),
    SawWorkflows(AT, {"orders": {"name": "orders", "instances": {"running": 1}}}),
    SawVersions(AT, "orders", {"v1": {"id": "v1"}}),
]


def test_a_file_keeps_to_the_account_that_began_it(tmp_path):
    path, said = tmp_path / "out.db", []
    for owner, identity in (("one", "a"), ("two", "b"), ("one", "c")):
        recorder = Recorder(clock=lambda: AT, said=said.append)
        recorder.saw(SawRows(AT, "orders", [row(identity)]))
        recorder.start(RecordPlace(path, own=False, owner=owner))
        recorder.flush(3)
        recorder.close()
    assert said[1:] == ["the record is not kept: it is the record of another account or server"]
    with closing(open_record(path)) as reader:
        assert {each.id for each in reader.rows("orders", AT + 1)} == {"a", "c"}


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


def test_causes_of_a_record_are_those_before_a_moment(tmp_path):
    path = tmp_path / "a.db"
    failed = {"status": "errored", "error": {"name": "CardError", "message": "declined"}, "steps": []}
    recorder_at(path, [SawDetail(AT, "orders", "a", False, failed)])
    with closing(open_record(path)) as reader:
        assert [cause[:2] for cause in reader.causes()] == [("orders", "CardError")]
        assert reader.causes(AT) == []


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
        recorder.start(RecordPlace(path, own=own, most_bytes=most))
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
    recorder = Recorder(clock=lambda: AT, said=said.append)
    recorder.start(RecordPlace(path))
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


def test_erasing_removes_every_part_and_a_writer_begins_anew(tmp_path):
    path = tmp_path / "a.db"
    recorder = Recorder(clock=lambda: AT)
    recorder.start(RecordPlace(path))
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


def test_several_writers_of_one_file_lose_nothing(tmp_path):
    path = tmp_path / "a.db"
    said = []
    recorders = [Recorder(clock=lambda: AT, said=said.append) for _ in range(3)]
    for number, recorder in enumerate(recorders):
        recorder.start(RecordPlace(path))
        for turn in range(300):
            recorder.saw(SawRows(AT + turn, "orders", [row(f"{number}-{turn}"), row("shared", note=turn)]))
    threads = [threading.Thread(target=recorder.flush, args=(60,)) for recorder in recorders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for recorder in recorders:
        recorder.close()
        assert not recorder.trouble
        assert not recorder.dropped
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM instance").fetchone() == (901,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert [words for words in said if not words.startswith("kept in ")] == []


WRITER = """
import sys
from pathlib import Path
from wfdash.live.records.record.observations import SawRows
from wfdash.live.records.record.place import RecordPlace
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.record.recorder import Recorder
path, name = Path(sys.argv[1]), sys.argv[2]
recorder = Recorder(clock=lambda: 1.795e9, said=lambda sentence: print(sentence, file=sys.stderr))
recorder.start(RecordPlace(path))
for number in range(600):
    recorder.saw(SawRows(1.795e9 + number, "orders", [{"id": f"{name}-{number}", "status": "running"}]))
recorder.close(120)
print(recorder.dropped, recorder.trouble, flush=True)
"""


def test_several_processes_on_a_busy_machine_lose_nothing(tmp_path):
    path, busy = tmp_path / "a.db", [sys.executable, "-c", "while True: pass"]
    load = [subprocess.Popen(busy) for _ in range(3)]
    try:
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], cwd=ROOT, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for name in "abcd"
        ]  # fmt: skip
        ends = [writer.communicate(timeout=90) for writer in writers]
    finally:
        for each in load:
            each.kill()
            each.wait()
    assert [out for out, _ in ends] == ["0 \n"] * 4
    assert all("kept in " in line for _, words in ends for line in words.splitlines())
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM instance").fetchone() == (2400,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


READ = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM instance').fetchone()"


@pytest.mark.parametrize("look", ["read", "write again"])
def test_reading_what_is_written_loses_no_lock(tmp_path, look):
    path = tmp_path / "a.db"
    recorder = Recorder(clock=lambda: AT)
    recorder.start(RecordPlace(path))
    for number in range(4):
        recorder.saw(SawRows(AT + number, "orders", [row(f"{number}")]))
        assert recorder.flush()
        (recorder.read() if look == "read" else open_file(path)).close()
        # Another process that comes and goes must not take the record for one that nobody uses.
        subprocess.run([sys.executable, "-c", READ, str(path)], check=True)
    recorder.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM instance").fetchone() == (4,)
    connection.close()


@pytest.fixture
def held(tmp_path, monkeypatch):
    """`held()` holds the record in a transaction until the function that it gives is called."""
    monkeypatch.setattr(schema, "_PATIENCE", 0.02)
    path = tmp_path / "a.db"
    open_file(path).close()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def hold():
        other.execute("BEGIN IMMEDIATE")
        return lambda: other.execute("ROLLBACK")

    yield hold
    other.close()


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_held_file_cannot_take_waits_for_it(tmp_path, held):
    said, path, release = [], tmp_path / "a.db", held()
    recorder = Recorder(clock=lambda: AT, said=said.append)
    recorder.start(RecordPlace(path))
    for number in range(2_500):
        recorder.saw(SawRows(AT + number, "orders", [row(f"{number}")]))
    until(lambda: said)
    assert said == ["the record is held by another program: nothing is kept until that lets go of it"]
    release()
    until(lambda: len(said) == 2)
    assert recorder.dropped in range(300, 501)
    assert said[1] == (
        f"the record is kept again, without the {recorder.dropped} answers that found no room meanwhile"
    )
    recorder.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM instance").fetchone() == (2_500 - recorder.dropped,)
    connection.close()


def test_the_last_batch_waits_for_who_holds_the_file(tmp_path, held):
    release, recorder = held(), Recorder(clock=lambda: AT)
    recorder.start(RecordPlace(tmp_path / "a.db"))
    recorder.saw(SEEN[0])
    closing = threading.Thread(target=recorder.close)
    closing.start()
    until(lambda: recorder.trouble)
    release()
    closing.join()
    connection = sqlite3.connect(tmp_path / "a.db")
    assert connection.execute("SELECT id FROM instance").fetchall() == [("a",)]
    connection.close()


def test_a_record_that_replaced_the_damaged_one_stays(tmp_path):
    path = tmp_path / "a.db"
    writer = RecordWriter(RecordQueue(lambda: AT, lambda _: None), RecordPlace(path))
    path.write_bytes(b"rubbish" * 4000)
    with pytest.raises(sqlite3.DatabaseError) as wrong:
        writer._open()
    path.rename(tmp_path / "aside")
    open_file(path).close()
    writer._failed(wrong.value)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.db", "aside"]


def test_a_record_that_others_are_making_is_no_strange_file(tmp_path):
    together, refused = threading.Barrier(4), []

    def open_in_turn():
        for number in range(60):
            together.wait()
            try:
                with suppress(sqlite3.OperationalError):  # locked: the writer tries again later
                    open_file(tmp_path / f"{number}.db").close()
            except Unusable as wrong:
                refused.append(str(wrong))

    threads = [threading.Thread(target=open_in_turn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []


KILLED = """
import sys
from pathlib import Path
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.observations import SawRows
file = RecordFile(Path(sys.argv[1]), payloads=False, most_bytes=10**9)
first = int(sys.argv[2])
for number in range(first, first + 100_000):
    rows = [{"id": f"{number}-{part}", "status": "running"} for part in range(20)]
    file.write([SawRows(1.79e9 + number, "orders", rows)])
    print(number, flush=True)
"""


def test_what_was_written_survives_a_kill(tmp_path):
    kill_often(tmp_path / "a.db", times=8)


def kill_often(path, times):
    """Kills a writer at random moments; after each the file is sound and holds all that was said."""
    first = 0
    for _ in range(times):
        writer = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path), str(first)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        last = [writer.stdout.readline() for _ in range(random.randint(1, 60))][-1]
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split("\n")
        writer.stdout.close()
        writer.wait()
        first = int(([last, *rest[:-1]])[-1]) + 1
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = connection.execute("SELECT count(*) FROM instance").fetchone()[0]
        assert found >= first * 20
        assert found % 20 == 0
        first = found // 20
        connection.close()


@pytest.mark.parametrize("kept", ["a.db", None])
def test_a_copy_holds_all_that_was_seen_so_far(tmp_path, kept):
    recorder = Recorder(clock=lambda: AT)
    recorder.start(RecordPlace(kept and tmp_path / kept))
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
    recorder.start(RecordPlace(path))
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
