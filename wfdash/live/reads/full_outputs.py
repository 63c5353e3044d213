"""The step outputs that an instance's own answer cuts off, each read in full for an export."""

from collections.abc import Callable

from msgspec import Struct, field

from wfdash.api.errors import WorkflowsError
from wfdash.core.model.detail import Detail
from wfdash.core.payload.placeholders import TRUNCATED
from wfdash.live.reads.reads import Reads

__all__ = ["FullOutputs", "read_full_outputs"]

MOST_OUTPUTS = 50
"""Step outputs read in full for one export: each is a request."""


class FullOutputs(Struct):
    by_step: dict[int, object] = field(default_factory=dict)
    """By the step's index."""
    asked: int = 0
    """Requests so far."""
    wanted: int = 0
    """How many will be asked for."""
    cut: int = 0
    """Steps whose output the answer cut off."""

    @property
    def still_cut(self) -> int:
        """How many outputs stay cut."""
        return self.cut - len(self.by_step)


async def read_full_outputs(
    reads: Reads, detail: Detail, progress: Callable[[FullOutputs], None] = lambda outputs: None
) -> FullOutputs:
    """Reads the outputs one after the other; one that is refused stays cut. `progress` is called before each.

    It may be cancelled between two requests at no loss: nothing is written here.
    """
    cut = [step for step in detail.steps if isinstance(step.output, str) and step.output.endswith(TRUNCATED)]
    found = FullOutputs(cut=len(cut), wanted=min(len(cut), MOST_OUTPUTS))
    for step in cut[:MOST_OUTPUTS]:
        progress(found)
        try:
            answer = await reads.step(detail.workflow, detail.id, step.name, step.kind, purpose="export")
        except WorkflowsError:
            answer = None
        found.asked += 1
        if answer is not None and answer.result is not None:
            found.by_step[step.index] = answer.result.get("output")
    return found
