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


class StepSamples(Struct):
    """Keeps what it read: asked again it goes on with what is new."""

    reads: Reads
    workflow: str
    loaded: Callable[[str], Detail | None]
    """What is loaded of an instance already, in full."""
    details: dict[str, Detail] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    async def read(
        self, now: Sequence[Instance], before: Sequence[Instance], on_read: Callable[[], None]
    ) -> None:
        """Calls `on_read` after each answer; raises WorkflowsError."""
        for pair in zip_longest(now, before):
            for row in pair:
                if row is None or row.id in self.details or row.id in self.gone:
                    continue
                if (detail := self.loaded(row.id)) is not None:
                    self.details[row.id] = detail
                    continue
                try:
                    self.details[row.id] = await self.reads.instance(self.workflow, row.id, _PURPOSE)
                except InstanceNotFound:
                    self.gone.add(row.id)
                    continue
                on_read()

    def of(self, rows: Sequence[Instance]) -> list[Detail]:
        """As far as they were read and have ended."""
        found = (self.details.get(row.id) for row in rows)
        return [detail for detail in found if detail is not None and detail.status in ("complete", "errored")]
