"""What waits between the event loop, which sees, and the one thread that writes."""

import threading
from collections import deque
from collections.abc import Callable

from wfdash.live.records.record.observations import Observation

__all__ = ["RecordQueue"]

_MOST = 2_000
"""Answers that wait at most: a disk that stands still must not fill the memory."""


class RecordQueue:
    """Holds what is to be written; `trouble` says in a sentence why nothing is kept, "" while it is."""

    def __init__(self, clock: Callable[[], float], report: Callable[[str], None]) -> None:
        self.clock = clock
        self.trouble = ""
        self.ending = False
        self.epoch = 0
        """How often a file was begun anew in place of one that held what had been seen until then."""
        self.dropped = 0
        """Answers that were let go because the file could not take them."""
        self._lost = 0
        """How many of them have been spoken of."""
        self._was_troubled = False
        self.batch: list[Observation] = []
        """What the thread has taken and is not in the file yet."""
        self._waiting: deque[Observation] = deque()
        self._turned = False
        """Whether the thread has opened the file, or tried to."""
        self._report = report
        self._wake = threading.Event()
        self._settled = threading.Condition()

    # From the event loop.

    def put(self, observation: Observation) -> None:
        if self.ending:
            return
        if len(self._waiting) >= _MOST:
            # The oldest goes: of each instance the later answers say more.
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(observation)

    def wake(self) -> None:
        """Makes the thread look at once."""
        self._wake.set()

    def drained(self, timeout: float) -> bool:
        """Waits, off the event loop, until all is in the file or cannot be; whether it is."""
        with self._settled:
            self._wake.set()
            self._settled.wait_for(lambda: self._turned and (self.empty or bool(self.trouble)), timeout)
            return self._turned and self.empty and not self.trouble

    # From the thread.

    @property
    def empty(self) -> bool:
        return not self._waiting and not self.batch

    def take(self, most: int) -> list[Observation]:
        """Fills the batch up to `most` observations, and gives it."""
        while self._waiting and len(self.batch) < most:
            self.batch.append(self._waiting.popleft())
        return self.batch

    def rest(self, seconds: float) -> None:
        """Waits for the next turn; `wake` ends it early."""
        with self._settled:
            self._turned = True
            self._settled.notify_all()
        self._wake.wait(seconds)
        self._wake.clear()

    def say(self, trouble: str) -> None:
        """Sets the sentence on what is in the way, and says it once."""
        if trouble != self.trouble:
            self.trouble = trouble
            self._report(trouble)

    def kept(self) -> None:
        """Takes in that a batch is in the file; that all is well again is said once nothing waits."""
        self._was_troubled = self._was_troubled or bool(self.trouble)
        self.trouble = ""
        lost = self.dropped - self._lost
        if self.empty and (self._was_troubled or lost):
            self._was_troubled, self._lost = False, self.dropped
            without = f", without the {lost:,} answers that found no room meanwhile" if lost else ""
            self._report(f"the record is kept again{without}")

    def announce(self, sentence: str) -> None:
        """Says a sentence on the record that is no failure."""
        self._report(sentence)
