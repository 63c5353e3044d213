"""When the code of a dev session began to run: read from this machine's processes, since no answer says it.

Saving the Worker or starting anew replaces the `workerd` process that runs it (measured on wrangler
4.164): `node` has one for its proxy, which listens and stays, and one for the code. Behind a tunnel or in a
container neither is to be seen, and nothing is known.
"""

import time
from collections.abc import Iterator

import psutil

__all__ = ["SessionProcess"]

_RUNTIME = "workerd"
_NAMES = (_RUNTIME, "node", "bun", "deno", "MainThread")
"""Linux calls a process by its first thread, which node 24 renamed."""


_SHARE = 10.0
"""Where nothing is found, as behind a tunnel, the next search rests so many times as long as one took."""


class SessionProcess:
    """The processes behind the port that a dev session listens at."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener: psutil.Process | None = None
        self._search_at = 0.0
        """When it may be searched for again, on the steady clock."""

    def started(self) -> float | None:
        """Epoch seconds at which the newest runtime began; None where that is not seen. It takes 3 ms."""
        try:
            if self._listener is None or not self._listener.is_running():
                self._listener = self._search()
            return max(self._runtimes(), default=None)
        except (psutil.Error, OSError):
            self._listener = None
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
        """Looked for in each likely process: the table of all connections is root's alone on macOS."""
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

    def _runtimes(self) -> Iterator[float]:
        listener = self._listener
        if listener is None:
            return
        parent = listener.parent() if listener.name().startswith(_RUNTIME) else listener
        for process in (listener, *(parent.children(recursive=True) if parent is not None else ())):
            try:
                if process.name().startswith(_RUNTIME):
                    yield process.create_time() + _lost_by_boot_time()
            except psutil.NoSuchProcess:
                continue


def _lost_by_boot_time() -> float:
    """Linux counts a process's start from the boot, which `create_time` takes in whole seconds: up to one is
    lost, and a step that began in it would be taken for one that runs."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if not psutil.LINUX or clock is None:
        return 0.0
    return time.time() - time.clock_gettime(clock) - psutil.boot_time()
