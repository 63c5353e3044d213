"""Counts of workflows over the last half hour, kept in memory: deltas and sparklines."""

from collections import deque
from collections.abc import Iterable

from wfdash.core.model.workflow import Workflow

__all__ = ["Trends"]

_STEP = 60.0
"""Seconds between two samples that are kept."""
_KEPT = 30
"""Samples of a workflow: half an hour of them."""


class Trends:
    """Keeps one sample of counts a minute and workflow; the last is replaced until its minute is over."""

    def __init__(self) -> None:
        self._first: dict[str, dict[str, int]] = {}
        self._samples: dict[str, deque[tuple[float, dict[str, int]]]] = {}
        self.since: float | None = None
        """When the first counts came, epoch seconds."""

    def saw(self, workflows: Iterable[Workflow], now: float) -> None:
        for workflow in workflows:
            if not workflow.counts:
                continue
            self.since = now if self.since is None else self.since
            self._first.setdefault(workflow.name, workflow.counts)
            samples = self._samples.setdefault(workflow.name, deque(maxlen=_KEPT))
            if samples and samples[-1][0] > now - _STEP and len(samples) > 1:
                samples[-1] = (samples[-1][0], workflow.counts)
            else:
                samples.append((now, workflow.counts))

    def delta(self, workflow: str, status: str) -> int:
        """How many more have the status than when wfdash began to look."""
        samples = self._samples.get(workflow)
        if not samples:
            return 0
        return samples[-1][1].get(status, 0) - self._first[workflow].get(status, 0)

    def samples(self, workflow: str) -> list[tuple[float, dict[str, int]]]:
        """When counts were told and what they were, oldest first."""
        return list(self._samples.get(workflow, ()))

    def history(self, workflow: str, status: str) -> list[int]:
        """How many had the status, a minute apart, the newest last."""
        return [counts.get(status, 0) for _, counts in self._samples.get(workflow, ())]
