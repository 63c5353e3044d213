"""Keeps a record of what is seen, from the first row on screen to the end of the program.

Light to import: SQLite comes with the thread that writes, once something has been on screen.
"""

import asyncio
import threading
from collections.abc import Callable
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.observations import Observation
from wfdash.live.records.record.queue import RecordQueue

if TYPE_CHECKING:
    from wfdash.live.records.record.reading import RecordReader
    from wfdash.live.records.record.writing import RecordWriter

__all__ = ["Recorder", "UntilOpen", "ask_record"]

T = TypeVar("T")

_A_MOMENT = 2.0
"""Seconds for which a reader waits for what was seen last to be in the file."""


class UntilOpen:
    """Waits for a record to be open, so many looks at most in all: the first rows are drawn before it is."""

    def __init__(self, is_open: Callable[[], bool], *, every: float = 0.1, looks: int = 100) -> None:
        """`every` is the seconds between two looks, `looks` how many there are."""
        self._is_open, self._every, self._looks_left = is_open, every, looks

    async def __call__(self) -> None:
        while self._looks_left > 0 and not self._is_open():
            self._looks_left -= 1
            await asyncio.sleep(self._every)


class Recorder:
    """Keeps what is seen. Nothing is opened before `start`: what was seen until then waits.

    Whatever goes wrong with the file, the program goes on without it; `report` is called, from the thread,
    with what a person should hear.
    """

    def __init__(self, *, clock: Callable[[], float], report: Callable[[str], None] | None = None) -> None:
        self.location: RecordLocation | None = None
        self._queue = RecordQueue(clock, report or (lambda _sentence: None))
        self._writer: RecordWriter | None = None
        self._thread: threading.Thread | None = None

    def saw(self, observation: Observation) -> None:
        """Queues an answer to be kept. Called from the event loop; costs an append."""
        self._queue.put(observation)

    @property
    def trouble(self) -> str:
        """Why nothing is kept, in a sentence; "" while it is."""
        return self._queue.trouble

    @property
    def dropped(self) -> int:
        """Answers that were let go because the file could not take them."""
        return self._queue.dropped

    @property
    def epoch(self) -> int:
        """How often the file was begun anew, after which a walk of the list counts as not kept."""
        return self._queue.epoch

    @property
    def started(self) -> bool:
        return self._thread is not None

    def start(self, location: RecordLocation) -> None:
        """Begins to write there, in a thread of its own."""
        if self._thread is None and not self._queue.ending:
            self.location = location
            # A daemon: a disk that hangs must not keep the program from ending.
            self._thread = threading.Thread(target=self._run, args=(location,), name="record", daemon=True)
            self._thread.start()

    def flush(self, timeout: float = 10.0) -> bool:
        """Blocks until all that was seen so far is in the file; False where it could not be.

        Call it in a thread.
        """
        return self._thread is not None and self._queue.drained(timeout)

    def close(self, timeout: float = 20.0) -> None:
        """Writes what waits and lets go of the file. Never on the event loop."""
        self._queue.ending = True
        # The thread may be resting for seconds, and nobody else wakes it.
        self._queue.wake()
        if self._thread is not None:
            self._thread.join(timeout)

    def read(self) -> "RecordReader":
        """Opens the record with all that was seen so far, to be closed by whoever asked.

        Never on the event loop. Raises Unusable and OSError.
        """
        from wfdash.live.records.record.opening import open_record, read_memory
        from wfdash.live.records.record.schema import Unusable

        # What is asked may have been answered a moment ago: the step back in time has to find it. A thread
        # that makes room in a large file takes longer than a person waits, and what is in the file is there.
        has_file = self.location is not None and self.location.path is not None
        flushed = self.flush(_A_MOMENT) if has_file else self.flush()
        if self.location is None or (self.location.path is None and not flushed):
            raise Unusable(self.trouble or "nothing is recorded yet")
        if self.location.path is not None:
            try:
                # Where nothing can be kept now, on a full or a read-only disk, what was kept is there.
                return open_record(self.location.path, self.location.owner)
            except FileNotFoundError:  # the thread makes it anew with the next answer
                raise Unusable(self.trouble or "it was erased; a new one begins") from None
            except Unusable:
                if self.trouble:
                    raise Unusable(self.trouble) from None
                raise
        if self._writer is None or self._writer.file is None:
            raise Unusable("nothing is recorded yet")
        return read_memory(self._writer.file)

    def copy(self, into: Path) -> None:
        """Writes all that was seen so far into this empty file; never on the event loop. Raises OSError."""
        from wfdash.live.records.record.schema import Unusable

        try:
            reader = self.read()
            try:
                reader.copy(into)
            finally:
                reader.close()
        except Unusable as wrong:
            raise OSError(EIO, str(wrong)) from None

    def _run(self, location: RecordLocation) -> None:
        from wfdash.live.records.record.writing import RecordWriter

        self._writer = RecordWriter(self._queue, location)
        self._writer.run()


def ask_record(
    open_reader: "Callable[[], RecordReader]", question: "Callable[[RecordReader], list[T]]"
) -> list[T]:
    """Opens a record for one question; [] where it cannot be read.

    Never on the event loop.
    """
    from wfdash.live.records.record.schema import Unusable

    try:
        reader = open_reader()
    except (Unusable, OSError):
        return []
    try:
        return question(reader)
    finally:
        reader.close()
