"""A server that answers from a record, as of a moment: every page works on it, and nothing can be sent."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from wfdash.api.answers.rows import read_version, read_workflow
from wfdash.api.errors import InstanceNotFound, Refused, WorkflowNotFound
from wfdash.api.interface import (
    NEWEST,
    AnswerListener,
    DetailAnswer,
    InstancePage,
    ListQuery,
    StepAnswer,
    Version,
    WorkflowPage,
)
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.model.workflow import Workflow
from wfdash.live.records.record.reading import RecordReader

if TYPE_CHECKING:
    from wfdash.api.log_source import LogQuery, LogReader, LogStream, Turn
    from wfdash.core.logs.line import Source

__all__ = ["READ_ONLY", "ReplayedWorkflows"]

READ_ONLY = "nothing can be sent from a record"


class NoLogs:
    """A LogReader of a record, which keeps no console lines: each read is refused in a sentence."""

    name: "Source" = "telemetry"
    permission = ""
    pace = lag = 0.0
    kept = kept_surely = float("inf")

    async def read(self, query: "LogQuery", turn: "Turn") -> NoReturn:
        raise Refused("A record holds no console lines.")

    async def check(self) -> NoReturn:
        raise Refused("A record holds no console lines.")


class ReplayedWorkflows:
    """The Workflows interface over a record; `at` is the moment it answers as of."""

    local = False
    account_id = ""
    watch_only = READ_ONLY

    def __init__(self, reader: RecordReader, at: Callable[[], float]) -> None:
        self.reader = reader
        self.listener = AnswerListener()
        self._at = at

    async def prefix(self) -> str:
        return ""

    async def list_workflows(self, *, page: int = 1, per_page: int = 100, search: str = "") -> WorkflowPage:
        found = await asyncio.to_thread(lambda: self.reader.workflows(self._at()))
        items = [read_workflow(item) for name, item in found.items() if search in name]
        start = (page - 1) * per_page
        return WorkflowPage(items[start : start + per_page], len(items), page)

    async def get_workflow(self, workflow: str) -> Workflow:
        found = await asyncio.to_thread(lambda: self.reader.workflows(self._at()))
        if workflow not in found:
            raise WorkflowNotFound(f'The record holds no workflow "{workflow}".')
        return read_workflow(found[workflow])

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        at = self._at()
        # The row itself is the cursor, which stays right whatever is recorded meanwhile.
        created, _, identity = (query.cursor or "").partition(" ")
        below = (float.fromhex(created), identity) if query.cursor else None

        def look() -> tuple[list[Instance], int, int | None, float]:
            rows = self.reader.rows(
                workflow,
                at,
                status=query.status,
                since=query.date_start,
                until=query.date_end,
                below=below,
                limit=query.per_page,
                ascending=query.direction == "asc",
            )
            return rows, *self._extent(workflow, at)

        rows, recorded, total, unbroken = await asyncio.to_thread(look)
        last = rows[-1] if len(rows) == query.per_page else None
        # In hexadecimal a float comes back as the very same: rows of one millisecond would else be skipped or
        # told twice.
        below_it = f"{(last.created or 0.0).hex()} {last.id}" if last is not None else None
        return InstancePage(
            [row.item() for row in rows], below_it, total, unbroken=unbroken, recorded=recorded
        )

    def _extent(self, workflow: str, at: float) -> tuple[int, int | None, float]:
        """How many are recorded by then, how many the server had, and since when none is missing."""
        recorded, reach = self.reader.count(workflow, at), self.reader.reach(workflow, at)
        total = reach.total if reach is not None else None
        if total is None:
            item = self.reader.workflows(at).get(workflow, {})
            # Where no page told a total, the counts of the page of workflows have one.
            total = sum(read_workflow({**item, "name": workflow}).counts.values()) or None
        # Not by their number: it counts what the server has erased since, which makes up for what is missing.
        if reach is not None and reach.floor <= 0.0:
            return recorded, max(recorded, total or 0), float("-inf")
        return recorded, total, float("inf") if reach is None else reach.floor

    async def get_instance(
        self, workflow: str, instance: str, *, simple: bool = False, order: Literal["", "asc", "desc"] = ""
    ) -> DetailAnswer:
        at = self._at()

        def look() -> DetailAnswer | None:
            kept, row = self.reader.detail(workflow, instance, at), self.reader.row(workflow, instance, at)
            if kept is not None:
                # With its own time: as if answered now, an answer of hours ago would pass for fresh.
                return DetailAnswer(kept.result, read_at=kept.at)
            return None if row is None else DetailAnswer(_of_row(row), unread=True)

        found = await asyncio.to_thread(look)
        if found is None:
            # Not "it does not exist": the record holds what somebody looked at, and no more.
            raise InstanceNotFound("The record does not hold it.")
        return found

    async def get_step(self, *_: object, **__: object) -> StepAnswer:
        raise Refused("The record holds no more of this output.")

    async def list_versions(self, workflow: str, *, page: int = 1, per_page: int = 50) -> list[Version]:
        return [
            read_version(item) for item in await asyncio.to_thread(lambda: self.reader.versions(workflow))
        ]

    async def session_started(self) -> float | None:
        return None

    async def session_still(self, workflow: str) -> float | None:
        return None

    async def analytics(self, workflow: str, *, since: float, until: float, width: float) -> None:
        """None: a record holds no counts beyond its rows."""
        return

    async def past_instance(self, workflow: str, instance: str, *, now: float) -> None:
        return

    def log_reader(self) -> "LogReader":
        return NoLogs()

    def log_stream(self) -> "LogStream | None":
        return None

    # What writes: the guard says no before it comes here, and so does this.

    async def change_status(self, *_: object, **__: object) -> NoReturn:
        raise Refused(READ_ONLY, sent=False, denied=True)

    async def send_event(self, *_: object, **__: object) -> Mapping[str, Any]:
        raise Refused(READ_ONLY, sent=False, denied=True)

    async def create_instance(self, *_: object, **__: object) -> NoReturn:
        raise Refused(READ_ONLY, sent=False, denied=True)

    async def create_instances(self, *_: object, **__: object) -> NoReturn:
        raise Refused(READ_ONLY, sent=False, denied=True)

    async def verify_token(self) -> dict[str, Any]:
        return {}

    async def list_accounts(self) -> list[dict[str, Any]]:
        return []

    async def close(self) -> None:
        """Closes nothing: the reader belongs to whoever opened it."""


def _of_row(row: Instance) -> dict[str, Any]:
    """An answer for an instance that was never read by itself, made of what its list row told."""
    times = {"queued": row.created, "start": row.started, "end": row.ended}
    found = {key: iso(moment) for key, moment in times.items() if moment is not None}
    return {"status": row.status, "versionId": row.version, "trigger": {"source": row.trigger}, **found}
