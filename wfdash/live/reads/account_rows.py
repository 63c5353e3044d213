"""Rows of every workflow of the account, read back side by side: the one that is behind goes next."""

from collections.abc import AsyncIterator

from msgspec import Struct, field
from msgspec.structs import replace

from wfdash.api.errors import Forbidden, NotFound
from wfdash.core.model.instance import Instance
from wfdash.live.reads.past_rows import PastRows
from wfdash.live.reads.reads import Reads

__all__ = ["AccountRows", "of_workflow"]

_PURPOSE = "history"


def of_workflow(workflow: str, row: Instance) -> Instance:
    """The row as one of the account.

    The workflow stands in its id and version, the version in its trigger.
    """
    return replace(row, id=f"{workflow}/{row.id}", version=workflow, trigger=row.version, extra=None)


class AccountRows(Struct):
    """Reads rows of all workflows back in time; above `floor` none of any is missing."""

    reads: Reads
    _past: dict[str, PastRows] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """Workflows that may not be listed, or are gone."""

    @property
    def names(self) -> list[str]:
        return list(self._past)

    async def find_names(self) -> list[str]:
        """Asks which workflows there are, once."""
        if not self._past:
            names = [workflow.name for workflow in await self.reads.workflows(_PURPOSE)]
            self._past = {name: self.reads.past_rows(name, floor=None) for name in names}
        return self.names

    @property
    def floor(self) -> float | None:
        floors = [past.floor for past in self._past.values() if not past.exhausted]
        if not self._past or None in floors:
            return None
        return max((floor for floor in floors if floor is not None), default=float("-inf"))

    @property
    def end(self) -> float:
        """The creation time below which rows of some workflow are missing that no page brings."""
        return max((past.end for past in self._past.values()), default=float("-inf"))

    @property
    def exhausted(self) -> bool:
        return bool(self._past) and all(past.exhausted for past in self._past.values())

    def begin_below(self, floor: float | None) -> None:
        """Rows older than this are kept no longer: whoever looks further back reads them again."""
        for past in self._past.values():
            past.floor, past.exhausted = floor, False

    async def back_to(self, since: float) -> AsyncIterator[list[Instance]]:
        """Yields pages down to what was created at `since`; called again, it goes on below them.

        Raises WorkflowsError.
        """
        await self.find_names()
        pages = {name: past.back_to(since) for name, past in self._past.items() if not past.exhausted}
        while pages:
            floors = {name: self._past[name].floor for name in pages}
            behind = max(pages, key=lambda name: float("inf") if (at := floors[name]) is None else at)
            try:
                rows = await anext(pages[behind])
            except StopAsyncIteration:
                del pages[behind]
                continue
            except (Forbidden, NotFound):
                del pages[behind], self._past[behind]
                self.left_out.append(behind)
                continue
            yield [of_workflow(behind, row) for row in rows]
