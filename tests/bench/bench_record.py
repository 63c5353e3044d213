"""Recording, pruning and searching 100,000 instances, beside what a bare table of the same rows costs."""

import sqlite3
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.line import Line
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import parse
from wfdash.core.model.instance import Instance
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.observations import SawDetail, SawRows
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.search.finding import named, pages_of
from wfdash.live.records.search.recall import RecordRecall

_AT = 1_795_000_000.0
_DAY = 86_400.0
_ROWS, _READ, _PAGE = 100_000, 20_000, 100
_TIME = "2026-11-18T10:00:00.000Z"
_SEARCHES = (
    "params~cus_000471", "params~47", "params.customer:cus_0047", "params.customer:cus_004711", "any~cus_01",
)  # fmt: skip


def run() -> list[Line]:
    with TemporaryDirectory() as folder:
        return [*_recording(Path(folder)), *_searching(Path(folder))]


def _recording(folder: Path) -> Iterator[Line]:
    """Two statuses of each instance, over 40 days."""
    file = RecordFile(folder / "rows.db", payloads=False, most_bytes=10**9)
    began = time.process_time()
    for status, later in (("running", 0.0), ("complete", 60.0)):
        for start in range(0, _ROWS, _PAGE):
            rows = [_row(number, status) for number in range(start, start + _PAGE)]
            file.write([SawRows(_AT + start / _ROWS * 40 * _DAY + later, "orders", rows)])
    took, changes = time.process_time() - began, 2 * _ROWS
    yield Line("record a change of status", took / changes * 1e6, "us", "bare table", _bare(folder), 10.0)
    yield Line("the same, bytes on the disk", file.size / changes, "B", aim=400.0)
    rows = [_row(number, "complete") for number in range(_PAGE)]
    began = time.process_time()
    for _ in range(200):
        file.write([SawRows(_AT + 41 * _DAY, "orders", rows)])
    yield Line(
        "record a page that tells nothing new", (time.process_time() - began) / 200 * 1e3, "ms", aim=5.0
    )
    began = time.process_time()
    file.prune(_AT + 10 * _DAY)
    yield Line("prune 50,000 changes", time.process_time() - began, "s", aim=2.0)
    file.close()


def _bare(folder: Path) -> float:
    """Microseconds a row of the least that could be called a record."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE listed (id TEXT, at REAL, status TEXT, PRIMARY KEY (id, at)) WITHOUT ROWID"
    )
    began = time.process_time()
    for start in range(0, _ROWS, _PAGE):
        connection.execute("BEGIN")
        rows = [(f"order-{number}", _AT, "running") for number in range(start, start + _PAGE)]
        connection.executemany("INSERT INTO listed VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    took = time.process_time() - began
    connection.close()
    return took / _ROWS * 1e6


def _searching(folder: Path) -> Iterator[Line]:
    path = folder / "read.db"
    file = RecordFile(path, payloads=True, most_bytes=10**9)
    for start in range(0, _READ, _PAGE):
        numbers = range(start, start + _PAGE)
        listed = SawRows(_AT, "orders", [_row(number, "complete") for number in numbers])
        read = (SawDetail(_AT + 1, "orders", f"order-{number}", False, _detail(number)) for number in numbers)
        file.write([listed, *read])
    file.close()
    items = (Instance.from_item(_row(number, "complete")) for number in range(_READ))
    rows = [row for row in items if row is not None]
    recall = RecordRecall(lambda: open_record(path))
    began = time.perf_counter()
    found = recall.look("orders", rows[:500])
    yield Line("first 500 instances out of the record", (time.perf_counter() - began) * 1e3, "ms", aim=1000.0)
    found |= recall.look("orders", rows[500:])
    yield Line("20,000 instances out of the record", time.perf_counter() - began, "s", aim=10.0)
    recall.close()
    yield from _looking_up(path)
    for text in _SEARCHES:
        began = time.perf_counter()
        matches = parse(text).matcher(_AT, MatchContext((), found, {}))
        hits = sum(map(matches, rows))
        took = (time.perf_counter() - began) * 1e3
        yield Line(f"a keystroke: {text}, {hits:,} hits", took, "ms", aim=50.0)


def _looking_up(path: Path) -> Iterator[Line]:
    """The first key after the start, for which nothing was taken out of the record yet."""
    reader = open_record(path)
    for text in _SEARCHES:
        began = time.perf_counter()
        query = parse(text)
        pages = chain.from_iterable(
            pages_of(reader, "orders", some, query, _AT) for some in named(reader, "orders", query)
        )
        first = next(pages, [])
        took = (time.perf_counter() - began) * 1e3
        hits = len(first) + sum(map(len, pages))
        yield Line(f"out of the index: {text}, first of {hits:,} hits", took, "ms", aim=50.0)
    reader.close()


def _row(number: int, status: str) -> dict[str, Any]:
    times = {"created_on": _TIME, "modified_on": _TIME, "started_on": _TIME}
    about = {"version_id": "v1", "trigger_source": "api"}
    return {"id": f"order-{number}", "status": status, **times, **about}


def _detail(number: int) -> dict[str, Any]:
    steps = [
        {
            "name": f"step {place}-1", "type": "step", "start": _TIME, "end": _TIME, "success": True,
            "output": {"ok": place, "ref": f"ch_{number * 7919 % 100003}"},
            "attempts": [{"start": _TIME, "end": _TIME, "success": True, "error": None}],
        }
        for place in range(5)
    ]  # fmt: skip
    params = {"orderId": f"order-{number}", "customer": f"cus_{number:06d}"}
    return {
        "status": "complete",
        "params": params,
        "output": {"total": number},
        "error": None,
        "steps": steps,
    }
