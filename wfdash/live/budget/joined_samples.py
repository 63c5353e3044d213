"""Causes of failures that several processes read at a time: what one of them has read serves all."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from wfdash.core.triage.error_groups import Sample
from wfdash.live.budget.shared_lines import SharedLines

__all__ = ["JoinedSamples"]

_ANSWERS: Final = 3.0
"""Seconds for which another process's question is waited for; it may have been stopped."""
_HOLDS: Final = 60.0
"""Seconds for which an answer is taken: as long as the list of what failed."""


class _Reading(Struct, frozen=True, array_like=True):
    """A question of one process, and its answer once that came: a line of the file."""

    session: str
    asked_at: float
    id: str
    sample: Sample | None = None
    """Its cause, without what the instance was given or gave; None while it is still asked."""
    ended: float | None = None
    """When the run ended that it is of, by its list row."""


class JoinedSamples:
    """What others read of the same workflow, by id; what one of them asks about is left to it."""

    def __init__(self, path: Path | None, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._session = secrets.token_hex(8)
        self._file = SharedLines(path)
        self._asked: dict[str, float] = {}
        """When another process asked about it, while it has no answer."""
        self._read: dict[str, _Reading] = {}
        self._seen: dict[str, float] = {}
        """When each other process asked last."""
        self.taken = 0
        """Those that others had read."""

    def look(self) -> None:
        """Takes in what the others offer."""
        self._file.join()
        for line in self._file.news():
            try:
                offer = msgspec.json.decode(line, type=_Reading)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                continue
            if offer.session == self._session:
                continue
            self._seen[offer.session] = max(offer.asked_at, self._seen.get(offer.session, 0.0))
            if offer.sample is None:
                self._asked[offer.id] = offer.asked_at
            else:
                self._asked.pop(offer.id, None)
                self._read[offer.id] = offer

    @property
    def from_the_end(self) -> bool:
        """Whether this one begins with the last: two that began at once would ask for the same in step."""
        now = self._clock()
        before = [name for name, at in self._seen.items() if now - at < _ANSWERS and name < self._session]
        return len(before) % 2 == 1

    def is_asked(self, identity: str) -> bool:
        """Whether another process asks about it now."""
        return 0 <= self._clock() - self._asked.get(identity, float("-inf")) < _ANSWERS

    def take(self, identity: str, ended: float | None) -> Sample | None:
        """What another process read of the run that ended then; None where none did, or long ago."""
        offer = self._read.get(identity)
        if offer is None or ended is None or offer.ended != ended:
            return None
        if not 0 <= self._clock() - offer.asked_at < _HOLDS:
            return None
        self.taken += 1
        return offer.sample

    def asks(self, identity: str) -> float:
        """Tells the others that this one asks; when it did."""
        now = self._clock()
        self._offer(_Reading(self._session, now, identity))
        return now

    def tell(self, identity: str, asked_at: float, sample: Sample, ended: float | None) -> None:
        self._offer(_Reading(self._session, asked_at, identity, sample, ended))

    def close(self) -> None:
        self._file.close()

    def _offer(self, offer: _Reading) -> None:
        self._file.offer(msgspec.json.encode(offer))
