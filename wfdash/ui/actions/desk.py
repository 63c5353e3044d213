"""The plans that are being carried out, outliving every screen, and what is told of each."""

import asyncio
import contextvars
from collections.abc import Callable, Collection, Sequence

from msgspec.structs import replace
from textual.message import Message

from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import RESTARTS
from wfdash.live.actions.ending import Course
from wfdash.live.actions.plan import Guard, Plan, Progress, Result
from wfdash.live.actions.progress import ActionProgress
from wfdash.live.actions.resume import Resumption, stopped_at
from wfdash.live.records.batches import LAST, group_batches, named_batches
from wfdash.live.records.journal import Journal
from wfdash.live.records.last_action import Done, LastAction
from wfdash.live.records.unfinished import Unfinished
from wfdash.ui.context import Context

__all__ = ["ActionDesk", "ActionMoved"]

OnProgress = Callable[[Progress | Result], None]

_FOLLOWED = 3600.0
"""Seconds for which runs that an action began are followed."""
_LINGER = 12.0
"""Seconds a settled action stays on screen; one that needs a look stays five times as long."""


class ActionMoved(Message):
    """Posted to the app when an action moved on; the app tells the screens."""

    def __init__(self, progress: ActionProgress, event: Progress | Result) -> None:
        super().__init__()
        self.progress = progress
        self.event = event


class ActionDesk:
    """Carries out every plan of the app. A plan runs to its end whatever screen is shown."""

    def __init__(
        self, context: Context, post: Callable[[Message], object], *, apart: Callable[[], contextvars.Context]
    ) -> None:
        """`post` tells the app when an action moved on; a task begun in what is `apart` keeps no page."""
        self._context = context
        self._post = post
        self._apart = apart
        self._words: dict[str, asyncio.Event] = {}
        """Set where a person sends the rest of a plan that was held."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.actions: list[ActionProgress] = []
        self._last: tuple[Journal, LastAction] | None = None
        self.cut_off: list[Unfinished] = []
        """Batches of sessions that ended too early, newest first; offered until somebody decides."""
        self._put_off = False

    @property
    def guard(self) -> Guard:
        """The reasons why nothing may be written now, all "" when writing is on."""
        session = self._context.session
        if session is None:
            return Guard(read_only="there is no connection yet")
        return session.operator.guard

    @property
    def last(self) -> ActionProgress | None:
        """The progress of the action that was asked for last, None before the first."""
        return self.actions[-1] if self.actions else None

    @property
    def unsettled(self) -> list[Plan]:
        """Plans on many with ids unsent or unsettled; runs that are only followed do not count."""
        return [progress.plan for progress in self.actions if not progress.single and not progress.answered]

    @property
    def followed_runs(self) -> int:
        """How many runs of actions on many are followed to an end that they have not come to."""
        return sum(
            progress.runs_followed for progress in self.actions if not progress.single and progress.answered
        )

    @property
    def bulk(self) -> ActionProgress | None:
        """The progress of the last action on many, None before the first."""
        return next((progress for progress in reversed(self.actions) if not progress.single), None)

    def start(self, plan: Plan, on_event: OnProgress | None = None, *, canary: int = 0) -> ActionProgress:
        """Carries out a confirmed plan; `on_event` is called with each event as it comes."""
        assert self._context.session is not None
        progress = ActionProgress(plan, self._context.clock(), canary=canary)
        word: asyncio.Event = asyncio.Event()
        self._words[plan.key] = word
        self.actions.append(progress)
        # A session of a week must not keep every result of every bulk.
        del self.actions[:-50]
        operator = self._context.session.operator

        def take(event: Progress | Result) -> None:
            progress.take(event)
            if on_event is not None:
                on_event(event)
            self._post(ActionMoved(progress, event))

        # Waits for ever on purpose: nobody may be at the desk, and a held batch is never sent on by a clock.
        async def decide(reason: str) -> bool:
            await word.wait()
            return True

        # Only restarts begin runs whose end is worth following, and are many at a time on one service.
        restarts = plan.verb in RESTARTS
        settings = self._context.settings
        course = Course(
            canary,
            to_end=restarts,
            decide=decide,
            timeout=_FOLLOWED if restarts else None,
            pace=settings.pace if restarts else 0,
            parallel=settings.parallel if restarts else 0,
        )

        async def run() -> None:
            try:
                await operator.carry_out(plan, take, course)
            finally:
                del self._words[plan.key]

        # A task of the app's and not of a screen's: closing a page or changing the workflow stops nothing.
        apart = self._apart()
        task = asyncio.create_task(run(), name=f"{plan.verb} {plan.key}", context=apart)
        self._tasks.add(task)
        task.add_done_callback(self._ended, context=apart)
        return progress

    def go_on(self, progress: ActionProgress) -> None:
        """Sends the rest although the first ones failed."""
        progress.held = ""
        if word := self._words.get(progress.plan.key):
            word.set()

    def stop(self, progress: ActionProgress) -> None:
        """Stops an action on many: nothing more of it is sent."""
        # A question that is still open would else stand there beside "stopped".
        progress.stopping, progress.held = True, ""
        # Of the live session also while the record is shown: it goes on behind it.
        if self._context.acting is not None:
            self._context.acting.operator.stop(progress.plan.key)

    async def batches(self, names: Collection[str], workflow: str) -> dict[str, frozenset[str]]:
        """Ids of the batches that are named, of this session or of another one that kept a journal."""
        journal = self._context.session.journal if self._context.session is not None else None
        found = {}
        if journal is not None:
            batches = group_batches(await asyncio.to_thread(journal.read))
            found = named_batches(batches, names, workflow=workflow, is_ours=journal.is_ours)
        for progress in self.actions:
            plan = progress.plan
            ids = frozenset(target.id for target in plan.targets)
            # What this session has in memory is newer than what its journal says of it.
            if plan.workflow == workflow and plan.key in names:
                found[plan.key] = ids
            # With a journal `last` is the newest of all sessions of this account, not of this one.
            if plan.workflow == workflow and LAST in names and not progress.single and journal is None:
                found[LAST] = ids
        return found

    @property
    def offered(self) -> str:
        """The newest batch that was cut off, in a sentence; "" where there is none, or not now."""
        if not self.cut_off or self._put_off:
            return ""
        others = len(self.cut_off) - 1
        more = f", and {others:,} more" if others else ""
        return f"{stopped_at(self.cut_off[0])}{more}"

    def offer(self, batches: Sequence[Unfinished]) -> None:
        """Offers batches that were cut off to whoever looks; that closes none of them."""
        self.cut_off, self._put_off = list(batches), False

    @property
    def may_show(self) -> bool:
        """Whether there may be an action on many to see: a journal may hold one that was cut off since."""
        journal = self._context.session.journal if self._context.session is not None else None
        # A dashboard that was killed after this one began left its batch in the journal: X has to look there
        # before it says no.
        return self.bulk is not None or bool(self.cut_off) or journal is not None

    async def look_again(self) -> None:
        """What is cut off by now: others went on with it, or dropped it, or were killed since the start.

        One that was never offered is, whatever was put off before.
        """
        journal = self._context.session.journal if self._context.session is not None else None
        if journal is None:
            return
        before = {unfinished.key for unfinished in self.cut_off}
        self.cut_off = list(reversed(await asyncio.to_thread(journal.unfinished)))
        # Put off were those that were known then: one that is new has not been looked at.
        if any(unfinished.key not in before for unfinished in self.cut_off):
            self._put_off = False

    def put_off(self) -> None:
        """Offers them no more in this session; the journal page and the next start still do."""
        self._put_off = True
        self._context.prompts.draw()

    def forget(self, unfinished: Unfinished) -> None:
        """Offers a batch no more: it was dropped or is gone on with."""
        self.cut_off = [other for other in self.cut_off if other.key != unfinished.key]
        self._context.prompts.draw()

    async def take_over(self, unfinished: Unfinished, resumption: Resumption, *, final: bool = False) -> str:
        """Claims a batch for this session. Why nothing of it may be sent, "" when it may.

        With `final` nothing of it is offered again, runs that go on neither.
        """
        journal = self._context.session.journal if self._context.session is not None else None
        if journal is None:
            return "there is no journal to go on from: nothing sent"
        # Two people are offered the same batch at 3 am: whoever claims it first sends it.
        claimed = await asyncio.to_thread(journal.take_over, unfinished, resumption.findings(final=final))
        if not claimed and journal.trouble:
            return f"{journal.trouble}: nothing sent"
        # Claimed or lost, it is offered here no more: somebody goes on with it.
        self.forget(unfinished)
        return "" if claimed else "another wfdash goes on with it already: nothing sent"

    def last_done(self) -> Done | None:
        """The last action of this session or of another one of this account, with who did it.

        Of this one without `who`: what two people of one login did is told apart by the session alone.
        """
        own = next((progress for progress in reversed(self.actions) if progress.sent_at is not None), None)
        journal = self._context.session.journal if self._context.session is not None else None
        if journal is not None:
            if self._last is None or self._last[0] is not journal:
                self._last = (journal, LastAction(journal))
            # The journal also has what other sessions of this account did.
            done = self._last[1].done()
            # Told by the session and not by the login, which several people may share.
            return done if done is None or done.session != journal.session else self._with_counts(done)
        if own is None or own.sent_at is None:
            return None
        target = own.plan.targets[0].id if own.single else ""
        done = Done(own.sent_at, own.plan.verb, target, "", own.plan.workflow, plan=own.plan.key)
        return self._with_counts(done)

    def _with_counts(self, done: Done) -> Done:
        """The last action with the counts of this session: the journal's end may not hold all of many."""
        own = next((progress for progress in self.actions if progress.plan.key == done.plan), None)
        if own is None:
            return replace(done, who="", seat="")
        came_to = dict(own.counts())
        took = came_to.get(Outcome.DONE, 0) + came_to.get(Outcome.UNDER_WAY, 0)
        over = own.answered and not came_to.get(Outcome.UNDER_WAY)
        return replace(done, who="", seat="", done=took, asked=own.total, over=over)

    def shown(self, now: float) -> list[ActionProgress]:
        """The actions to show above the key bar: those that run or ended a moment ago, newest last."""
        return [
            progress
            for progress in self.actions
            if progress.ended_at is None
            or now - progress.ended_at < _LINGER * (5 if progress.troubled else 1)
        ]

    def dismiss(self) -> bool:
        """Takes what has ended off the screen; False when there was nothing."""
        before = len(self.shown(self._context.clock()))
        for progress in self.actions:
            if progress.ended_at is not None:
                # What still runs keeps its line: only its end may be taken away by a key.
                progress.ended_at = float("-inf")
        return len(self.shown(self._context.clock())) < before

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._context.notify(f"an action broke off: {error}", severity="error")
