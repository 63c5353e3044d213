"""Several that write, read, hold or leave one file: nothing of it is lost."""

import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from tests.live.records.record.test_keeping import AT, row
from tests.live.records.record.writer_files import SEEN
from tests.support.harness.program import ROOT
from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.observations import SawRows
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.records.record.schema import (
    Unusable,
    open_file,
)


def test_writer_keeps_few_pages_of_its_file(tmp_path):
    """It filled SQLite's own 2 MB with the record's pages, some with every few rows, for hours."""
    connection = open_file(tmp_path / "a.db")
    [(size,)] = connection.execute("PRAGMA cache_size").fetchall()
    connection.close()
    assert size == -256


def test_several_writers_of_one_file_lose_nothing(tmp_path):
    path = tmp_path / "a.db"
    said = []
    recorders = [Recorder(clock=lambda: AT, report=said.append) for _ in range(3)]
    for number, recorder in enumerate(recorders):
        recorder.start(RecordLocation(path))
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
from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.record.recorder import Recorder
path, name = Path(sys.argv[1]), sys.argv[2]
recorder = Recorder(clock=lambda: 1.795e9, report=lambda sentence: print(sentence, file=sys.stderr))
recorder.start(RecordLocation(path))
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
    recorder.start(RecordLocation(path))
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


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_held_file_cannot_take_waits_for_it(tmp_path, held):
    said, path, release = [], tmp_path / "a.db", held()
    recorder = Recorder(clock=lambda: AT, report=said.append)
    recorder.start(RecordLocation(path))
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
    recorder.start(RecordLocation(tmp_path / "a.db"))
    recorder.saw(SEEN[0])
    closing = threading.Thread(target=recorder.close)
    closing.start()
    until(lambda: recorder.trouble)
    release()
    closing.join()
    connection = sqlite3.connect(tmp_path / "a.db")
    assert connection.execute("SELECT id FROM instance").fetchall() == [("a",)]
    connection.close()


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
