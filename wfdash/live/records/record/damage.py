"""What is done with a record that is damaged: told, completed as far as it goes, saved, or set aside."""

import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from wfdash.live.records.record.location import ASIDE, DAYS, kept_of, parts_of
from wfdash.live.records.record.schema import APPLICATION, open_memory

__all__ = [
    "UNREADABLE",
    "WITHOUT_WAL",
    "cut_off",
    "is_begun",
    "let_go_of_aside",
    "padded",
    "refusal_of",
    "salvage",
    "set_aside",
]

UNREADABLE = "it is damaged: nothing of it can be read"
WITHOUT_WAL = (
    "what it holds is not in it yet: it was copied while it was written, without the -wal file beside it;"
    " copy it at the end of the program that writes it, or both files"
)
_STAMP, _SET_ASIDE = "%Y%m%d-%H%M%S", re.escape(ASIDE) + r"(\d{8}-\d{6})(-wal|-shm|-journal)?"
"""When a file was set aside, as it stands in its name, and what is behind the name of the record in all."""
_LONGEST_CUT = 256 * 2**20
"""Bytes of a record that is read into memory because its end is missing."""


def is_begun(path: Path) -> bool:
    """Whether it is the first page of a file in WAL mode with nothing in it: the rest stands in its -wal."""
    with path.open("rb") as file:
        header = file.read(112)
    # File format 1.3 and 1.6: the format of writing is 2 for WAL; the cells of the schema are counted at 103.
    return header[18:20] == b"\2\2" and header[103:105] == b"\0\0"


def cut_off(path: Path) -> str:
    """The sentence about a file that ends before its end, as a copy that broke off; "" for any other."""
    size, expected = path.stat().st_size, _length_by_header(path)
    if size >= expected:
        return ""
    return f"it is cut off, {size:,} of {expected:,} bytes are there: copy it again"


def _length_by_header(path: Path) -> int:
    """Bytes that a SQLite file says it has (SQLite's file format, 1.3); 0 of any other file."""
    with path.open("rb") as file:
        header = file.read(100)
    page = int.from_bytes(header[16:18])
    pages = int.from_bytes(header[28:32]) if header.startswith(b"SQLite format 3\0") else 0
    return pages * (65_536 if page == 1 else page)


def padded(path: Path) -> sqlite3.Connection | None:
    """Opens what is left of a record that was cut off, in memory; None where that is too little.

    SQLite opens none that is shorter than its header says: the pages that are missing are empty ones here,
    which are damaged to it like any other.
    """
    length = _length_by_header(path)
    # A few bytes may say that they are many: what is to be padded is bounded by what is there.
    if length > min(4 * path.stat().st_size, _LONGEST_CUT):
        return None
    data = bytearray(path.read_bytes().ljust(length, b"\0"))
    data[18:20] = b"\1\1"  # a database in memory has no -wal file
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        connection.deserialize(bytes(data))
    except sqlite3.Error:
        connection.close()
        return None
    return connection


def refusal_of(path: Path, wrong: Exception) -> str:
    """Why the file cannot be opened.

    It is a damaged record where it has a record's mark, else none at all.
    """
    with path.open("rb") as file:
        marked = int.from_bytes(file.read(72)[68:]) == APPLICATION
    return UNREADABLE if marked else f"it is not a record of wfdash ({wrong})"


def set_aside(path: Path, now: float) -> Path:
    """Moves a damaged record out of the way, for whoever wants to look at it. Raises OSError."""
    aside = path.with_name(f"{path.name}{ASIDE}{time.strftime(_STAMP, time.gmtime(now))}")
    for part, there in zip(parts_of(path), parts_of(aside), strict=True):
        with suppress(FileNotFoundError):
            part.replace(there)
    return aside


def let_go_of_aside(path: Path, now: float, most_bytes: int) -> None:
    """Removes what was set aside of a record too long ago, and the oldest while all of it is too large.

    It may hold payloads: nobody comes to look at most of it. The newest stays until its time is over.
    """
    found: dict[str, list[Path]] = {}
    for part in kept_of(path):
        if named := re.fullmatch(_SET_ASIDE, part.name.removeprefix(path.name)):
            found.setdefault(named[1], []).append(part)
    oldest, room = time.strftime(_STAMP, time.gmtime(now - DAYS * 86_400)), most_bytes
    for number, stamp in enumerate(sorted(found, reverse=True)):
        with suppress(OSError):
            room -= sum(part.stat().st_size for part in found[stamp])
            if stamp < oldest or (number and room < 0):
                for part in found[stamp]:
                    part.unlink(missing_ok=True)


def salvage(ask: Callable[[str], Sequence[Sequence[object]]]) -> tuple[sqlite3.Connection, int]:
    """A record in memory with the rows of a damaged one that can be had, through `ask`.

    With it the number of instances of which no listing is left: they are in it without a status.
    """
    copy = open_memory()
    for table in _SALVAGED:
        about = copy.execute(f"PRAGMA table_info({table})").fetchall()
        names = ", ".join(column[1] for column in about)
        key = [column[1] for column in sorted(about, key=lambda column: int(column[5])) if column[5]]
        insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(about))})"
        # A scan ends at the first damaged page: from the other end it comes to what lies behind the last.
        for order in ("ASC", "DESC"):
            ordered = ", ".join(f"{name} {order}" for name in key)
            copy.executemany(insert, ask(f"SELECT {names} FROM {table} ORDER BY {ordered}"))
    lost = copy.execute(
        "INSERT INTO listed (instance, at, status, created) SELECT key, first, 'unknown', created"
        " FROM instance WHERE NOT EXISTS (SELECT 1 FROM listed WHERE instance = key)"
    ).rowcount
    return copy, lost


_SALVAGED = (
    "workflow",
    "instance",
    "listed",
    "detail",
    "piece",
    "counts",
    "version",
    "moment",
    "cause",
    "reach",
)
