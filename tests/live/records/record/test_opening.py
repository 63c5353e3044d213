"""A file that is read as a record: whoever wrote it, damaged, cut off, or while it is written."""

import random
import re
import shutil
import sqlite3
from contextlib import closing
from functools import partialmethod

import pytest

from tests.live.records.record.sample_files import NOW, rewritten, small_record
from wfdash.live.records.record import reading
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.keeping import PIECE
from wfdash.live.records.record.moments import PageMoments
from wfdash.live.records.record.observations import SawDetail, SawRows
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.record.packing import LARGEST, pack
from wfdash.live.records.record.reading import RecordReader
from wfdash.live.records.record.schema import Unusable


def test_reading_leaves_the_file_and_its_folder_as_they_are(incident, tmp_path):
    path = tmp_path / "copy.db"
    shutil.copy(incident[0] / "True.db", path)
    before = path.read_bytes()
    reader = open_record(path)
    assert reader.rows("orders", NOW + 1e6)
    assert [entry.name for entry in tmp_path.iterdir()] == ["copy.db"]
    reader.close()
    assert path.read_bytes() == before


def test_a_record_that_is_being_written_can_be_read(tmp_path):
    file = RecordFile(tmp_path / "a.db", payloads=False, most_bytes=10**9)
    file.write([SawRows(NOW, "orders", [{"id": "a", "status": "running"}])])
    reader = open_record(tmp_path / "a.db")
    file.write([SawRows(NOW + 1, "orders", [{"id": "b", "status": "running"}])])
    assert [row.id for row in reader.rows("orders", NOW + 2)] == ["b", "a"]
    assert [row.id for row in reader.rows("orders", NOW)] == ["a"]
    reader.close()
    file.close()


def test_a_large_record_is_opened_without_all_its_rows(tmp_path, monkeypatch):
    """A gigabyte of them took five seconds: its span is told by what each instance was seen from and to."""
    file = RecordFile(tmp_path / "a.db", payloads=False, most_bytes=10**9)
    for after, status in enumerate(("queued", "running", "complete")):
        rows = [{"id": f"a-{number}", "status": status} for number in range(300)]
        file.write([SawRows(NOW + after, "orders", rows)])
    file.close()
    steps = {}
    for most in (10**9, 0):
        monkeypatch.setattr(reading, "_GONE_THROUGH", most)
        asked = []
        monkeypatch.setattr(RecordReader, "ask", partialmethod(traced, asked))
        reader = open_record(tmp_path / "a.db")
        assert (reader.first, reader.last) == (NOW, NOW + 2)
        reader.close()
        steps[most] = [sql for sql in asked if "FROM listed" in sql]
    assert [len(found) for found in steps.values()] == [1, 0]


def traced(reader, asked, sql, *values):
    asked.append(sql)
    return ASK(reader, sql, *values)


ASK = RecordReader.ask


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a record of wfdash"),
        (b"rubbish" * 5000, "not a record of wfdash"),
        (b"SQLite format 3\0" + b"\0" * 5000, "not a record of wfdash"),
    ],
)
def test_a_foreign_file_is_a_sentence(tmp_path, content, words):
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(Unusable, match=words):
        open_record(path)
    assert path.read_bytes() == content


def questions(reader):
    """Asks all there is to ask."""
    at = NOW + 1e6
    rows = reader.rows("orders", at) + reader.rows("orders", at, status="errored", ascending=True)
    for row in rows[:20]:
        reader.row("orders", row.id, at)
        reader.detail("orders", row.id, at)
        PageMoments(reader, "orders", row.id).away(at, back=True)
    reader.workflows(at), reader.versions("orders"), reader.count("orders", at)
    return rows


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_record_shows_what_is_sound(incident, tmp_path, seed):
    """Bytes are changed anywhere: whatever comes of it is rows, flaws in words, or a refusal in words."""
    chance = random.Random(seed)
    data = bytearray((incident[0] / "True.db").read_bytes())
    for _ in range(chance.choice([1, 5, 200])):
        at = chance.randrange(100, len(data))
        data[at : at + chance.choice([1, 40])] = chance.randbytes(1) * chance.choice([1, 40])
    path = tmp_path / "a.db"
    path.write_bytes(data[: len(data) // 2] if seed % 10 == 9 else data)
    try:
        reader = open_record(path)
    except Unusable:
        return
    questions(reader)
    reader.close()


@pytest.mark.parametrize("start", [20_000, 60_000])
def test_damage_over_many_pages_leaves_the_sound_rows(incident, tmp_path, start):
    data = bytearray((incident[0] / "True.db").read_bytes())
    data[start : start + 40_000] = random.Random(1).randbytes(40_000)
    path = tmp_path / "a.db"
    path.write_bytes(data)
    with closing(open_record(path)) as reader:
        assert "it is damaged" in reader.flaws[0]
        assert reader.rows("orders", reader.last)
        assert "orders" in reader.workflows(reader.last)


@pytest.mark.parametrize("start", [100, 4096])
def test_a_record_damaged_all_through_is_not_called_empty(incident, tmp_path, start):
    data = (incident[0] / "True.db").read_bytes()
    path = tmp_path / "a.db"
    path.write_bytes(data[:start] + b"\xff" * (len(data) - start))
    with pytest.raises(Unusable, match=r"^it is damaged: nothing of it can be read$"):
        open_record(path)


HOSTILE = (
    "DROP TABLE listed; CREATE VIEW listed AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c)"
    " SELECT x AS instance, 1.0 AS at FROM c",
    "CREATE TRIGGER t AFTER INSERT ON listed BEGIN SELECT load_extension('/tmp/x.so'); END",
    "UPDATE detail SET body = zeroblob(70000000) WHERE instance = 2",
    "UPDATE detail SET body = 'text', steps = -1",
    "UPDATE piece SET number = 9223372036854775807",
    "UPDATE listed SET created = 'x', status = x'00', extra = '[[[', version = 7",
    "UPDATE instance SET id = char(27) || '[2J' || id, created = 9e999",
    "UPDATE workflow SET name = NULL",
    "DROP TABLE piece",
    "UPDATE counts SET body = x'789c'",
)


@pytest.mark.parametrize("statements", HOSTILE)
def test_a_record_from_elsewhere_is_not_believed(incident, tmp_path, statements):
    path = tmp_path / "a.db"
    shutil.copy(incident[0] / "True.db", path)
    theirs = sqlite3.connect(path)
    try:
        theirs.executescript(statements)
    except sqlite3.IntegrityError:
        theirs.rollback()
    theirs.close()
    try:
        reader = open_record(path)
    except Unusable:
        return
    for row in questions(reader):
        assert isinstance(row.status, str)
        assert isinstance(row.version, str)
        assert row.created is None or isinstance(row.created, float)
    reader.close()


@pytest.mark.parametrize("there", [4096, 0.8])
def test_a_copy_that_broke_off_shows_what_is_there(incident, tmp_path, there):
    data = (incident[0] / "True.db").read_bytes()
    path = tmp_path / "a.db"
    size = there if isinstance(there, int) else int(len(data) * there)
    path.write_bytes(data[:size])
    said = f"it is cut off, {size:,} of {len(data):,} bytes are there: copy it again"
    if isinstance(there, int):
        with pytest.raises(Unusable, match=re.escape(said)):
            open_record(path)
        return
    reader = open_record(path)
    assert reader.flaws[0] == said
    assert list(questions(reader))
    reader.close()


def test_values_that_unpack_to_too_much_are_left_out(tmp_path):
    """Each of the steps' pieces would do, together they would not; and a head that is too large by itself."""
    path = tmp_path / "a.db"
    steps = [{"name": f"step {number}", "type": "step"} for number in range(3 * PIECE)]
    with closing(RecordFile(path, payloads=True, most_bytes=10**9)) as file:
        for identity in ("pieces", "head"):
            file.write([SawDetail(NOW, "orders", identity, False, {"status": "complete", "steps": steps})])
        large = pack(["x" * (LARGEST - 100)])
        key = "(SELECT key FROM instance WHERE id = ?)"
        file.connection.execute(f"UPDATE piece SET body = ? WHERE instance = {key}", (large, "pieces"))
        head = pack({"status": "complete", "params": "x" * LARGEST})
        file.connection.execute(f"UPDATE detail SET body = ? WHERE instance = {key}", (head, "head"))
    with closing(open_record(path)) as reader:
        assert reader.detail("orders", "head", NOW) is None
        kept = reader.detail("orders", "pieces", NOW)
        assert kept is not None
        assert [len(text) for text in kept.result["steps"]] == [LARGEST - 100] * 2
        assert reader.flaws == ["some of its answers cannot be read and are left out"]


def test_columns_that_compute_are_refused(tmp_path):
    path = tmp_path / "a.db"
    small_record(path)
    rewritten(path, [
        "CREATE TABLE other (key INTEGER PRIMARY KEY, workflow INTEGER, created REAL, first REAL, last REAL,"
        " id TEXT GENERATED ALWAYS AS (hex(zeroblob(5000000))) VIRTUAL)",
        "INSERT INTO other (key, workflow, created, first, last)"
        " SELECT key, workflow, created, first, last FROM instance",
        "DROP TABLE instance",
        "ALTER TABLE other RENAME TO instance",
    ])  # fmt: skip
    with pytest.raises(Unusable, match="columns that compute"):
        open_record(path)


@pytest.mark.parametrize("table", ["detail", "piece", "moment", "about", "reach", "cause"])
def test_views_in_the_place_of_tables_are_refused(tmp_path, table):
    """One without an end took five seconds of each question that came by it."""
    path = tmp_path / "a.db"
    small_record(path)
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS at FROM c"
    rewritten(path, [f"DROP TABLE {table}", f"CREATE VIEW {table} AS {endless}"])
    with pytest.raises(Unusable, match="views or triggers"):
        open_record(path)


def test_a_question_brings_no_more_than_it_may(tmp_path):
    path = tmp_path / "a.db"
    small_record(path)
    rewritten(path, [
        "WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n WHERE x < 12)"
        " INSERT INTO instance SELECT x, 1, hex(zeroblob(8000000)) || x, 1e9, 1e9, 1e9 FROM n",
        "INSERT INTO listed (instance, at, status) SELECT key, 1e9, 'running' FROM instance WHERE key > 1",
    ])  # fmt: skip
    reader = open_record(path)
    rows = reader.rows("orders", NOW + 2)
    assert 1 < len(rows) < 12
    assert "a part of it is too large to read" in reader.flaws
    reader.close()


def test_what_lies_years_ahead_is_left_out(tmp_path):
    path = tmp_path / "a.db"
    small_record(path)
    rewritten(path, [
        "INSERT INTO counts VALUES (1, 99999999998.0, x'00')", "INSERT INTO moment VALUES (1, 99999999998.0)",
    ])  # fmt: skip
    reader = open_record(path)
    assert (reader.first, reader.last) == (NOW, NOW + 1)
    assert PageMoments(reader, "orders").away(NOW + 1, back=False) is None
    assert any("years that are still to come" in flaw for flaw in reader.flaws)
    reader.close()


def test_a_record_copied_without_its_wal_says_so(tmp_path):
    file = RecordFile(tmp_path / "a.db", payloads=False, most_bytes=10**9)
    try:
        file.write([SawRows(NOW, "orders", [{"id": "a", "status": "running"}])])
        shutil.copy(tmp_path / "a.db", tmp_path / "alone.db")
    finally:
        file.close()
    with pytest.raises(Unusable, match="without the -wal file beside it"):
        open_record(tmp_path / "alone.db")
    empty = tmp_path / "other.db"
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("CREATE TABLE notes (a)")
    with pytest.raises(Unusable, match="not a record of wfdash"):
        open_record(empty)
