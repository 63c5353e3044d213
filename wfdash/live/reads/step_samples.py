"""Runs read in full for their steps: those of now and those of before in turn, each once."""

from collections.abc import Callable, Sequence
from itertools import zip_longest

from msgspec import Struct, field

from wfdash.api.errors import InstanceNotFound
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.live.reads.reads import Reads

__all__ = ["StepSamples"]

_PURPOSE = "steps of runs"
_ENDED = ("complete", "errored")
_LONGEST = 2000
"""Steps of a run whose detail is taken in: more would hold the loop for one line of a table."""


class StepSamples(Struct):
    """Reads runs in full and keeps them: asked again, it reads only what is new."""

    reads: Reads
    workflow: str
    loaded: Callable[[str], Detail | None]
    """What is loaded of an instance already, in full."""
    details: dict[str, Detail] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    """Runs that are there no more, were restarted since, or have too many steps."""

    async def read(
        self, now: Sequence[Instance], before: Sequence[Instance], on_read: Callable[[], None]
    ) -> None:
        """Calls `on_read` after each answer; raises WorkflowsError."""
        for pair in zip_longest(now, before):
            for row in pair:
                if row is None or row.id in self.details or row.id in self.left_out:
                    continue
                # What is loaded may be from before it ended.
                if (detail := self.loaded(row.id)) is not None and detail.status in _ENDED:
                    self._take(row.id, detail)
                    continue
                try:
                    self._take(row.id, await self.reads.instance(self.workflow, row.id, _PURPOSE))
                except InstanceNotFound:
                    self.left_out.add(row.id)
                on_read()

    def _take(self, identity: str, detail: Detail) -> None:
        if detail.status in _ENDED and len(detail.steps) <= _LONGEST:
            self.details[identity] = detail
        else:
            self.left_out.add(identity)

    def of(self, rows: Sequence[Instance]) -> list[Detail]:
        """The details of these rows, as far as they were read and can be compared."""
        found = (self.details.get(row.id) for row in rows)
        return [detail for detail in found if detail is not None]
