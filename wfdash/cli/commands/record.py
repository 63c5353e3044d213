"""`wfdash record`: follows workflows without a screen and keeps what it sees."""

import asyncio
import os
import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from math import inf

from platformdirs import user_state_path

from wfdash.api.errors import Forbidden, NotFound, WorkflowNotFound, WorkflowsError
from wfdash.cli.exits import Stop, UsageError
from wfdash.cli.output import refuse, say
from wfdash.cli.question import answer_to
from wfdash.cli.session import CommandSession, LastingFailure, again
from wfdash.config.plain_file import expanded
from wfdash.config.settings import Settings
from wfdash.core.filter.query import Query, parse
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.text.clean import clean
from wfdash.core.text.words import counted
from wfdash.live.hooks.changes import ChangeWatch, SeenChange
from wfdash.live.hooks.earlier_causes import read_earlier_causes
from wfdash.live.hooks.runner import Hook, HookRun, HookRunner
from wfdash.live.polling.events import Update
from wfdash.live.records.record.listener import RecordListener
from wfdash.live.records.record.location import ASIDE, RecordLocation, kept_of, owner_of, record_path
from wfdash.live.records.record.recorder import Recorder, ask_record
from wfdash.live.watcher import Watcher

__all__ = ["erase_record", "prepare", "run"]

_READ = 300
"""Instances of a workflow whose steps are read again and again, as the budget allows; the newest count."""
_OPENING = 15.0
"""Seconds to wait for the file: who starts a recording for the night must see at once that it cannot be
kept."""
_HELD, _ENOUGH = 5_000, 6_000
"""Rows that are held in memory, and how many there are when the oldest that ended are let go."""
_OVER = 7 * 3600.0
"""Seconds since it ended after which a row may go: what `rate` compares goes back six hours."""
_WAITED_OUT = 300.0
"""Seconds for which a workflow that had answered may be refused or not found: a rule at the edge, a role that
is being changed and a deploy mend themselves in that time."""


def prepare(parsed: Namespace) -> None:
    """Checks the filter and what excludes each other."""
    query = parse(parsed.filter)
    if query.needs_marks or query.needs_details or query.batches:
        raise UsageError("--filter: a record follows the list; what only details hold is not in it")
    if parsed.erase and (
        parsed.out
        or parsed.duration is not None
        or parsed.workflows
        or parsed.filter
        or parsed.on_change
        or parsed.metrics is not None
    ):
        raise UsageError("--erase removes the record of the account and goes with nothing else but --yes")
    try:
        parsed.on_change = shlex.split(parsed.on_change)
    except ValueError as wrong:
        raise UsageError(f"--on-change cannot be parsed: {wrong}") from None
    if parsed.on_change and shutil.which(parsed.on_change[0]) is None:
        # Found out at the first change it would be told at night, once for each.
        raise UsageError(f"--on-change: there is no command {parsed.on_change[0]} that can be run")
    if parsed.out and not (folder := expanded(parsed.out).parent).is_dir():
        raise UsageError(f"--out: there is no folder {folder}; create it, or name another file")
    if parsed.yes and not parsed.erase:
        raise UsageError("--yes goes with --erase")
    if parsed.workflow and parsed.workflows:
        raise UsageError("-w and names of workflows exclude each other")


def erase_record(parsed: Namespace, settings: Settings) -> int:
    """Removes the record of the account in use, after a yes. Journal, notes and counters stay."""
    from wfdash.live.records.record.file import erase

    path = record_path(user_state_path("wfdash"), settings)
    if path is None:
        return refuse("whose record? Name the account with --account-id or --profile", 2)
    if not (found := kept_of(path)):
        say(f"wfdash: there is no record at {path}")
        return 0
    if not parsed.yes:
        if not sys.stdin.isatty():
            return refuse("away from a terminal --erase needs --yes", 2)
        more = len([part for part in found if ASIDE in part.name])
        too = f" and {counted(more, 'file')} set aside as damaged" if more else ""
        if answer_to(f"Erase {path}{too}? [y/N] ") not in ("y", "yes"):
            return refuse("nothing was erased: only y erases", 1)
    try:
        erase(path)
    except OSError as wrong:
        return refuse(f"{path} could not be removed: {wrong.strerror}", 1)
    say(f"wfdash: erased {path}; the journal and the notes are as they were")
    for part in found:
        if part != path and part.name.startswith(path.name + ASIDE):
            say(f"wfdash: erased {part}")
    say("wfdash: another wfdash that runs on this account begins a new one; [record] on = false keeps none")
    return 0


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Follows until the time is up or a signal ends it; all that was seen is then on the disk."""
    workflows = parsed.workflows or [await session.workflow()]
    await session.reach()
    location = _location(parsed, session)
    recorder = Recorder(clock=session.clock, report=lambda sentence: say(f"wfdash: {clean(sentence)}"))
    session.endings.append(recorder.close)
    recorder.start(location)
    await asyncio.to_thread(recorder.flush, _OPENING)
    if recorder.trouble:
        return 1  # the recorder has said why
    session.api.listener = RecordListener(recorder.saw, clock=session.clock, epoch=lambda: recorder.epoch)
    hooks = _hooks(session, location) if parsed.on_change else None
    command = Hook("on-change", tuple(parsed.on_change))
    recorded = await asyncio.to_thread(ask_record, recorder.read, lambda reader: list(reader.workflows(inf)))
    group = RecordedGroup()
    followed = group.members
    followed += [
        RecordedWorkflow(
            name,
            session,
            parse(parsed.filter),
            group,
            partial(hooks.saw, command) if hooks else None,
            was_there=name in recorded,
        )
        for name in workflows
    ]
    if hooks is not None:
        await asyncio.to_thread(_learn_causes, recorder, followed)
    if parsed.metrics is not None:
        _serve_metrics(parsed.metrics, session, recorder, followed)
    say(f"wfdash: recording {', '.join(map(clean, workflows))} into {location.path}")
    code = await group.follow(hooks, parsed.duration)
    await asyncio.to_thread(recorder.flush)
    return code


def _serve_metrics(
    port: int, session: CommandSession, recorder: Recorder, followed: "Sequence[RecordedWorkflow]"
) -> None:
    from wfdash.live.metrics import MetricsServer

    watchers = [each.poller for each in followed]
    server = MetricsServer(watchers, budget=session.budget, recorder=recorder, clock=session.clock)
    try:
        address = server.start(port)
    except OSError as wrong:
        raise Stop(f"--metrics: port {port} of 127.0.0.1 is not available: {wrong.strerror}", 1) from None
    session.endings.append(server.close)
    say(f"wfdash: metrics at {address}")


def _learn_causes(recorder: Recorder, followed: "Sequence[RecordedWorkflow]") -> None:
    """Takes causes of earlier runs out of the record: they are not new."""
    causes = ask_record(recorder.read, lambda reader: reader.causes())
    for each in followed:
        each.changes.learn(causes)


def _location(parsed: Namespace, session: CommandSession) -> RecordLocation:
    settings = session.settings
    folder = user_state_path("wfdash")
    own = record_path(folder, settings, session.api.account_id)
    path = expanded(parsed.out) if parsed.out else own
    if path is None:
        raise Stop("the server did not say whose account this is: name it with --account-id", 2)
    policy = settings.record
    owner = owner_of(own) if own is not None else ""
    return RecordLocation(path, policy.payloads, not parsed.out, policy.megabytes * 1_000_000, owner)


def _hooks(session: CommandSession, location: RecordLocation) -> HookRunner:
    assert location.path is not None

    def ended(run: HookRun) -> None:
        if run.failure:
            say(f"wfdash: {run.hook.on}: {clean(run.failure)}")

    return HookRunner(
        session.settings.without_secrets(os.environ),
        lock=location.path.with_name(location.path.name + ".hooks"),
        report=lambda sentence: say(f"wfdash: {clean(sentence)}"),
        ended=ended,
    )


class RecordedGroup:
    """The workflows that one program follows, for as long as one of them answers."""

    def __init__(self) -> None:
        self.members: list[RecordedWorkflow] = []
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The exit code, once following on is of no use."""

    def end(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)

    async def follow(self, hooks: HookRunner | None, seconds: float | None) -> int:
        """Follows until the time is up or nothing is of use any more; the exit code."""
        followed = self.members
        tasks = [asyncio.create_task(each.poller.run()) for each in followed]
        learning: list[asyncio.Task[None]] = []
        if hooks is not None:
            tasks.append(asyncio.create_task(hooks.run()))
            learning = [asyncio.create_task(each.learn_earlier_causes()) for each in followed]
        waiting: list[asyncio.Future[int] | asyncio.Task[None]] = [*tasks, self.ended]
        try:
            done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            # One that is of no use at the end was not recorded to it, however well the others went.
            return max([future.result() or 0 for future in done] + [each.given_up for each in followed])
        except OSError as wrong:
            raise Stop(f"--on-change: its lock is not available: {wrong}", 1) from None
        finally:
            for task in (*tasks, *learning):
                task.cancel()
            await asyncio.gather(*tasks, *learning, return_exceptions=True)

    def goes_on(self) -> bool:
        """Whether a workflow is still of use; where none is, ends the group and says why of each."""
        if self.ended.done() or not all(each.given_up for each in self.members):
            return not self.ended.done()
        for sentence in dict.fromkeys(each.poller.newest.freshness.failure for each in self.members):
            say(f"wfdash: {clean(sentence)}")
        self.end(max(each.given_up for each in self.members))
        return False


class RecordedWorkflow:
    """One workflow whose list is polled, and whose newest open and failed instances are read."""

    def __init__(
        self,
        workflow: str,
        session: CommandSession,
        query: Query,
        group: RecordedGroup,
        changed: Callable[[SeenChange], None] | None = None,
        *,
        was_there: bool = False,
    ) -> None:
        """`changed` takes each change; `was_there`: the record has seen this workflow."""
        self.workflow = workflow
        self._payloads = session.settings.record.payloads
        """What is kept of them is searched, so those that ended well are read too."""
        self._changed = changed
        self.given_up = 0
        """The exit code of why following on is of no use; 0 while it is of some."""
        self._group, self._was_there = group, was_there
        self._failing_since: float | None = None
        self._failure = ""
        self._lasting = LastingFailure()
        """Failures in a row that waiting does not mend."""
        self._wanted: dict[str, None] = {}
        self._failed_first = False
        self.poller = Watcher(
            session.api,
            clock=session.clock,
            budget=session.budget,
            interval=session.settings.interval,
            local=session.api.local,
            notify=self._on_update,
            unattended=True,
        )
        self.poller.row_details.unseen = True
        self._clock = session.clock
        self._api, self._budget = session.api, session.budget
        self.changes = ChangeWatch(self.poller, session.clock, holds=True)
        self.poller.show(workflow, query)

    async def learn_earlier_causes(self) -> None:
        """Reads what failed before the start, which is no new cause."""
        causes = await read_earlier_causes(self._api, self._budget, self.workflow, self.changes.began)
        self.changes.learn_earlier(self.workflow, causes)

    def _on_update(self, update: Update) -> None:
        self._health()
        if update.delta:
            store = self.poller.store
            for identity in (*update.delta.added, *update.delta.changed):
                self._wanted.pop(identity, None)
                row = store.get(identity)
                if row is not None and (self._payloads or _is_worth_reading(row)):
                    self._wanted[identity] = None
            newest = sorted(self._wanted, key=self._moved, reverse=True)[:_READ]
            self._wanted = dict.fromkeys(newest)
        self._want()
        if self._changed is not None:
            for change in self.changes.of(update):
                self._changed(change)
        if len(self.poller.store) > _ENOUGH:
            self._let_go()

    def _let_go(self) -> None:
        """Drops rows that ended long ago from memory, for a program that runs for weeks.

        The record has them.
        """
        before = self._clock() - _OVER
        over = [
            row
            for row in self.poller.store
            if is_final(row.status) and (row.ended or row.created or 0.0) < before
        ]
        over.sort(key=lambda row: row.created or 0.0)
        self.poller.let_go(over[: max(0, len(self.poller.store) - _HELD)])

    def _want(self) -> None:
        """Chooses what is read next: every other turn goes to what has failed since it was read."""
        failed = [identity for identity in self._wanted if self._has_failed_since(identity)]
        self._failed_first = bool(failed) and not self._failed_first
        self.poller.want(failed if self._failed_first else tuple(self._wanted))

    def _has_failed_since(self, identity: str) -> bool:
        row, fact = self.poller.store.get(identity), self.poller.row_details.fact(identity)
        return row is not None and row.status == "errored" and (fact is None or fact.status != row.status)

    def _moved(self, identity: str) -> float:
        row = self.poller.store.get(identity)
        return (row.modified or row.created or 0.0) if row is not None else 0.0

    def _health(self) -> None:
        fresh = self.poller.newest.freshness
        if self._lasting.saw(fresh.error):
            if self._lasting.mends:
                self._failing_since, self.given_up = None, 0
            elif self._failing_since is None:
                self._failing_since = self._clock()
            if fresh.error is not None and not self._lasting.mends:
                self._give_up_on(fresh.error, answered=fresh.answered_at is not None)
            if self._group.ended.done() or (self.given_up and not self._group.goes_on()):
                self._failure = fresh.failure
                return
        if fresh.failure != self._failure:
            say(again(fresh.failure) if fresh.failure else "wfdash: reached again")
            self._failure = fresh.failure

    def _give_up_on(self, error: WorkflowsError, *, answered: bool) -> None:
        """Notes a workflow for which waiting is of no use.

        The others go on, for one may be deleted meanwhile.
        """
        # A name that never was there is a slip: a record of nothing must not go on as if all went well.
        if not answered and isinstance(error, WorkflowNotFound) and not self._was_there:
            self.given_up = error.exit_code
            if not self._group.ended.done():
                say(f"wfdash: {clean(error.sentence)}")
            self._group.end(error.exit_code)
            return
        since = self._failing_since
        over = since is not None and self._clock() - since >= _WAITED_OUT
        mends_itself = answered and isinstance(error, (Forbidden, NotFound))
        # Twice, for after a 401 the client looks for a newer token, and what was there may come back.
        if over if mends_itself else self._lasting.times >= 2:
            self.given_up = error.exit_code


def _is_worth_reading(row: Instance) -> bool:
    """Whether the steps tell more than the row; those of one that ended well are the least asked for."""
    return not is_final(row.status) or row.status == "errored"
