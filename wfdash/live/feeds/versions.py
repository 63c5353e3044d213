"""What the versions tell: since when each is there, how many run at once, how long what ended is kept."""

from collections.abc import Callable, Iterable

from wfdash.api.errors import Forbidden, NotFound
from wfdash.api.interface import Version
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job

__all__ = ["Versions"]

_AGAIN = 600.0
"""Seconds until a version that was not among those listed is looked for again."""


class Versions(Job):
    """Asks for versions once, and again when one is needed that is newer: a version never changes."""

    purpose = "versions"
    out_of_turn = Priority.FOREGROUND
    """One request in ten minutes, without which no version can be set against the one before."""

    def __init__(self, context: FeedContext, *, wanted: Callable[[], Iterable[str]]) -> None:
        """`wanted` says which ones it matters to know now."""
        super().__init__(_AGAIN)
        self.context = context
        self._want = wanted
        self.by_id: dict[str, Version] = {}
        self._sought: set[str] = set()
        """Those that were looked for, found or not."""

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self.by_id = {}
        self._sought = set()
        self.next_at = 0.0

    @property
    def appeared(self) -> dict[str, float]:
        """When each version was deployed, by its id, in epoch seconds; without those that do not say."""
        return {version.id: version.created for version in self.by_id.values() if version.created is not None}

    def due(self, now: float) -> float | None:
        wanted = {version for version in self._want() if version and version not in self.by_id}
        # One that was never looked for is looked for at once; one that was not found, with the next listing.
        if not wanted <= self._sought:
            self._sought |= wanted
            self.soon()
        return super().due(now) if wanted and not self.context.local else None

    async def ask(self) -> None:
        try:
            versions = await self.context.api.list_versions(self.context.workflow)
        # The sentences do without what a token may not read.
        except (Forbidden, NotFound):
            return
        self.by_id = {version.id: version for version in versions}
        self.context.notify(Update(workflows=True))
