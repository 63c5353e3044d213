"""One target of a plan: read it again, refuse if it changed in meaning, and send at most once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.errors import (
    BadAnswer,
    CannotRestart,
    CannotTerminate,
    Forbidden,
    NotFound,
    NotReached,
    RateLimited,
    Refused,
    ServerFailed,
    Unauthorized,
    WorkflowsError,
)
from wfdash.api.interface import RestartFrom, StatusAnswer, Workflows
from wfdash.core.model.status import is_final
from wfdash.core.verbs.outcome import STOPPED, Outcome
from wfdash.core.verbs.rules import refusal, same_meaning
from wfdash.core.verbs.verb import VERBS
from wfdash.core.why.waits import open_waits
from wfdash.live.actions.judge import (
    LIMITED_TRIES,
    as_failure,
    judge_failure,
    pause_after,
    repeatable,
    unchanged,
)
from wfdash.live.actions.plan import Plan, Stage, Target
from wfdash.live.actions.plan_journal import PlanJournal
from wfdash.live.actions.read_sink import ReadSink
from wfdash.live.actions.redrive import find_step
from wfdash.live.actions.reread import ActionBudget, Rereader, Snapshot

__all__ = ["NOTHING_SENT", "Sender", "Sent"]

NOTHING_SENT: Final = "nothing sent"
_READ_TRIES: Final = 3
"""Reads before a write: they may be repeated without harm, and without one nothing is sent."""
_LIST_AGE: Final = 5.0
"""Seconds that a list row may be old and still be acted on, where there are many: a page tells of a hundred,
and to ask anew for each would take the leave that the writes need."""
_AGAIN: Final = 1.0
"""Seconds before a read is repeated, where the server does not say."""
_PATIENCE: Final = 20.0
"""Seconds after which a read without an answer is not repeated: somebody waits for it."""

_T = TypeVar("_T")

OnEvent = Callable[[Stage, str, str], None]
"""Told of each stage: a note, a status."""


class Sent(Struct, frozen=True):
    """How far a target came. `outcome` is None while `accepted` is true and following will tell."""

    accepted: bool = False
    answered: str = ""
    outcome: Outcome | None = None
    error: str = ""
    before: Snapshot | None = None
    at: float | None = None
    exit_code: int = 0
    restart_from: RestartFrom | None = None
    cause: tuple[str, str, str] | None = None
    """What it had failed with, where that was read."""


class Sender(Struct, frozen=True):
    """Sends the plan's verb to one target at a time."""

    api: Workflows
    plan: Plan
    budget: ActionBudget
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    rereader: Rereader
    plan_journal: PlanJournal
    sink: ReadSink
    many: bool

    async def send(
        self,
        target: Target,
        *,
        halt: asyncio.Event,
        forbidden: Callable[[], str],
        forbid: Callable[[str], None],
        on_event: OnEvent,
    ) -> Sent:
        """Sends once; again only after a 429, and once a read has shown that it changed nothing."""
        ready = await self._ready(target, halt=halt, forbidden=forbidden, on_event=on_event)
        if isinstance(ready, Sent):
            return ready
        target, before = ready
        # Only 429 comes round again: after a time-out, a reset or a 5xx nobody can say that nothing happened,
        # and a second restart would wipe what the first began.
        for attempt in range(LIMITED_TRIES + 1):
            at = self.clock()
            sent = await self._once(target, before, on_event, forbid, again=attempt > 0)
            if isinstance(sent, Sent):
                return sent
            reading = await self._after_the_limit(target, before, sent, attempt, halt, on_event)
            if reading is None:
                return await self._failed(target, before, sent, forbid, at)
            last = attempt == LIMITED_TRIES or bool(forbidden())
            if last or not await self._leave(halt):
                return await self._not_carried_out(target, reading, sent, at)
            before = reading
        raise AssertionError("the last attempt always returns")

    async def _ready(
        self, target: Target, *, halt: asyncio.Event, forbidden: Callable[[], str], on_event: OnEvent
    ) -> tuple[Target, Snapshot] | Sent:
        """Reads the target just before the request; why nothing is sent where it changed or was stopped."""
        read = await self._unless(halt, self._reread(target, halt, on_event))
        reason = forbidden()
        if read is None or halt.is_set():
            return await self._nothing(target, STOPPED, None)
        # Read just before: the status on screen may be as old as the last poll.
        if isinstance(read, Sent):
            return read
        target, before = read
        if reason := reason or target.reason or self._changed(target, before):
            return await self._nothing(target, reason, before)
        if not await self._leave(halt):
            return await self._nothing(target, STOPPED, before)
        return read

    async def _after_the_limit(
        self,
        target: Target,
        before: Snapshot,
        limited: RateLimited,
        attempt: int,
        halt: asyncio.Event,
        on_event: OnEvent,
    ) -> Snapshot | None:
        """Waits as the server asked, then reads. The target where nothing changed, else None."""
        wait = pause_after(limited, attempt)
        for _ in range(_READ_TRIES):
            on_event(Stage.WAITING, f"429: read again in {round(wait)} s, sent again if nothing changed", "")
            await self._unless(halt, self.sleep(wait))
            if halt.is_set():
                return None
            try:
                now = await self.rereader.read(target.id, expect=before.status)
            except (NotReached, RateLimited, ServerFailed, BadAnswer) as error:
                wait = error.pause(_AGAIN)
            except WorkflowsError:
                return None
            else:
                # Something in front of the API may answer 429 after the effect: only reading can tell.
                return now if unchanged(self.plan.verb, before, now) else None
        return None

    async def _not_carried_out(self, target: Target, now: Snapshot, limited: RateLimited, at: float) -> Sent:
        reason = f"{limited} It was read again: nothing has changed."
        await self.plan_journal.skipped(target.id, now.status, reason, Outcome.NOT_REACHED)
        return Sent(outcome=Outcome.NOT_REACHED, error=reason, before=now, at=at, exit_code=limited.exit_code)

    async def _nothing(
        self, target: Target, reason: str, before: Snapshot | None, *, exit_code: int = 1
    ) -> Sent:
        await self.plan_journal.skipped(target.id, before.status if before else target.status, reason)
        return Sent(outcome=Outcome.SKIPPED, error=reason, before=before, exit_code=exit_code)

    async def _leave(self, halt: asyncio.Event) -> bool:
        """Waits for the budget; False when stopped meanwhile."""
        await self._unless(halt, self.budget.acquire_action())
        return not halt.is_set()

    async def _read(self, target: Target) -> tuple[Target, Snapshot]:
        before = await self.rereader.read(target.id, expect=target.status, max_age=_LIST_AGE)
        verb = VERBS[self.plan.verb]
        if self._changed(target, before):
            return target, before
        # A page may be seconds old: ours would undo a restart that another machine began since.
        if verb.starts_from == "failed step":
            target = await find_step(self.rereader, target, before, fresh=not self.many)
        elif verb.restarts and self.many:
            now = await self.rereader.read_alone(target.id)
            target = replace(target, reason=self._changed(target, now))
        if self.plan.only_waiting:
            before, detail = await self.rereader.read_full(target.id)
            # An event that nothing waits for is kept, and answers a later wait that it was not meant for.
            if not any(wait.event_type in (self.plan.event_type, "") for wait in open_waits([detail])):
                reason = f"it does not wait for {self.plan.event_type} any more: nothing sent"
                target = replace(target, reason=reason)
        return target, before

    async def _reread(
        self, target: Target, halt: asyncio.Event, on_event: OnEvent
    ) -> tuple[Target, Snapshot] | Sent:
        on_event(Stage.READING, "", "")
        failure: WorkflowsError | None = None
        wait = 0.0
        # A read may be repeated without harm; the write after it may not.
        for attempt in range(1, _READ_TRIES + 1):
            await self.sleep(wait)
            asked = self.rereader.now()
            try:
                return await self._read(target)
            except NotFound as error:
                gone = "it is not there any more: nothing sent" if target.status else f"nothing sent: {error}"
                return await self._nothing(target, gone, None)
            # These come out the same however often they are asked.
            except (Unauthorized, Forbidden, Refused) as error:
                failure = error
                break
            except RateLimited as error:
                failure = error
                wait = pause_after(error, attempt - 1)
                if attempt < _READ_TRIES:
                    on_event(Stage.WAITING, f"429 on reading it again: read once more in {round(wait)} s", "")
            except WorkflowsError as error:
                failure = error
                wait = _AGAIN * attempt
                if self.rereader.now() - asked > _PATIENCE:
                    break
        assert failure is not None
        reason = f"could not be read again, nothing sent: {failure}"
        outcome = (
            Outcome.REFUSED
            if isinstance(failure, Unauthorized | Forbidden | Refused)
            else Outcome.NOT_REACHED
        )
        await self.plan_journal.skipped(target.id, target.status, reason, outcome)
        return Sent(outcome=outcome, error=reason, exit_code=failure.exit_code)

    def _changed(self, target: Target, now: Snapshot) -> str:
        """Why what was confirmed does not hold any more; "" when it does."""
        verb = self.plan.verb
        if moved := target.moved_on(verb, now.status, now.ended):
            return f"{moved}: {NOTHING_SENT}"
        if self.plan.insisted:
            return ""
        return refusal(verb, now.status, local=self.api.local) or ""

    async def _once(
        self,
        target: Target,
        before: Snapshot,
        on_event: OnEvent,
        forbid: Callable[[str], None],
        *,
        again: bool,
    ) -> Sent | RateLimited:
        start = self._start(target)
        if trouble := await self.plan_journal.sent(target.id, before.status, start=start, end=before.ended):
            if again:
                error = f"429, read again, nothing changed; not sent again: {trouble}"
                return Sent(outcome=Outcome.NOT_REACHED, error=error, before=before, exit_code=5)
            return await self._nothing(target, f"{NOTHING_SENT}: {trouble}", before, exit_code=2)
        if await self.plan_journal.taken(target.id, before.ended):
            # Whether that one still runs or was killed since.
            other = f"another wfdash sent its restart a moment ago: {NOTHING_SENT}"
            return await self._nothing(target, other, before)
        on_event(Stage.SENT, "", before.status)
        # The number is taken before the request leaves: a list that was asked earlier and comes later must
        # not undo what the answer says.
        at, number = self.clock(), self.sink.next_number()
        try:
            answer = await self._request(target)
        except asyncio.CancelledError:
            # Written without awaiting, for the task is being cancelled: the next start finds the id as
            # unknown.
            self.plan_journal.cut_off(target.id, before.status)
            raise
        except Exception as error:  # whatever it is, the request may have been carried out
            failure = as_failure(error)
            if isinstance(failure, RateLimited) and repeatable(failure, self.plan.verb):
                return failure
            # The refusal is of what it is at now, and what was read a moment ago said that it could: the
            # sentence tells what changed.
            if isinstance(failure, CannotRestart | CannotTerminate):
                failure = await self._doubted(target, before, failure)
            return await self._failed(target, before, failure, forbid, at)
        # 200 alone is not success: the status in the answer is compared with what the verb leads to.
        if not answer.status:
            odd = BadAnswer("The answer names no status.", http=answer.http, ray=answer.ray)
            return await self._failed(target, before, odd, forbid, at)
        answered = answer.status
        await self.plan_journal.answered(target.id, before.status, answered, answer.http, answer.ray)
        if VERBS[self.plan.verb].changes_status:
            self.sink.saw_status(self.plan.workflow, target.id, answer.status, number)
        on_event(Stage.ANSWERED, "", answered)
        return Sent(
            accepted=True, answered=answered, before=before, at=at, restart_from=start, cause=target.cause
        )

    async def _doubted(self, target: Target, before: Snapshot, error: WorkflowsError) -> WorkflowsError:
        """The refusal of what was read as possible, with what another read says of it now."""
        try:
            now = await self.rereader.read(target.id, expect=before.status)
        except WorkflowsError:
            return error
        origin: dict[str, Any] = {
            "http": error.http,
            "code": error.code,
            "ray": error.ray,
            "denied": error.denied,
        }
        if isinstance(error, CannotRestart):
            if same_meaning(self.plan.verb, before.status, now.status) and not now.moved_since(before):
                return error
            # Its history is another one by now, so "not found" says nothing about the step.
            answered = f"{error.http}" if error.code is None else f"{error.http}, code {error.code}"
            elsewhere = f"{target.id} was restarted elsewhere meanwhile: it is {now.status} now"
            return CannotRestart(f"{elsewhere}, and this restart was refused ({answered}).", **origin)
        if not is_final(now.status):
            # Short, for it is told behind the verb and the id in one line of 80 columns: its status is what
            # it says itself, read again.
            said = f"{now.status}, yet the API says it ended ({error.code or error.http})"
            return CannotTerminate(said, **origin)
        return CannotTerminate(f"{error.sentence} It ended meanwhile: {now.status}.", **origin)

    def _start(self, target: Target) -> RestartFrom | None:
        starts_from = VERBS[self.plan.verb].starts_from
        if starts_from == "failed step":
            return target.restart_from
        return (target.restart_from or self.plan.restart_from) if starts_from else None

    async def _request(self, target: Target) -> StatusAnswer:
        plan = self.plan
        verb = VERBS[plan.verb]
        if not verb.api_word:
            payload = plan.payload if plan.payloads is None else plan.payloads[target.id]
            await self.api.send_event(plan.workflow, target.id, plan.event_type, payload)
            return StatusAnswer("accepted")
        return await self.api.change_status(
            plan.workflow,
            target.id,
            verb.api_word,
            rollback=verb.rollback,
            restart_from=self._start(target),
        )

    async def _failed(
        self,
        target: Target,
        before: Snapshot,
        error: WorkflowsError,
        forbid: Callable[[str], None],
        at: float,
    ) -> Sent:
        outcome = judge_failure(error, forbid)
        await self.plan_journal.failed(outcome, target.id, before.status, error)
        return Sent(
            outcome=outcome,
            error=str(error),
            before=before,
            at=at,
            exit_code=error.exit_code,
            restart_from=self._start(target),
            cause=target.cause,
        )

    @staticmethod
    async def _unless(halt: asyncio.Event, work: Awaitable[_T]) -> _T | None:
        """The work's result, or None once a person has stopped it; for work that writes nothing."""
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(halt.wait())
        try:
            await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return doing.result() if doing.done() else None
        finally:
            for task in (doing, stopping):
                task.cancel()
            await asyncio.gather(doing, stopping, return_exceptions=True)
