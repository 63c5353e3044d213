"""What one plan writes into the journal, off the event loop since it waits for a lock and for the disk."""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from wfdash.api.errors import WorkflowsError
from wfdash.live.journal import Journal
from wfdash.live.plan import REFUSED, UNKNOWN, Plan

__all__ = ["Record"]


class Record(Struct, frozen=True):
    """A plan's entries; without a journal nothing is written."""

    plan: Plan
    journal: Journal | None

    async def planned(self) -> None:
        await self._off_the_loop(self._planned)

    def _planned(self) -> None:
        for target in self.plan.targets:
            self._write("planned", target.id, before=target.status)
            if target.reason:
                self._write("skipped", target.id, before=target.status, reason=target.reason)

    async def sent(self, identity: str, before: str) -> None:
        """On the disk when this returns, so that no request leaves unrecorded."""
        await self._off_the_loop(self._write, "sent", identity, before=before)

    async def answered(self, identity: str, before: str, answered: str, http: int | None, ray: str) -> None:
        await self._off_the_loop(
            self._write, "answered", identity, before=before, answered=answered, http=http, ray=ray
        )

    async def skipped(self, identity: str, before: str, reason: str) -> None:
        """Nothing was sent, or nothing came of it."""
        await self._off_the_loop(self._write, "skipped", identity, before=before, reason=reason)

    async def failed(self, outcome: str, identity: str, before: str, error: WorkflowsError) -> None:
        """`settled` for a no that was answered, `unknown` for what perhaps had an effect, else `skipped`."""
        refused = outcome == REFUSED and error.sent
        event = "settled" if refused else "unknown" if outcome == UNKNOWN else "skipped"
        await self._off_the_loop(
            self._write,
            event,
            identity,
            before=before,
            reason=f"{outcome}: {error.sentence}" if refused else error.sentence,
            http=error.http,
            code=error.code,
            ray=error.ray,
        )

    async def settled(
        self, identity: str, outcome: str, before: str, answered: str, after: str, sentence: str
    ) -> None:
        event = "unknown" if outcome == UNKNOWN else "settled"
        await self._off_the_loop(
            self._write,
            event,
            identity,
            before=before,
            answered=answered,
            after=after,
            reason=f"{outcome}: {sentence}",
        )

    async def _off_the_loop(self, work: Callable[..., None], *arguments: str, **facts: Any) -> None:
        if self.journal is not None:
            await asyncio.to_thread(work, *arguments, **facts)

    def cut_off(self, identity: str, before: str) -> None:
        """The task was cancelled before the answer. Blocks, for there may be no loop to come back to."""
        self._write("unknown", identity, before=before, reason="wfdash ended before an answer came")

    def _write(
        self,
        event: str,
        identity: str,
        *,
        before: str = "",
        answered: str = "",
        after: str = "",
        http: int | None = None,
        code: int | None = None,
        ray: str = "",
        reason: str = "",
    ) -> None:
        if self.journal is not None:
            self.journal.write(
                event,
                plan=self.plan.key,
                verb=self.plan.verb,
                workflow=self.plan.workflow,
                id=identity,
                before=before,
                answered=answered,
                after=after,
                http=http,
                code=code,
                ray=ray,
                reason=reason,
            )
