"""Carries out a confirmed plan: re-read, send once, follow until it settles. Knows nothing of any screen."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.errors import InstanceNotFound, WorkflowsError
from wfdash.api.interface import Workflows
from wfdash.core.model.detail import Detail
from wfdash.core.model.frozen import freeze
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.verb import VERBS
from wfdash.live.actions.canary import Canary, Held, Turns, read_unless_halted
from wfdash.live.actions.create import Creator
from wfdash.live.actions.ending import Begun, Course, EndFollower
from wfdash.live.actions.follow import Follower
from wfdash.live.actions.plan import Guard, Plan, Progress, Result, Stage, Target
from wfdash.live.actions.plan_journal import PlanJournal
from wfdash.live.actions.read_sink import NullSink, ReadSink
from wfdash.live.actions.redrive import cause_of, spoken_start
from wfdash.live.actions.reread import FEW, ActionBudget, Rereader, Snapshot
from wfdash.live.actions.send import NOTHING_SENT, Sender, Sent
from wfdash.live.polling.read_instance import read_answer_aside
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import PASSED

__all__ = ["OnEvent", "Operator"]

OnEvent = Callable[[Progress | Result], None]

_AT_ONCE = Course()
_LARGE = 250
"""Targets from which the collector is told to look at nothing that is there already."""
_EXIT_CODES = {Outcome.UNKNOWN: 4, Outcome.UNDER_WAY: 4, Outcome.NO_EFFECT: 1}


class _Run(Struct):
    """All that belongs to one plan while it is carried out."""

    plan: Plan
    on_event: OnEvent
    plan_journal: PlanJournal
    rereader: Rereader
    follower: Follower
    course: Course
    canary: Canary
    turns: Turns
    halt: asyncio.Event
    done: int = 0

    @property
    def many(self) -> bool:
        return len(self.plan.eligible) > FEW


class Operator:
    """Sends every write of wfdash, from the dashboard and from commands alike."""

    def __init__(
        self,
        api: Workflows,
        *,
        budget: ActionBudget,
        journal: Journal | None,
        clock: Callable[[], float],
        sink: ReadSink | None = None,
        read_only: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        steady: Callable[[], float] | None = None,
    ) -> None:
        """`steady` is the clock of deadlines, which nobody sets; `clock` the one of what is told."""
        self.journal = journal
        self.clock = clock
        self._steady = steady or clock
        self._api = api
        self._budget = budget
        self._sink = sink or NullSink()
        self._read_only = read_only
        self._sleep = sleep
        self._runs: dict[str, _Run] = {}

    @property
    def guard(self) -> Guard:
        """Why nothing may be written now, for make_plan."""
        # Asked anew each time: a 403 to one write turns all others off while a prompt may already stand
        # there.
        return Guard(self._read_only, self._api.watch_only, self._api.local)

    def forbid(self, reason: str) -> None:
        """Turns writes off. There is no way to turn them on again; the first reason stays."""
        # One way only: a page or a profile must not be able to take the guard off.
        self._read_only = self._read_only or reason

    @property
    def running(self) -> tuple[Plan, ...]:
        """Plans of which not everything is sent and followed yet."""
        return tuple(run.plan for run in self._runs.values())

    def stop(self, plan: str = "") -> None:
        """Sends nothing more of this plan (of all, without one); what was sent is still followed."""
        for key, run in self._runs.items():
            if plan in ("", key):
                # A halt and not a cancellation: a request that is on its way may be carried out, so its task
                # must live to say.
                run.halt.set()

    async def look(self, workflow: str, identity: str) -> Detail:
        """Reads one instance in full, to say what an action would lose. Raises WorkflowsError."""
        # As an action: somebody looks at a prompt, and the reads of a list must not go before it.
        await self._budget.acquire_action()
        number = self._sink.next_number()
        try:
            answer = await self._api.get_instance(workflow, identity)
        except InstanceNotFound:
            self._sink.saw_gone(workflow, identity)
            raise
        detail = await read_answer_aside(workflow, identity, answer)
        self._sink.saw_detail(detail, number)
        return detail

    async def carry_out(self, plan: Plan, on_event: OnEvent, course: Course = _AT_ONCE) -> list[Result]:
        """Does what was confirmed; one Result a target, in the plan's order. Only cancellation is raised.

        Where the course follows runs to their end, `on_event` gets a Result that is `followed` before that.
        """
        run = self._start(plan, on_event, course)
        try:
            # Before anything is sent, so that after a crash the next start knows all ids of the batch.
            if trouble := await run.plan_journal.planned():
                return self._unrecorded(run, f"{NOTHING_SENT}: {trouble}")
            if plan.verb == "create":
                return await self._create(run)
            return await self._change(run)
        finally:
            # Also where sending was cancelled: what is left here would keep a person from changing the
            # profile for good.
            del self._runs[plan.key]

    def _unrecorded(self, run: _Run, reason: str) -> list[Result]:
        """The results of a plan that the journal did not take: nothing of it is sent."""
        results = [
            run.plan.result(
                target.id,
                self.clock(),
                Outcome.SKIPPED,
                before=target.status,
                error=target.reason or reason,
                exit_code=1 if target.reason else 2,
            )
            for target in run.plan.targets
        ]
        for result in results:
            run.on_event(result)
        return results

    def _rereader(self, plan: Plan, ids: Sequence[str]) -> Rereader:
        return Rereader(
            self._api,
            plan.workflow,
            ids,
            budget=self._budget,
            clock=self._steady,
            sink=self._sink,
            # With the span the list is walked only where the targets lie: a restart leaves an instance at its
            # old place.
            created=None if plan.verb == "create" else _span(plan),
        )

    def _start(self, plan: Plan, on_event: OnEvent, course: Course) -> _Run:
        rereader, halt = self._rereader(plan, [target.id for target in plan.eligible]), asyncio.Event()
        run = _Run(
            plan,
            on_event,
            PlanJournal(plan, self.journal),
            rereader,
            # The steady clock: a deadline that hung on the other one would pass, or never pass, where
            # somebody set that.
            Follower(rereader, self._steady, self._sleep, many=len(plan.eligible) > FEW),
            course,
            Canary(self._api, self._budget, plan, course, halt),
            Turns(course, halt, clock=self._steady, sleep=self._sleep),
            halt,
        )
        self._runs[plan.key] = run
        return run

    async def _create(self, run: _Run) -> list[Result]:
        creator = Creator(
            self._api,
            run.plan,
            self._budget,
            self.clock,
            self._sleep,
            run.plan_journal,
            run.rereader,
            run.halt,
            partial(self._tell_of, run),
        )
        results = await creator.create(self._forbidden, self.forbid)
        for result in results:
            run.on_event(result)
        return results

    def _forbidden(self) -> str:
        return self._read_only or self._api.watch_only

    async def _change(self, run: _Run) -> list[Result]:
        results: dict[str, Result] = {}
        following: set[asyncio.Task[None]] = set()
        canary = run.canary

        def settle(result: Result) -> None:
            results[result.id] = result
            run.turns.saw(result)
            run.on_event(result)

        if len(run.plan.targets) >= _LARGE:
            # Once: each full look for the garbage that sending makes would walk all that was there before.
            freeze()
        try:
            nobody = run.plan.targets[0] if run.plan.targets else Target("")
            for target in await canary.choose(run.rereader, partial(self._tell_of, run, nobody)):
                if target.reason:
                    settle(self._skipped(run, target, target.reason))
                    continue
                # Here, before the next one is sent: the rest waits for how the first ones end, and keeps its
                # order.
                if canary.complete:
                    await canary.judge(
                        following,
                        results,
                        partial(self._tell_of, run, target),
                        partial(run.plan_journal.undecided, target),
                    )
                if canary.held is not None and not run.halt.is_set():
                    settle(await self._held(run, target, canary.held))
                    continue
                # Whether a first one "failed again" of the same cause can only be said with the cause that it
                # had before.
                if canary.sending and target.cause is None and target.status == "errored":
                    target = await self._with_cause(run, target)
                await run.turns.turn(partial(self._tell_of, run, target))
                sent = await self._send(run, target)
                run.done += 1
                # What was skipped without a request is no first one: its end would say nothing about the
                # rest.
                if isinstance(sent, Sent) or sent.sent_at is not None:
                    canary.sent(target.id)
                if isinstance(sent, Result):
                    settle(sent)
                else:
                    run.turns.sent(target.id)
                    # Followed beside the next request: to wait for each to settle first would make a batch as
                    # slow as its instances.
                    task = asyncio.create_task(self._follow(run, target, sent, settle))
                    following.add(task)
                    task.add_done_callback(partial(_let_go, following))
            await asyncio.gather(*following)
        finally:
            for task in following:
                task.cancel()
        return [results[target.id] for target in run.plan.targets]

    @staticmethod
    async def _with_cause(run: _Run, target: Target) -> Target:
        """The target with what it failed with, to be compared with how it ends.

        One read, so for the first ones.
        """
        try:
            detail = await read_unless_halted(run.halt, run.rereader, target.id)
        except WorkflowsError:
            return target
        if detail is None:
            return target
        return replace(target, cause=cause_of(detail), version=detail.version or target.version)

    async def _held(self, run: _Run, target: Target, held: Held) -> Result:
        await run.plan_journal.held(target.id, target.read_status, held.reason)
        return run.plan.result(
            target.id,
            self.clock(),
            Outcome.SKIPPED,
            before=target.read_status,
            error=held.reason,
            exit_code=held.exit_code,
            held=True,
        )

    def _skipped(self, run: _Run, target: Target, reason: str, before: str = "") -> Result:
        return run.plan.result(
            target.id,
            self.clock(),
            Outcome.SKIPPED,
            before=before or target.read_status,
            error=reason,
            exit_code=1,
        )

    async def _send(self, run: _Run, target: Target) -> Sent | Result:
        """Reads the target again and sends at most once; a Result when nothing is left to follow."""
        sender = Sender(
            self._api,
            run.plan,
            budget=self._budget,
            clock=self.clock,
            sleep=self._sleep,
            rereader=run.rereader,
            plan_journal=run.plan_journal,
            sink=self._sink,
            many=run.many,
        )
        sent = await sender.send(
            target,
            halt=run.halt,
            forbidden=self._forbidden,
            forbid=self.forbid,
            on_event=lambda stage, note, status: self._progress(run, target, stage, note, status),
        )
        # Told at once, for following an unknown one takes a minute, in which it would look as if it were
        # being sent.
        if sent.outcome == Outcome.UNKNOWN:
            self._progress(run, target, Stage.UNKNOWN, "", "")
        # An unknown one is followed like one that was accepted: only its status can tell whether the write
        # arrived.
        if sent.accepted or sent.outcome == Outcome.UNKNOWN:
            return sent
        assert sent.outcome is not None, "what was not accepted has an outcome"
        return run.plan.result(
            target.id,
            self.clock(),
            sent.outcome,
            before=sent.before.status if sent.before else target.status,
            error=sent.error,
            sent_at=sent.at,
            exit_code=sent.exit_code,
        )

    async def _follow(self, run: _Run, target: Target, sent: Sent, settle: Callable[[Result], None]) -> None:
        before = sent.before or Snapshot(target.status, self.clock(), "")
        # An event leaves nothing that could be read back, so there is nothing to follow.
        if not VERBS[run.plan.verb].changes_status:
            outcome, sentence, status = self._event_outcome(sent, before)
        else:
            followed = await run.follower.follow(
                target.id,
                run.plan.verb,
                before=before,
                answered=sent.answered,
                on_status=lambda status: self._progress(run, target, Stage.FOLLOWING, "", status),
            )
            outcome, sentence, status = followed.outcome, followed.sentence, followed.status
        canary = target.id in run.canary.ids
        runs_on = outcome in (Outcome.DONE, Outcome.UNDER_WAY) and VERBS[run.plan.verb].runs_on
        # Reading a run to its end costs reads for as long as it lasts: only where something hangs on that
        # end.
        runs_on = runs_on and bool(canary or run.course.to_end or run.course.parallel)
        await run.plan_journal.settled(
            target.id,
            outcome,
            before.status,
            sent.answered,
            status,
            sentence,
            followed=runs_on and VERBS[run.plan.verb].restarts,
        )
        result = replace(
            run.plan.result(
                target.id,
                self.clock(),
                outcome,
                before=before.status,
                answered=sent.answered,
                after=status,
                error=sent.error if outcome == Outcome.UNKNOWN else "",
                sentence=sentence,
                sent_at=sent.at,
                exit_code=_EXIT_CODES.get(outcome, 0),
            ),
            restart_from=sent.restart_from,
        )
        if not runs_on:
            settle(result)
            return
        settle(replace(result, followed=True))
        begun = Begun(target.id, before, result.after, sent.restart_from, sent.cause)
        await self._to_end(run, result, begun, settle)

    async def _to_end(
        self, run: _Run, result: Result, begun: Begun, settle: Callable[[Result], None]
    ) -> None:
        canary = result.id in run.canary.ids
        limit = run.course.within if canary else run.course.timeout
        # The rest waits for the first ones: each is read by itself, and not when a walk of the list comes by.
        alone = canary and len(run.canary.ids) <= FEW
        rereader = self._rereader(run.plan, [result.id]) if alone else run.rereader
        follower = EndFollower(rereader, self._steady, self._sleep, many=run.many and not alone, close=canary)
        passed = False

        async def on_passed() -> None:
            nonlocal passed
            passed = True
            sentence = f"{spoken_start(begun.start)}{PASSED}"
            status = begun.before.status
            await run.plan_journal.settled(
                result.id, result.outcome, status, result.answered, result.after, sentence, followed=True
            )
            # A run of days may be past its step in a minute: that is what the person who repairs it waits
            # for.
            settle(replace(result, followed=True, passed=True, sentence=sentence))

        ending = await follower.until_end(
            begun, deadline=None if limit is None else self._steady() + limit, on_passed=on_passed
        )
        if ending.status:
            await run.plan_journal.ended(result.id, begun.before.status, ending.status, ending.sentence)
        else:
            # Nobody looks any more: without this line the next start would take it for cut off.
            status, said = begun.before.status, ending.sentence
            await run.plan_journal.settled(
                result.id, Outcome.UNDER_WAY, status, result.answered, ending.now, said
            )
        settle(
            replace(
                result,
                at=self.clock(),
                after=ending.now,
                outcome=Outcome.DONE if ending.status else Outcome.UNDER_WAY,
                error="" if ending.status == "complete" else ending.sentence,
                sentence=ending.sentence,
                ended=ending.status,
                failed_at=ending.failed_at,
                passed=passed,
                version=ending.version,
                exit_code=ending.exit_code,
            )
        )

    @staticmethod
    def _event_outcome(sent: Sent, before: Snapshot) -> tuple[Outcome, str, str]:
        # An event is in no status: that it was taken is all there is to see.
        if sent.accepted:
            return Outcome.DONE, "the server accepted the event", before.status
        sentence = "whether the event arrived is not known; a second one would be kept for a later wait"
        return Outcome.UNKNOWN, sentence, before.status

    def _tell_of(self, run: _Run, target: Target, stage: Stage, note: str) -> None:
        self._progress(run, target, stage, note, "")

    def _progress(self, run: _Run, target: Target, stage: Stage, note: str, status: str) -> None:
        plan = run.plan
        total = len(plan.eligible)
        run.on_event(
            Progress(
                plan.key,
                self.clock(),
                plan.workflow,
                target.id,
                plan.verb,
                stage,
                run.done,
                total,
                note,
                "" if stage == Stage.SENT else status,
                # What was read right before the request: an interrupted command still has it to print.
                before=status if stage == Stage.SENT else "",
            )
        )


def _let_go(following: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
    """Forgets what ended well: 12,000 tasks with all that they hold on to are tens of megabytes."""
    if not task.cancelled() and task.exception() is None:
        following.discard(task)


def _span(plan: Plan) -> tuple[float, float] | None:
    """The time in which all targets were created, a second wider; None where that is not known of each."""
    created = [target.created for target in plan.eligible if target.created is not None]
    if not created or len(created) < len(plan.eligible):
        return None
    return min(created) - 1.0, max(created) + 1.0
