"""How a record is opened to be read: beside whoever writes it, out of memory, alone, or cut off."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from wfdash.config.plain_file import check_plain
from wfdash.live.records.record.damage import WITHOUT_WAL, cut_off, is_begun, padded, refusal_of
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.location import parts_of
from wfdash.live.records.record.reading import RecordReader
from wfdash.live.records.record.schema import FOREIGN, Unusable

__all__ = ["open_record", "read_memory"]


def read_memory(file: RecordFile) -> RecordReader:
    """Opens a copy of a record in memory; raises Unusable where nothing is in it yet."""
    with file.lock:
        # Copied while the lock is held, and asked without it: a question takes up to five seconds, in which
        # the thread could not write.
        data = file.connection.serialize()
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        copy.deserialize(data)
        return RecordReader(copy)
    except BaseException:
        copy.close()
        raise


def open_record(path: Path, owner: str = "") -> RecordReader:
    """Opens a record to read. Raises Unusable with a sentence for what is none, and OSError.

    With an `owner`, also for the record of another: a file that was copied to the place of this one.
    """
    reader = _opened(path)
    if owner and reader.owner not in ("", owner):
        reader.close()
        raise Unusable(FOREIGN)
    return reader


def _opened(path: Path) -> RecordReader:
    check_plain(path)  # and does not open it: this process may be the one that writes it
    # A copy has no -wal file beside it.
    alone = not any(part.exists() for part in parts_of(path)[1:])
    connection = _connected(path, alone=alone)
    try:
        return RecordReader(connection, path)
    except (sqlite3.Error, UnicodeError) as wrong:
        connection.close()
        # On a full disk there is no room for the file that readers share.
        if not alone and "SHM" in getattr(wrong, "sqlite_errorname", ""):
            return _read_without_wal(path)
        cut = cut_off(path)
        if cut and (reader := _read_padded(path)) is not None:
            reader.flaws[:1] = [cut]  # in place of the damage that the missing pages are
            return reader
        raise Unusable(cut or refusal_of(path, wrong)) from None
    except Unusable:
        connection.close()
        if alone and is_begun(path):
            raise Unusable(WITHOUT_WAL) from None
        raise
    except BaseException:
        connection.close()
        raise


def _connected(path: Path, *, alone: bool) -> sqlite3.Connection:
    """Opens a file to read. `alone` promises SQLite that nobody writes: no lock, no new file, no -wal."""
    address = "file:" + quote(str(path.absolute())) + ("?mode=ro&immutable=1" if alone else "?mode=ro")
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=5, check_same_thread=False)


def _read_without_wal(path: Path) -> RecordReader:
    """Opens the record's own file alone: what had come into it when its disk refused more."""
    connection = _connected(path, alone=True)
    try:
        reader = RecordReader(connection, path)
    except (sqlite3.Error, UnicodeError) as wrong:
        connection.close()
        raise Unusable(refusal_of(path, wrong)) from None
    except BaseException:
        connection.close()
        raise
    if any(part.stat().st_size for part in parts_of(path)[1:2] if part.exists()):
        reader.flaws.append("what stands in the -wal file beside it cannot be read on this disk")
    return reader


def _read_padded(path: Path) -> RecordReader | None:
    """Opens what is left of a record that was cut off; None where that is nothing."""
    if (connection := padded(path)) is None:
        return None
    try:
        return RecordReader(connection, path)
    except (sqlite3.Error, UnicodeError, Unusable):
        connection.close()
        return None
