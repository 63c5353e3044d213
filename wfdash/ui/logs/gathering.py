"""Reads what an instance printed, again and again while it runs, and puts the lines in their places."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.widget import Widget
from textual.worker import Worker

from wfdash.api.errors import WorkflowsError
from wfdash.core.logs.earlier import EarlierRun
from wfdash.core.logs.lifetimes import lifetimes_of
from wfdash.core.logs.line import PlacedLine
from wfdash.core.logs.on_axis import PrintedTimes
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.text.clean import clean
from wfdash.core.text.words import counted
from wfdash.live.polling.session_watch import AnswerCost
from wfdash.ui.context import Context
from wfdash.ui.widgets.covered import is_covered

if TYPE_CHECKING:
    from wfdash.live.reads.log_lines import InstanceLogs
    from wfdash.live.watcher import Watcher

__all__ = ["LineGathering"]

_ANSWER: Final = 1.0
"""Seconds that an answer about the steps may have taken."""
_AGAIN: Final = 30.0
"""Seconds after which a stream that failed is asked for again."""
_NOT_RECORDED: Final = "A record holds no console lines."
_NEIGHBOURS: Final = 1000
"""Loaded instances whose ids tell other instances' lines."""


class _Places(NamedTuple):
    """Lines in their places, and what they were put there for."""

    lines: Sequence[PlacedLine]
    times: PrintedTimes
    earlier: EarlierRun | None
    basis: tuple[int, Detail, float | None]
    took: float


class LineGathering:
    """Gathers an instance's lines from `begin` until its host is taken off the screen."""

    def __init__(
        self, context: Context, host: Widget, workflow: str, instance: str, *, on_change: Callable[[], None]
    ) -> None:
        """`host` owns the tasks, which end with it; `on_change` is called once there is something to draw."""
        self.workflow, self.instance = workflow, instance
        self.logs: InstanceLogs | None = None
        self.detail: Detail | None = None
        self.placed: Sequence[PlacedLine] = ()
        self.times = PrintedTimes()
        self.failure = ""
        self.asking_since: float | None = None
        """When a question was asked that has no answer yet."""
        self.gathering = False
        """Whether more is read by itself."""
        self._refused = False
        """Whether the source said that it may not be read: it is not asked again."""
        self._context, self._host, self._on_change = context, host, on_change
        self._newest: Detail | None = None
        """The instance as it was now, not at a moment of the record."""
        self._as_of: float | None = None
        """When that was asked for, of one that runs."""
        self._placed_for: tuple[int, Detail, float | None] | None = None
        self._not_before = 0.0
        """When the lines may be put in their places again: many take their time."""
        self._listening: Worker[None] | None = None
        self._earlier: EarlierRun | None = None
        """What is to be said of a run before a restart."""

    @property
    def poller(self) -> "Watcher | None":
        return self._context.session.poller if self._context.session is not None else None

    @property
    def is_missing(self) -> bool:
        """Whether the server has no such instance, and had none before."""
        state = self.poller.detail(self.instance) if self.poller is not None else None
        return state is not None and bool(state.gone) and state.detail is None

    def begin(self) -> None:
        """Starts to read once the instance itself is known, and anew where it runs again."""
        state = self.poller.detail(self.instance) if self.poller is not None else None
        session = self._context.session
        if state is None or state.detail is None or session is None:
            return
        self.detail = state.detail
        if self._context.past is not None:
            # Of a moment of the record nothing is read: the lines that were gathered until it are shown.
            self.failure = "" if self.logs is not None else _NOT_RECORDED
            self._host.call_later(self._on_change)
            return
        asked, ended = state.freshness.answered_at, is_final(state.detail.status)
        self._as_of = None if ended or asked is None else asked - _ANSWER
        self.failure = "" if self.failure == _NOT_RECORDED else self.failure
        if self.logs is None:
            self.logs = session.reads.logs(self.workflow, self.instance, self._context.clock)
        elif is_final(state.detail.status):
            return
        # Of one that had ended too: somebody may have restarted it.
        if not self.gathering and not self._refused:
            self.gathering = True
            self._host.run_worker(self._gather(self.logs), group="logs", exit_on_error=False)
        if self._listening is None and not is_final(state.detail.status):
            self._listening = self._host.run_worker(
                self._listen(self.logs), group="logs", exit_on_error=False
            )

    async def _gather(self, logs: "InstanceLogs") -> None:
        """Reads again and again, a tenth of the time at most, until nothing more can come."""
        loop, cost = asyncio.get_running_loop(), AnswerCost()
        while True:
            began = loop.time()
            # Nothing is asked for under a page that covers the lines: nobody sees them. Nor in the past.
            quiet = self._context.past is not None or is_covered(self._host)
            if self.poller is None or not (self.poller.frozen or quiet):
                assert self.detail is not None
                detail = self.detail
                self.asking_since = loop.time()
                try:
                    await logs.read(detail)
                    self.failure = ""
                except WorkflowsError as failure:
                    self.failure = failure.sentence
                    if failure.exit_code in (1, 3):
                        self.gathering, self._refused = False, True
                        self._host.call_later(self._on_change)
                        return
                finally:
                    self.asking_since = None
                await self._place(logs)
                if logs.state.read_to_end and self.detail is detail:
                    self.gathering = False
                    self._host.call_later(self._on_change)
                    await self._look_again(logs, detail)
                    return
                self._host.call_later(self._on_change)
            await asyncio.sleep(max(logs.reader.pace, cost.rest(loop.time() - began)))

    async def _look_again(self, logs: "InstanceLogs", detail: Detail) -> None:
        """Reads once more some seconds after the end, if that is not long ago.

        A page that is opened then says so of the lines, and one that was open is to say the same.
        """
        if (rest := logs.settles_in(detail)) <= 0:
            return
        await asyncio.sleep(rest)
        while self._context.past is not None or is_covered(self._host):  # noqa: ASYNC110
            await asyncio.sleep(logs.reader.pace)
        if self.gathering or self.detail is None or self.detail.end != detail.end:
            return
        with suppress(WorkflowsError):
            await logs.read(self.detail)
        await self._place(logs)
        self._host.call_later(self._on_change)

    async def _listen(self, logs: "InstanceLogs") -> None:
        """Takes what is sent; begins anew after a failure that passes by itself."""
        while self.detail is not None and not is_final(self.detail.status):
            async for _ in logs.stream():
                pass  # the next drawing shows them
            self._host.call_later(self._on_change)
            failure = logs.state.stream_failure
            if failure is None or failure.exit_code in (1, 3):
                return
            await asyncio.sleep(_AGAIN)
        self._listening = None

    def draw_news(self) -> None:
        """Draws lines that were sent since the last time, and what a newer answer says of the steps."""
        logs, now = self.logs, self._context.machine_clock()
        ended = logs is not None and self.detail is not None and not logs.comes_late(self.detail)
        if ended and self._listening is not None:  # nothing more is sent: its tail is given back
            self._listening.cancel()
            self._listening = None
        if logs is None or not logs.version or now < self._not_before:
            return
        # What takes longer than from here to the next time is not begun anew each time.
        if logs.are_being_placed:
            return
        if self._placed_for != (logs.version, self.detail, self._context.past):
            self._host.run_worker(self._place_and_draw(logs), group="place", exclusive=True)

    async def _place_and_draw(self, logs: "InstanceLogs") -> None:
        await self._place(logs)
        self._host.call_later(self._on_change)

    async def _place(self, logs: "InstanceLogs") -> None:
        """Puts the lines in their places, in a thread: keys go on meanwhile."""
        if self._is_placed(logs):
            return
        found = await logs.place_in_thread(lambda: self._placing(logs))
        if found is not None:
            self.placed, self.times = found.lines, found.times
            self._earlier, self._placed_for = found.earlier, found.basis
            self._not_before = self._context.machine_clock() + 9 * found.took

    def _is_placed(self, logs: "InstanceLogs") -> bool:
        return self.detail is None or self._placed_for == (logs.version, self.detail, self._context.past)

    def _placing(self, logs: "InstanceLogs") -> Callable[[], _Places] | None:
        """What puts the lines that are there now in their places; None where they are."""
        detail, poller = self.detail, self.poller
        past = self._context.past
        if detail is None or self._is_placed(logs):
            return None
        steps, as_of = detail, self._as_of
        if past is None:
            self._newest = detail
        elif self._newest is not None and _goes_on(detail, self._newest):
            # What was recorded by then is older than the moment: an attempt may have ended in between.
            steps = self._newest
        here = poller is not None and poller.workflow == self.workflow
        neighbours = list(islice(poller.store, _NEIGHBOURS)) if here and poller is not None else []
        version, clock = logs.version, self._context.machine_clock

        row = poller.store.get(self.instance) if here and poller is not None else None
        created = row.created if row is not None else None

        def place() -> _Places:
            began = clock()
            until = float("inf") if past is None else past
            others = lifetimes_of(neighbours)
            placed = logs.placed(steps, others, as_of=as_of, until=until, of_this_run=True)
            gone = [entry.line.at for entry in placed if entry.gone]
            earlier = EarlierRun.of(gone, steps, created, logs.since(steps))
            return _Places(placed, PrintedTimes.of(placed), earlier, (version, detail, past), clock() - began)

        return place

    @property
    def waits(self) -> float:
        """Seconds for which a question to the server has had no answer; 0.0 without one."""
        return 0.0 if self.asking_since is None else asyncio.get_running_loop().time() - self.asking_since

    def doubts(self, shown: int, likely: int = 0, *, of_a_step: bool = False) -> list[str]:
        """Sentences to know before believing the lines.

        `shown` of them do not surely name the instance, and `likely` not their step; those `of_a_step` are of
        this run.
        """
        said = [cut] if (cut := clean(self._cut())) else []
        if shown:
            names = f"{counted(shown, 'line')} {'does' if shown == 1 else 'do'} not surely name this one"
            why = self.logs.why_unsure(self.detail) if self.logs and self.detail else ""
            said.append(f"? others may be among these: {names}" + (f", {why}" if why else ""))
        if likely:
            said.append(
                f"? {counted(likely, 'line is', 'lines are')} placed in a step by time or words alone"
            )
        if self._earlier is not None and not of_a_step and (self._earlier.lines or not self._left_out):
            said.append(
                self._earlier.words().removeprefix("was ")
                if self._earlier.at is None
                else self._earlier.among
            )
        if self.logs is not None:
            if self._left_out and not of_a_step:
                said.append(f"{counted(self.logs.earlier, 'line')} of the run before are left out")
            said += [clean(note) for note in self.logs.state.notes(shown)]
            said += [self.logs.lost.words] if self.logs.lost.calls else []
            late = self.logs.stream_trouble
            if late is not None and not (self.failure and not self.placed):
                said.append(f"lines come late: {clean(late.sentence)}")
        if self.failure and self.placed:
            said.append(clean(self.failure))
        return said

    @property
    def _left_out(self) -> int:
        """Lines of a run before a restart that were read when it ran, and are not shown."""
        return self.logs.earlier if self.logs is not None else 0

    def _cut(self) -> str:
        """The sentence on a dev session that was reloaded under what runs; "" for nothing of that."""
        detail, poller = self.detail, self.poller
        if detail is None or poller is None or not self._context.settings.local or is_final(detail.status):
            return ""
        why = poller.why_context(detail).why(detail, now=self._context.clock(), utc=self._context.utc)
        return why.sentence if why.cut else ""


def _goes_on(before: Detail, now: Detail) -> bool:
    """Whether an instance is in the same run as it was, with the steps that it had then."""
    names, count = before.steps.columns.names, len(before.steps)
    return before.start == now.start and list(names) == list(now.steps.columns.names[:count])
