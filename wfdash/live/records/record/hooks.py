"""Runs a command of the person's own for each change: never by a shell, and by one process of a record."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from wfdash.config.plain_file import open_plain
from wfdash.live.records.locked_file import try_lock

__all__ = ["HookRunner"]

_LONGEST = 30.0
"""Seconds that a command may take before it is killed, with all that it started."""
_AT_ONCE = 4
_MOST = 1_000
"""Changes that wait; beyond them the newest are let go, with a word."""
_LOOK = 2.0
"""Seconds between two looks whether the process that runs the hooks of this record has ended."""


class HookRunner:
    """`saw` takes a change from the event loop; `run` is a task. Changes of one key come one after another.

    The change is JSON on the command's stdin and nothing of it is an argument, so that no name of an
    instance can be an option. What other processes on the same record see is left to the one that holds the
    lock.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        lock: Path,
        said: Callable[[str], None],
        longest: float = _LONGEST,
    ) -> None:
        """`environ` is the child's, without credentials; `said` takes what a person should hear."""
        self._command = list(command)
        self._environ = dict(environ)
        self._lock = lock
        self._said = said
        self._longest = longest
        self._waiting: dict[str, deque[bytes]] = {}
        self._count = 0
        self._dropped = False
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds = False

    def saw(self, key: str, change: Mapping[str, Any]) -> None:
        if not self._holds:
            return
        if self._count >= _MOST:
            if not self._dropped:
                self._said("on-change: the command is slower than the changes; some are left out")
            self._dropped = True
            return
        self._count += 1
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(msgspec.json.encode(change))
            return
        self._waiting[key] = deque([msgspec.json.encode(change)])
        task = asyncio.create_task(self._drain(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self) -> None:
        """Holds the lock until cancelled; what runs then is ended too. Raises OSError."""
        self._lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = open_plain(self._lock, os.O_RDWR | os.O_CREAT)
        try:
            waits = False
            while not try_lock(descriptor):
                if not waits:
                    self._said("on-change: another process runs the command for this record")
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

    async def _drain(self, key: str) -> None:
        """Runs what waits for one key, in its order."""
        waiting = self._waiting[key]
        while waiting:
            change = waiting.popleft()
            async with self._turns:
                await self._call(change)
            self._count -= 1
        del self._waiting[key]
        self._dropped = False

    async def _call(self, change: bytes) -> None:
        try:
            child = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=self._environ,
                start_new_session=True,
            )
        except (OSError, ValueError) as wrong:
            self._said(f"on-change: {self._command[0]} cannot be run: {wrong}")
            return
        try:
            async with asyncio.timeout(self._longest):
                await child.communicate(change + b"\n")
        except TimeoutError:
            self._said(f"on-change: {self._command[0]} took more than {self._longest:g} s and was killed")
        finally:
            # What it left running in its own group goes too, also when we are cancelled.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
        if child.returncode and child.returncode > 0:
            self._said(f"on-change: {self._command[0]} ended with {child.returncode}")
