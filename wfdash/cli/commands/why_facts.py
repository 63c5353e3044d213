"""What a one-shot asks besides the instance itself, so that it says the sentence that the dashboard says."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct, field

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import ListQuery, Version
from wfdash.cli.commands.recalled import recalled_pauses
from wfdash.cli.session import CommandSession
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.why.context import WhyContext, why_context
from wfdash.core.why.current_steps import current_steps, doing
from wfdash.core.why.session_times import SessionTimes
from wfdash.live.budget.ledger import Priority

__all__ = ["WhyFacts"]

_WITHIN = 5.0
"""Seconds after which the sentence is said without it."""
_COUNTED = 10.0
"""Seconds that the counts are good for, as long as in the dashboard."""


class WhyFacts(Struct):
    """Asks what a why needs beside the answer, which it does only for queued and for ended instances."""

    session: CommandSession
    _versions: Mapping[str, Version] = field(default_factory=dict)
    _counts: Mapping[str, int] | None = None
    _counted_at: float = float("-inf")

    async def context(self, detail: Detail) -> WhyContext:
        """The context for this instance; what cannot be had soon is left out, and nothing is raised."""
        local, retention = self.session.api.local, self.session.settings.retention.get(detail.workflow)
        # Only these sentences rest on more than the instance itself: what others do, and how long it is kept.
        queued = detail.status == "queued"
        if local or not (queued or (is_final(detail.status) and retention is None)):
            started = await self.session.api.session_started() if local else None
            times = SessionTimes(started, started) if local else None
            paused = await self._pauses(detail)
            return why_context(detail, local=local, retention=retention, session=times, paused=paused)
        with suppress(WorkflowsError, TimeoutError):
            async with asyncio.timeout(_WITHIN):
                await self._look(detail, queued=queued)
        version = self._versions.get(detail.version)
        return why_context(
            detail,
            local=local,
            retention=retention,
            default_retention=version.default_retention if version is not None else None,
            allowed=version.concurrency_limit if version is not None else None,
            counts=self._counts if queued else None,
        )

    async def sentence(self, detail: Detail, row: Instance | None = None) -> str:
        """Why it is where it is, as of now; `row` where a list has told it."""
        context, row = await self.context(detail), row or await self.row(detail)
        return context.why(detail, now=self.session.clock(), row=row).sentence

    async def row(self, detail: Detail) -> Instance | None:
        """The list row of an instance whose time stands still or may have, for it alone says since when.

        None where one page has not got it.
        """
        if (
            self.session.api.local
            or detail.queued is None
            or not _may_have_stood(detail, self.session.clock())
        ):
            return None  # a dev session's rows have no `modified_on` (seen on the real engine)
        # It was created before it was queued, long before where it was restarted; a second is for rounding.
        listed = ListQuery(status=detail.status, date_end=detail.queued + 1.0)
        with suppress(WorkflowsError, TimeoutError):
            async with asyncio.timeout(_WITHIN):
                await self.session.budget.acquire(Priority.FOREGROUND, self.session.purpose)
                page = await self.session.api.list_instances(detail.workflow, listed)
                rows = (Instance.from_item(item) for item in page.items if item.get("id") == detail.id)
                return next(rows, None)
        return None

    async def _pauses(self, detail: Detail) -> Sequence[tuple[float, float | None]]:
        """When the instance was paused, by this machine's journal and record.

        A next try comes that much later.
        """
        if not _may_have_stood(detail, self.session.clock()):
            return ()
        from platformdirs import user_state_path

        from wfdash.live.feeds.pauses import all_pauses, journalled_pauses
        from wfdash.live.records.journal_entries import read_entries

        where = self.session.settings.kept_for or self.session.api.account_id
        entries = (entry for entry in read_entries(user_state_path("wfdash")) if entry.account == where)
        own = journalled_pauses(entries, detail.workflow, detail.id)
        return all_pauses(own, await recalled_pauses(self.session, detail.workflow, detail.id))

    async def _look(self, detail: Detail, *, queued: bool) -> None:
        api, budget, now = self.session.api, self.session.budget, self.session.clock()
        if queued and now - self._counted_at >= _COUNTED:
            await budget.acquire(Priority.FOREGROUND, self.session.purpose)
            # The counts of all, since what a queued one waits for is the others that run.
            workflow = await api.get_workflow(detail.workflow)
            self._counts, self._counted_at = workflow.counts, now
        if detail.version and detail.version not in self._versions:
            await budget.acquire(Priority.FOREGROUND, self.session.purpose)
            versions = await api.list_versions(detail.workflow)
            self._versions = {version.id: version for version in versions}


def _may_have_stood(detail: Detail, now: float) -> bool:
    """Whether what is said of the instance hangs on its pauses.

    It is paused, waits for a next try, is late, or stands with nothing open; or it is queued again, since a
    pause ended.
    """
    if detail.status in ("paused", "queued"):
        return detail.status == "paused" or bool(detail.steps)
    if detail.status not in ("running", "waiting"):
        return False
    steps = current_steps(detail)
    kinds = [(doing(step), step.end) for step in steps]
    late = any(kind in ("sleeps", "waits") and end is not None and end < now for kind, end in kinds)
    return not steps or late or any(kind == "retries" for kind, _ in kinds)
