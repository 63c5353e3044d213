"""`wfdash tail`: one line per change, for pipes, CI, screen readers and poor links."""

import asyncio
from argparse import Namespace
from contextlib import suppress
from typing import Any

from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import ListQuery
from wfdash.cli.commands.inputs import batches_of, check_id
from wfdash.cli.commands.wait_until import TimedOut, until
from wfdash.cli.commands.why_facts import WhyFacts
from wfdash.cli.exits import Stop, UsageError
from wfdash.cli.output import instant, json_line, line, say
from wfdash.cli.session import CommandSession, LastingFailure, again
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import Query, parse
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES, is_final
from wfdash.core.rows.store import GONE
from wfdash.core.text.clean import clean
from wfdash.core.why.current_steps import current_steps, doing
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.events import Update
from wfdash.live.polling.read_instance import read_answer
from wfdash.live.watcher import Watcher

__all__ = ["prepare", "run"]

_WORTH_READING = 20
"""Changes that may wait for their why before it is left out."""
_WHY_WITHIN = 5.0
"""Seconds for the sentence of a change: the line itself must not come late for its reason."""
_NOT_LISTED = "no longer listed: deleted, or erased at the end of its retention"


def prepare(parsed: Namespace) -> None:
    """Checks the filter and what to wait for."""
    query = parse(parsed.filter)
    # A line a change costs no request beside the list's; details would cost one each.
    if query.needs_marks or query.needs_details:
        raise UsageError("--filter: tail follows the list; step, error, blocked and marked are not in it")
    if parsed.instance:
        check_id(parsed.instance)
    if parsed.instance and parsed.filter:
        raise UsageError("--filter and -i exclude each other")
    if (parsed.until and not parsed.instance) or (parsed.timeout is not None and not parsed.until):
        raise UsageError("--until goes with -i ID, and --timeout with --until")
    if parsed.until:
        spelled = {status.lower(): status for status in (*STATUSES, "final")}
        if parsed.until.lower() not in spelled:
            raise UsageError(
                f"--until {parsed.until}: not a status; write final or one of {', '.join(STATUSES)}"
            )
        parsed.until = spelled[parsed.until.lower()]


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Follows until interrupted, or until what was waited for. Returns the exit code."""
    lines = Lines(await session.workflow(), session, as_json=parsed.json)
    if parsed.instance:
        return await _tail_instance(parsed, session, lines)
    # Asked once before following: a wrong workflow or token is an exit code, and not a line a minute.
    await session.read(lambda: session.api.list_instances(lines.workflow, ListQuery(per_page=1)))
    query = parse(parsed.filter)
    if query.doubt:
        say(f"--filter: {query.doubt}")
    batches = await batches_of(session, query) if query.batches else {}
    return await Changes(session, lines, query, MatchContext(batches=batches)).follow(parsed.interval)


class Lines:
    """Prints changes of status: the first of an instance comes from `-`.

    A dev session calls an instance `running` whatever it waits for: there another attempt, or another open
    step, is a change as well where steps are read.
    """

    def __init__(self, workflow: str, session: CommandSession, *, as_json: bool) -> None:
        self.workflow = workflow
        self.session = session
        self.as_json = as_json
        self.last: dict[str, str] = {}
        self._runs: dict[str, float] = {}
        self._positions: dict[str, object] = {}
        self._facts = WhyFacts(session)

    def is_another(self, identity: str, created: float | None) -> bool:
        """Whether an id stands for another run than at the last call.

        Deleted and created anew in between, both runs may have been in one status.
        """
        before = self._runs.get(identity)
        if created is None or (before is not None and created <= before):
            return False  # a list that lags tells of the run before for a while
        self._runs[identity] = created
        return before is not None

    def has_moved(self, detail: Detail) -> bool:
        """Whether the instance is at another status or step than at the last call."""
        position = (detail.status, _position(detail) if self.session.api.local else ())
        before, self._positions[detail.id] = self._positions.get(detail.id), position
        return before != position

    def changed(self, identity: str, status: str, why: str, *, within: bool = False) -> None:
        """Prints one change; `within` a status as well."""
        was = self.last.get(identity, "-")
        # An update may be about something else in the row.
        if was == status and not within:
            return
        self.last[identity] = status
        at = instant(self.session.clock())
        if self.as_json:
            keys = ("at", "workflow", "id", "from", "to", "why")
            json_line(dict(zip(keys, (at, self.workflow, identity, was, status, why), strict=True)))
        else:
            line(at, self.workflow, identity, was, status, why)

    async def why(self, detail: Detail, row: Instance | None = None) -> str:
        return await self._facts.sentence(detail, row)


async def _tail_instance(parsed: Namespace, session: CommandSession, lines: Lines) -> int:
    async def read(detail: Detail) -> None:
        another, moved = lines.is_another(detail.id, detail.queued), lines.has_moved(detail)
        if another or moved:
            why = _another(detail.queued if another else None, await lines.why(detail))
            lines.changed(parsed.instance, detail.status, why, within=True)

    def there(status: str) -> bool:
        return bool(parsed.until) and (status == parsed.until or is_final(status))

    deadline = None if parsed.timeout is None else session.clock() + parsed.timeout
    try:
        status = await until(
            session,
            lines.workflow,
            parsed.instance,
            there,
            deadline=deadline,
            interval=parsed.interval,
            read=read,
        )
    except TimedOut as late:
        raise Stop(f"timed out: {late.status or 'nothing was read'}, not {parsed.until}", 5) from None
    return 0 if parsed.until in ("final", status) else 1


def _position(detail: Detail) -> object:
    """Which steps are open, what each is at and in which attempt, to be compared with the last."""
    return tuple((step.index, doing(step), len(step.attempts)) for step in current_steps(detail))


def _another(created: float | None, why: str) -> str:
    """The sentence with "another run of this id" before it.

    Alone where `created` is None, for the same run.
    """
    if created is None:
        return why
    said = f"another run of this id, queued {instant(created)}"
    return f"{said}; {why}" if why else said


class Changes:
    """Yields every change that the list of a workflow shows."""

    def __init__(self, session: CommandSession, lines: Lines, query: Query, context: MatchContext) -> None:
        self.session = session
        self.lines = lines
        self.query, self._context = query, context
        self.waiting: asyncio.Queue[tuple[str, str, bool, float | None]] = asyncio.Queue()
        self.began = session.clock()
        self.failure = ""
        self.lasting = LastingFailure()
        """Failures in a row that waiting does not mend."""
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def follow(self, interval: float | None) -> int:
        session = self.session
        self.poller = Watcher(
            session.api,
            clock=session.clock,
            budget=session.budget,
            interval=interval or session.settings.interval,
            local=session.api.local,
            notify=self._on_update,
        )
        self.poller.show(self.lines.workflow, self.query)
        tasks = [asyncio.create_task(self.poller.run()), asyncio.create_task(self._print())]
        try:
            waiting: list[asyncio.Future[Any]] = [*tasks, self.ended]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
        return self.ended.result()

    def _on_update(self, update: Update) -> None:
        self._health()
        now, store = self.session.clock(), self.poller.store
        rows = [
            row for identity in (*update.delta.added, *update.delta.changed) if (row := store.get(identity))
        ]
        # Oldest first, as a log reads.
        for row in sorted(rows, key=lambda row: row.created or 0.0):
            if row.id in self.lines.last or self.query.match(row, now, self._context):
                # What was there before the start is printed without its reason: nothing of it has changed.
                news = row.id in self.lines.last or (row.created or 0.0) > self.began
                gone = store.note(row.id) == GONE
                another = row.created if self.lines.is_another(row.id, row.created) else None
                self.waiting.put_nowait((row.id, GONE if gone else row.status, news, another))

    def _health(self) -> None:
        fresh = self.poller.newest.freshness
        # Twice, for after a 401 the client looks for a newer token.
        lasts = self.lasting.saw(fresh.error) and self.lasting.times == 2
        if lasts and fresh.error is not None and not self.ended.done():
            say(f"wfdash: {clean(fresh.failure)}")
            self.ended.set_result(fresh.error.exit_code)
            return
        if fresh.failure != self.failure:
            say(again(fresh.failure) if fresh.failure else "wfdash: reached again")
            self.failure = fresh.failure

    async def _print(self) -> None:
        while True:
            identity, status, news, another = await self.waiting.get()
            if self.lines.last.get(identity) == status and another is None:
                continue
            if status == GONE:
                self.lines.changed(identity, status, _NOT_LISTED)
                continue
            # A burst is told without reasons rather than late.
            why = await self._why(identity) if news and self.waiting.qsize() < _WORTH_READING else ""
            self.lines.changed(identity, status, _another(another, why), within=another is not None)

    async def _why(self, identity: str) -> str:
        """Reads the instance for its sentence; "" when that cannot be had soon."""
        with suppress(WorkflowsError, TimeoutError):
            async with asyncio.timeout(_WHY_WITHIN):
                await self.session.budget.acquire(Priority.ROWS, self.session.purpose)
                answer = await self.session.api.get_instance(self.lines.workflow, identity)
                detail = read_answer(self.lines.workflow, identity, answer)
                return await self.lines.why(detail, self.poller.store.get(identity))
        return ""
