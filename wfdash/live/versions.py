"""What the workflow's versions allow: how many run at once, and how long what ended is kept."""

from wfdash.api.errors import Forbidden, NotFound
from wfdash.api.interface import Version
from wfdash.live.budget import Priority
from wfdash.live.events import WorkflowsChanged
from wfdash.live.job import Job
from wfdash.live.watch import Watch

__all__ = ["Versions"]

_AGAIN = 600.0
"""Seconds until a version that was not among those listed is looked for again."""


class Versions(Job):
    """One request once an instance is open of which this matters; a version never changes."""

    priority = Priority.BACKGROUND

    def __init__(self, watch: Watch) -> None:
        super().__init__(_AGAIN)
        self.watch = watch
        self.wanted = ""
        """Id of the version to know more of; "" for none."""
        self.known: dict[str, Version] = {}

    def restart(self) -> None:
        """Another workflow is watched from now on."""
        self.wanted = ""
        self.known = {}
        self.next_at = 0.0

    def due(self, now: float) -> float | None:
        wants = self.wanted and self.wanted not in self.known
        return super().due(now) if wants and not self.watch.local else None

    async def ask(self) -> None:
        try:
            versions = await self.watch.api.list_versions(self.watch.workflow)
        except (Forbidden, NotFound):
            return
        self.known = {one.id: one for one in versions}
        self.watch.notify(WorkflowsChanged())
