"""What a recorder is handed of what a server answered, and how far back its list was walked with it."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from wfdash.api.interface import AnswerListener, DetailAnswer, InstancePage, ListQuery, Version
from wfdash.core.model.instance import Instance
from wfdash.core.model.workflow import Workflow
from wfdash.live.records.record.observations import (
    Observation,
    Reach,
    SawDetail,
    SawRows,
    SawVersions,
    SawWorkflows,
)

__all__ = ["RecordListener"]

_CURSORS = 200
"""Cursors of pages that are remembered. Whoever walks goes on from the last one; each poll brings another."""


class _Walk:
    """How far back the list of one workflow was walked, page by page, by this process.

    What another run walked does not count: what happened between the two was seen by neither.
    """

    def __init__(self) -> None:
        self._low: float | None = None
        self._high = self._low_before = self._high_before = float("-inf")
        self._cursors: OrderedDict[str, float] = OrderedDict()
        """Where the page ended that gave a cursor."""

    def take(self, query: ListQuery, page: InstancePage, at: float) -> Reach | None:
        """Takes a page in; how far back the list is walked now, None for a page of another walk.

        None for a page that has nothing to do with that.
        """
        if query.status or query.direction == "asc" or query.page is not None or page.left_out:
            return None
        times = [created for created in Instance.created_times(page.items) if created is not None]
        bottom = min(times, default=None) if page.cursor else query.date_start or 0.0
        if bottom is None:
            return None
        if page.cursor:
            self._cursors[page.cursor] = bottom
            if len(self._cursors) > _CURSORS:
                self._cursors.popitem(last=False)
        if query.cursor is None and query.date_end is None:
            self._begin(bottom, max(times, default=at))
        else:
            above = query.date_end if query.cursor is None else self._cursors.get(query.cursor)
            if self._low is None or above is None or above < self._low:
                return None
            self._low = min(self._low, bottom)
        if self._low is not None and self._low <= self._high_before:
            self._low, self._high_before = min(self._low, self._low_before), float("-inf")
        undated = query.date_start is None and query.date_end is None
        return Reach(self._low or 0.0, page.total if undated else None)

    def _begin(self, bottom: float, newest: float) -> None:
        """Takes the newest page in; over a gap a stretch begins anew, until the pages between are walked."""
        if self._low is None or bottom > self._high:
            if self._low is not None:
                self._low_before, self._high_before = self._low, self._high
            self._low = bottom
        self._low, self._high = min(self._low, bottom), newest


class RecordListener(AnswerListener):
    """Hands every answer that anyone asked for to the record; nothing is asked for the record's sake."""

    def __init__(
        self,
        saw: Callable[[Observation], None],
        *,
        clock: Callable[[], float],
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        """`epoch` counts the files: what was walked before the one in use was begun does not lie in it."""
        self._saw = saw
        self._clock = clock
        self._epoch = epoch
        self._walks: dict[tuple[str, int], _Walk] = {}

    def saw_workflows(self, workflows: Sequence[Workflow]) -> None:
        self._saw(SawWorkflows(self._clock(), {item.name: item.raw for item in workflows if item.name}))

    def saw_instances(self, workflow: str, query: ListQuery, page: InstancePage) -> None:
        at = self._clock()
        epoch = self._epoch()
        reach = self._walks.setdefault((workflow, epoch), _Walk()).take(query, page, at)
        if reach is not None and epoch:
            reach = replace(reach, epoch=epoch)
        self._saw(SawRows(at, workflow, page.items, reach))

    def saw_instance(self, workflow: str, instance: str, answer: DetailAnswer, *, simple: bool) -> None:
        self._saw(SawDetail(self._clock(), workflow, instance, simple, answer.result))

    def saw_versions(self, workflow: str, versions: Sequence[Version]) -> None:
        found = {version.id: version.raw for version in versions if version.id}
        self._saw(SawVersions(self._clock(), workflow, found))
