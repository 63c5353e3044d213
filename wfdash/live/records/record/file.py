"""One record on the disk: written in batches, kept within its bounds, and set aside when it is damaged."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from wfdash.config.plain_file import open_plain
from wfdash.core.model.times import DAY
from wfdash.live.records.locked_file import try_lock
from wfdash.live.records.record.keeping import Keeper
from wfdash.live.records.record.location import DAYS, kept_of
from wfdash.live.records.record.observations import Observation, SawRows
from wfdash.live.records.record.schema import FOREIGN, Unusable, open_file, open_memory

__all__ = ["RecordFile", "erase", "node_of"]

_LOOK = 60.0
"""Seconds between two looks at the size and the age."""
_AT_ONCE = 2_000
"""Rows that are deleted in one transaction: others wait no longer for it than for a batch."""
_PAGES = 1_000
"""Free pages that are given back to the disk in one go: 4 MB."""
_SPARE = 0.9
"""Part of its bound to which a record that is too large is cut."""


class RecordFile:
    """The record's file, open until `close`. One thread writes; whoever reads holds the lock meanwhile."""

    def __init__(self, path: Path | None, *, payloads: bool, most_bytes: int, owner: str = "") -> None:
        """Opens the file, without a path one in memory. Raises Unusable, OSError and sqlite3.Error."""
        self.path = path
        self.most_bytes = most_bytes
        self.lock = threading.Lock()
        self.connection = open_file(path) if path is not None else open_memory()
        try:
            if owner:
                self._claim(owner)
            self._keeper = Keeper(self.connection, payloads=payloads)
        except BaseException:
            self.connection.close()
            raise
        self.unindexed = payloads and self._keeper.index is None
        """Whether what instances hold can only be gone through: this SQLite offers no index."""
        self.epoch = 0
        """Of another one is no word taken of how far back a list was walked: that lies in another file."""
        self._node = node_of(path)
        self._look_at = 0.0

    def _claim(self, owner: str) -> None:
        """Writes whose file this is, or raises Unusable.

        Two accounts in one file would mix up their names.
        """
        asked = "SELECT value FROM about WHERE name = 'owner'"
        if self.connection.execute(asked).fetchone() is None:
            # Ignored where another process put its own there in the same moment: what stands there then
            # decides.
            self.connection.execute("INSERT OR IGNORE INTO about VALUES ('owner', ?)", (owner,))
        if self.connection.execute(asked).fetchone() != (owner,):
            raise Unusable(FOREIGN)

    def write(self, batch: Sequence[Observation]) -> None:
        """Writes a batch, all or nothing; it survives a killed process when this returns."""
        with self.lock, self._transaction():
            for seen in batch:
                # A process that had walked the list to its end went on to say so in the file that was begun
                # after that one was erased: with its first hundred rows it passed for whole.
                if isinstance(seen, SawRows) and seen.reach is not None and seen.reach.epoch != self.epoch:
                    seen = replace(seen, reach=None)
                self._keeper.keep(seen)

    @property
    def is_gone(self) -> bool:
        """Whether somebody erased the file, or put another one in its place."""
        return node_of(self.path) != self._node

    @property
    def size(self) -> int:
        """Bytes in use, free pages left out."""
        pages, free, page = (
            int(self.connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * page

    def bound(self, now: float) -> bool:
        """Lets go of what is too old, and of the oldest while it is too large; looks once a minute.

        Whether it looked.
        """
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + _LOOK
        self.prune(now - DAYS * DAY)
        if self.size > self.most_bytes:
            self._cut()
        self._give_back()
        return True

    def _cut(self) -> None:
        """Lets go of the oldest until it is a little smaller than it may be."""
        target = self.most_bytes * _SPARE
        oldest, newest = self._span()
        # Step by step up to now: what is still so stays, however long ago it began, so the oldest thing kept
        # may not move at all.
        for tenth in range(1, 11):
            if self.size <= target:
                return
            self.prune(oldest + (newest - oldest) * tenth / 10)
            self._merge_index()
        while self.size > target and self._drop_oldest():
            self._merge_index()

    def prune(self, before: float) -> None:
        """Drops what was so before that moment; what was still so at it stays."""
        indexed = _PRUNE_INDEX if self._keeper.index is not None else ()
        removed = sum(self._drop(statement, before) for statement in (*indexed, *_PRUNE))
        if self._drop(_PRUNE_INSTANCES, before):
            removed += 1
            with self.lock, self._transaction():
                # What was walked down to there is no longer kept down to there.
                self.connection.execute("UPDATE reach SET floor = max(floor, ?)", (before,))
        if removed:
            with self.lock:
                self._keeper.forget()

    def _drop(self, statement: str, before: float) -> int:
        total = 0
        while True:
            with self.lock, self._transaction():
                found = self.connection.execute(statement, (before, _AT_ONCE)).rowcount
            total += max(found, 0)
            # The lock is let go between two of them, or the thread that reads for a person would wait for
            # all.
            if found < _AT_ONCE:
                return total

    def _drop_oldest(self) -> int:
        """Drops the oldest instances, though what they say is still so, and returns how many."""
        indexed = _PRUNE_OLDEST_INDEX if self._keeper.index is not None else ()
        with self.lock, self._transaction():
            removed = [
                self.connection.execute(statement, (_AT_ONCE,)).rowcount
                for statement in (*indexed, *_PRUNE_OLDEST)
            ]
            self.connection.execute(_RAISE_FLOORS)
        with self.lock:
            self._keeper.forget()
        return removed[-1]

    def _give_back(self) -> None:
        """Returns free pages to the disk, so many at a time that others wait no longer than for a batch."""
        free = self._free_pages
        while free:
            with self.lock:
                # A script, for that runs to its end: `execute` gives back one page and takes it for all.
                self.connection.executescript(f"PRAGMA incremental_vacuum({_PAGES})")
            if (remaining := self._free_pages) >= free:
                return
            free = remaining

    @property
    def _free_pages(self) -> int:
        with self.lock:
            return int(self.connection.execute("PRAGMA freelist_count").fetchone()[0])

    def _merge_index(self) -> None:
        """Merges the search index: only then is what was dropped out of it."""
        index, begin = self._keeper.index, True
        while index is not None:
            with self.lock, self._transaction():
                goes_on = index.merge(begin=begin)
            if not goes_on:
                return
            begin = False

    def _span(self) -> tuple[float, float]:
        """The times of the oldest and the newest thing kept, epoch seconds; zeros for nothing."""
        with self.lock:
            found = self.connection.execute(
                "SELECT (SELECT min(at) FROM listed), (SELECT min(at) FROM detail), max(last) FROM instance"
            ).fetchone()
        times = [time for time in found if time is not None]
        return (min(times), max(times)) if times else (0.0, 0.0)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # At once: a transaction that begins by reading fails without waiting when another program wrote
        # since.
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            self._keeper.forget()
            raise

    def close(self) -> None:
        with self.lock:
            self.connection.close()


_STALE = "SELECT key FROM instance WHERE last < ?1"
_PRUNE = (
    f"DELETE FROM listed WHERE (instance, at) IN (SELECT instance, at FROM listed AS old WHERE at < ?1"
    f" AND (instance IN ({_STALE}) OR EXISTS (SELECT 1 FROM listed WHERE instance = old.instance"
    f" AND at > old.at AND at <= ?1)) LIMIT ?2)",
    f"DELETE FROM detail WHERE (instance, at) IN (SELECT instance, at FROM detail AS old WHERE at < ?1"
    f" AND (instance IN ({_STALE}) OR EXISTS (SELECT 1 FROM detail WHERE instance = old.instance"
    f" AND simple = 0 AND at > old.at AND at <= ?1)) LIMIT ?2)",
    f"DELETE FROM piece WHERE (instance, number, at) IN (SELECT instance, number, at FROM piece AS old"
    f" WHERE at < ?1 AND (instance IN ({_STALE}) OR EXISTS (SELECT 1 FROM piece WHERE"
    f" instance = old.instance AND number = old.number AND at > old.at AND at <= ?1)) LIMIT ?2)",
    "DELETE FROM cause WHERE (instance, at) IN (SELECT instance, at FROM cause WHERE at < ?1 LIMIT ?2)",
    "DELETE FROM counts WHERE (workflow, at) IN (SELECT workflow, at FROM counts WHERE at < ?1 LIMIT ?2)",
    "DELETE FROM moment WHERE (workflow, at) IN (SELECT workflow, at FROM moment WHERE at < ?1 LIMIT ?2)",
    "DELETE FROM reach WHERE (workflow, at) IN (SELECT workflow, at FROM reach AS old WHERE at < ?1"
    " AND EXISTS (SELECT 1 FROM reach WHERE workflow = old.workflow AND at > old.at AND at <= ?1) LIMIT ?2)",
)
_PRUNE_INSTANCES = "DELETE FROM instance WHERE key IN (SELECT key FROM instance WHERE last < ?1 LIMIT ?2)"


_PRUNE_INDEX = (
    f"DELETE FROM contents WHERE rowid IN (SELECT rowid FROM contents WHERE rowid IN ({_STALE}) LIMIT ?2)",
    f"DELETE FROM searched WHERE instance IN"
    f" (SELECT instance FROM searched WHERE instance IN ({_STALE}) LIMIT ?2)",
)


def node_of(path: Path | None) -> int:
    """The inode of the file at this path, which tells it from one put in its place; 0 where there is none."""
    try:
        return path.stat().st_ino if path is not None else 0
    except OSError:
        return 0


_OF_AN_INSTANCE = ("listed", "detail", "piece", "cause")
_OLDEST = "SELECT key FROM instance ORDER BY created, key LIMIT ?1"
_PRUNE_OLDEST = (
    *(f"DELETE FROM {table} WHERE instance IN ({_OLDEST})" for table in _OF_AN_INSTANCE),
    f"DELETE FROM instance WHERE key IN ({_OLDEST})",
)
_RAISE_FLOORS = (
    "UPDATE reach SET floor = max(floor, coalesce((SELECT min(created) FROM instance"
    " WHERE workflow = reach.workflow), floor))"
)
_PRUNE_OLDEST_INDEX = (
    f"DELETE FROM contents WHERE rowid IN ({_OLDEST})",
    f"DELETE FROM searched WHERE instance IN ({_OLDEST})",
)


def erase(path: Path) -> list[Path]:
    """Removes a record and what was set aside of it; the files that there were. Raises OSError."""
    found = kept_of(path)
    for part in found:
        part.unlink(missing_ok=True)
    _remove_unlocked(path.with_name(path.name + ".hooks"))
    return found


def _remove_unlocked(lock: Path) -> None:
    """Removes a file that only serves as a lock, unless a process holds it; no other is worth an error."""
    with suppress(OSError), open(open_plain(lock, os.O_RDWR), "r+b") as file:
        if not lock.stat().st_size and try_lock(file.fileno()):
            lock.unlink()
