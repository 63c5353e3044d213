"""A record read back: equal to what had been answered by then, and safe wherever the file came from."""

import asyncio
import random
import re
import shutil
import sqlite3
from contextlib import closing

import httpx
import pytest

from wfdash.api.connect import connect
from wfdash.api.errors import Refused
from wfdash.api.interface import InstancePage, ListQuery
from wfdash.config.precedence import load
from wfdash.config.settings import Options
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.lazy_steps import plain
from wfdash.core.model.times import iso
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.demo.engine.world import build
from wfdash.demo.http.api import create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.live.records.record.file import RecordFile, erase
from wfdash.live.records.record.keeping import PIECE
from wfdash.live.records.record.listener import RecordListener
from wfdash.live.records.record.moments import PageMoments
from wfdash.live.records.record.observations import Reach, SawDetail, SawRows
from wfdash.live.records.record.opening import open_record, read_memory
from wfdash.live.records.record.packing import LARGEST, pack
from wfdash.live.records.record.place import RecordPlace
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.records.record.replayed import ReplayedWorkflows
from wfdash.live.records.record.schema import Unusable

NOW = 1_795_000_000.0
MINUTES = 3
STEP = 10.0


def without_payloads(value):
    """What a record without payloads may differ in, taken out."""
    if isinstance(value, dict):
        kept = value.keys() - {"params", "output", "error"}
        return {key: without_payloads(value[key]) for key in kept}
    return [without_payloads(part) for part in value] if isinstance(value, list) else value


def oldest_of(items):
    return min(Instance.from_item(item).created for item in items)


@pytest.fixture(scope="module")
def incident(tmp_path_factory):
    return asyncio.run(three_minutes(tmp_path_factory.mktemp("incident")))


async def three_minutes(folder):
    """Three minutes of an incident in two records, and what an independent reader was answered when."""
    clock = [NOW]
    world = build("incident", clock=lambda: clock[0])
    transport = httpx.ASGITransport(app=create_app(world))
    settings = load(Options(demo="incident", demo_account=ACCOUNT_ID, demo_token=TOKEN), {})
    seen = []
    recorded = await connect(settings, transport=transport)
    recorded.listener = RecordListener(seen.append, clock=lambda: clock[0])
    independent = await connect(settings, transport=transport)
    rows, details = [], []
    for _ in range(int(MINUTES * 60 / STEP)):
        page = await recorded.list_instances("orders", ListQuery(per_page=60))
        rows.append((clock[0], await independent.list_instances("orders", ListQuery(per_page=60))))
        for item in page.items[:: random.randint(2, 6)]:
            await recorded.get_instance("orders", item["id"])
            answer = await independent.get_instance("orders", item["id"])
            details.append((clock[0], item["id"], plain(answer.result)))
        clock[0] += STEP
    await recorded.close()
    await independent.close()
    for payloads in (True, False):
        file = RecordFile(folder / f"{payloads}.db", payloads=payloads, most_bytes=10**9)
        file.write(seen)
        file.close()
    return folder, rows, details


@pytest.mark.parametrize("payloads", [True, False])
async def test_a_replay_equals_what_had_been_answered(incident, payloads):
    folder, rows, details = incident
    reader = open_record(folder / f"{payloads}.db")
    compared = 0
    for _ in range(20):
        at = NOW + random.uniform(0, MINUTES * 60)
        api = ReplayedWorkflows(reader, lambda at=at: at)
        latest, read, total = {}, {}, 0
        for when, answer in rows:
            latest |= {item["id"]: item for item in answer.items} if when <= at else {}
            total = answer.total if when <= at else total
        for when, identity, result in details:
            read |= {identity: (when, result)} if when <= at else {}
        found, cursor = [], None
        while True:
            page = await api.list_instances("orders", ListQuery(cursor=cursor, per_page=37))
            found += page.items
            cursor = page.cursor
            if cursor is None:
                break
        assert {item["id"]: item for item in found} == latest
        assert len(found) < page.total == total, "what was not seen is not called all"
        assert page.unbroken == oldest_of(rows[0][1].items)
        assert [item["created_on"] for item in found] == sorted(
            (item["created_on"] for item in found), reverse=True
        )
        for identity, (_, result) in random.sample(sorted(read.items()), min(10, len(read))):
            answer = await api.get_instance("orders", identity)
            compared += 1
            if payloads:
                assert answer.result == result
            else:
                assert without_payloads(answer.result) == without_payloads(result)
                assert "not recorded" in str(answer.result["params"])
            if result["status"] == "errored":
                ours = fingerprint(read_detail("orders", identity, answer.result))
                theirs = fingerprint(read_detail("orders", identity, result))
                assert (ours.error, ours.step, ours.version) == (theirs.error, theirs.step, theirs.version)
                assert (ours.message == theirs.message) is payloads
    assert compared > 60
    assert not reader.flaws
    reader.close()


async def test_a_list_is_unbroken_as_far_as_it_was_walked():
    """A list by status, an older page by its cursor and date, a gap, the pages between, another run."""

    def item(number):
        return {"id": f"i-{number}", "status": "complete", "created_on": iso(NOW + number)}

    def page_of(query):
        if query.status:
            return InstancePage([item(1)], None, 1)
        top = int(query.cursor or (newest if query.date_end is None else query.date_end - NOW))
        low = max(0, top - 10)
        items = [item(number) for number in range(top - 1, low - 1, -1)]
        return InstancePage(items, str(low) if low else None, newest)

    seen, newest = [], 40
    listener = RecordListener(seen.append, clock=lambda: NOW + 100 + len(seen))
    floors = []

    def ask(query=ListQuery()):  # noqa: B008
        page = page_of(query)
        listener.saw_instances("orders", query, page)
        floors.append(seen[-1].reach and seen[-1].reach.floor and seen[-1].reach.floor - NOW)
        return page

    below = ask()
    ask(ListQuery("errored"))
    ask(ListQuery(cursor=below.cursor))
    for above in (5, 20, 10):
        ask(ListQuery(date_end=NOW + above))
    assert floors == [30, None, 20, None, 10, 0], "one that lies apart tells nothing"
    newest, floors[:] = 70, []
    gap = ask()
    for _ in range(3):
        gap = ask(ListQuery(cursor=gap.cursor))
    assert floors == [60, 50, 40, 0], "over a gap it begins anew, until what lies between was listed"
    file = RecordFile(None, payloads=False, most_bytes=10**9)
    file.write(seen)
    reader = read_memory(file)
    answered = [
        (page.total, page.unbroken - NOW)
        for at in (NOW + 100, NOW + 102, NOW + 105, NOW + 106)
        if (page := await ReplayedWorkflows(reader, lambda at=at: at).list_instances("orders"))
    ]
    assert answered == [(40, 30), (40, 20), (40, float("-inf")), (70, 60)]
    reader.close()
    file.close()


@pytest.mark.parametrize("remade", [False, True])
async def test_an_erased_record_claims_no_more_than_is_in_it(tmp_path, remade):
    """Whoever walked the list before, and whether another program has made the new file by then."""
    items = [{"id": f"i-{each}", "status": "complete", "created_on": iso(NOW + each)} for each in range(40)]

    path = tmp_path / "a.db"
    recorder = Recorder(clock=lambda: NOW + 100)
    listener = RecordListener(recorder.saw, clock=lambda: NOW + 100, epoch=lambda: recorder.epoch)

    def ask(cursor=None):
        top = int(cursor or len(items))
        page = InstancePage(
            items[max(0, top - 10) : top][::-1], str(top - 10) if top > 10 else None, len(items)
        )
        listener.saw_instances("orders", ListQuery(cursor=cursor), page)
        return page

    async def floor():
        await asyncio.to_thread(recorder.flush)
        with closing(open_record(path)) as reader:
            reach = reader.reach("orders", NOW + 1000)
            return None if reach is None else reach.floor - NOW

    recorder.start(RecordPlace(path, own=False))
    cursor = None
    for _ in range(4):
        cursor = ask(cursor).cursor
    assert await floor() == -NOW, "to its end"
    erase(path)
    if remade:
        RecordFile(path, payloads=False, most_bytes=10**9).close()
    items.append({"id": "i-40", "status": "complete", "created_on": iso(NOW + 40)})
    ask()
    assert await floor() is None, "what it was seen with lies in no file"
    items.append({"id": "i-41", "status": "complete", "created_on": iso(NOW + 41)})
    ask()
    assert await floor() == 32, "from here on it is walked anew"
    await asyncio.to_thread(recorder.close)


def test_causes_stay_apart_without_their_words(incident):
    folder, _, details = incident
    reader = open_record(folder / "False.db")
    pairs = set()
    for _, identity, result in details:
        if result["status"] == "errored":
            kept = reader.detail("orders", identity, NOW + 1e6)
            pairs.add(
                (
                    fingerprint(read_detail("orders", identity, kept.result)).cause,
                    fingerprint(read_detail("orders", identity, result)).cause,
                )
            )
    assert len(pairs) == len({ours for ours, _ in pairs}) == len({theirs for _, theirs in pairs}) >= 2
    reader.close()


async def test_nothing_can_be_sent_from_a_record(incident):
    reader = open_record(incident[0] / "True.db")
    api = ReplayedWorkflows(reader, lambda: NOW)
    for write in (api.change_status, api.send_event, api.create_instance, api.create_instances):
        with pytest.raises(Refused, match="nothing can be sent from a record"):
            await write("orders", "a", "pause")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM listed")
    reader.close()


async def test_moments_go_by_what_is_looked_at(incident):
    reader = open_record(incident[0] / "True.db")
    moments = PageMoments(reader, "orders")
    first = moments.away(NOW + 1e6, back=True, number=10_000)
    assert first == NOW
    after = moments.away(first, back=False)
    assert first < after <= NOW + MINUTES * 60
    assert moments.away(after, back=True) == first
    assert PageMoments(reader, "refunds").away(after, back=True) is None
    identity = incident[2][0][1]
    assert PageMoments(reader, "orders", identity).away(NOW + 1e6, back=True) <= reader.last
    reader.close()


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


def test_an_answer_without_steps_is_put_over_the_last_with_them(tmp_path):
    file = RecordFile(tmp_path / "a.db", payloads=True, most_bytes=10**9)
    steps = [{"type": "step", "name": f"s-{number}"} for number in range(70)]
    file.write([SawDetail(NOW, "orders", "a", False, {"status": "running", "steps": steps})])
    file.write([SawDetail(NOW + 5, "orders", "a", True, {"status": "complete"})])
    file.write([SawDetail(NOW + 9, "orders", "a", False, {"status": "complete", "steps": steps[:40]})])
    reader = open_record(tmp_path / "a.db")
    kept = reader.detail("orders", "a", NOW + 6)
    assert (kept.at, kept.result) == (NOW + 5, {"status": "complete", "steps": steps})
    assert reader.detail("orders", "a", NOW + 10).result["steps"] == steps[:40]
    assert reader.detail("orders", "a", NOW - 1) is None
    reader.close()
    file.close()


def test_moments_of_one_second_are_told_apart(tmp_path):
    path = tmp_path / "a.db"
    file = RecordFile(path, payloads=False, most_bytes=10**9)
    for at, status in ((100.25, "queued"), (100.5, "running"), (100.75, "waiting"), (101.5, "complete")):
        file.write(
            [SawRows(at, "orders", [{"id": "a", "status": status, "created_on": "2026-11-18T10:00:00Z"}])]
        )
    file.close()
    reader = open_record(path)
    places = []
    at = 200.0
    while (at := PageMoments(reader, "orders").away(at, back=True)) is not None:
        of_row = PageMoments(reader, "orders", "a").place(at)
        places.append((at, PageMoments(reader, "orders").place(at), of_row))
    reader.close()
    assert places == [
        (101.5, (1, 1), (1, 1)), (100.75, (3, 3), (3, 3)), (100.5, (2, 3), (2, 3)), (100.25, (1, 3), (1, 3)),
    ]  # fmt: skip


def rewritten(path, statements):
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def small_record(path):
    file = RecordFile(path, payloads=False, most_bytes=10**9)
    item = {"id": "a", "status": "running", "created_on": "2026-11-18T10:00:00Z"}
    file.write([SawRows(NOW, "orders", [item]), SawRows(NOW + 1, "orders", [item | {"status": "complete"}])])
    file.close()


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


def test_a_record_is_whole_by_what_was_walked_alone(tmp_path):
    """What the server has erased since makes up by number for what was never seen."""
    path = tmp_path / "a.db"
    file = RecordFile(path, payloads=False, most_bytes=10**9)
    items = [{"id": str(n), "status": "complete", "created_on": iso(NOW - n)} for n in range(30)]
    file.write([SawRows(NOW, "orders", items, Reach(NOW - 30, 20))])
    file.close()

    async def story():
        reader = open_record(path)
        page = await ReplayedWorkflows(reader, lambda: NOW + 1).list_instances("orders", ListQuery())
        assert (page.recorded, page.total, page.unbroken) == (30, 20, NOW - 30)
        reader.close()

    asyncio.run(story())
