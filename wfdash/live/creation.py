"""Makes instances: one request for one, up to a hundred in one for many, and never the same id twice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from wfdash.api.errors import AlreadyExists, RateLimited, WorkflowsError
from wfdash.api.interface import Created, NewInstance, Workflows
from wfdash.live.plan import REFUSED, SKIPPED, UNKNOWN, Plan, Result
from wfdash.live.reread import ActionBudget, Rereader
from wfdash.live.sending import STOPPED, judge_failure
from wfdash.live.writing import Record

__all__ = ["BATCH", "Creator"]

BATCH: Final = 100
_LIMITED_TRIES: Final = 3
_LOOKS: Final = (1.0, 2.0, 5.0, 10.0, 20.0)
_SKEW: Final = 30.0
"""Seconds the server's clock may lag behind ours when a found instance is told from an older one."""


class Creator(Struct, frozen=True):
    """Carries out a plan whose verb is create."""

    api: Workflows
    plan: Plan
    budget: ActionBudget
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    record: Record
    rereader: Rereader

    async def create(
        self, halt: asyncio.Event, forbidden: Callable[[], str], forbid: Callable[[str], None]
    ) -> list[Result]:
        """One Result an id, in the plan's order."""
        results: list[Result] = []
        reasons = {target.id: target.reason for target in self.plan.targets if target.reason}
        size = 1 if self.api.local else BATCH
        for start in range(0, len(self.plan.new), size):
            chunk = self.plan.new[start : start + size]
            reason = forbidden() or next((reasons[one.id] for one in chunk if one.id in reasons), "")
            if halt.is_set() or reason:
                results += [await self._skipped(one.id, reason or STOPPED) for one in chunk]
            else:
                results += await self._send(chunk, forbid)
        return results

    async def _skipped(self, identity: str, reason: str) -> Result:
        await self.record.failed("skipped", identity, "", reason)
        return self._result(identity, SKIPPED, error=reason, exit_code=1)

    async def _send(self, chunk: Sequence[NewInstance], forbid: Callable[[str], None]) -> list[Result]:
        for one in chunk:
            await self.record.sent(one.id, "")
        at = self.clock()
        try:
            made = await self._request(chunk)
        except asyncio.CancelledError:
            for one in chunk:
                self.record.cut_off(one.id, "")
            raise
        except WorkflowsError as error:
            return [await self._failed(one.id, error, forbid, at) for one in chunk]
        answers = {one.id: one for one in made}
        return [await self._made(one.id, answers.get(one.id), at) for one in chunk]

    async def _request(self, chunk: Sequence[NewInstance]) -> list[Created]:
        for attempt in range(_LIMITED_TRIES + 1):
            await self.budget.acquire_action()
            try:
                if len(chunk) == 1:
                    return [await self.api.create_instance(self.plan.workflow, chunk[0])]
                return await self.api.create_instances(self.plan.workflow, chunk)
            except RateLimited as error:
                if attempt == _LIMITED_TRIES:
                    raise
                await self.sleep(error.retry_after or 5.0 * (attempt + 1))
        raise AssertionError("the last attempt returns or raises")

    async def _made(self, identity: str, made: Created | None, at: float) -> Result:
        if made is None:
            reason = "left out of the answer: an instance with that id exists already"
            await self.record.failed("skipped", identity, "", reason)
            return self._result(identity, SKIPPED, error=reason, sent_at=at, exit_code=1)
        status = made.status or "queued"
        await self.record.settled(identity, "done", "", status, status, f"created, {status}")
        return self._result(
            identity, "done", answered=made.status, after=status, sentence=f"created, {status}", sent_at=at
        )

    async def _failed(
        self, identity: str, error: WorkflowsError, forbid: Callable[[str], None], at: float
    ) -> Result:
        outcome = judge_failure(error, forbid)
        if outcome != UNKNOWN:
            await self.record.failed("skipped", identity, "", error)
            sentence = "an instance with that id exists already" if isinstance(error, AlreadyExists) else ""
            return self._result(
                identity,
                outcome if not isinstance(error, AlreadyExists) else REFUSED,
                error=str(error),
                sentence=sentence,
                sent_at=at,
                exit_code=error.exit_code,
            )
        await self.record.failed("unknown", identity, "", error)
        return await self._look_for(identity, error, at)

    async def _look_for(self, identity: str, error: WorkflowsError, at: float) -> Result:
        """No answer came: an instance of that id begun since then is the one that was asked for."""
        for wait in _LOOKS:
            await self.sleep(wait)
            try:
                found = await self.rereader.find(identity)
            except WorkflowsError:
                continue
            if found is None:
                continue
            if found.queued is None or found.queued < at - _SKEW:
                break
            await self.record.settled(identity, "done", "", "", found.status, "found after no answer came")
            sentence = f"created, {found.status}; no answer came ({error})"
            return self._result(identity, "done", after=found.status, sentence=sentence, sent_at=at)
        sentence = "whether it was created is not known; sending it again under the same id is safe"
        return self._result(identity, UNKNOWN, error=str(error), sentence=sentence, sent_at=at, exit_code=4)

    def _result(
        self,
        identity: str,
        outcome: str,
        *,
        answered: str = "",
        after: str = "",
        error: str = "",
        sentence: str = "",
        sent_at: float | None = None,
        exit_code: int = 0,
    ) -> Result:
        return Result(
            self.plan.key,
            self.clock(),
            self.plan.workflow,
            identity,
            "create",
            "",
            answered,
            after,
            outcome,
            error,
            sentence or error,
            sent_at,
            exit_code,
        )
