"""Makes instances: one request for one, up to a hundred in one for many, and never the same id twice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from wfdash.api.errors import AlreadyExists, BadAnswer, WorkflowsError
from wfdash.api.interface import Created, NewInstance, Workflows
from wfdash.api.validate import BATCH
from wfdash.core.text.words import count
from wfdash.core.verbs.outcome import STOPPED, Outcome
from wfdash.live.actions.canary import unless_halted
from wfdash.live.actions.judge import LIMITED_TRIES, as_failure, judge_failure, pause_after, repeatable
from wfdash.live.actions.plan import Plan, Result, Stage, Target
from wfdash.live.actions.plan_journal import PlanJournal
from wfdash.live.actions.reread import ActionBudget, Rereader, Snapshot
from wfdash.live.actions.send import NOTHING_SENT

__all__ = ["Creator"]

_LOOKS: Final = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between looks for what a request without an answer has made; lists lag by some seconds."""
_SEARCH: Final = 90.0
"""Seconds after the request in which to look for what came of it, however slow the server is."""
_SKEW: Final = 30.0
"""Seconds the server's clock may lag behind ours when a found instance is told from an older one."""


class Creator(Struct, frozen=True):
    """Carries out a plan whose verb is create."""

    api: Workflows
    plan: Plan
    budget: ActionBudget
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    plan_journal: PlanJournal
    rereader: Rereader
    halt: asyncio.Event
    tell: Callable[[Target, Stage, str], None]
    """Told of a target its stage, and a sentence on it."""

    async def create(self, forbidden: Callable[[], str], forbid: Callable[[str], None]) -> list[Result]:
        """Creates the plan's ids; one Result an id, in the plan's order."""
        results: list[Result] = []
        reasons = {target.id: target.reason for target in self.plan.targets if target.reason}
        # A dev session has no batch endpoint: in one request's place there would be a hundred without a word
        # between.
        size = 1 if self.api.local else BATCH
        for start in range(0, len(self.plan.new), size):
            chunk = self.plan.new[start : start + size]
            reason = forbidden() or next(
                (reasons[instance.id] for instance in chunk if instance.id in reasons), ""
            )
            if self.halt.is_set() or reason:
                results += [await self._skipped(instance.id, reason or STOPPED) for instance in chunk]
            else:
                results += await self._send(chunk, forbid)
        return results

    async def _skipped(self, identity: str, reason: str, *, exit_code: int = 1) -> Result:
        await self.plan_journal.skipped(identity, "", reason)
        return self.plan.result(identity, self.clock(), Outcome.SKIPPED, error=reason, exit_code=exit_code)

    async def _send(self, chunk: Sequence[NewInstance], forbid: Callable[[str], None]) -> list[Result]:
        """Sends one chunk, again only after a 429 and once a read has shown that none of it is there."""
        ids = [instance.id for instance in chunk]
        began = self.clock()
        for attempt in range(LIMITED_TRIES + 1):
            created = await self._once(chunk)
            if isinstance(created, str):
                reason = f"{NOTHING_SENT}{' again' * (attempt > 0)}: {created}"
                return [await self._skipped(identity, reason, exit_code=2) for identity in ids]
            if not isinstance(created, WorkflowsError):
                answers = {answered.id: answered for answered in created}
                return [await self._result(identity, answers.get(identity), began) for identity in ids]
            # The first try may have been carried out although it was answered with 429: then the id is taken
            # by our own.
            if attempt and isinstance(created, AlreadyExists):  # perhaps by the one that met the limit before
                return await self._look_for(ids, created, began)
            if not repeatable(created, self.plan.verb):
                return await self._failed(ids, created, forbid, began)
            await self._wait(ids, pause_after(created, attempt))
            if self.halt.is_set():
                return await self._failed(ids, created, forbid, began)
            # A 429 says that a request was refused; whether one before it got through, only a read says.
            if not await self._absent(ids):
                return await self._look_for(ids, created, began)
            if attempt == LIMITED_TRIES:
                return [await self._not_created(identity, created, began) for identity in ids]
        raise AssertionError("the last attempt returns")

    async def _wait(self, ids: Sequence[str], seconds: float) -> None:
        """Waits after a 429, saying so, until a person stops it."""
        which, there = "429", "it is not there"
        if len(ids) > 1:
            which, there = f"429 for all {count(len(ids))} that were sent at once", "none of them is there"
        note = f"{which}: looked for in {round(seconds)} s, sent again if {there}"
        self.tell(Target(ids[0]), Stage.WAITING, note)
        waiting: asyncio.Future[None] = asyncio.ensure_future(self.sleep(seconds))
        try:
            await unless_halted(self.halt, [waiting])
        finally:
            waiting.cancel()

    async def _once(self, chunk: Sequence[NewInstance]) -> list[Created] | WorkflowsError | str:
        """Writes `sent` and sends the chunk; its answer, the failure, or why nothing was sent."""
        await self.budget.acquire_action()
        for instance in chunk:
            # `sent` is on the disk before the request leaves: after a crash the journal may say too much,
            # never too little.
            if trouble := await self.plan_journal.sent(instance.id, ""):
                return trouble
        try:
            return await self._request(chunk)
        except asyncio.CancelledError:
            for instance in chunk:
                self.plan_journal.cut_off(instance.id, "")
            raise
        except Exception as error:  # whatever it is, the request may have been carried out
            return as_failure(error)

    async def _request(self, chunk: Sequence[NewInstance]) -> list[Created]:
        if len(chunk) == 1:
            return [await self.api.create_instance(self.plan.workflow, chunk[0])]
        return await self.api.create_instances(self.plan.workflow, chunk)

    async def _absent(self, ids: Sequence[str]) -> bool:
        """Whether a read shows that nothing was created; False where it cannot be read."""
        since = self.rereader.now()
        try:
            # What cannot be read is not absent: a second POST would rest on a guess.
            return not any([await self.rereader.find(identity, since=since) for identity in ids])
        except WorkflowsError:
            return False

    async def _not_created(self, identity: str, limited: WorkflowsError, at: float) -> Result:
        reason = f"{limited} It was looked for: there is no such instance."
        await self.plan_journal.skipped(identity, "", reason, Outcome.NOT_REACHED)
        return self.plan.result(identity, self.clock(), Outcome.NOT_REACHED, error=reason, sent_at=at)

    async def _result(self, identity: str, created: Created | None, at: float) -> Result:
        if created is None:
            return await self._left_out(identity, at)
        status = created.status
        sentence = f"created, {status}" if status else "created"
        await self.plan_journal.settled(identity, Outcome.DONE, "", status, status, sentence)
        return self.plan.result(
            identity, self.clock(), Outcome.DONE, answered=status, after=status, sentence=sentence, sent_at=at
        )

    async def _left_out(self, identity: str, at: float) -> Result:
        """The result of an id that the answer left out as taken, once a read has shown that it is there."""
        # The cloud leaves ids that are taken out of a batch's answer without a word (the API's reference for
        # Create batch).
        reason = "left out of the answer: an instance with that id exists already"
        try:
            await self.rereader.read(identity, expect="")
        except WorkflowsError as error:
            odd = BadAnswer(f"left out of the answer, and not known to be there: {error}")
            await self.plan_journal.failed(Outcome.UNKNOWN, identity, "", odd)
            return await self._looked_for(identity, None, odd, at)
        await self.plan_journal.skipped(identity, "", reason)
        return self.plan.result(
            identity, self.clock(), Outcome.SKIPPED, error=reason, sent_at=at, exit_code=1
        )

    async def _failed(
        self, ids: Sequence[str], error: WorkflowsError, forbid: Callable[[str], None], at: float
    ) -> list[Result]:
        outcome = judge_failure(error, forbid)
        if outcome == Outcome.UNKNOWN:
            return await self._look_for(ids, error, at)
        return [await self._refused(identity, outcome, error, at) for identity in ids]

    async def _refused(self, identity: str, outcome: Outcome, error: WorkflowsError, at: float) -> Result:
        taken = isinstance(error, AlreadyExists)
        outcome = Outcome.REFUSED if taken else outcome
        await self.plan_journal.failed(outcome, identity, "", error)
        return self.plan.result(
            identity,
            self.clock(),
            outcome,
            error=str(error),
            sentence="an instance with that id exists already" if taken else "",
            sent_at=at,
            exit_code=error.exit_code,
        )

    async def _look_for(self, ids: Sequence[str], error: WorkflowsError, at: float) -> list[Result]:
        """The results after a failure that may have come behind the write: lists and instances are asked."""
        for identity in ids:
            await self.plan_journal.failed(Outcome.UNKNOWN, identity, "", error)
        found = await self._found(ids, at)
        return [await self._looked_for(identity, found.get(identity), error, at) for identity in ids]

    async def _found(self, ids: Sequence[str], at: float) -> dict[str, Snapshot]:
        """Looks for ids until they are found or time is up.

        Those begun since `at` that are what was asked for.
        """
        found: dict[str, Snapshot] = {}
        missing = list(ids)
        for wait in _LOOKS:
            await self.sleep(wait)
            since, began = self.rereader.now(), self.clock()
            if began - at > _SEARCH:
                break
            for identity in tuple(missing):
                try:
                    snapshot = await self.rereader.find(identity, since=since)
                except WorkflowsError:
                    continue
                if snapshot is None:
                    continue
                missing.remove(identity)
                # An older instance of the same id is somebody else's, or an earlier try's: it was not made by
                # this request.
                if snapshot.queued is not None and snapshot.queued >= at - _SKEW:
                    found[identity] = snapshot
            if not missing:
                break
        return found

    async def _looked_for(
        self, identity: str, found: Snapshot | None, error: WorkflowsError, at: float
    ) -> Result:
        if found is None:
            # Safe, because an id that exists is refused and never overwritten.
            sentence = "whether it was created is not known; sending it again under the same id is safe"
            return self.plan.result(
                identity,
                self.clock(),
                Outcome.UNKNOWN,
                error=str(error),
                sentence=sentence,
                sent_at=at,
                exit_code=4,
            )
        await self.plan_journal.settled(
            identity, Outcome.DONE, "", "", found.status, "found after no answer came"
        )
        sentence = f"created, {found.status}; no answer came ({error})"
        return self.plan.result(
            identity, self.clock(), Outcome.DONE, after=found.status, sentence=sentence, sent_at=at
        )
