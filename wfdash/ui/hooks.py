"""`[[hooks]]`: a person's own commands that run by themselves for what changes, and what of them ran."""

import asyncio
import os
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from platformdirs import user_state_path
from textual.app import App

from wfdash.config.own_commands import HOOK_EVENTS
from wfdash.core.text.clean import clean
from wfdash.core.text.words import percent
from wfdash.live.polling.events import Update
from wfdash.live.records.record.location import record_path
from wfdash.live.records.record.recorder import UntilOpen, ask_record
from wfdash.ui.context import Context

if TYPE_CHECKING:
    from wfdash.core.filter.query import Query
    from wfdash.live.hooks.changes import ChangeWatch, SeenChange
    from wfdash.live.hooks.runner import Hook, HookRun, HookRunner
    from wfdash.ui.session import AccountSession

__all__ = ["ChangeHooks", "about"]

_KEPT: Final = 50
"""Runs of hooks that the page of requests can list."""
_LOOK, _LOOKS = 0.5, 60
"""Seconds between two looks whether the record is open, whose causes are not new; and looks at most."""


class ChangeHooks:
    """Runs hooks for changes. Off in the demo and in what somebody handed over; loaded where there are any.

    Of several processes on one record, `wfdash record --on-change` too, only one runs commands.
    """

    def __init__(self, app: App[Any], context: Context, *, handed: bool) -> None:
        """`handed` where the dashboard was opened on a record or a handover."""
        self._app, self._context = app, context
        self._off = handed or context.settings.demo != ""
        self._hooks: list[tuple[Hook, Query | None]] = []
        self._session: AccountSession | None = None
        self._learned = asyncio.Event()
        """Set once the causes that the record holds are known."""
        self._watch: ChangeWatch | None = None
        self._runner: HookRunner | None = None
        self.ran: deque[HookRun] = deque(maxlen=_KEPT)
        """What ran last, the newest at the end."""

    def begin(self) -> None:
        """Starts anew for the session in force, once it is clear whose it is."""
        context, self._watch, self._runner = self._context, None, None
        learned = self._learned = asyncio.Event()
        self._app.workers.cancel_group(self._app, "hooks: earlier causes")
        session = self._session = context.session
        settings = context.settings
        if self._off or not settings.hooks or session is None:
            return
        path = record_path(user_state_path("wfdash"), settings, session.account_id)
        if path is None:
            return
        from wfdash.core.filter.query import parse
        from wfdash.live.hooks.changes import ChangeWatch
        from wfdash.live.hooks.runner import Hook, HookRunner

        self._hooks = [
            (Hook(hook.on, hook.run), None if hook.on in HOOK_EVENTS else parse(hook.on))
            for hook in settings.hooks
        ]
        holds = any(hook.on == "cause:new" for hook in settings.hooks)
        self._watch = ChangeWatch(session.poller, session.skew.server_time, holds=holds)
        self._runner = HookRunner(
            settings.without_secrets(os.environ),
            lock=path.with_name(path.name + ".hooks"),
            report=lambda sentence: context.notify(clean(sentence), severity="warning"),
            ended=self._ended,
        )
        self._app.run_worker(
            self._run(session, self._watch, self._runner, learned), group="hooks", exclusive=True
        )

    def live(self, update: Update) -> None:
        """Looks at an update for changes, also while the screens show the record."""
        if self._watch is None or self._runner is None:
            return
        if self._session is not None and (workflow := self._watch.unlearned()):
            work = self._learn_earlier(self._session, self._watch, workflow, self._learned)
            self._app.run_worker(work, group="hooks: earlier causes", exit_on_error=False)
        for change in self._watch.of(update):
            for hook, query in self._hooks:
                if change.on == hook.on.partition(":")[0] if query is None else self._shows(query, change):
                    self._runner.saw(hook, change)

    def _shows(self, query: "Query", change: "SeenChange") -> bool:
        """Whether the status changed, to one with which the filter shows the instance."""
        row = self._session.poller.store.get(change.id) if self._session is not None else None
        return change.on == "status" and row is not None and query.match(row, change.at)

    async def _run(
        self, session: "AccountSession", watch: "ChangeWatch", runner: "HookRunner", learned: asyncio.Event
    ) -> None:
        learning = asyncio.create_task(self._learn(session, watch, learned))
        try:
            await runner.run()
        except OSError as wrong:
            words = f"[[hooks]] are off: their lock is not available: {wrong.strerror}"
            self._context.notify(clean(words), severity="warning")
        finally:
            learning.cancel()

    async def _learn(self, session: "AccountSession", watch: "ChangeWatch", learned: asyncio.Event) -> None:
        """Learns earlier causes from the record, before which no cause is told as new."""
        await UntilOpen(
            lambda: session.recorder is None or session.recorder.started, every=_LOOK, looks=_LOOKS
        )()
        watch.learn(await asyncio.to_thread(_causes, session, watch.began))
        learned.set()

    async def _learn_earlier(
        self, session: "AccountSession", watch: "ChangeWatch", workflow: str, learned: asyncio.Event
    ) -> None:
        """Learns from the server what failed before the start, though no record holds it."""
        causes = await session.earlier_causes(workflow, watch.began)
        # A change that is dropped until then is never told: the watch knows its cause from then on.
        await learned.wait()
        watch.learn_earlier(workflow, causes)

    def _ended(self, run: "HookRun") -> None:
        self.ran.append(run)
        words = f"{run.hook.run[0]} for {about(run.change)}: {run.failure or 'done'}"
        self._context.notify(clean(words), severity="warning" if run.failure else "information")


def about(change: "SeenChange") -> str:
    """What changed, in words."""
    if change.on == "status":
        return f"{change.id}, {change.facts['to']}"
    if change.on == "cause":
        return f"{change.id}, a new cause: {change.facts['error']}"
    return f"{change.workflow}, {percent(change.facts['after'])} fail"


def _causes(session: "AccountSession", began: float) -> list[tuple[str, str, str, str]]:
    """The causes of earlier runs, out of the record: they are not new.

    What this run has seen by now stands in the record too, and is news.
    """
    if session.recorder is None:
        return []
    return ask_record(session.recorder.read, lambda reader: reader.causes(began))
