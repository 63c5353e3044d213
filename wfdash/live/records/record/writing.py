"""The thread that writes a record: in batches, and on without it whatever happens to the file."""

import sqlite3
import time
from pathlib import Path

from wfdash.core.text.clean import fit
from wfdash.live.records.record.damage import let_go_of_aside, set_aside
from wfdash.live.records.record.file import RecordFile, node_of
from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.queue import RecordQueue
from wfdash.live.records.record.schema import Unusable

__all__ = ["RecordWriter"]

_REST = 1.0
"""Seconds between two batches: what is lost with a killed process is no older."""
_BATCH = 200
"""Answers of one transaction: whoever reads the file waits no longer than one of them takes."""
_RETRY = 30.0
"""Seconds after which a file that was locked, or a disk that was full, is tried again."""
_PATIENCE = 3
"""Tries in a row that another program may keep waiting, five seconds each, before that is said."""
_FAREWELL = 10.0
"""Seconds for which the last batch is tried again while another program holds the file."""
_FOLDER = 30
"""Columns of the folder in the first notice: `~/.local/state/wfdash/records` is not cut."""
_DAMAGE = ("malformed", "not a database", "no such table", "no such column")
_REASONS = {
    "database or disk is full": "the disk is full",
    "attempt to write a readonly database": "its file is read-only",
    "unable to open database file": "its folder cannot be written",
    "disk I/O error": "the disk refuses it (I/O error)",
    "file is not a database": "another file lies there, not a record of wfdash",
}


class RecordWriter:
    """Writes the record in a thread of its own; nothing else touches the file."""

    def __init__(self, queue: RecordQueue, location: RecordLocation) -> None:
        self._queue = queue
        self._location = location
        self.file: RecordFile | None = None
        self._refusals = 0
        """How often in a row another program held the file."""
        self._node = 0
        """The file that was opened last, or could not be."""
        self._said_unindexed = False
        self._kept_in = 0
        """The file that a batch was written into last."""

    def run(self) -> None:
        """Writes until the queue ends, and then what still waits."""
        queue = self._queue
        try:
            while not queue.ending:
                self._turn()
                # Who holds the file may let go of it at any moment, and each try waits for that by itself.
                queue.rest(_RETRY if queue.trouble and not self._refusals else _REST)
            self._finish()
        finally:
            self._close()

    def _finish(self) -> None:
        """Writes what still waits, and says so where another program holds the file to the end."""
        until = time.monotonic() + _FAREWELL
        self._turn()
        while self._refusals and time.monotonic() < until:
            self._turn()
        if self._refusals:
            self._queue.say("another program holds the record: the last answers are not in it")

    def _turn(self) -> None:
        """Writes all that waits, and tells what is in the way where something is."""
        try:
            while self.file is None or not self._queue.empty:
                if self.file is None or self.file.is_gone:
                    self.file = self._open()
                self.file.write(self._queue.take(_BATCH))
                self._queue.batch.clear()  # only now: what could not be written is tried again
                self._refusals, self._kept_in = 0, self._node
                self._queue.kept()
            location, now = self._location, self._queue.clock()
            # Beside a file of somebody's own naming nothing was set aside.
            if self.file.bound(now) and location.own and location.path is not None:
                let_go_of_aside(location.path, now, location.most_bytes)
        except (Unusable, sqlite3.Error, OSError) as wrong:
            self._failed(wrong)

    def _open(self) -> RecordFile:
        location, queue = self._location, self._queue
        path = location.path
        gone = self.file is not None and self.file.is_gone
        self._close()
        fresh = path is not None and not path.exists()
        self._node = node_of(path)
        file = RecordFile(
            path, payloads=location.payloads, most_bytes=location.most_bytes, owner=location.owner
        )
        # A file that is begun anew holds nothing of what was walked before: see RecordFile.write.
        if self._kept_in and (gone or fresh or self._node != self._kept_in):
            queue.epoch, self._kept_in = queue.epoch + 1, 0
        self._node, file.epoch = node_of(path), queue.epoch
        if fresh:
            self._queue.announce(_where_kept(self._location))
        if file.unindexed and not self._said_unindexed:
            self._said_unindexed = True
            # No longer than a narrow terminal is wide.
            words = "this SQLite has no FTS5: the record is searched without an index, slower"
            self._queue.announce(words)
        return file

    def _close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None

    def _failed(self, wrong: Exception) -> None:
        # The file is kept open: who holds it lets go of it within seconds, and opening it again would wait
        # too.
        if _is_busy(wrong):
            self._refusals += 1
            if self._refusals >= _PATIENCE:
                words = "the record is held by another program: nothing is kept until that lets go of it"
                self._queue.say(words)
            return
        self._close()
        if self._location.path is not None and self._location.own and _is_damage(wrong):
            self._begin_anew(self._location.path)
        else:
            self._queue.say(f"the record is not kept: {_reason(wrong)}")

    def _begin_anew(self, path: Path) -> None:
        """Moves a file that cannot be read aside, unrepaired: somebody may want what is sound in it.

        One that another process put there meanwhile is no longer the damaged one.
        """
        if node_of(path) == self._node:
            try:
                aside = set_aside(path, self._queue.clock())
            except OSError as error:
                self._queue.say(f"the record is damaged and cannot be moved: {error.strerror}")
                return
            # The name last: on a narrow terminal it is what is cut, and `doctor` tells it.
            self._queue.announce(f"the record was damaged: a new one begins, the old one is {aside.name}")
        self._queue.wake()


def _where_kept(location: RecordLocation) -> str:
    """Where, what and how to stop it, on the one line of a narrow terminal."""
    assert location.path is not None
    kept = "payloads too" if location.payloads else "no payloads"
    folder, home = location.path.absolute().parent, Path.home()
    short = str("~" / folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)
    off = "; off: [record] on = false" if location.own else ""
    # The folder alone: the name in it is an account's, and `doctor` tells it.
    return f"kept in {fit(short, _FOLDER, cut='middle').rstrip()}, {kept}{off}"


def _is_busy(wrong: Exception) -> bool:
    return isinstance(wrong, sqlite3.OperationalError) and "locked" in str(wrong)


def _is_damage(wrong: Exception) -> bool:
    """Whether the file can never be written again, not only now."""
    if isinstance(wrong, Unusable):
        return wrong.damaged
    return isinstance(wrong, sqlite3.DatabaseError) and any(sign in str(wrong) for sign in _DAMAGE)


def _reason(wrong: Exception) -> str:
    if isinstance(wrong, OSError):
        return wrong.strerror or str(wrong)
    return _REASONS.get(str(wrong), str(wrong))
