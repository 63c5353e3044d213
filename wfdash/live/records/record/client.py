"""A client of the API that hands every answer it gets to a recorder too."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from wfdash.api.interface import (
    NEWEST,
    ApiVerb,
    Created,
    DetailAnswer,
    InstancePage,
    ListQuery,
    NewInstance,
    RestartFrom,
    StatusAnswer,
    StepAnswer,
    Version,
    WorkflowPage,
    Workflows,
)
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

if TYPE_CHECKING:
    from wfdash.api.log_source import LogReader, LogStream
    from wfdash.core.history.analytics import Analytics
    from wfdash.core.history.past_instance import PastInstance

__all__ = ["RecordedWorkflows"]

_CURSORS = 1_000
"""Cursors of pages that are remembered."""


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
        """How far back it is walked with this page; None where it has nothing to do with that."""
        if query.status or query.direction == "asc" or query.page is not None or page.left_out:
            return None
        times = [row.created for row in Instance.from_items(page.items) if row.created is not None]
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


class RecordedWorkflows:
    """A Workflows. Whoever asks, for whatever reason, adds to the record; nothing is asked for its sake."""

    def __init__(
        self,
        api: Workflows,
        saw: Callable[[Observation], None],
        *,
        clock: Callable[[], float],
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        """`epoch` counts the files: what was walked before the one in use was begun does not lie in it."""
        self._api = api
        self._saw = saw
        self._clock = clock
        self._epoch = epoch
        self._walks: dict[tuple[str, int], _Walk] = {}

    @property
    def account_id(self) -> str:
        return self._api.account_id

    @account_id.setter
    def account_id(self, account_id: str) -> None:
        self._api.account_id = account_id

    @property
    def local(self) -> bool:
        return self._api.local

    @local.setter
    def local(self, local: bool) -> None:
        self._api.local = local

    @property
    def watch_only(self) -> str:
        return self._api.watch_only

    # What is kept.

    async def list_workflows(self, *, page: int = 1, per_page: int = 100, search: str = "") -> WorkflowPage:
        answer = await self._api.list_workflows(page=page, per_page=per_page, search=search)
        self._saw(SawWorkflows(self._clock(), {item.name: item.raw for item in answer.items if item.name}))
        return answer

    async def get_workflow(self, workflow: str) -> Workflow:
        answer = await self._api.get_workflow(workflow)
        self._saw(SawWorkflows(self._clock(), {workflow: answer.raw}))
        return answer

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        answer = await self._api.list_instances(workflow, query)
        at = self._clock()
        epoch = self._epoch()
        reach = self._walks.setdefault((workflow, epoch), _Walk()).take(query, answer, at)
        if reach is not None and epoch:
            reach = replace(reach, epoch=epoch)
        self._saw(SawRows(at, workflow, answer.items, reach))
        return answer

    async def get_instance(
        self, workflow: str, instance: str, *, simple: bool = False, order: Literal["", "asc", "desc"] = ""
    ) -> DetailAnswer:
        answer = await self._api.get_instance(workflow, instance, simple=simple, order=order)
        if order != "desc":
            self._saw(SawDetail(self._clock(), workflow, instance, simple, answer.result))
        return answer

    async def list_versions(self, workflow: str, *, page: int = 1, per_page: int = 50) -> list[Version]:
        answer = await self._api.list_versions(workflow, page=page, per_page=per_page)
        self._saw(SawVersions(self._clock(), workflow, {item.id: item.raw for item in answer if item.id}))
        return answer

    # What is not: a step's output by itself, and everything that writes.

    async def prefix(self) -> str:
        return await self._api.prefix()

    async def change_status(
        self,
        workflow: str,
        instance: str,
        verb: ApiVerb,
        *,
        rollback: bool = False,
        restart_from: RestartFrom | None = None,
    ) -> StatusAnswer:
        return await self._api.change_status(
            workflow, instance, verb, rollback=rollback, restart_from=restart_from
        )

    async def send_event(
        self, workflow: str, instance: str, event_type: str, payload: Any
    ) -> Mapping[str, Any]:
        return await self._api.send_event(workflow, instance, event_type, payload)

    async def create_instance(self, workflow: str, new: NewInstance) -> Created:
        return await self._api.create_instance(workflow, new)

    async def create_instances(self, workflow: str, new: Sequence[NewInstance]) -> list[Created]:
        return await self._api.create_instances(workflow, new)

    async def get_step(
        self,
        workflow: str,
        instance: str,
        name: str,
        *,
        type: Literal["step", "waitForEvent"] = "step",
        attempt: int | None = None,
    ) -> StepAnswer:
        return await self._api.get_step(workflow, instance, name, type=type, attempt=attempt)

    async def session_started(self) -> float | None:
        return await self._api.session_started()

    async def analytics(
        self, workflow: str, *, since: float, until: float, width: float
    ) -> "Analytics | None":
        return await self._api.analytics(workflow, since=since, until=until, width=width)

    async def past_instance(self, workflow: str, instance: str, *, now: float) -> "PastInstance | None":
        return await self._api.past_instance(workflow, instance, now=now)

    def log_reader(self) -> "LogReader":
        return self._api.log_reader()

    def log_stream(self) -> "LogStream | None":
        return self._api.log_stream()

    async def verify_token(self) -> dict[str, Any]:
        return await self._api.verify_token()

    async def list_accounts(self) -> list[dict[str, Any]]:
        return await self._api.list_accounts()

    async def close(self) -> None:
        await self._api.close()
