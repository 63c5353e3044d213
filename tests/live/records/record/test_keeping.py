"""What of an answer goes into the record, what never does, and what goes out of it first."""

import os
import sqlite3
import zlib
from contextlib import closing

import pytest

from wfdash.config.credential import Credential
from wfdash.core.model.times import iso
from wfdash.core.text import clean
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.observations import Reach, SawDetail, SawRows, SawVersions, SawWorkflows
from wfdash.live.records.record.packing import PackingError, pack, unpack
from wfdash.live.records.record.schema import (
    APPLICATION,
    MIGRATIONS,
    migrate,
    open_file,
    version_of,
)

AT = 1_795_000_000.0
PLANTED = ("xyzzyparam", "xyzzyoutput", "xyzzyevent", "xyzzyerror", "xyzzyrollback", "xyzzyunknown")


def kept_in(path, question):
    """The first row of the answer, from a connection that is closed again."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchone()


def row(identity, status="running", **more):
    return {"id": identity, "status": status, "created_on": "2026-11-21T14:02:11.000Z", **more}


def error(words="xyzzyerror"):
    return {"name": "PaymentError", "message": f"card {words} was declined"}


def detail(status="errored", steps=3):
    entry = {
        "type": "step",
        "name": "charge card-1",
        "start": "2026-11-21T14:02:11.000Z",
        "end": "2026-11-21T14:02:12.000Z",
        "success": False,
        "finished": True,
        "output": {"said": "xyzzyoutput"},
        "error": error(),
        "attempts": [{"start": "2026-11-21T14:02:11.000Z", "end": None, "success": False, "error": error()}],
        "xyzzyunknown": "xyzzyunknown",
    }
    waits = {
        "type": "waitForEvent",
        "name": "approval-1",
        "event_type": "ok",
        "output": {"payload": "xyzzyevent"},
    }
    return {
        "status": status,
        "params": {"card": "xyzzyparam"},
        "output": "xyzzyoutput",
        "error": {"name": "Error", "message": "PaymentError: card xyzzyerror was declined"},
        "rollback": {"outcome": "failed", "error": "xyzzyrollback"},
        "xyzzyunknown": "xyzzyunknown",
        "versionId": "v1",
        "steps": [entry] * (steps - 1) + [waits],
    }


@pytest.fixture
def record(tmp_path):
    opened = []

    def open_record(name="a.db", **options):
        path = tmp_path / "records" / name
        opened.append(RecordFile(path, **{"payloads": False, "most_bytes": 10**9, **options}))
        return opened[-1]

    yield open_record
    for file in opened:
        file.close()


def rows_of(file, table="listed"):
    return file.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_an_answer_that_repeats_itself_is_kept_once(record):
    file = record()
    for after in range(3):
        file.write(
            [
                SawRows(AT + after, "orders", [row("a"), row("b")]),
                SawDetail(AT + after, "orders", "a", False, detail()),
            ]
        )
    assert (rows_of(file), rows_of(file, "detail"), rows_of(file, "piece")) == (2, 1, 1)
    file.write([SawRows(AT + 9, "orders", [row("a", "complete"), row("b")])])
    assert rows_of(file) == 3
    other = record()  # another process, which remembers nothing
    other.write([SawRows(AT + 10, "orders", [row("a", "complete"), row("b")])])
    assert rows_of(other) == 3


def test_a_step_that_moves_writes_its_piece_alone(record):
    file, before = record(), detail(steps=200)
    file.write([SawDetail(AT, "orders", "a", False, before)])
    pieces = rows_of(file, "piece")
    after = {**before, "steps": [*before["steps"][:-1], {**before["steps"][-1], "finished": True}]}
    file.write([SawDetail(AT + 1, "orders", "a", False, after)])
    assert pieces > 5
    assert rows_of(file, "piece") == pieces + 1


def test_without_payloads_no_word_of_theirs_is_in_the_file(record, tmp_path):
    file = record()
    seen = [
        SawRows(AT, "orders", [row("a", "errored", xyzzyunknown="xyzzyunknown")]),
        SawDetail(AT, "orders", "a", False, detail()),
        SawDetail(AT, "orders", "a", True, {key: value for key, value in detail().items() if key != "steps"}),
    ]
    file.write(seen)
    bodies = [
        str(unpack(body))
        for table in ("detail", "piece")
        for (body,) in file.connection.execute(f"SELECT body FROM {table}")
    ]
    data = b"".join(path.read_bytes() for path in (tmp_path / "records").iterdir())
    for word in PLANTED:
        assert not any(word in body for body in bodies)
        assert word.encode() not in data
    assert "PaymentError" in bodies[-1]
    with_payloads = record("b.db", payloads=True)
    with_payloads.write(seen)
    body = unpack(with_payloads.connection.execute("SELECT body FROM detail").fetchone()[0])
    assert body["params"] == {"card": "xyzzyparam"}


def test_messages_of_one_kind_keep_one_word(record):
    file = record()
    for number, words in enumerate(["took 12 ms", "took 9 ms", "was refused"]):
        answer = {**detail(), "error": {"name": "PaymentError", "message": words}, "steps": []}
        file.write([SawDetail(AT + number, "orders", str(number), False, answer)])
    kinds = [kind for (kind,) in file.connection.execute("SELECT kind FROM cause ORDER BY at")]
    assert kinds[0] == kinds[1] != kinds[2]


def test_hostile_values_cost_only_themselves(record):
    file = record(payloads=True)
    deep = [0]
    for _ in range(5000):
        deep = [deep]
    bad = [row("\ud800"), row("big", number=1 << 70), row("nan", number=float("nan")), {"id": 7}, row("good")]
    file.write([SawRows(AT, "orders", bad), SawDetail(AT, "orders", "deep", False, {"params": deep})])
    assert "good" in [identity for (identity,) in file.connection.execute("SELECT id FROM instance")]


def test_files_are_for_their_owner_alone(record, tmp_path):
    old = os.umask(0)
    try:
        record().write([SawRows(AT, "orders", [row("a")])])
    finally:
        os.umask(old)
    folder = tmp_path / "records"
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_oldest_goes_first_and_what_is_still_so_stays(record):
    file = record()
    file.write([SawRows(AT, "orders", [row("gone", "complete"), row("stays", "queued")])])
    file.write([SawRows(AT + 50, "orders", [row("stays", "waiting")])])
    file.write([SawRows(AT + 200, "orders", [row("stays", "complete")])])
    file.prune(AT + 100)
    kept = file.connection.execute(
        "SELECT id, status FROM listed JOIN instance ON key = instance ORDER BY at"
    )
    assert kept.fetchall() == [("stays", "waiting"), ("stays", "complete")]
    file.write([SawRows(AT + 300, "orders", [row("gone", "complete")])])
    assert rows_of(file, "instance") == 2


def test_the_credential_in_use_is_in_no_record(record, monkeypatch):
    """Also where it is an id, and with payloads on: whatever somebody put it into."""
    token = "obviously-fake-token-0123456789"
    monkeypatch.setattr(clean, "_masks", [Credential(token, source="a test").mask])
    file = record(payloads=True)
    result = detail() | {"params": {token: token}, "error": {"name": token, "message": f"no {token}"}}
    for at in (AT, AT + 1):
        file.write([
            SawRows(at, f"flow-{token}", [row(token, note=token), row(f"leak_{token}", version_id=token)]),
            SawDetail(at, f"flow-{token}", token, False, result),
            SawWorkflows(at, {f"flow-{token}": {"name": token, "instances": {"errored": 1}}}),
            SawVersions(at, f"flow-{token}", {token: {"id": token}}),
        ])  # fmt: skip
    kept = [
        str(unpack(value) if isinstance(value, bytes) and not table.startswith("contents") else value)
        for (table,) in file.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for fields in file.connection.execute(f"SELECT * FROM {table}")
        for value in fields
    ]
    assert not [text for text in kept if token in text]
    assert rows_of(file, "instance") == 2
    assert rows_of(file, "listed") == 2, "an answer that says the same again changes nothing"


def bytes_on_disk(file):
    """Of the file alone, with all that was written in it."""
    file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return file.path.stat().st_size


def test_a_record_stays_below_its_bound(record):
    file = record(most_bytes=400_000)
    for number in range(3000):
        file.write([SawRows(AT + number, "orders", [row(f"order-{number:06}", note=number)])])
    file.bound(AT + 3000)
    assert file.size <= 400_000
    assert bytes_on_disk(file) <= 400_000, "what is free inside it is on the disk all the same"
    newest = file.connection.execute("SELECT id FROM instance ORDER BY first DESC LIMIT 1").fetchone()
    assert newest == ("order-002999",)


def test_a_record_of_what_is_so_now_stays_below_its_bound_too(record):
    """Each of them was there at the first look and is there at the last: none is out of date."""
    file = record(most_bytes=400_000)
    rows = [row(f"order-{number:06}", created_on=f"2026-11-21T14:{number // 60:02}:{number % 60:02}.000Z")
            for number in range(3000)]  # fmt: skip
    for minute in range(3):
        file.write([SawRows(AT + 60 * minute, "orders", rows)])
    file.bound(AT + 180)
    assert 0 < file.size <= 400_000
    assert bytes_on_disk(file) <= 400_000
    kept = file.connection.execute("SELECT id FROM instance ORDER BY created DESC LIMIT 1").fetchone()
    assert kept == ("order-002999",)
    for table in ("listed", "detail", "piece", "cause"):
        orphans = f"SELECT count(*) FROM {table} WHERE instance NOT IN (SELECT key FROM instance)"
        assert file.connection.execute(orphans).fetchone() == (0,)


def test_an_older_file_is_brought_up_to_date(tmp_path):
    path = tmp_path / "old.db"
    old = sqlite3.connect(path)
    for statement in MIGRATIONS[0]:
        old.execute(statement)
    old.execute("PRAGMA user_version = 1")
    old.execute(f"PRAGMA application_id = {APPLICATION}")
    old.execute("INSERT INTO workflow VALUES (1, 'orders')")
    old.commit()
    old.close()
    new = open_file(path)
    assert version_of(new) == len(MIGRATIONS)
    assert new.execute("SELECT name FROM workflow").fetchone() == ("orders",)
    assert new.execute("SELECT count(*) FROM cause").fetchone() == (0,)
    migrate(new)
    new.close()


@pytest.mark.parametrize("value", [None, "not recorded", {"a": [1, 2.5, "é"]}, [{}] * 100])
def test_packing_gives_the_value_back(value):
    assert unpack(pack(value)) == value


@pytest.mark.parametrize("body", [b"", b"x", pack({"a": 1})[:-2], "text", None, zlib.compress(b'"\xff"')])
def test_what_is_no_packed_value_is_refused(body):
    with pytest.raises(PackingError):
        unpack(body)


def test_two_that_write_one_record_are_whole_together(tmp_path):
    """One that began later walked less far back, and takes nothing of what the other had walked."""
    path = tmp_path / "a.db"
    first, second = (RecordFile(path, payloads=False, most_bytes=10**9) for _ in range(2))
    with closing(first), closing(second):
        first.write([SawRows(AT, "orders", [row("a", created_on=iso(AT - 1))], Reach(0.0, 9))])
        second.write([SawRows(AT + 1, "orders", [row("a", created_on=iso(AT - 1))], Reach(AT - 300, 9))])
        second.write([SawRows(AT + 2, "orders", [row("a", created_on=iso(AT - 1))], Reach(AT - 200, 10))])
        first.write([SawRows(AT + 3, "orders", [row("a", created_on=iso(AT - 1))], Reach(0.0, 10))])
    newest = "SELECT at, floor, total FROM reach ORDER BY at DESC LIMIT 1"
    with closing(sqlite3.connect(path)) as connection:
        floors = [floor for (floor,) in connection.execute("SELECT floor FROM reach ORDER BY at")]
    assert set(floors) == {0.0}
    assert kept_in(path, newest) == (AT + 3, 0.0, 10)


@pytest.mark.parametrize(("later", "back"), [(10.0, 5.0), (3600.0, 7200.0)])
def test_what_was_walked_before_a_gap_is_not_claimed(tmp_path, later, back):
    path = tmp_path / "a.db"
    with closing(RecordFile(path, payloads=False, most_bytes=10**9)) as file:
        file.write([SawRows(AT, "orders", [row("a", created_on=iso(AT - 1))], Reach(0.0, 9))])
        file.write(
            [SawRows(AT + later, "orders", [row("a", created_on=iso(AT - 1))], Reach(AT + later - back, 99))]
        )
    assert kept_in(path, "SELECT floor FROM reach ORDER BY at DESC LIMIT 1") == (AT + later - back,)
