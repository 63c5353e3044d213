"""What the versions tell: since when each is there, how many run at once, how long what ended is kept."""

from collections.abc import Iterable

from wfdash.api.errors import Forbidden, NotFound
from wfdash.api.interface import Version
from wfdash.live.budget.budget import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import WorkflowsChanged
from wfdash.live.polling.job import Job

__all__ = ["Versions"]

_AGAIN = 600.0
"""Seconds until a version that was not among those listed is looked for again."""


class Versions(Job):
    """One request for whoever needs one, and another for one that is newer: a version never changes."""

    purpose = "versions"
    out_of_turn = Priority.FOREGROUND
    """One request in ten minutes, without which no version can be set against the one before."""
    out_of_turn = Priority.FOREGROUND

    def __init__(self, context: FeedContext) -> None:
        super().__init__(_AGAIN)
        self.context = context
        self.by_id: dict[str, Version] = {}
        self._wanted: set[str] = set()
        self._sought: set[str] = set()
        """Those that were looked for, found or not."""

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self.by_id = {}
        self._wanted = set()
        self._sought = set()
        self.next_at = 0.0

    @property
    def appeared(self) -> dict[str, float]:
        """When each of them came, in epoch seconds, as far as that is told."""
        return {version.id: version.created for version in self.by_id.values() if version.created is not None}

    def want(self, versions: Iterable[str]) -> None:
        """Which ones it matters to know; one that was never looked for is looked for at once."""
        self._wanted = {version for version in versions if version and version not in self.by_id}
        if not self._wanted <= self._sought:
            self._sought |= self._wanted
            self.soon()

    def due(self, now: float) -> float | None:
        return super().due(now) if self._wanted and not self.context.local else None

    async def ask(self) -> None:
        try:
            versions = await self.context.api.list_versions(self.context.workflow)
        except (Forbidden, NotFound):
            return
        self.by_id = {version.id: version for version in versions}
        self.context.notify(WorkflowsChanged())
