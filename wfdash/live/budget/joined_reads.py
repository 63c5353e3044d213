"""Instances that several processes read for one question at a time: what one of them found out serves all."""

import asyncio
import secrets
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from wfdash.live.budget.shared_lines import ANSWERS, SharedLines, read_offer

__all__ = ["JoinedReads"]

_GOES_ON: Final = 10.0
"""Seconds since its last question for which another one reads along: a short window lets it ask seldom."""
_LOOK: Final = 0.05
"""Seconds between two looks whether another process has the answer by now."""

T = TypeVar("T")


class _Reading(Struct, Generic[T], frozen=True, array_like=True):
    """One line of the shared file: a question that a process has asked, and what it found out once it has."""

    session: str
    asked_at: float
    id: str
    found: T | None = None
    """None while it is still asked."""
    of: str = ""
    """The state of the instance that it was found out of, as its list row tells it."""


_KEPT = 20_000
"""Instances of which is remembered what others read of them: as many as rows are kept of a list."""


def _bound(kept: dict[str, Any]) -> None:
    for oldest in list(islice(kept, max(0, len(kept) - _KEPT))):
        del kept[oldest]


class JoinedReads(Generic[T]):
    """What others found out, by id; what one of them asks about is left to it.

    What is found out lies in a file: it holds nothing that an instance was given or gave.
    """

    def __init__(self, path: Path | None, kind: type[T], *, clock: Callable[[], float]) -> None:
        """`kind` is what is found out of one. Without a path nothing is shared."""
        self._clock = clock
        self._session = secrets.token_hex(8)
        self._file = SharedLines(path)
        self._line: Any = _Reading[kind]  # type: ignore[valid-type]
        self._asked: dict[str, float] = {}
        """When another process asked about it, while it has no answer."""
        self._read: dict[str, _Reading[T]] = {}
        self._seen: dict[str, float] = {}
        """When each other process asked last."""
        self.taken = 0
        """Those that others had read."""

    def look(self) -> None:
        """Takes in what the other processes asked and found out since the last look."""
        self._file.join()
        for line in self._file.news():
            offer: _Reading[T] | None = read_offer(line, self._line)
            if offer is None or offer.session == self._session:
                continue
            self._seen[offer.session] = max(offer.asked_at, self._seen.get(offer.session, 0.0))
            if offer.found is None:
                self._asked[offer.id] = offer.asked_at
            else:
                self._asked.pop(offer.id, None)
                self._read.pop(offer.id, None)
                self._read[offer.id] = offer
        for kept in (self._asked, self._read, self._seen):
            _bound(kept)

    @property
    def from_the_end(self) -> bool:
        """Whether this process begins with the last: two that began at once would ask in step."""
        now = self._clock()
        before = [name for name, at in self._seen.items() if now - at < ANSWERS and name < self._session]
        return len(before) % 2 == 1

    def share(self, reads: int) -> int:
        """How many of the `reads` still to be done this process asks for; the others ask for the rest."""
        now = self._clock()
        others = sum(1 for at in self._seen.values() if 0 <= now - at < _GOES_ON)
        return -(-reads // (1 + others))

    def is_asked(self, identity: str) -> bool:
        """Whether another process asks about it now."""
        return 0 <= self._clock() - self._asked.get(identity, float("-inf")) < ANSWERS

    def take(self, identity: str, of: str, within: float) -> T | None:
        """What another process found out of this state of it; None where none did, or longer ago."""
        offer = self._read.get(identity)
        if offer is None or not of or offer.of != of:
            return None
        if not 0 <= self._clock() - offer.asked_at < within:
            return None
        self.taken += 1
        return offer.found

    async def found(self, identity: str, of: str, within: float) -> T | None:
        """What another process found out of this state, waited for while one asks; None where none did."""
        self.look()
        while self.is_asked(identity):
            await asyncio.sleep(_LOOK)
            self.look()
        return self.take(identity, of, within)

    def asks(self, identity: str) -> float:
        """Tells the others that this one asks; when it did."""
        now = self._clock()
        self._file.offer(_Reading(self._session, now, identity))
        return now

    def tell(self, identity: str, asked_at: float, found: T, of: str) -> None:
        self._file.offer(_Reading(self._session, asked_at, identity, found, of))

    def close(self) -> None:
        self._file.close()
