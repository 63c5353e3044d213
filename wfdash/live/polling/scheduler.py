"""The one loop that starts every read: most urgent first, within the budget, never one twice at a time."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from wfdash.api.errors import NotReached, WorkflowsError
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.job import Job, sentence_of

__all__ = ["Scheduler"]

_SET_BACK = 1.0
"""Seconds by which a clock is set back rather than slowed down."""

_LONGEST_WAIT = 1.0
"""Seconds after which the clock is looked at again: it may have been set, or the machine have slept."""


class Scheduler:
    """Starts what is due within the budget; `jobs` gives what there is, most urgent first."""

    def __init__(
        self,
        jobs: Callable[[], Sequence[Job]],
        *,
        clock: Callable[[], float],
        budget: Budget,
        settled: Callable[[Job], None],
        stands: bool = False,
        unattended: bool = False,
    ) -> None:
        """`stands` where the clock does, as it does in a record; `unattended` where nobody looks on."""
        self._stands = stands
        self._unattended = unattended
        self.frozen = False
        self.alone: Job | None = None
        """While there is one, nothing else is asked."""
        self._once: set[Job] = set()
        """What is asked once although all is frozen."""
        self._jobs = jobs
        self._clock = clock
        self._budget = budget
        self._settled = settled
        self._tasks: dict[Job, asyncio.Task[None]] = {}
        self._in_front: set[Job] = set()
        """What was asked because somebody waits for it, and is not answered yet."""
        self._wake = asyncio.Event()
        self._looked: tuple[float, float] | None = None
        """The clock and the loop's own, which nobody sets, at the last look."""

    def wake(self) -> None:
        """Looks again at once at what is due."""
        self._wake.set()

    def once(self, jobs: Iterable[Job]) -> None:
        """Has these asked one time although all is frozen."""
        self._once.update(jobs if self.frozen else ())

    def withdraw(self, job: Job) -> None:
        """Takes a question back; its connection closes and its answer is never applied."""
        if task := self._tasks.get(job):
            # The connection closes with it, and its answer can no longer be applied to another question.
            task.cancel()

    async def run(self) -> None:
        """Starts what is due, until cancelled."""
        try:
            while True:
                delay = self._start_due()
                self._wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await self._wake.wait()
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _start_due(self) -> float:
        """Starts what may go; seconds until something else may."""
        now = self._now()
        delay = _LONGEST_WAIT
        jobs = [job for job in self._jobs() if not self.frozen or job in self._once]
        if self.alone is not None:
            jobs = [job for job in jobs if job is self.alone]
        due: list[Job] = []
        for job in sorted(jobs, key=lambda job: not self._goes_first(job, now)):
            job.count_missed(now)
            # Never two of a kind at once: a slow server would get more requests the slower it is.
            if job in self._tasks:
                continue
            at = job.due(now)
            if at is None or at > now:
                job.waits_since = None
                delay = delay if at is None else min(delay, at - now)
                continue
            due.append(job)
        # A job that is due and cannot start says 0: without a floor the loop would spin on it.
        return max(min(delay, self._start(due, now)) if due else delay, 0.01)

    def _start(self, due: Sequence[Job], now: float) -> float:
        """Starts what may go of these, first come first served; seconds until another may."""
        delay = _LONGEST_WAIT
        with self._budget.together():
            for job in due:
                if job in self._tasks:
                    continue
                priority = self._priority(job)
                # What is turned down keeps its place and is late by so much more at the next look, so that
                # nothing starves.
                if wait := self._spend(job, priority, now):
                    delay = min(delay, wait)
                    job.waits_since = now if job.waits_since is None else job.waits_since
                    continue
                self._once.discard(job)
                if priority is Priority.FOREGROUND:
                    self._in_front.add(job)
                task = self._tasks[job] = asyncio.create_task(self._ask(job))
                task.add_done_callback(partial(self._over, job))
        return delay

    def _spend(self, job: Job, priority: Priority, now: float) -> float:
        """Spends one read on it: 0 where it may go, else the seconds after which to try again."""
        late = job.late(now)
        wanted = job.reads_left if priority is Priority.FOREGROUND else None
        wait = self._budget.take(priority, job.purpose, late=late, wanted=wanted)
        # A long read in front holds back all but what is visible, and may have had all that one in front can.
        if wait and late and job.on_screen and not self._unattended and priority is not Priority.VISIBLE:
            wait = self._budget.take(Priority.VISIBLE, job.purpose, late=True)
        return wait

    def _priority(self, job: Job) -> Priority:
        """The job's priority; without a screen at most ROWS, behind what any process shows."""
        return max(job.priority, Priority.ROWS) if self._unattended else job.priority

    def _goes_first(self, job: Job, now: float) -> bool:
        """Whether a job goes before all others: somebody waits for it, or it has waited too long."""
        return self._priority(job) is Priority.FOREGROUND or job.late(now)

    def _now(self) -> float:
        """The time; what was told and is due moves along with a clock that was set back since the last look.

        One that was set forward needs nothing: all is due at once then, as after a sleep of the machine.
        """
        now, steady = self._clock(), asyncio.get_running_loop().time()
        if self._looked is not None and not self._stands:
            back = self._looked[0] + steady - self._looked[1] - now
            for job in self._jobs() if back > _SET_BACK else ():
                job.set_back(back)
        self._looked = now, steady
        return now

    async def _ask(self, job: Job) -> None:
        began = self._clock()
        job.began(began)
        try:
            await job.ask()
        except asyncio.CancelledError:
            job.withdrawn()
            raise
        except WorkflowsError as error:
            job.freshness.error = error
            job.failed(error.sentence, self._clock(), wait=error.pause(0.0))
        except Exception as error:  # whatever an answer holds, the polling goes on and says so
            job.failed(sentence_of(error), self._clock())
        else:
            now = self._clock()
            if isinstance(job.freshness.error, NotReached):
                self._reached_again()
            job.answered(now, max(0.0, now - began))
        # Also after a failure: how fresh each pane is, and why, stands on screen.
        self._settled(job)

    def _reached_again(self) -> None:
        """Lets jobs that failed for want of a connection ask at once: it is back."""
        for job in self._jobs():
            if isinstance(job.freshness.error, NotReached):
                job.next_at = 0.0

    def _over(self, job: Job, task: asyncio.Task[None]) -> None:
        del self._tasks[job]
        if job in self._in_front:
            self._in_front.discard(job)
            if not self._in_front:
                self._budget.answered()
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            raise error
