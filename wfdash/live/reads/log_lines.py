"""The lines of one instance as they are gathered: read again while it runs, and sent as they are printed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from itertools import chain, islice, repeat
from types import MappingProxyType
from typing import Any, TypeVar

from msgspec import Struct, field

from wfdash.api.answers.large_json import collector_at_rest
from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import Workflows
from wfdash.api.log_source import LogPage, LogQuery
from wfdash.core.logs.calls import Call, CallTree
from wfdash.core.logs.cloud_runs import CloudRun
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.line import LogLine, PlacedLine
from wfdash.core.logs.lost import LostCalls
from wfdash.core.logs.objects import TracedObjects
from wfdash.core.logs.place import in_order, place_lines
from wfdash.core.logs.whose import Ownership, Whose
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.words import age, count

__all__ = ["InstanceLogs", "LogState"]

_BEFORE = 2.0
"""Seconds before its start from which lines are looked for: what created it may have said something."""
_AFTER = 5.0
"""Seconds after its end: the last lines of a run carry the time at which it was torn down."""
_MOST = 100_000
"""Lines that are kept of one instance; then the oldest go."""
_AT_ONCE = 2000
"""Lines that are taken in before a key may be answered."""
_FAR, _FAR_EVERY = 10.0, 60.0
"""How many times the usual lag is read again, and how often: now and then a source is minutes behind."""
_MOST_TRACED = 20_000
"""Calls and traces of a dev session of which it is remembered whose object they were about, each: the newest.
A session makes some with every instance, whoever it is that is followed."""
_LIVE = 50
"""Runs of code that may still print: a run outlives a sleep of the instance by minutes at most."""

_T = TypeVar("_T")
Turn = Callable[[bool], Awaitable[None]]
"""Waits for the budget, as what somebody waits for (False), or as what goes on by itself (True)."""


class LogState(Struct):
    """What a read of lines came to, for a person: what a source could not tell, and what is missing."""

    reservations: dict[str, None] = field(default_factory=dict)
    """What a source could not tell, each once: what was read since takes none of it back."""
    unnamed: str = ""
    failure: WorkflowsError | None = None
    read_at: float | None = None
    """When the source answered last, epoch seconds."""
    stream_failure: WorkflowsError | None = None
    """Why lines are not sent as they are printed, where they could be."""
    read_to_end: bool = False
    """Whether all was read, once the instance had ended and what comes late had had its time."""

    def notes(self, uncertain: int) -> list[str]:
        """The sentences to show over the lines, of which `uncertain` may be others'."""
        return [*self.reservations, *([self.unnamed] if self.unnamed and uncertain else [])]

    def take(self, page: LogPage) -> None:
        self.reservations |= dict.fromkeys(page.notes)


class InstanceLogs:
    """Gathers from a source that is asked and, in the cloud, from one that sends. Raises only WorkflowsError.

    `turn` is awaited before each read: it waits for the budget.
    """

    def __init__(
        self, api: Workflows, workflow: str, instance: str, *, turn: Turn, now: Callable[[], float]
    ) -> None:
        self.workflow, self.instance = workflow, instance
        self.reader = api.log_reader()
        self.state = LogState()
        self.lines: list[LogLine] = []
        self.version = 0
        """Goes up with every line that was not there before, and where those may be placed in another way."""
        self.last_placed: list[PlacedLine] = []
        """As they were put in their places last."""
        self.earlier = 0
        """Lines from before the last restart, which are not among those."""
        self.lost = LostCalls()
        """What a dev session's store has lost of those."""
        self.last_detail: Detail | None = None
        """What they were put in their places by."""
        self._api, self._now = api, now
        self._wait = turn
        self._about: Workflow | None = None
        self._kept: set[tuple[Any, ...]] = set()
        self._read_until = 0.0
        self._read_far = 0.0
        """When it was read far back last."""
        self._ended: float | None = None
        self._cutting = False
        self._dropped = float("-inf")
        """No line as old as this is kept any more."""
        self._calls: dict[str, Call] = {}
        """Those of a dev session that lines were printed in."""
        self._objects = TracedObjects()
        self._invocations: Sequence[CloudRun] = ()
        """Those of the cloud that went on when the instance's did, once it has ended."""
        self._why = ""
        """Why most of the lines that do not surely name it do not."""
        self._asked_until = float("inf")
        """When those were asked for last."""
        self._requests: list[str] = []
        """The runs of code that named the instance last, the newest at the end."""
        self._placing = asyncio.Lock()
        """Held as long as a thread puts lines in their places."""

    async def read(self, detail: Detail, *, since: float | None = None) -> int:
        """Reads what was printed since the last read, or since then; returns how many lines are new."""
        self.state.read_to_end = False
        about = await self._worker()
        start, end = self._window(detail, since)
        began, to_end = self._now(), not self.comes_late(detail)
        if start < began - self.reader.kept < end:
            days = round(self.reader.kept / 86_400)
            self.state.reservations[f"what it printed more than {days} days ago is kept no longer"] = None
        start = max(start, began - self.reader.kept)
        if self._read_until:
            is_far = to_end or began - self._read_far >= _FAR_EVERY
            self._read_far = began if is_far else self._read_far
            # Read over again by as much as lines may be late: what was there already is known by `_same`.
            start = max(start, self._read_until - self.reader.lag * (_FAR if is_far else 1.0))
        else:
            self._read_far = began
        if start >= end:  # it ended before the time that is asked for, or its lines are gone
            self.state.read_at, self.state.read_to_end = began, to_end
            return 0
        query = LogQuery(
            self.workflow,
            self.instance,
            start,
            end,
            script=about.script_name,
            class_name=about.class_name,
            requests=self._requests,
            lived=self._window(detail, None) if to_end and detail.end is not None else None,
        )
        try:
            page = await self.reader.read(query, self._turn)
        except WorkflowsError as failure:
            self.state.failure = failure
            raise
        self.state.failure, self.state.read_at = None, self._now()
        # Each wake of an instance is a run of its own: one that is followed for weeks has thousands.
        self._requests = list(dict.fromkeys([*self._requests, *page.requests]))[-_LIVE:]
        self.state.take(page)
        self.state.unnamed = page.unnamed
        self.state.read_to_end = to_end
        self._read_until = end
        self._asked_until = began
        # What should be told by now and is not takes back whose a line was taken to be.
        self.version += to_end
        self._take_calls(page.calls)
        self._take_objects(page.objects)
        if query.lived is not None:  # a later look may find a run that came late, or too many
            self._invocations = page.invocations
        new = 0
        for at in range(0, len(page.lines), _AT_ONCE):
            new += self.add(page.lines[at : at + _AT_ONCE])
            await asyncio.sleep(0)
        await self.cut()
        return new

    def _take_calls(self, calls: Sequence[Call]) -> None:
        if not calls:
            return
        # A new object: lines may be put in their places in a thread meanwhile.
        self._calls = {**self._calls, **{call.id: call for call in calls}}
        if len(self._calls) > _MOST * 2:
            self._calls = dict(islice(self._calls.items(), _MOST, None))
        self.version += 1

    def _take_objects(self, new: TracedObjects) -> None:
        before = self._objects
        both = TracedObjects(
            _joined(before.runs, new.runs),
            _joined(before.traces, new.traces),
            _joined(before.called, new.called),
            _joined(before.begins, new.begins),
        )
        if both != before:
            self._objects = both
            self.version += 1

    def comes_late(self, detail: Detail) -> bool:
        """Whether there may be more lines: it runs, or ended just now and its last ones are on their way."""
        if not is_final(detail.status):
            self._ended = None
            return True
        if self._ended is None:
            # Of one that ended long ago the source has everything already.
            self._ended = min(self._now(), detail.end if detail.end is not None else float("inf"))
        return self._now() - self._ended < self.reader.lag

    def settles_in(self, detail: Detail) -> float:
        """Seconds until a source has surely told of all that had ended when it was read to the end.

        Until then it may take back whose a line is.
        """
        return (detail.end or 0.0) + 2 * self.reader.lag + 1 - self._now()

    def why_unsure(self, detail: Detail) -> str:
        """Why lines do not surely name it; "" where that cannot be told."""
        if self.reader.name == "local":
            return "sure once its run has ended" if self.comes_late(detail) else self._why
        if self.state.unnamed:
            return ""  # that is said of them
        if self.comes_late(detail):  # whose they are is told by what ran beside it, which has its rows then
            return f"told {self.reader.lag:.0f} s after its end"
        if not self._invocations:
            return "what ran beside it could not be read whole"
        return self._why

    @property
    def stream_trouble(self) -> WorkflowsError | None:
        """Why lines are not sent as they are printed, where they could be: now, or for good."""
        script = self._about.script_name if self._about is not None else ""
        stream = self._api.log_stream() if script else None
        return self.state.stream_failure or (stream.trouble(script) if stream is not None else None)

    async def stream(self) -> AsyncIterator[int]:
        """Takes in what is sent, for as long as the caller stays; yields how many new lines came.

        Ends at once where nothing is sent, and where that is refused: `state.stream_failure` then says why.
        """
        try:
            about = await self._worker()
            stream = self._api.log_stream()
            self.state.stream_failure = None
            if stream is None or not about.script_name:
                return
            # Whoever presses the key waits for the first; what was cut is begun anew by itself.
            again = chain([False], repeat(True))
            async for page in stream.follow(
                about.script_name, self.workflow, lambda: self._wait(next(again))
            ):
                if page.instance and page.instance != self.instance:
                    continue
                self.state.take(page)
                if new := self.add(page.lines):
                    await self.cut()
                    yield new
        except WorkflowsError as failure:
            self.state.stream_failure = failure

    def add(self, lines: Collection[LogLine]) -> int:
        """Keeps those that were not there yet."""
        new = 0
        for line in lines:
            # One that was let go of for its age would come back with each read.
            if (line.instance and line.instance != self.instance) or line.at <= self._dropped:
                continue
            same = _same(line)
            if same not in self._kept:
                self._kept.add(same)
                self.lines.append(line)
                new += 1
        if new:
            self.version += 1
        return new

    async def cut(self) -> None:
        """Keeps the newest alone of too many; in a thread, for it takes a third of a second."""
        number = len(self.lines)
        if self._cutting or number <= _MOST * 1.1:
            return
        self._cutting = True
        try:
            kept, names, dropped = await asyncio.to_thread(_newest, self.lines[:number])
        finally:
            self._cutting = False
        if dropped is not None:
            self._dropped = dropped
            self.state.reservations[f"cut: only the newest {count(_MOST)} lines are kept"] = None
        # Those that came while the thread was at it.
        later = self.lines[number:]
        names.update(map(_same, later))
        self.lines, self._kept = kept + later, names

    def placed(
        self,
        detail: Detail,
        others: Mapping[str, Lifetime] = MappingProxyType({}),
        *,
        as_of: float | None = None,
        until: float = float("inf"),
        of_this_run: bool = False,
    ) -> list[PlacedLine]:
        """The lines in order and each in its place; `as_of` is when the detail was asked for.

        With `until` those that were printed by then: what was printed later is no replay of theirs. With
        `of_this_run` without those from before a restart, of which the detail has no steps; they are counted.
        `others` are the other instances that are known, and when they were there.
        """
        since = self.since(detail) if of_this_run else float("-inf")
        lines = [line for line in self.lines if since <= line.at <= until]
        before = [line for line in self.lines if line.at < since] if of_this_run else []
        self.earlier = self._own_among(before, detail, others) if before else 0
        # In a thread too it holds the keys while it walks through all there is: 170 ms at 100,000 lines.
        with collector_at_rest() if len(lines) >= _AT_ONCE else nullcontext():
            placed = place_lines(
                lines,
                detail,
                others=others,
                as_of=as_of,
                calls=self._calls,
                objects=self._objects,
                now=self._asked_until,
                invocations=self._invocations,
            )
        whys = Counter(entry.why for entry in placed if entry.why)
        self._why = max(whys, key=whys.__getitem__, default="")
        # Of what goes on there is no row yet, and of what has just ended it may come.
        self.lost = LostCalls()
        if self._calls and detail.end is not None and self._asked_until - detail.end >= self.reader.lag:
            traces = {call.trace for call in self._calls.values()}
            self.lost = LostCalls.among(placed, self._calls, traces)
        if until == float("inf"):
            self.last_placed, self.last_detail = placed, detail
        return placed

    def _own_among(self, before: Sequence[LogLine], detail: Detail, others: Collection[str]) -> int:
        """How many lines of an earlier run are the instance's: they name it, or came from the same code.

        The calls of a dev session say nothing of it: its steps are in the answer no more.
        """
        tree = CallTree(self._calls)
        ownership = Ownership(detail.id, others)
        ownership.learn(before)
        named = [line for line in before if ownership.speaks_in(line) or ownership.of(line) is Whose.OURS]
        runs = {tree.run_of(line.request) for line in named if line.request}
        return sum(not line.request for line in named) + sum(
            bool(line.request) and tree.run_of(line.request) in runs for line in before
        )

    def why_none(self, detail: Detail) -> str:
        """Why the instance has no lines, in a sentence; "" where that is not known."""
        if detail.status == "queued" and detail.start is None:
            return "It has not started yet: its code has not run."
        if self.state.unnamed and self.lines:
            return "What its Worker printed in that time names other instances."
        if detail.end is not None and self._now() - detail.end > self.reader.kept_surely:
            long, least = (round(days / 86_400) for days in (self.reader.kept, self.reader.kept_surely))
            ago = age(self._now() - detail.end)
            return f"It ended {ago} ago: lines are kept for {long} days, for {least} on the free plan."
        return ""

    @property
    def are_being_placed(self) -> bool:
        """Whether a thread puts lines in their places now, for whomever."""
        return self._placing.locked()

    async def place_in_thread(self, begin: Callable[[], Callable[[], _T] | None]) -> _T | None:
        """Runs in a thread what `begin` returns when its turn has come; None where that is nothing.

        One at a time, also behind one that nobody waits for any more, for its thread goes on: keys wait for
        their share of the interpreter as often as there are threads that compute.
        """
        await self._placing.acquire()
        placing: asyncio.Future[_T] | None = None
        try:
            if (work := begin()) is None:
                return None
            placing = asyncio.get_running_loop().run_in_executor(None, work)
            placing.add_done_callback(lambda _: self._placing.release())
        finally:
            if placing is None:
                self._placing.release()
        return await asyncio.shield(placing)

    def since(self, detail: Detail) -> float:
        """When lines are read from, epoch seconds; what was printed longer before the run is left out."""
        return self._window(detail, None)[0]

    def _window(self, detail: Detail, since: float | None) -> tuple[float, float]:
        """The time, from and to in epoch seconds, in which the instance can have printed something."""
        now = self._now()
        starts = [time for time in (detail.queued, detail.start) if time is not None]
        starts += [step for step in detail.steps.columns.starts[:1] if step is not None]
        start = min(starts, default=now - 3600) - _BEFORE
        end = now + 1 if detail.end is None else detail.end + _AFTER
        return (start if since is None else max(start, since)), end

    async def _turn(self) -> None:
        """Waits for leave to read.

        The first read as one that somebody waits for, later ones behind list and detail.
        """
        await self._wait(self.state.read_at is not None)

    async def _worker(self) -> Workflow:
        """The workflow's script and class, asked for once; a dev session has one store for all."""
        if self._about is None:
            if self._api.local:
                self._about = Workflow(self.workflow)
            else:
                await self._turn()
                self._about = await self._api.get_workflow(self.workflow)
        return self._about


def _newest(lines: list[LogLine]) -> tuple[list[LogLine], set[tuple[Any, ...]], float | None]:
    """The newest _MOST lines, their keys, and when the last line that was dropped was printed."""
    ordered = in_order(lines)
    dropped = ordered[-_MOST - 1].at if len(ordered) > _MOST else None
    return ordered[-_MOST:], {_same(line) for line in ordered[-_MOST:]}, dropped


def _joined(before: Mapping[str, _T], new: Mapping[str, _T]) -> Mapping[str, _T]:
    """What was told before and what is told now, without the oldest of too many."""
    both = {**before, **new}
    beyond = len(both) - _MOST_TRACED
    return dict(islice(both.items(), beyond, None)) if beyond > 0 else both


def _same(line: LogLine) -> tuple[Any, ...]:
    """A key that is equal for one line that was sent twice."""
    return line.source, line.request, line.order or line.message, round(line.at * 1000)
