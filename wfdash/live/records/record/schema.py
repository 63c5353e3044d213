"""The tables of a record, how an older file becomes a newer one, and how any of them is opened.

A moment is when an answer came, epoch seconds. What an answer repeats is not kept again, so what was so at a
moment is the last that is kept at or before it.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from wfdash.config.plain_file import check_plain

__all__ = [
    "APPLICATION",
    "FOREIGN",
    "MIGRATIONS",
    "Unusable",
    "migrate",
    "open_file",
    "open_memory",
    "version_of",
]

APPLICATION = 0x77666472
"""`wfdr`: by it `file` and wfdash tell a record from any other SQLite file."""
_PATIENCE = 5.0
"""Seconds that another process may write before a batch is tried again later."""
_CACHE_KIB = 256
"""What one that writes keeps of the file's pages, KiB."""

MIGRATIONS: Sequence[Sequence[str]] = (
    (
        "CREATE TABLE workflow (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "CREATE TABLE instance (key INTEGER PRIMARY KEY, workflow INTEGER NOT NULL, id TEXT NOT NULL,"
        " created REAL NOT NULL, first REAL NOT NULL, last REAL NOT NULL, UNIQUE (workflow, id))",
        "CREATE INDEX instance_by_age ON instance (workflow, created, id)",
        "CREATE TABLE listed (instance INTEGER NOT NULL, at REAL NOT NULL, status TEXT NOT NULL,"
        " created REAL, modified REAL, started REAL, ended REAL, version TEXT, source TEXT, extra TEXT,"
        " PRIMARY KEY (instance, at)) WITHOUT ROWID",
        "CREATE TABLE detail (instance INTEGER NOT NULL, at REAL NOT NULL, simple INTEGER NOT NULL,"
        " steps INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (instance, at)) WITHOUT ROWID",
        "CREATE TABLE piece (instance INTEGER NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL,"
        " body BLOB NOT NULL, PRIMARY KEY (instance, number, at)) WITHOUT ROWID",
        "CREATE TABLE counts (workflow INTEGER NOT NULL, at REAL NOT NULL, body BLOB NOT NULL,"
        " PRIMARY KEY (workflow, at)) WITHOUT ROWID",
        "CREATE TABLE version (workflow INTEGER NOT NULL, id TEXT NOT NULL, at REAL NOT NULL,"
        " body BLOB NOT NULL, PRIMARY KEY (workflow, id)) WITHOUT ROWID",
        "CREATE TABLE moment (workflow INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (workflow, at))"
        " WITHOUT ROWID",
        "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        "CREATE TABLE cause (instance INTEGER NOT NULL, at REAL NOT NULL, error TEXT NOT NULL,"
        " kind TEXT NOT NULL, step TEXT NOT NULL, version TEXT NOT NULL,"
        " PRIMARY KEY (instance, at)) WITHOUT ROWID",
        "CREATE INDEX cause_by_time ON cause (at)",
    ),
    ("CREATE TABLE searched (instance INTEGER PRIMARY KEY, at REAL NOT NULL, facts TEXT NOT NULL)",),
    (
        "CREATE TABLE reach (workflow INTEGER NOT NULL, at REAL NOT NULL, floor REAL NOT NULL, total INTEGER,"
        " PRIMARY KEY (workflow, at)) WITHOUT ROWID",
    ),
)
"""What each version adds to the one before; a file's `user_version` is how many of them it has."""


FOREIGN = "it is the record of another account or server"
_NO_WAL = "this disk cannot share it between programs (no WAL)"

_SHARED = 32 * 1024
"""Bytes of the file that programs share beside a record, at least."""


class Unusable(Exception):
    """A file cannot serve as the record; `str()` is the sentence. `damaged` when it can only be set aside."""

    def __init__(self, sentence: str, *, damaged: bool = False) -> None:
        super().__init__(sentence)
        self.damaged = damaged


def open_file(path: Path) -> sqlite3.Connection:
    """The record at this path, made where there is none. Raises Unusable, OSError and sqlite3.Error."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _begin(path)
    connection = _connect(str(path))
    try:
        empty = _check(connection)
        os.chmod(path, 0o600)
        _ready(connection, empty)
    except BaseException as wrong:
        connection.close()
        # Some network disks take the switch to WAL and refuse the memory that goes with it at the first read.
        if "SHM" in getattr(wrong, "sqlite_errorname", ""):
            full = shutil.disk_usage(path.parent).free < _SHARED
            raise Unusable("the disk is full" if full else _NO_WAL) from wrong
        raise
    return connection


def _begin(path: Path) -> None:
    """Makes an empty file, for this user alone, where there is none.

    Under another name, and never by opening the path itself: a process that closes any descriptor of a file
    loses all its locks on it, SQLite's too (POSIX, fcntl). Another process would take the record for unused
    and remove the -wal, with everything that is not in the record itself yet.
    """
    try:
        check_plain(path)
        return
    except FileNotFoundError:
        pass
    # SQLite gives the -wal and -shm files the mode of this one, which the umask must not widen.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    try:
        with suppress(OSError):  # it is there by now, or this disk knows no links, and SQLite makes it
            os.link(draft, path)
    finally:
        os.unlink(draft)


def open_memory() -> sqlite3.Connection:
    """Opens a record that ends with the process, as the demo's does."""
    connection = _connect(":memory:")
    migrate(connection)
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the tables to the newest version; of two processes one does, and the other finds it done."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(version_of(connection), len(MIGRATIONS)):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
    except BaseException:
        _roll_back(connection)
        raise
    connection.execute("COMMIT")


def _roll_back(connection: sqlite3.Connection) -> None:
    """Ends the transaction, where SQLite has not done so itself, as after a refusal of the disk."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _connect(path: str) -> sqlite3.Connection:
    # One thread writes and another reads, each while it holds the record's lock.
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)


def _check(connection: sqlite3.Connection) -> bool:
    """Whether the file is empty. Raises Unusable for somebody else's, which is left as it is."""
    # In one transaction: another process may be making its tables, and a file seen without its mark but with
    # its tables would pass for somebody else's and be set aside, with all that the other one writes into it.
    connection.execute("BEGIN")
    try:
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        version = version_of(connection)
    finally:
        _roll_back(connection)
    if tables and application != APPLICATION:
        raise Unusable("it is not a record of wfdash", damaged=True)
    if version > len(MIGRATIONS):
        raise Unusable("a newer wfdash writes it")
    return not tables


def _ready(connection: sqlite3.Connection, empty: bool) -> None:
    if empty:
        # Only before the first table is there: what was pruned goes back to the disk page by page.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    # On a network disk SQLite cannot share a file this way, and several dashboards would stand in a queue.
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise Unusable(_NO_WAL)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 4194304")
    # Of 2 MB, which is what there is where nothing is said, the writer filled a page with every few rows, for
    # hours. It comes back to the newest pages alone.
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    migrate(connection)
