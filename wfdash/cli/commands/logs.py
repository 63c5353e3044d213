"""`wfdash logs`: what an instance, or one of its steps, printed."""

import asyncio
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import NEWEST, ListQuery
from wfdash.cli.commands.inputs import check_id
from wfdash.cli.exits import Stop, UsageError
from wfdash.cli.output import json_line, line, say
from wfdash.cli.session import TRANSIENT, CommandSession, again
from wfdash.core.logs.earlier import EarlierRun
from wfdash.core.logs.lifetimes import Lifetime, lifetimes_of
from wfdash.core.logs.line import LogScope, PlacedLine
from wfdash.core.logs.rows import is_rollback, line_cells, step_of
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.model.times import iso
from wfdash.core.text.clean import clean, masked
from wfdash.core.text.words import count, counted
from wfdash.core.why.step_names import base_name, counter_of
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.read_instance import read_answer
from wfdash.live.reads.log_lines import InstanceLogs

__all__ = ["prepare", "run"]

_LEAST = 1.0
"""Seconds between two rounds, in which lines that are sent as they are printed may come."""
_HISTORY = 15.0
"""Seconds for which what is sent waits for what was printed before, where that cannot be read at once."""
_PATIENCE = 5
"""Reads that may fail once the instance has ended and its last lines are to be had."""
_LINE, _AT_ONCE = 500, 100_000
"""What a line costs beside its characters, in these, and how much is printed before a signal is heard."""
_STEPS_LAG = 1.0
"""Seconds before the instance was read of which its steps are surely known."""


def prepare(parsed: Namespace) -> None:
    """Takes the one instance of the command line."""
    if not parsed.instance or parsed.ids:
        raise UsageError("logs takes one instance: wfdash logs -i ID")
    check_id(parsed.instance)
    if parsed.count is not None and not parsed.step:
        raise UsageError("--count says which of the steps named by --step: it goes with --step NAME")


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Prints the lines, oldest first; with --follow until the instance has ended. Returns the exit code."""
    command = _Logs(parsed, session, await session.workflow())
    return await command.run()


class _Logs:
    def __init__(self, parsed: Namespace, session: CommandSession, workflow: str) -> None:
        self.session = session
        self.workflow, self.instance = workflow, parsed.instance
        self.as_json, self.follows = parsed.json, parsed.follow
        self.step, self.count = parsed.step, parsed.count
        self._span: float | None = parsed.since
        self.since: float | None = None
        self.logs = InstanceLogs(session.api, workflow, self.instance, turn=self._turn, now=session.clock)
        self._printed: set[tuple[object, ...]] = set()
        """Those of the lines at hand that were printed."""
        self._number = 0
        """Lines printed in all."""
        self._left_out: set[tuple[object, ...]] = set()
        """Of the lines at hand, those that may be of the step that was asked for, or of another as well."""
        self._left_out_before = 0
        """How many such there were among those that are held no longer."""
        self._newest = float("-inf")
        """When the newest line that was printed is from."""
        self._late = 0
        """Lines that were printed after newer ones."""
        self._in_vain = 0
        """Reads that failed since nothing more was to come."""
        self._said: set[str] = set()
        self._created: float | None = None
        """When the instance was created: one that was queued later was restarted."""
        self._uncertain = 0
        self._likely = 0
        self._gone: list[float] = []
        """When lines of a run before a restart were printed, of those that are shown."""
        self._asked_at = 0.0
        """When the instance was asked for last."""
        self._woken = asyncio.Event()
        self._history_until = session.clock() + _HISTORY

    async def run(self) -> int:
        detail = await self._detail()
        if self.step:
            self._check_step(detail)
        others = await self._others(detail)
        stream = (
            asyncio.ensure_future(self._listen()) if self.follows and not is_final(detail.status) else None
        )
        try:
            await self._read(detail)
            if self.follows:
                detail = await self._follow(detail, others)
            else:
                await self._print(detail, others)
        finally:
            if stream is not None:
                stream.cancel()
                with suppress(asyncio.CancelledError):
                    await stream
        self._conclude(detail)
        return 0

    async def _follow(self, detail: Detail, others: Mapping[str, Lifetime]) -> Detail:
        """Prints what comes, until the instance is final and the source had time for the rest."""
        reader = self.logs.reader
        clock, read_at, has_ended = self.session.clock, self.session.clock(), is_final(detail.status)
        await self._print(detail, others)
        while not self.logs.state.read_to_end:
            self._woken.clear()
            # However often lines are sent: each round reads the instance.
            await asyncio.sleep(_LEAST)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(reader.pace - _LEAST, 0.1)):
                    await self._woken.wait()
            if not has_ended:
                detail, has_ended = await self._ended_or_not()
            if clock() - read_at >= reader.pace or not self.logs.comes_late(detail):
                await self._read(detail)
                read_at = clock()
                if reader.name == "local" and not has_ended:
                    # What has begun since may print in its name. A dev session counts no requests.
                    others = await self._others(detail)
            self._say_trouble()
            self._say_reservations()
            await self._print(detail, others)
        return detail

    async def _ended_or_not(self) -> tuple[Detail, bool]:
        """Reads the instance, and says of one that has ended why the command goes on."""
        detail = await self._detail()
        if not is_final(detail.status):
            return detail, False
        if self.logs.comes_late(detail):
            ended = f" {iso(detail.end)}" if detail.end is not None else ""
            late = f"waiting for late lines, {self.logs.reader.lag:.0f} s"
            say(f"wfdash: {clean(self.instance)} is {clean(detail.status)}, it ended{ended}: {late}")
        return detail, True

    async def _listen(self) -> None:
        async for _ in self.logs.stream():
            self._woken.set()
        self._say_trouble()

    def _say_trouble(self) -> None:
        """Says why lines are not sent as they are printed, each reason once."""
        failure = self.logs.stream_trouble
        if failure is not None and failure.sentence not in self._said:
            self._said.add(failure.sentence)
            say(f"wfdash: lines come late: {clean(failure.sentence)}")

    def _say_reservations(self) -> None:
        """Says what a source could not tell, each once: who follows for days is not told at the end alone."""
        for note in self.logs.state.reservations:
            self._say_once(clean(note))

    def _say_once(self, note: str) -> None:
        if note not in self._said:
            self._said.add(note)
            say(f"wfdash: {note}")

    async def _read(self, detail: Detail) -> None:
        """Reads once; while following, a passing failure is said once and waited out."""
        # Not before an answer: only then is it known how far this machine's clock is from the server's.
        if self.since is None and self._span is not None:
            self.since = self.session.clock() - self._span

        async def read() -> None:
            await self.logs.read(detail, since=self.since)

        if not self.follows:
            await self.session.read(read)
            return
        try:
            await read()
            self._said.discard("failed")
        except TRANSIENT as failure:
            # Of what runs it is waited out; once it has ended, a script waits for its end.
            self._in_vain += not self.logs.comes_late(detail)
            if self._in_vain >= _PATIENCE:
                raise
            if "failed" not in self._said:
                say(again(failure.sentence))
            self._said.add("failed")

    async def _print(self, detail: Detail, others: Mapping[str, Lifetime]) -> None:
        """Prints what was not printed yet; while following, not before the steps of its time are known.

        What was printed before comes from another source than what is sent now, and is to stand before it.
        """
        if self.follows and self.logs.state.read_at is None and self.session.clock() < self._history_until:
            return
        as_of = None if is_final(detail.status) else self._asked_at
        alike: Counter[tuple[object, ...]] = Counter()
        printed: set[tuple[object, ...]] = set()
        left_out: set[tuple[object, ...]] = set()
        scope = LogScope(tuple(self._steps(detail))) if self.step else LogScope()
        work = 0
        # In a thread: 100,000 lines take seconds, in which a signal is to be heard.
        for entry in await asyncio.to_thread(self.logs.placed, detail, others, as_of=as_of):
            own = entry.line
            if (work := work + _LINE + len(own.message)) > _AT_ONCE:
                work = 0
                await asyncio.sleep(0)
            words = (round(own.at * 1000), own.level, own.message)
            alike[words] += 1
            # Not by its source: what a tail sent first comes from telemetry too.
            same = (*words, alike[words])
            if same in self._printed:
                printed.add(same)
                continue
            if self.follows and as_of is not None and own.at > as_of - _STEPS_LAG:
                continue
            if self.since is not None and own.at < self.since:
                continue
            if self.step and not (scope.steps and scope.holds(entry)):
                if scope.may_hold(entry):
                    left_out.add(same)
                continue
            printed.add(same)
            self._number += 1
            self._uncertain += not entry.certain
            if not entry.certain and self.follows and (why := self.logs.why_unsure(detail)):
                self._say_once(f"lines marked ? do not surely name {clean(self.instance)}: {why}")
            self._likely += entry.certain and entry.likely
            self._gone += [own.at] if entry.gone else []
            self._print_line(entry, detail)
        # Of a line that is held no longer nothing is remembered: it may be followed for weeks.
        self._left_out_before += len(self._left_out - left_out - printed)
        self._printed, self._left_out = printed, left_out

    def _print_line(self, entry: PlacedLine, detail: Detail) -> None:
        own, steps = entry.line, detail.steps.columns
        # To wait for a line that may never come would keep all others back: each is printed as it comes.
        late = own.at < self._newest
        self._newest = max(self._newest, own.at)
        self._late += late
        if not self.as_json:
            at, level, where, message = line_cells(entry, steps)
            line(at, level, where, f"{message} (came late)" if late else message)
            return
        json_line(
            {
                "at": iso(own.at),
                "level": own.level,
                "message": masked(own.message),
                "source": own.source,
                "step": step_of(entry, steps),
                "certain": entry.is_sure,
                "count": None if entry.step is None else counter_of(steps.names[entry.step]),
                "attempt": entry.attempt,
                "rollback": is_rollback(entry, steps),
                "times": entry.times,
                "late": late,
                "among": [base_name(steps.names[step]) for step in entry.among],
            }
        )

    def _why(self, detail: Detail) -> str:
        """The end of a sentence: why some of the lines do not surely name the instance."""
        why = self.logs.why_unsure(detail)
        return f", {why}" if why else ""

    def _steps(self, detail: Detail) -> list[int]:
        """The steps that --step and --count name."""
        named = self._named(detail, "step")
        return named if self.count is None else named[self.count - 1 : self.count]

    def _named(self, detail: Detail, wanted: str) -> list[int]:
        """Indices of the steps of a kind that --step names, as in the code or with the -N of the API."""
        columns = detail.steps.columns
        return [
            index
            for index, (name, kind) in enumerate(zip(columns.names, columns.kinds))
            if kind == wanted and self.step in (name, base_name(name))
        ]

    def _check_step(self, detail: Detail) -> None:
        if self._steps(detail):
            return
        which = f" number {self.count}" if self.count is not None else ""
        if self.follows and not is_final(detail.status):
            say(f'wfdash: {clean(self.instance)} has no step "{clean(self.step)}"{which} yet: waiting for it')
            return
        raise Stop(f'{self.instance} has no step "{self.step}"{which}; wfdash show lists its steps', 1)

    async def _detail(self) -> Detail:
        session = self.session
        self._asked_at = session.clock()
        answer = await session.read(lambda: session.api.get_instance(self.workflow, self.instance))
        return read_answer(self.workflow, self.instance, answer)

    async def _others(self, detail: Detail) -> dict[str, Lifetime]:
        """Lists a hundred neighbours: a line that names one of them is theirs.

        Of an instance that has ended it lists the newest of those that were created before its end.
        """
        session = self.session
        ended = detail.end if is_final(detail.status) and self.logs.reader.name != "local" else None
        query = NEWEST if ended is None else ListQuery(date_end=ended + 1)
        try:
            page = await session.read(lambda: session.api.list_instances(self.workflow, query))
        except WorkflowsError:
            return {}
        rows = Instance.from_items(page.items)
        own = next((row for row in rows if row.id == self.instance), None)
        self._created = own.created if own is not None else self._created
        return lifetimes_of(rows)

    async def _turn(self, _again: bool) -> None:
        await self.session.budget.acquire(Priority.FOREGROUND, self.session.purpose)

    def _conclude(self, detail: Detail) -> None:
        """Says on stderr what the lines cannot say of themselves."""
        for note in self.logs.state.notes(self._uncertain):
            if note not in self._said:
                say(f"wfdash: {clean(note)}")
        since = self.logs.since(detail)
        if earlier := EarlierRun.of(self._gone, detail, self._created, since):
            say(f"wfdash: {clean(self.instance)} {earlier.words()}")
        if self.logs.lost.calls:
            say(f"wfdash: {self.logs.lost.words}")
        if self._late:
            came = f"{counted(self._late, 'line')} came late and {'stands' if self._late == 1 else 'stand'}"
            say(f"wfdash: {came} after newer ones: marked so")
        if self._uncertain:
            say(
                f"wfdash: {count(self._uncertain)} of {count(self._number)} lines do not surely name "
                f"{clean(self.instance)}: others may be among these{self._why(detail)}"
            )
        if self._likely:
            say(
                f"wfdash: {count(self._likely)} of {count(self._number)} lines are in their step by time or "
                "words alone: neither says it for certain"
            )
        if not self._number:
            reason = self.logs.why_none(detail)
            of_step = f' of "{clean(self.step)}"' if self.step else ""
            say(f"wfdash: no lines{of_step}" + (f". {reason}" if reason else ""))
        undone = self._named(detail, "rollback") if self.step else []
        if number := sum(entry.step in undone for entry in self.logs.last_placed):
            say(
                f'wfdash: left out {counted(number, "line")} of the rollback of "{clean(self.step)}"; '
                "without --step all are printed"
            )
        if number := self._left_out_before + len(self._left_out):
            left_out = counted(number, "line")
            say(
                f'wfdash: left out {left_out} that may be of "{clean(self.step)}": another step ran then, '
                "or one just began or ended, and the text does not say which; without --step all are printed"
            )
