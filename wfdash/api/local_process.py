"""When the code of a dev session began to run, and when it wrote last: of this machine's processes and files.

No answer says it.

Saving the Worker or starting anew replaces the `workerd` process that runs it (measured on wrangler
4.164): `node` has one for its proxy, which listens and stays, and one for the code. Behind a tunnel or in a
container neither is to be seen, and nothing is known.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

__all__ = ["SessionProcess"]

_RUNTIME = "workerd"
_NAMES = (_RUNTIME, "node", "bun", "deno", "MainThread")
"""Linux calls a process by its first thread, which node 24 renamed."""


_WRITTEN = (".sqlite", ".sqlite-wal")
_SHARE = 10.0
"""Where nothing is found, as behind a tunnel, the next search rests so many times as long as one took."""


class SessionProcess:
    """The processes behind the port that a dev session listens at."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener: psutil.Process | None = None
        self._search_at = 0.0
        """When it may be searched for again, on the steady clock."""
        self._folders: dict[str, tuple[psutil.Process, Path]] = {}
        """Where the instances of a workflow are stored, and by which runtime."""
        self._instances: dict[str, int] = {}

    def started(self) -> float | None:
        """Epoch seconds at which the newest runtime began; None where that is not seen. It takes 3 ms."""
        try:
            if self._listener is None or not self._listener.is_running():
                self._listener = self._search()
            began = (each.create_time() + _lost_by_boot_time() for each in self._runtimes())
            return max(began, default=None)
        except (psutil.Error, OSError):
            self._listener = None
            return None

    def still(self, workflow: str) -> float | None:
        """Seconds since anything of its instances was written; None where that is not seen.

        Each has a database of its own, and whatever it does is in it before it is answered (measured on
        wrangler 4.164); lists and details of it write nothing. One that came or went was written just now.
        """
        try:
            if self._listener is None or not self._listener.is_running():
                self._folders.clear()
                return None
            folder = self._folder(workflow)
            if folder is None:
                return None
            with os.scandir(folder) as entries:
                written = [entry.stat().st_mtime for entry in entries if entry.name.endswith(_WRITTEN)]
        except (psutil.Error, OSError):
            self._folders.pop(workflow, None)
            return None
        before, self._instances[workflow] = self._instances.get(workflow), len(written)
        if before is not None and before != len(written):
            return 0.0
        return max(0.0, time.time() - max(written)) if written else None

    def _folder(self, workflow: str) -> Path | None:
        """The folder in which a runtime of this session keeps a workflow; None where none has it open."""
        if (before := self._folders.get(workflow)) is not None and before[0].is_running():
            return before[1]
        for process in self._runtimes():
            for file in process.open_files():
                folder = Path(file.path).parent
                if folder.parent.name == "workflows" and folder.name.endswith(f"workflows-{workflow}"):
                    self._folders[workflow] = process, folder
                    return folder
        return None

    def _search(self) -> psutil.Process | None:
        """Looks through all processes, which takes seconds on a busy machine: a tenth of the time at most."""
        begun = time.monotonic()
        if begun < self._search_at:
            return None
        found = next(self._listeners(), None)
        self._search_at = 0.0 if found else begun + _SHARE * (time.monotonic() - begun)
        return found

    def _listeners(self) -> Iterator[psutil.Process]:
        """The processes that listen at the port, looked for one by one.

        All connections are root's to see on macOS.
        """
        # A dev session's server is one of a few programs: no other is asked for its connections.
        for process in psutil.process_iter(["name"]):
            try:
                if not str(process.info["name"] or "").startswith(_NAMES):
                    continue
                connections = process.net_connections(kind="tcp")
            except (psutil.Error, OSError):
                continue
            listened = (each.laddr[1] for each in connections if each.status == psutil.CONN_LISTEN)
            if self._port in listened:
                yield process

    def _runtimes(self) -> Iterator[psutil.Process]:
        listener = self._listener
        if listener is None:
            return
        parent = listener.parent() if listener.name().startswith(_RUNTIME) else listener
        for process in (listener, *(parent.children(recursive=True) if parent is not None else ())):
            try:
                if process.name().startswith(_RUNTIME):
                    yield process
            except psutil.NoSuchProcess:
                continue


def _lost_by_boot_time() -> float:
    """Seconds by which `create_time` is early on Linux: it counts from the boot, cut to whole seconds.

    Uncorrected, a step that began in that part of a second would be taken for one that runs.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if not psutil.LINUX or clock is None:
        return 0.0
    return time.time() - time.clock_gettime(clock) - psutil.boot_time()
