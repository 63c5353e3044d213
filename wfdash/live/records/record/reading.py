"""What a record holds, as it was at a moment. The file may be anybody's: it is read and never believed.

Opened read-only, with no schema, function or extension of its own at work, bounded in size and time. What
cannot be read is left out, and `flaws` says so.
"""

import sqlite3
import threading
import time
from collections.abc import Container, Mapping, Sequence
from errno import EIO
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from wfdash.core.model.instance import Instance
from wfdash.live.records.record.damage import (
    UNREADABLE,
    salvage,
)
from wfdash.live.records.record.file import node_of
from wfdash.live.records.record.observations import Reach
from wfdash.live.records.record.packing import LARGEST, PackingError, inflate, parse
from wfdash.live.records.record.schema import APPLICATION, MIGRATIONS, Unusable, version_of

__all__ = ["KeptDetail", "RecordReader", "number_of"]

_LONGEST = 5.0
"""Seconds that one question may take."""
_GONE_THROUGH = 400 * 2**20
"""Bytes of a file up to which each row of the list is looked at as it is opened, for damage: 1 GB takes three
seconds on a busy machine, and two would take too long for a question. Of a larger one it is met later."""
_LARGEST = 64 * 2**20
"""Bytes of one value as it lies in the file."""
_UNPACKED = 2 * LARGEST
"""Bytes that are unpacked for one question: a thousand small values may each unpack to the most of one."""
_MOST_BYTES = 128 * 2**20
"""Bytes of texts and values that one question brings: a hundred rows may each have a value of the largest."""
_AHEAD = 366 * 86_400.0
"""Seconds by which another machine's clock may have been ahead: what is dated later is damage."""
_MOST_PIECES = 2_000
"""Pieces of 32 steps of one answer that are put together."""
_MOST_ENDS = 200_000
"""Ends that are looked through, of years on a busy workflow."""
_MOST_WORKFLOWS = 10_000
"""Workflows of a record that are listed: a file that was handed over may name any number."""
_TABLES = ("workflow", "instance", "listed", "detail", "piece", "counts", "version", "moment")


_OWNER = "SELECT value FROM about WHERE name = 'owner'"
_NEEDED = ("workflow", "instance", "listed")
"""Without these there is nothing to list."""


class KeptDetail(Struct, frozen=True):
    """An instance's own answer, and when it was given."""

    at: float
    result: dict[str, Any]


class RecordReader:
    """Reads a record as of `at`, epoch seconds. Any thread may ask; one waits for the other."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None = None) -> None:
        self.flaws: list[str] = []
        """What could not be read, in sentences."""
        self._damaged = False
        self._connection = connection
        self._path, self._node = path, node_of(path)
        self._deadline = 0.0
        self.horizon = time.time() + _AHEAD
        self._room = _UNPACKED
        self._lock = threading.RLock()
        self._bound(connection)
        # What a file from elsewhere may bring along (SQLite, "Defense Against The Dark Arts"): functions in
        # its schema, writes, cells beyond their page, and a mapping that ends the program where the file is
        # cut.
        for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {pragma}")
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise Unusable("it is not a record of wfdash")
        if version_of(connection) > len(MIGRATIONS):
            raise Unusable("a newer wfdash wrote it")
        found = set(
            connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
        )
        # A view in the place of a table would run what the file says at each question until its time is over.
        if connection.execute("SELECT 1 FROM sqlite_master WHERE type IN ('view', 'trigger')").fetchone():
            raise Unusable("it has views or triggers, which no record of wfdash has")
        for name in _TABLES:
            if (name,) not in found and name in _NEEDED:
                raise Unusable(f'its table "{name}" is missing')
            if (name,) not in found:
                self._flaw(f'its table "{name}" is missing')
        for (name,) in found:
            # Such a column runs what the file says, at each row that is read.
            if any(column[6] for column in connection.execute(f"PRAGMA table_xinfo({_quoted(name)})")):
                raise Unusable("it has columns that compute what they hold, which no record of wfdash has")
        self.owner = self._owner() if ("about",) in found else ""
        """For whom it was begun; "" where it does not say."""
        self._has_reach = ("reach",) in found
        self.has_index = self._has_index(found)
        """Whether what instances hold can be looked up, in a file that wfdash wrote; no other is asked."""
        span = self._span()
        if self._damaged:
            self._salvage()
            span = self._span()
        if not 0 < span[0] <= span[1] < 1e11:
            raise Unusable(self._nothing())
        self.first, self.last = span

    def _bound(self, connection: sqlite3.Connection) -> None:
        """Sets limits: no value too large, no question too long, and no text that fails to decode."""
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
        connection.set_progress_handler(self._is_late, 100_000)

    @property
    def is_gone(self) -> bool:
        """Whether somebody erased the file, or put another one in its place."""
        return node_of(self._path) != self._node

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def copy(self, into: Path) -> None:
        """Writes a sound copy into this empty file. Raises OSError."""
        with self._lock:
            self._deadline = float("inf")
            try:
                # Only for this: VACUUM INTO counts as writing, though it leaves this file as it is.
                self._connection.execute("PRAGMA query_only = OFF")
                self._connection.execute("VACUUM INTO ?", (str(into),))
            except sqlite3.Error as wrong:
                raise OSError(EIO, str(wrong)) from None

    def workflows(self, at: float) -> dict[str, Mapping[str, Any]]:
        """Every workflow that was seen by then, with what it last said of itself."""
        self._room = _UNPACKED
        found: dict[str, Mapping[str, Any]] = {}
        for name, body in self.ask(
            "SELECT name, (SELECT body FROM counts WHERE workflow = key AND at <= ?1"
            f" ORDER BY at DESC LIMIT 1) FROM workflow ORDER BY name LIMIT {_MOST_WORKFLOWS}",
            at,
        ):
            if isinstance(name, str):
                item = self._unpacked(body) if body is not None else {}
                found[name] = {**item, "name": name} if isinstance(item, dict) else {"name": name}
        return found

    def versions(self, workflow: str) -> list[Mapping[str, Any]]:
        self._room = _UNPACKED
        rows = self.ask(
            "SELECT body FROM version JOIN workflow ON key = workflow WHERE name = ?1 LIMIT 1000", workflow
        )
        return [item for (body,) in rows if isinstance(item := self._unpacked(body), dict)]

    def causes(self, before: float = float("inf")) -> list[tuple[str, str, str, str]]:
        """Workflow, error, message and step of every kind of failure that was seen before that moment."""
        rows = self.ask(
            "SELECT DISTINCT name, error, kind, step FROM cause JOIN instance AS i ON i.key = cause.instance"
            " JOIN workflow AS w ON w.key = i.workflow WHERE cause.at < ?1 LIMIT 10000",
            before,
        )
        return [(_text(name), _text(error), _text(kind), _text(step)) for name, error, kind, step in rows]

    def rows(
        self,
        workflow: str,
        at: float,
        *,
        status: str = "",
        since: float | None = None,
        until: float | None = None,
        below: tuple[float, str] | None = None,
        limit: int = 100,
        ascending: bool = False,
    ) -> list[Instance]:
        """Rows made between two moments, newest first; `below` is where the page before ended."""
        edge, order = (">", "ASC") if ascending else ("<", "DESC")
        created, identity = below or (float("-inf") if ascending else float("inf"), "")
        found = self.ask(
            "SELECT i.id, l.status, l.created, l.modified, l.started, l.ended, l.version, l.source, l.extra,"
            " i.created FROM instance AS i JOIN listed AS l ON l.instance = i.key AND l.at ="
            " (SELECT max(at) FROM listed WHERE instance = i.key AND at <= ?2)"
            " WHERE i.workflow = (SELECT key FROM workflow WHERE name = ?1) AND (?3 = '' OR l.status = ?3)"
            " AND i.created >= ?4 AND i.created <= ?5"
            f" AND (i.created, i.id) {edge} (?6, ?7) ORDER BY i.created {order}, i.id {order} LIMIT ?8",
            workflow,
            at,
            status,
            float("-inf") if since is None else since,
            float("inf") if until is None else until,
            created,
            identity,
            limit,
        )
        return [row for fields in found if (row := self.row_of(fields)) is not None]

    def ends(
        self, workflow: str, since: float, rows: Mapping[str, Instance], *, at: float = float("inf")
    ) -> list[Instance]:
        """Ends since then that are not the end that the row tells: those runs were restarted.

        `rows` are as of `at`, and what was seen later is not looked at.

        The record itself may not have seen it begin again, where nothing looked since.
        """

        def is_over(identity: object, ended: object) -> bool:
            now = rows.get(identity) if isinstance(identity, str) else None
            if now is None or not isinstance(ended, float):
                return False
            return now.ended is None or now.ended > ended

        # In the question itself, so that rows that tell the same end are not carried over only to be dropped.
        # Two pages may ask one reader at a time, each of rows of its own.
        with self._lock:
            try:
                self._connection.create_function("is_over", 2, is_over)
            except sqlite3.Error:  # it was let go of meanwhile
                return []
            found = self._ends(workflow, since, rows, at)
        return [row for fields in found if (row := self.row_of(fields)) is not None]

    def _ends(self, workflow: str, since: float, rows: Mapping[str, Instance], at: float) -> list[Any]:
        return self.ask(
            "SELECT i.id, l.status, l.created, l.modified, l.started, l.ended, l.version, l.source, NULL,"
            " i.created FROM instance AS i JOIN listed AS l ON l.instance = i.key"
            " WHERE i.workflow = (SELECT key FROM workflow WHERE name = ?1) AND i.created >= ?4"
            " AND l.ended >= ?2 AND l.status IN ('complete', 'errored', 'terminated') AND l.at <= ?5"
            " AND is_over(i.id, l.ended) LIMIT ?3",
            workflow,
            since,
            _MOST_ENDS,
            # What is older than all of these is not looked at: of 1,000 rows few of a large record are.
            min((row.created for row in rows.values() if row.created is not None), default=0.0),
            at,
        )

    def count(self, workflow: str, at: float) -> int:
        """Instances that were listed by then."""
        rows = self.ask(
            "SELECT count(*) FROM instance WHERE workflow = (SELECT key FROM workflow WHERE name = ?1)"
            " AND first <= ?2",
            workflow,
            at,
        )
        return int(next(iter(rows), (0,))[0])

    def reach(self, workflow: str, at: float) -> Reach | None:
        """How far back the list had been walked by then; None where that is not kept."""
        found = self.ask(
            "SELECT floor, total FROM reach WHERE workflow = (SELECT key FROM workflow WHERE name = ?1)"
            " AND at <= ?2 ORDER BY at DESC LIMIT 1",
            workflow,
            at,
        ) if self._has_reach else []  # fmt: skip
        for floor, total in found:
            if (since := number_of(floor)) is not None:
                return Reach(since, total if isinstance(total, int) and 0 <= total < 1e12 else None)
        return None

    def row(self, workflow: str, instance: str, at: float) -> Instance | None:
        found = self.ask(
            "SELECT i.id, l.status, l.created, l.modified, l.started, l.ended, l.version, l.source, l.extra,"
            " i.created FROM instance AS i JOIN listed AS l ON l.instance = i.key WHERE i.workflow ="
            " (SELECT key FROM workflow WHERE name = ?1) AND i.id = ?2 AND l.at <= ?3"
            " ORDER BY l.at DESC LIMIT 1",
            workflow,
            instance,
            at,
        )
        return next((self.row_of(fields) for fields in found), None)

    def statuses(self, workflow: str, instance: str) -> list[tuple[float, str, float | None]]:
        """Each listing of an instance: when, in which status, and the date its row told; oldest first."""
        key = self.key_of(workflow, instance)
        found = self.ask(
            "SELECT at, status, modified FROM listed WHERE instance = ?1 ORDER BY at LIMIT 1000", key
        ) if key is not None else []  # fmt: skip
        return [
            (at, _text(status), number_of(modified))
            for moment, status, modified in found
            if (at := number_of(moment)) is not None
        ]

    def detail(self, workflow: str, instance: str, at: float) -> KeptDetail | None:
        """The last answer with steps, and what a later one without them told."""
        self._room = _UNPACKED
        key = self.key_of(workflow, instance)
        if key is None:
            return None
        part = "SELECT at, steps, body FROM detail WHERE instance = ?1 AND at <= ?2 AND simple = ?3"
        full = next(iter(self.ask(f"{part} ORDER BY at DESC LIMIT 1", key, at, 0)), None)
        if full is None:
            return None
        read_at, steps, body = full
        head = self._unpacked(body)
        if not isinstance(head, dict) or not isinstance(steps, int):
            return None
        entries = self._entries(key, float(read_at), min(steps, 32 * _MOST_PIECES))
        # An answer without its steps may be the younger one: its status counts, and the steps stay as they
        # were read.
        later = next(
            iter(self.ask(f"{part} AND at > ?4 ORDER BY at DESC LIMIT 1", key, at, 1, read_at)), None
        )
        newer = self._unpacked(later[2]) if later is not None else {}
        if later is not None and isinstance(newer, dict):
            head, read_at = {**head, **newer}, later[0]
        return KeptDetail(float(read_at), {**head, "steps": entries})

    def key_of(self, workflow: str, instance: str) -> int | None:
        rows = self.ask(
            "SELECT key FROM instance WHERE id = ?2"
            " AND workflow = (SELECT key FROM workflow WHERE name = ?1)",
            workflow,
            instance,
        )
        return next((int(key) for (key,) in rows), None)

    def _entries(self, key: int, at: float, steps: int) -> list[Any]:
        rows = self.ask(
            "SELECT number, body FROM piece AS p WHERE instance = ?1 AND number < ?3 AND at ="
            " (SELECT max(at) FROM piece WHERE instance = ?1 AND number = p.number AND at <= ?2)"
            " ORDER BY number",
            key,
            at,
            -(-steps // 32),
        )
        entries: list[Any] = []
        for _, body in rows:
            piece = self._unpacked(body)
            entries += piece if isinstance(piece, list) else []
        return entries[:steps]

    def _owner(self) -> str:
        return next((_text(value) for (value,) in self.ask(_OWNER)), "")

    def _has_index(self, tables: Container[tuple[str]]) -> bool:
        try:
            return ("searched",) in tables and not self._connection.execute(
                "SELECT rowid FROM contents LIMIT 0"
            ).fetchall()
        except sqlite3.Error:  # nobody made one, or this SQLite cannot read it
            return False

    def _span(self) -> tuple[float, float]:
        """The first and the last moment of anything that is kept, apart from what is dated to come."""
        low, high = float("inf"), float("-inf")
        spans = [("listed", "at", "at"), ("detail", "at", "at"), ("counts", "at", "at")]
        [(pages, of_bytes)] = self._connection.execute(
            "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size"
        )
        if pages * of_bytes > _GONE_THROUGH:
            spans[0] = ("instance", "first", "last")
        for table, first_of, last_of in spans:
            # Goes once through all pages of the table, which also finds those that are damaged.
            question = (
                f"SELECT min(CASE WHEN {first_of} <= ?1 THEN {first_of} END),"
                f" max(CASE WHEN {last_of} <= ?1 THEN {last_of} END), max({last_of} > ?1) FROM {table}"
            )
            for first, last, is_ahead in self.ask(question, self.horizon):
                if is_ahead:
                    self._flaw("what it dates to years that are still to come is left out")
                if isinstance(first, float) and isinstance(last, float):
                    low, high = min(low, first), max(high, last)
        return low, high

    def _salvage(self) -> None:
        """Goes on with a copy of what is sound: a damaged page would end each question that comes by it."""
        copy, lost = salvage(self.ask)
        if lost:
            self._flaw(f"it is damaged: of {lost:,} instances only id and age are left")
        damaged, self._connection = self._connection, copy
        damaged.close()
        self._bound(copy)
        copy.execute("PRAGMA query_only = ON")
        self._has_reach, self.has_index = True, False

    def _nothing(self) -> str:
        """Why nothing can be shown, in words; "nothing recorded" is said only of a sound file."""
        if self._damaged:
            return UNREADABLE
        return f"nothing of it can be read: {self.flaws[0]}" if self.flaws else "nothing is recorded in it"

    def row_of(self, fields: Sequence[Any]) -> Instance | None:
        identity, status, created, modified, started, ended, version, source, extra, _ = fields
        if not isinstance(identity, str) or not identity:
            return None
        row = Instance(
            identity,
            _text(status),
            number_of(created),
            number_of(modified),
            number_of(started),
            number_of(ended),
            _text(version),
            _text(source),
        )
        if isinstance(extra, str):
            try:
                beside = msgspec.json.decode(extra)
            except (msgspec.DecodeError, RecursionError):
                self._flaw("a part of a row cannot be read")
            else:
                row.extra = beside if isinstance(beside, dict) else None
        return row

    def _unpacked(self, body: object) -> Any:
        try:
            data = inflate(body, min(LARGEST, self._room))
            self._room -= len(data)
            return parse(data)
        except PackingError:
            self._flaw("some of its answers cannot be read and are left out")
            return None

    def ask(self, sql: str, *values: object) -> list[Any]:
        """Runs a query and gives the rows to be had; damage or a bound ends them early, with a flaw."""
        found: list[Any] = []
        room = _MOST_BYTES
        with self._lock:
            self._deadline = time.monotonic() + _LONGEST
            try:
                for row in self._connection.execute(sql, values):
                    room -= sum(len(value) for value in row if isinstance(value, str | bytes))
                    if room < 0:
                        self._flaw("a part of it is too large to read")
                        break
                    found.append(row)
            except sqlite3.OperationalError as wrong:
                late = "interrupted" in str(wrong)
                self._flaw("a part of it took too long to read" if late else f"a part is missing: {wrong}")
            except sqlite3.DatabaseError as wrong:
                self._damaged = True
                self._flaw(f"it is damaged, and shown as far as it is sound ({wrong})")
            except (OverflowError, UnicodeError):
                self._flaw("a part of it cannot be read")
        return found

    def _flaw(self, sentence: str) -> None:
        if sentence not in self.flaws:
            self.flaws.append(sentence)

    def _is_late(self) -> int:
        return int(time.monotonic() > self._deadline)


def _quoted(name: object) -> str:
    return '"' + str(name).replace('"', '""') + '"'


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def number_of(value: object) -> float | None:
    return value if isinstance(value, float) and abs(value) < 1e11 else None
