"""Keeps the own place told and the others' known, a look every two seconds, off the loop."""

import asyncio
from collections.abc import Callable, Sequence

from wfdash.live.pairing.folder import PairingFolder
from wfdash.live.pairing.presence import PeerAction, Presence

__all__ = ["Company"]

_LOOK = 2.0
"""Seconds between two looks at the others."""
_WORD = 5.0
"""Seconds after which the own place is told again though it is the same."""


class Company:
    """Knows the other dashboards on this account; `on_change` is called on the loop when one moved."""

    def __init__(
        self,
        folder: PairingFolder,
        *,
        own: Callable[[], Presence],
        on_change: Callable[[], None],
        steady: Callable[[], float],
    ) -> None:
        self.others: Sequence[Presence] = ()
        self._folder = folder
        self._own = own
        self._on_change = on_change
        self._steady = steady
        self._given: tuple[Presence, float] | None = None

    @property
    def trouble(self) -> str:
        return self._folder.trouble

    async def run(self) -> None:
        """Looks and tells until it is cancelled; the own file is gone then."""
        try:
            while True:
                await asyncio.sleep(_LOOK)  # first too: the rows on screen come before the company
                await self.look()
        finally:
            self._folder.leave()

    async def look(self) -> None:
        own, now = self._own(), self._steady()
        if self._given is None or self._given[0] != own or now - self._given[1] >= _WORD:
            await asyncio.to_thread(self._folder.tell, own)
            self._given = (own, now)
        others = await asyncio.to_thread(self._folder.others)
        if others != self.others:
            self.others = others
            self._on_change()

    def acting_on(self, workflow: str, ids: Sequence[str]) -> list[tuple[Presence, PeerAction, int]]:
        """Who is acting on some of these just now, what they do, and on how many of them."""
        acting = [
            (other, action)
            for other in self.others
            for action in other.actions
            if action.workflow == workflow and not action.over
        ]
        # A prompt asks twice a second, of thousands, and mostly nobody acts.
        wanted = set(ids) if acting else set()
        return [
            (other, action, both)
            for other, action in acting
            if (both := len(wanted.intersection(action.ids)))
        ]
