"""`wfdash record`: follows workflows without a screen and keeps what it sees."""

import asyncio
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from platformdirs import user_state_path

from wfdash.api.errors import WorkflowsError
from wfdash.cli.exits import Stop, UsageError
from wfdash.cli.output import instant, refuse, say
from wfdash.cli.session import TRANSIENT, CommandSession, again
from wfdash.config.plain_file import expanded
from wfdash.config.settings import Settings
from wfdash.core.filter.query import Query, parse
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.text.clean import clean
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.polling.events import Update
from wfdash.live.records.record.client import RecordedWorkflows
from wfdash.live.records.record.hooks import HookRunner
from wfdash.live.records.record.place import RecordPlace, record_path
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.watcher import Watcher

__all__ = ["erase_record", "prepare", "run"]

_READ = 300
"""Instances of a workflow whose steps are read again and again, as the budget allows; the newest count."""
_OPENING = 15.0


def prepare(parsed: Namespace) -> None:
    """Checks the filter and what excludes each other."""
    query = parse(parsed.filter)
    if query.needs_marks or query.needs_details:
        raise UsageError("--filter: a record follows the list; what only details hold is not in it")
    if parsed.erase and (
        parsed.out or parsed.duration is not None or parsed.workflows or parsed.filter or parsed.on_change
    ):
        raise UsageError("--erase removes the record of the account and goes with nothing else but --yes")
    try:
        parsed.on_change = shlex.split(parsed.on_change)
    except ValueError as wrong:
        raise UsageError(f"--on-change cannot be taken apart: {wrong}") from None
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
    if not path.exists():
        say(f"wfdash: there is no record at {path}")
        return 0
    if not parsed.yes:
        if not sys.stdin.isatty():
            return refuse("away from a terminal --erase needs --yes", 2)
        print(clean(f"Erase {path}? [y/N] "), end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() != "y":
            return 1
    try:
        erase(path)
    except OSError as wrong:
        return refuse(f"{path} could not be removed: {wrong.strerror}", 1)
    say(f"wfdash: erased {path}; the journal and the notes are as they were")
    return 0


async def run(parsed: Namespace, session: CommandSession) -> int:
    """Follows until the time is up or a signal ends it; all that was seen is then on the disk."""
    workflows = parsed.workflows or [await session.workflow()]
    await session.reach()
    place = _place(parsed, session)
    recorder = Recorder(clock=session.clock, said=lambda sentence: say(f"wfdash: {clean(sentence)}"))
    session.endings.append(recorder.close)
    recorder.start(place)
    await asyncio.to_thread(recorder.flush, _OPENING)
    if recorder.trouble:
        raise Stop(recorder.trouble, 1)
    api = RecordedWorkflows(session.api, recorder.saw, clock=session.clock)
    hooks = _hooks(parsed, session, place)
    followed = [
        RecordedWorkflow(name, session, api, parse(parsed.filter), hooks.saw if hooks else None)
        for name in workflows
    ]
    say(f"wfdash: recording {', '.join(map(clean, workflows))} into {place.path}")
    code = await _until_over(followed, hooks, parsed.duration)
    await asyncio.to_thread(recorder.flush)
    return code


def _place(parsed: Namespace, session: CommandSession) -> RecordPlace:
    settings = session.settings
    folder = user_state_path("wfdash")
    path = expanded(parsed.out) if parsed.out else record_path(folder, settings, session.api.account_id)
    if path is None:
        raise Stop("the server did not say whose account this is: name it with --account-id", 2)
    policy = settings.record
    return RecordPlace(path, policy.payloads, not parsed.out, policy.megabytes * 1_000_000)


def _hooks(parsed: Namespace, session: CommandSession, place: RecordPlace) -> HookRunner | None:
    if not parsed.on_change or place.path is None:
        return None
    return HookRunner(
        parsed.on_change,
        session.settings.without_secrets(os.environ),
        lock=place.path.with_name(place.path.name + ".hooks"),
        said=lambda sentence: say(f"wfdash: {clean(sentence)}"),
    )


async def _until_over(
    followed: "Sequence[RecordedWorkflow]", hooks: HookRunner | None, seconds: float | None
) -> int:
    tasks = [asyncio.create_task(each.poller.run()) for each in followed]
    if hooks is not None:
        tasks.append(asyncio.create_task(hooks.run()))
    waiting: list[asyncio.Future[int] | asyncio.Task[None]] = [*tasks, *(each.ended for each in followed)]
    try:
        done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return max((future.result() or 0 for future in done), default=0)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class RecordedWorkflow:
    """One workflow whose list is polled, and whose newest open and failed instances are read."""

    def __init__(
        self,
        workflow: str,
        session: CommandSession,
        api: RecordedWorkflows,
        query: Query,
        changed: Callable[[str, Mapping[str, Any]], None] | None = None,
    ) -> None:
        """`changed` takes an instance and what changed of it, for whoever wants to act on that."""
        self._workflow = workflow
        self._changed = changed
        self._clock = session.clock
        self._began = session.clock()
        self._statuses: dict[str, str] = {}
        self._causes: set[tuple[str, str, str]] = set()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The exit code, once following on is of no use."""
        self._failure = ""
        self._error: WorkflowsError | None = None
        self._lasting = 0
        """Failures in a row that waiting does not mend."""
        self._wanted: dict[str, None] = {}
        self.poller = Watcher(
            api,
            clock=session.clock,
            budget=session.budget,
            interval=session.settings.interval,
            local=session.api.local,
            notify=self._on_update,
        )
        self.poller.show(workflow, query)

    def _on_update(self, update: Update) -> None:
        self._health()
        if update.delta:
            store = self.poller.store
            for identity in (*update.delta.added, *update.delta.changed):
                self._wanted.pop(identity, None)
                row = store.get(identity)
                self._note_status(row)
                if row is not None and _is_worth_reading(row):
                    self._wanted[identity] = None
            while len(self._wanted) > _READ:
                del self._wanted[next(iter(self._wanted))]
            self.poller.want(tuple(reversed(self._wanted)))
        for identity in update.details:
            self._note_cause(identity)

    def _note_status(self, row: Instance | None) -> None:
        """What was there at the first look is no change."""
        if row is None:
            return
        before, self._statuses[row.id] = self._statuses.get(row.id), row.status
        news = before is not None or (row.created or 0.0) > self._began
        if self._changed is not None and news and before != row.status:
            self._tell(row.id, {"on": "status", "from": before or "-", "to": row.status})

    def _note_cause(self, identity: str) -> None:
        """A cause is new where no instance that was read before failed of it."""
        fact, row = self.poller.row_details.fact(identity), self.poller.store.get(identity)
        if fact is None or fact.detail is None or fact.detail.status != "errored":
            return
        found = fingerprint(fact.detail)
        fresh = found.cause not in self._causes
        self._causes.add(found.cause)
        if fresh and row is not None and (row.ended or self._began) >= self._began:
            facts = {"error": found.error, "message": found.message, "step": found.step}
            self._tell(identity, {"on": "cause", **facts, "version": found.version})

    def _tell(self, identity: str, change: Mapping[str, Any]) -> None:
        if self._changed is not None:
            at = instant(self._clock())
            key = f"{self._workflow}/{identity}"
            self._changed(key, {"at": at, "workflow": self._workflow, "id": identity, **change})

    def _health(self) -> None:
        fresh = self.poller.newest.freshness
        if fresh.error is not self._error:
            self._error = fresh.error
            mends = fresh.error is None or isinstance(fresh.error, TRANSIENT)
            self._lasting = 0 if mends else self._lasting + 1
            # Twice, for after a 401 the client looks for a newer token.
            if fresh.error is not None and self._lasting == 2 and not self.ended.done():
                say(f"wfdash: {clean(fresh.failure)}")
                self.ended.set_result(fresh.error.exit_code)
                return
        if fresh.failure != self._failure:
            say(again(fresh.failure) if fresh.failure else "wfdash: reached again")
            self._failure = fresh.failure


def _is_worth_reading(row: Instance) -> bool:
    """Whether its steps tell more than its row: of one that ended well they are the least asked for."""
    return not is_final(row.status) or row.status == "errored"
