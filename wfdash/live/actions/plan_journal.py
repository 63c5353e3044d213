"""What one plan writes into the journal, off the event loop since it waits for a lock and for the disk."""

import asyncio
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import RestartFrom
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.verb import VERBS
from wfdash.live.actions.plan import Plan, Target
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import RUN_FOLLOWED, ActionResult, JournalEvent

__all__ = ["PlanJournal"]


class PlanJournal(Struct, frozen=True):
    """A plan's entries; without a journal nothing is written."""

    plan: Plan
    journal: Journal | None

    async def planned(self) -> str:
        """Why nothing may be sent, where not even this can be written; "" where all is well."""
        return self._refusal(await self._off_the_loop(self._planned))

    def _refusal(self, written: bool) -> str:
        return "" if written or self.journal is None or self.plan.unrecorded else self.journal.trouble

    def _planned(self) -> bool:
        if self.journal is None:
            return True
        entries = [
            (
                # Skipped ones too: whoever reads the journal later has to see all that the person confirmed.
                JournalEvent.SKIPPED if target.reason else JournalEvent.PLANNED,
                target.id,
                ActionResult(
                    target.status, reason=target.reason, start=self._start(target), end=target.ended
                ),
            )
            for target in self.plan.targets
        ]
        # All or none: what of a plan the disk had room for would be gone on with as if it were all.
        plan = self.plan
        return self.journal.write_together(entries, plan=plan.key, verb=plan.verb, workflow=plan.workflow)

    def _start(self, target: Target) -> RestartFrom | None:
        return target.restart_from or self.plan.restart_from

    async def sent(
        self, identity: str, before: str, *, start: RestartFrom | None = None, end: float | None = None
    ) -> str:
        """Writes `sent`: "" once it is on the disk, else why the request must not leave."""
        result = ActionResult(before=before, start=start, end=end)
        return self._refusal(await self._tell(JournalEvent.SENT, identity, result))

    async def taken(self, identity: str, end: float | None) -> bool:
        """Whether another plan on this machine sent its restart first; for after this one's `sent`."""
        journal, plan = self.journal, self.plan
        if journal is None or not VERBS[plan.verb].restarts:
            return False
        # After `sent` of this plan is written: of two processes that restart one instance at once, each then
        # finds the other's line, and the first one's stands.
        return await self._off_the_loop(
            lambda: journal.restarted_by_another(plan=plan.key, workflow=plan.workflow, id=identity, end=end)
        )

    async def answered(self, identity: str, before: str, answered: str, http: int | None, ray: str) -> None:
        result = ActionResult(before=before, answered=answered, http=http, ray=ray)
        await self._tell(JournalEvent.ANSWERED, identity, result)

    async def skipped(
        self, identity: str, before: str, reason: str, outcome: Outcome = Outcome.SKIPPED
    ) -> None:
        """Writes that nothing was sent to an id, or that nothing came of it."""
        # The outcome begins the reason as well as standing by itself, for versions that read it from there.
        said = reason if outcome == Outcome.SKIPPED else f"{outcome}: {reason}"
        result = ActionResult(before=before, reason=said, outcome=outcome)
        await self._tell(JournalEvent.SKIPPED, identity, result)

    async def failed(self, outcome: Outcome, identity: str, before: str, error: WorkflowsError) -> None:
        """Writes a failure: `settled` for an answered no, `unknown` for a doubtful one, else `skipped`."""
        event = JournalEvent.UNKNOWN if outcome == Outcome.UNKNOWN else JournalEvent.SKIPPED
        if outcome == Outcome.REFUSED and error.sent:
            event = JournalEvent.SETTLED
        reason = error.sentence if event == JournalEvent.UNKNOWN else f"{outcome}: {error.sentence}"
        answer = ActionResult(before=before, http=error.http, code=error.code, ray=error.ray)
        await self._tell(event, identity, replace(answer, reason=reason, outcome=outcome))

    async def settled(
        self,
        identity: str,
        outcome: Outcome,
        before: str,
        answered: str,
        after: str,
        sentence: str,
        *,
        followed: bool = False,
    ) -> None:
        """Writes what became of an id. With `followed` its run stays open until a line of its end."""
        event = JournalEvent.UNKNOWN if outcome == Outcome.UNKNOWN else JournalEvent.SETTLED
        reason = f"{outcome}: {sentence}{RUN_FOLLOWED if followed else ''}"
        result = ActionResult(before, answered, after, reason=reason, outcome=outcome)
        await self._tell(event, identity, result)

    async def held(self, identity: str, before: str, reason: str) -> None:
        """Writes that an id was not sent, because of what became of the first ones."""
        await self._tell(JournalEvent.HELD, identity, ActionResult(before=before, reason=reason))

    async def undecided(self, target: Target, reason: str) -> None:
        """Writes why the batch is held before this id, which stays planned."""
        planned = ActionResult(target.status, start=self._start(target), end=target.ended, reason=reason)
        # As `planned` once more: the last such line of a plan has the question that a resumed batch must ask
        # again.
        await self._tell(JournalEvent.PLANNED, target.id, planned)

    async def ended(self, identity: str, before: str, after: str, sentence: str) -> None:
        """Writes that the run which this action began has ended, and how."""
        result = ActionResult(before=before, after=after, reason=sentence)
        await self._tell(JournalEvent.ENDED, identity, result)

    def cut_off(self, identity: str, before: str) -> None:
        """Writes that the task was cancelled before an answer.

        Blocks, for the loop may be gone afterwards.
        """
        said = "wfdash ended before an answer came"
        result = ActionResult(before=before, reason=said, outcome=Outcome.UNKNOWN)
        self._write(JournalEvent.UNKNOWN, identity, result)

    async def _tell(self, event: JournalEvent, identity: str, result: ActionResult) -> bool:
        return await self._off_the_loop(lambda: self._write(event, identity, result))

    async def _off_the_loop(self, work: Callable[[], bool]) -> bool:
        if self.journal is None:
            return True
        try:
            # The journal waits for a lock that another process may hold, and syncs: on the loop each line
            # would hold the keys.
            return await asyncio.to_thread(work)
        except RuntimeError:  # no thread is to be had: late is better than not written
            return work()

    def _write(self, event: JournalEvent, identity: str, result: ActionResult) -> bool:
        if self.journal is None:
            return True
        plan = self.plan
        return self.journal.write(
            event, plan=plan.key, verb=plan.verb, workflow=plan.workflow, id=identity, result=result
        )
