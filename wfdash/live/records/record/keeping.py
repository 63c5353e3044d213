"""Writes what was seen into the tables, as far as it differs from what is kept already."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.lazy_steps import Entries, plain
from wfdash.core.model.status import is_final
from wfdash.core.text.clean import masked
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.records.contents import ContentIndex, open_index
from wfdash.live.records.record.observations import (
    Observation,
    Reach,
    SawDetail,
    SawRows,
    SawVersions,
    SawWorkflows,
)
from wfdash.live.records.record.packing import pack
from wfdash.live.records.record.redaction import (
    redacted_detail,
    redacted_message,
    redacted_row,
    redacted_steps,
)

__all__ = ["PIECE", "Keeper"]

PIECE = 32
"""Steps that lie in one piece: of an instance with 10,000 a change writes the few that hold it."""
_TOGETHER = 60.0
"""Seconds since another process walked the list for which what it saw has not moved on."""
_ROWS_REMEMBERED = 20_000
"""What each told last spares a look into the file: those of 200,000 were 50 MB of a dashboard."""
_DETAILS_REMEMBERED = 500
"""Instances whose last answer is remembered in hashes, so that an equal one costs no look into the file."""
_MOST_INDEXED = 500
"""Steps up to which an open instance is indexed at each read; of more, once it has ended."""
_LARGEST = 256 * 1024
"""Bytes of a params or an output that is kept; of a larger one only its size."""

UNKEPT = (ValueError, TypeError, OverflowError, RecursionError)
"""What a hostile value raises: half a character, a number beyond 64 bits, a depth of thousands."""
K = TypeVar("K")


class _Kept(Struct):
    """The hashes of an instance's last answer, by which the next one is compared."""

    head: bytes = b""
    pieces: list[bytes] = field(default_factory=list)


class Keeper:
    """Writes what differs from what is kept. All is called by the writing thread, within a transaction.

    What it remembers of earlier answers spares it most looks into the file, and is only ever a hint.
    """

    def __init__(self, connection: sqlite3.Connection, *, payloads: bool) -> None:
        self._connection = connection
        self._payloads = payloads
        self.index = open_index(connection, self._execute) if payloads else None
        """None also where this SQLite has none to offer."""
        self._workflows: dict[str, int] = {}
        self._rows: dict[tuple[int, str], int] = {}
        self._details: OrderedDict[tuple[int, str], _Kept] = OrderedDict()
        self._bodies: dict[tuple[int, str], bytes] = {}
        self._reaches: dict[int, Reach] = {}

    def forget(self) -> None:
        """Forgets what is kept: pruning, or a transaction that was taken back, changed it."""
        self._workflows.clear()
        self._rows.clear()
        self._details.clear()
        self._bodies.clear()
        self._reaches.clear()

    def keep(self, seen: Observation) -> None:
        """Writes one observation; one that cannot be JSON in UTF-8 is left out. Raises only sqlite3.Error."""
        with suppress(*UNKEPT):
            # One answer that is hostile must not cost the others of its batch.
            self._keep(seen)

    def _keep(self, seen: Observation) -> None:
        if isinstance(seen, SawRows):
            self._keep_rows(seen)
        elif isinstance(seen, SawDetail):
            self._keep_detail(seen)
        elif isinstance(seen, SawWorkflows):
            for name, item in seen.items.items():
                self._keep_counts(seen.at, name, item)
        else:
            self._keep_versions(seen)

    def _keep_rows(self, seen: SawRows) -> None:
        workflow = self._workflow(seen.workflow)
        changed = False
        for item in seen.items:
            identity = item.get("id")
            if not isinstance(identity, str):
                continue
            with suppress(*UNKEPT):
                changed |= self._keep_item(seen.at, workflow, identity, item)
        if seen.reach is not None:
            self._keep_reach(seen.at, workflow, seen.reach)
        if changed:
            self._moment(workflow, seen.at)

    def _keep_reach(self, at: float, workflow: int, reach: Reach) -> None:
        """Writes how far back all is kept, and the total.

        A page asked for by age tells none and keeps the last.
        """
        before = self._reaches.get(workflow)
        if reach.total is None and before is not None:
            reach = Reach(reach.floor, before.total)
        if reach != before:
            reach = Reach(self._floor(at, workflow, reach.floor), reach.total)
            self._reaches[workflow] = reach
            self._execute(
                "INSERT OR REPLACE INTO reach VALUES (?, ?, ?, ?)", (workflow, at, reach.floor, reach.total)
            )

    def _floor(self, at: float, workflow: int, floor: float) -> float:
        """How far back the file has all, which other processes write too: one begun later walked less far.

        Where its rows go back to what was whole a moment ago, both are whole together.
        """
        found = self._execute(
            "SELECT at, floor FROM reach WHERE workflow = ? AND at <= ? ORDER BY at DESC LIMIT 1",
            (workflow, at),
        ).fetchone()
        if found is None or at - found[0] > _TOGETHER or found[1] >= floor:
            return floor
        newest = self._execute(
            "SELECT created FROM instance WHERE workflow = ? AND first <= ? ORDER BY created DESC LIMIT 1",
            (workflow, found[0]),
        ).fetchone()
        return float(found[1]) if newest is not None and floor <= newest[0] else floor

    def _keep_item(self, at: float, workflow: int, identity: str, item: Mapping[str, Any]) -> bool:
        """Whether the row differs from what was kept of it; raises one of UNKEPT where it cannot be."""
        mark = hash(msgspec.json.encode(item))
        if self._rows.get((workflow, identity)) == mark:
            return False
        if len(self._rows) >= _ROWS_REMEMBERED:
            self._rows.clear()
        self._rows[workflow, identity] = mark
        row = Instance.from_item(item if self._payloads else redacted_row(item))
        return row is not None and self._keep_row(at, workflow, row)

    def _keep_row(self, at: float, workflow: int, row: Instance) -> bool:
        """Whether it differs from what was kept before that moment."""
        key = self._instance(workflow, row.id, row.created, at)
        extra = _text(row.extra)
        facts = _without_credential(
            (row.status, row.created, row.modified, row.started, row.ended, row.version, row.trigger, extra)
        )
        before = self._execute(
            "SELECT status, created, modified, started, ended, version, source, extra FROM listed"
            " WHERE instance = ? AND at <= ? ORDER BY at DESC LIMIT 1",
            (key, at),
        ).fetchone()
        if before == facts:
            return False
        self._connection.execute(
            "INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (key, at, *facts)
        )
        return True

    def _keep_detail(self, seen: SawDetail) -> None:
        workflow = self._workflow(seen.workflow)
        kept = self._remembered(self._details, (workflow, seen.id))
        steps = seen.result.get("steps")
        entries = steps if isinstance(steps, list | Entries) else ()
        pieces = [entries[start : start + PIECE] for start in range(0, len(entries), PIECE)]
        marks = [_mark(piece) for piece in pieces]
        rest = {key: value for key, value in seen.result.items() if key != "steps"}
        head = _mark({**rest, "": [seen.simple, len(entries)]})
        if head == kept.head and (seen.simple or marks == kept.pieces):
            return
        key = self._instance(workflow, seen.id, None, seen.at)
        changed = False
        if not seen.simple:
            # Only the pieces that differ: of an instance with 10,000 steps a poll changes a handful.
            for number, piece in enumerate(pieces):
                if number >= len(kept.pieces) or kept.pieces[number] != marks[number]:
                    changed |= self._keep_piece(seen.at, key, number, self._steps(piece))
            kept.pieces = marks
        body = pack(self._head(rest))
        changed |= self._keep_head(seen, key, len(entries), body, changed)
        kept.head = head
        if changed:
            self._moment(workflow, seen.at)
            # The cause stands apart from the answer, so that failures can be grouped without unpacking each
            # of them.
            if seen.result.get("status") == "errored" and not seen.simple:
                self._keep_cause(seen, key)
            if self.index is not None and not seen.simple:
                self._index(self.index, seen, key, entries, rest)

    def _keep_head(self, seen: SawDetail, key: int, steps: int, body: bytes, moved: bool) -> bool:
        """Writes an answer's head where it differs or a step moved: it also says when that was read."""
        facts = (int(seen.simple), steps, body)
        before = self._execute(
            "SELECT simple, steps, body FROM detail WHERE instance = ? AND at <= ? ORDER BY at DESC LIMIT 1",
            (key, seen.at),
        ).fetchone()
        if before == facts and not moved:
            return False
        self._execute("INSERT OR REPLACE INTO detail VALUES (?, ?, ?, ?, ?)", (key, seen.at, *facts))
        return True

    def _keep_piece(self, at: float, key: int, number: int, steps: list[Any]) -> bool:
        body = pack(steps)
        before = self._execute(
            "SELECT body FROM piece WHERE instance = ? AND number = ? AND at <= ? ORDER BY at DESC LIMIT 1",
            (key, number, at),
        ).fetchone()
        if before == (body,):
            return False
        self._execute("INSERT OR REPLACE INTO piece VALUES (?, ?, ?, ?)", (key, number, at, body))
        return True

    def _keep_cause(self, seen: SawDetail, key: int) -> None:
        cause = fingerprint(read_detail(seen.workflow, seen.id, seen.result))
        kind = cause.message if self._payloads else redacted_message(cause.error, cause.message)
        facts = _without_credential((cause.error, kind, cause.step, cause.version))
        before = self._execute(
            "SELECT error, kind, step, version FROM cause WHERE instance = ? AND at <= ?"
            " ORDER BY at DESC LIMIT 1",
            (key, seen.at),
        ).fetchone()
        if before != facts:
            values = (key, seen.at, *facts)
            self._connection.execute("INSERT OR REPLACE INTO cause VALUES (?, ?, ?, ?, ?, ?)", values)

    def _index(
        self, index: ContentIndex, seen: SawDetail, key: int, entries: Sequence[Any], rest: dict[str, Any]
    ) -> None:
        """Indexes what is kept for searching.

        An instance of many steps only at its end, for it is read at each.
        """
        if len(entries) > _MOST_INDEXED and not is_final(str(seen.result.get("status"))):
            return
        kept = {**self._head(rest), "steps": self._steps(entries)}
        index.put(key, seen.at, read_fields(read_detail(seen.workflow, seen.id, kept)))

    def _keep_counts(self, at: float, name: str, item: Mapping[str, Any]) -> None:
        workflow = self._workflow(name)
        body = pack(item)
        before = self._execute(
            "SELECT body FROM counts WHERE workflow = ? AND at <= ? ORDER BY at DESC LIMIT 1", (workflow, at)
        ).fetchone()
        if before != (body,):
            self._execute("INSERT OR REPLACE INTO counts VALUES (?, ?, ?)", (workflow, at, body))

    def _keep_versions(self, seen: SawVersions) -> None:
        workflow = self._workflow(seen.workflow)
        for identity, item in seen.items.items():
            body = pack(item)
            if self._bodies.get((workflow, identity)) == body:
                continue
            self._bodies[workflow, identity] = body
            self._execute(
                "INSERT INTO version VALUES (?, ?, ?, ?)"
                " ON CONFLICT (workflow, id) DO UPDATE SET body = excluded.body",
                (workflow, identity, seen.at, body),
            )

    def _head(self, rest: dict[str, Any]) -> dict[str, Any]:
        return _bounded(plain(rest)) if self._payloads else redacted_detail(rest)

    def _steps(self, piece: Iterable[Any]) -> list[Any]:
        entries = list(piece)
        if not self._payloads:
            return redacted_steps(entries)
        return [_bounded(plain(entry)) if isinstance(entry, Mapping) else entry for entry in entries]

    def _workflow(self, name: str) -> int:
        key = self._workflows.get(name)
        if key is None:
            self._execute("INSERT OR IGNORE INTO workflow (name) VALUES (?)", (name,))
            found = self._execute("SELECT key FROM workflow WHERE name = ?", (name,)).fetchone()
            key = self._workflows[name] = int(found[0])
        return key

    def _instance(self, workflow: int, identity: str, created: float | None, at: float) -> int:
        """The key of an instance, made if new; one without a creation time stands where it was first seen."""
        self._execute(
            "INSERT INTO instance (workflow, id, created, first, last) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (workflow, id) DO UPDATE SET last = max(last, excluded.last),"
            " first = min(first, excluded.first), created = coalesce(?, created)",
            (workflow, identity, at if created is None else created, at, at, created),
        )
        found = self._execute(
            "SELECT key FROM instance WHERE workflow = ? AND id = ?", (workflow, identity)
        ).fetchone()
        return int(found[0])

    def _execute(self, statement: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        """Runs it with no text in which the credential in use stands, whatever held it."""
        return self._connection.execute(statement, _without_credential(parameters))

    def _moment(self, workflow: int, at: float) -> None:
        self._execute("INSERT OR IGNORE INTO moment VALUES (?, ?)", (workflow, at))

    def _remembered(self, of: OrderedDict[K, _Kept], key: K) -> _Kept:
        kept = of.setdefault(key, _Kept())
        of.move_to_end(key)
        if len(of) > _DETAILS_REMEMBERED:
            of.popitem(last=False)
        return kept


def _mark(value: Any) -> bytes:
    """A hash of a value; of steps that were not parsed it takes their text.

    10,000 take a few milliseconds.
    """
    # A hash, for what it stands for would be kept twice: 2,000 answers of up to 64 MB.
    digest = blake2b(digest_size=16)
    if isinstance(value, Entries):
        for text in value.texts:
            digest.update(text)
    elif isinstance(value, dict):  # one after the other: a call lets no key through, and each may be 4 MB
        for key, part in value.items():
            digest.update(msgspec.json.encode([key, part], enc_hook=str))
    else:
        digest.update(msgspec.json.encode(value, enc_hook=str))
    return digest.digest()


def _without_credential(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(masked(value) if isinstance(value, str) else value for value in values)


def _text(extra: dict[str, Any] | None) -> str | None:
    return None if extra is None else msgspec.json.encode(extra).decode()


def _bounded(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, with a note in place of params or an output that would fill the record by itself."""
    kept = dict(fields)
    for key in ("params", "output"):
        if key in kept and len(data := msgspec.json.encode(kept[key])) > _LARGEST:
            kept[key] = f"[not recorded: {len(data):,} bytes]"
    return kept
