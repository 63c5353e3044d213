"""Runs commands of the person's own for changes: never by a shell, and by one process of a record."""

import asyncio
import contextlib
import json
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from wfdash.config.plain_file import open_plain
from wfdash.core.model.times import iso
from wfdash.live.hooks.changes import SeenChange
from wfdash.live.records.locked_file import try_lock

__all__ = ["Hook", "HookRun", "HookRunner", "as_json"]

_LONGEST = 30.0
"""Seconds that a command may take before it is killed, with all that it started."""
_AT_ONCE = 4
"""Commands that run side by side: a burst of changes must not start a hundred programs on somebody's
machine."""
_MOST = 1_000
"""Changes that wait; beyond them the newest are let go, with a word."""
_LOOK = 2.0
"""Seconds between two looks whether the process that runs the hooks of this record has ended."""


class Hook(Struct, frozen=True):
    """A command, split into words: no shell sees it."""

    on: str
    """What it is for: how it goes by when something is said of it."""
    run: tuple[str, ...]


class HookRun(Struct, frozen=True):
    """One run that is over; `failure` is a sentence, "" where there is none."""

    at: float
    hook: Hook
    change: SeenChange
    failure: str = ""


class HookRunner:
    """Runs hooks for changes: `saw` takes one from the event loop, `run` is a task. One key, one at a time.

    The change is JSON on the command's stdin and nothing of it is an argument, so that no name of an
    instance can be an option. What other processes on the same record see is left to the one that holds the
    lock.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        lock: Path,
        report: Callable[[str], None],
        ended: Callable[[HookRun], None],
        longest: float = _LONGEST,
    ) -> None:
        """`environ` is the child's, without credentials; `report` takes what a person should hear."""
        self._environ = dict(environ)
        self._lock = lock
        self._report = report
        self._ended = ended
        self._longest = longest
        self._waiting: dict[tuple[Hook, str], deque[SeenChange]] = {}
        self._count = 0
        self._dropped = False
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds = False

    def saw(self, hook: Hook, change: SeenChange) -> None:
        if not self._holds:
            return
        if self._count >= _MOST:
            if not self._dropped:
                self._report(f"{hook.on}: the command is slower than the changes; some are left out")
            self._dropped = True
            return
        self._count += 1
        key = hook, change.key
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(change)
            return
        self._waiting[key] = deque([change])
        task = asyncio.create_task(self._drain(hook, self._waiting[key], key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self) -> None:
        """Runs commands while it holds the lock, until cancelled, when what runs is ended too.

        Raises OSError.
        """
        self._lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = open_plain(self._lock, os.O_RDWR | os.O_CREAT)
        try:
            waits = False
            while not try_lock(descriptor):
                if not waits:
                    self._report(
                        "another wfdash runs the commands for changes; this process runs none until that ends"
                    )
                waits = True
                await asyncio.sleep(_LOOK)
            self._holds = True
            await asyncio.Event().wait()
        finally:
            self._holds = False
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            os.close(descriptor)

    async def _drain(self, hook: Hook, waiting: deque[SeenChange], key: tuple[Hook, str]) -> None:
        """Runs what waits for one key, in its order."""
        while waiting:
            change = waiting.popleft()
            async with self._turns:
                failure = await self._call(hook, as_json(change))
            self._count -= 1
            self._ended(HookRun(change.at, hook, change, failure))
        del self._waiting[key]
        self._dropped = False

    async def _call(self, hook: Hook, change: bytes) -> str:
        """Runs a hook's command with the change on its stdin; why it failed, "" when it did not."""
        failure = ""
        try:
            child = await asyncio.create_subprocess_exec(
                *hook.run,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=self._environ,
                start_new_session=True,
            )
        except (OSError, ValueError) as wrong:
            return f"{hook.run[0]} cannot be run: {wrong}"
        try:
            async with asyncio.timeout(self._longest):
                await child.communicate(change + b"\n")
        except TimeoutError:
            failure = f"{hook.run[0]} took more than {self._longest:g} s and was killed"
        finally:
            # What it left running in its own group goes too, also when we are cancelled.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
        if child.returncode and child.returncode > 0:
            return f"{hook.run[0]} ended with {child.returncode}"
        return failure


def as_json(change: SeenChange) -> bytes:
    """The line that a command reads; instants as they are everywhere in what is printed."""
    facts = {key: _instant(value) if key == "since" else value for key, value in change.facts.items()}
    about = {"at": _instant(change.at), "workflow": change.workflow, "id": change.id, "on": change.on}
    # Half a character, which a hostile id may hold, is no UTF-8.
    return json.dumps({**about, **facts}, separators=(",", ":")).encode()


def _instant(seconds: float) -> str:
    return iso(seconds)[:19] + "Z"
