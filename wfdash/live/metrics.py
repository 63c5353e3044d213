"""Prometheus text about the workflows that are followed, on loopback. Loaded for `--metrics` alone."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wfdash.core.model.status import STATUSES
from wfdash.live.budget.budget import Budget
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.watcher import Watcher

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["MetricsServer"]

_HOST: Final = "127.0.0.1"
_OWN_NAMES: Final = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_PATHS: Final = ("/metrics", "/")
_PATIENCE: Final = 5.0
"""Seconds that a scrape waits for the event loop, before it is answered with a failure."""
_IDLE: Final = 10.0
"""Seconds that a connection may say nothing."""
_LETTING_GO: Final = 1.0
"""Seconds within which the thread of one that was cut off ends."""
_AT_ONCE: Final = 20
"""Connections, each of which has a thread."""
_RECENT: Final = 3600.0
"""Seconds before now in which an instance must have ended to count for the failure ratio."""
_LEAST: Final = 10
"""Ends below which there is no failure ratio: one failure would be all of it."""


class _Handler(WSGIRequestHandler):
    timeout = _IDLE
    server: "_Server"

    def parse_request(self) -> bool:
        self.server.has_asked(self.connection)
        return super().parse_request()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingMixIn, WSGIServer):
    """Limits connections, and swallows what goes wrong with one.

    A connection that has asked nothing makes room for a new one: a browser's idle ones kept a scrape out.
    """

    daemon_threads = True
    request_queue_size = _AT_ONCE

    def __init__(self, *given: Any) -> None:
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._silent: dict[socket.socket, None] = {}
        """Those that have asked nothing yet, the oldest first."""
        super().__init__(*given)

    def verify_request(self, request: Any, client_address: object) -> bool:
        if not self._room.acquire(blocking=False) and not self._take_room():
            return False
        self._silent[request] = None
        return True

    def _take_room(self) -> bool:
        """Takes the place of the connection that has been silent longest; whether one was to be had."""
        for silent in list(self._silent):
            self.has_asked(silent)
            with suppress(OSError):
                silent.shutdown(socket.SHUT_RDWR)  # its thread reads the end, and gives its room
                return self._room.acquire(timeout=_LETTING_GO)
        return False

    def has_asked(self, connection: socket.socket) -> None:
        self._silent.pop(connection, None)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.has_asked(request)
            self._room.release()

    def handle_error(self, *_: object) -> None:
        """Says nothing of a failed connection: a traceback would stand amid what a recorder prints."""


class MetricsServer(Collector):
    """Answers each scrape with how the workflows stand at that moment."""

    def __init__(
        self,
        watchers: Sequence[Watcher],
        *,
        budget: Budget,
        recorder: Recorder,
        clock: Callable[[], float],
    ) -> None:
        self._watchers, self._budget, self._recorder, self._clock = watchers, budget, recorder, clock
        self._loop = asyncio.get_running_loop()
        self._server: WSGIServer | None = None
        self._began = time.time()
        self._since = clock()

    def start(self, port: int) -> str:
        """Listens, on a free port for 0; the address to scrape. Raises OSError where the port is taken."""
        registry = CollectorRegistry()
        registry.register(self)
        app = _at_its_address(make_wsgi_app(registry))
        self._server = make_server(_HOST, port, app, _Server, handler_class=_Handler)
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()
        return f"http://{_HOST}:{self._server.server_port}{_PATHS[0]}"

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def describe(self) -> list[Metric]:
        """Describes nothing, so that registering asks for no metrics yet."""
        return []

    def collect(self) -> list[Metric]:
        """Collects in a thread of the server; the rows belong to the event loop, which therefore looks."""
        return asyncio.run_coroutine_threadsafe(self._look(), self._loop).result(_PATIENCE)

    async def _look(self) -> list[Metric]:
        return [*self._of_workflows(), *self._of_itself()]

    def _of_workflows(self) -> Iterator[Metric]:
        instances = GaugeMetricFamily(
            "wfdash_instances",
            "Instances that the API keeps, by their status.",
            labels=("workflow", "status"),
        )
        counted = _gauge("wfdash_counted_timestamp_seconds", "When the instances were counted.")
        failing = _gauge(
            "wfdash_failure_ratio",
            "errored / (complete + errored), of the instances that ended since this wfdash began, "
            f"within the last hour; absent until {_LEAST} did.",
        )
        oldest = _gauge("wfdash_oldest_active_seconds", "Age of the oldest instance seen that has not ended.")
        read = _gauge("wfdash_last_read_timestamp_seconds", "When the list of instances was read last.")
        up = _gauge("wfdash_up", "1 while the list of instances can be read.")
        for watcher in self._watchers:
            labels = (_label(watcher.workflow),)
            if (counts := watcher.status_counts) is not None:
                for status in dict.fromkeys((*STATUSES, *counts)):
                    instances.add_metric((*labels, _label(status)), counts.get(status, 0))
            _add(counted, labels, watcher.counted_at)
            _add(failing, labels, self._failure_ratio(watcher))
            _add(oldest, labels, self._oldest(watcher))
            _add(read, labels, watcher.newest.freshness.answered_at)
            fresh = watcher.newest.freshness
            _add(up, labels, float(fresh.answered_at is not None and not fresh.failure and not fresh.stale))
        yield from (instances, counted, failing, oldest, read, up)

    def _failure_ratio(self, watcher: Watcher) -> float | None:
        """The failed share of what ended lately; None where too few ended: no ratio is not a good one.

        Of what ended earlier the newest page shows the quick ones alone, which are failures more often.
        """
        since, failed, ended = max(self._since, self._clock() - _RECENT), 0, 0
        for row in watcher.store:
            if row.status in ("complete", "errored") and (row.ended or 0.0) >= since:
                ended += 1
                failed += row.status == "errored"
        return failed / ended if ended >= _LEAST else None

    def _oldest(self, watcher: Watcher) -> float | None:
        """Seconds since the oldest active instance was made; None until all active ones were listed once."""
        if watcher.sweep.period is None and not watcher.history.complete:
            return None
        rows = (watcher.store.get(identity) for identity in watcher.store.active)
        created = [row.created for row in rows if row is not None and row.created is not None]
        return max(0.0, self._clock() - min(created)) if created else None

    def _of_itself(self) -> Iterator[Metric]:
        server_left = self._budget.server_left
        if server_left is not None:
            text = "Requests that the API says are left to this token's user."
            yield GaugeMetricFamily("wfdash_requests_left", text, server_left.remaining)
        reads, limit = self._budget.meter
        text = "Reads that wfdash may still send by itself within five minutes, all processes together."
        yield GaugeMetricFamily("wfdash_reads_left", text, max(0, limit - reads))
        text = "1 while what is seen gets into the record."
        yield GaugeMetricFamily("wfdash_record_kept", text, float(not self._recorder.trouble))
        text = "Answers that found no room in the record."
        yield CounterMetricFamily("wfdash_record_dropped", text, value=self._recorder.dropped)
        yield GaugeMetricFamily("wfdash_start_timestamp_seconds", "When this wfdash began.", self._began)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=("workflow",))


def _label(name: str) -> str:
    """A name as UTF-8: half a surrogate pair, which a server's JSON can name, would fail the whole scrape."""
    return name.encode("utf-8", "backslashreplace").decode()


def _add(family: GaugeMetricFamily, labels: Sequence[str], value: float | None) -> None:
    """Adds a sample, and none where the value is not known."""
    if value is not None:
        family.add_metric(labels, value)


def _at_its_address(app: "WSGIApplication") -> "WSGIApplication":
    """Turns away a web page whose own name leads to this machine: a browser would let it read the answer.

    Any other path is not there: a scrape of a mistyped one would look as if all were well.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        status = "421 Misdirected Request"
        if _OWN_NAMES.fullmatch(environ.get("HTTP_HOST", "")):
            if environ.get("PATH_INFO", "") not in _PATHS:
                status = "404 Not Found"
            else:
                try:
                    return app(environ, start_response)
                except Exception:  # as where the program is stopped, and looks at nothing
                    status = "503 Service Unavailable"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"These are the metrics of wfdash, at {_HOST} alone, path {_PATHS[0]}.\n".encode()]

    return answer
