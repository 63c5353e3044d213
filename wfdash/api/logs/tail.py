"""Lines as they are printed, from the Tail API: a tail is made, read over a WebSocket and deleted again.

Each message is one invocation, sent once it ended, and `tailAttributes` name its workflow and instance
(production capture of September 2026; workerd's TraceItem).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from wfdash.api.answers.envelope import Unreadable, read_json
from wfdash.api.answers.rows import text
from wfdash.api.errors import BadAnswer, Forbidden, NotFound, Refused, Unauthorized, WorkflowsError
from wfdash.api.http.client import segment
from wfdash.api.http.request_info import RequestInfo
from wfdash.api.log_source import RUN_CUT, LogPage
from wfdash.api.logs.message import message_of
from wfdash.api.logs.socket import SocketEnded
from wfdash.api.logs.socket_factory import SocketFactory
from wfdash.core.logs.line import LogLine, Source
from wfdash.core.model.json_values import fields_of
from wfdash.core.model.times import epoch_ms

if TYPE_CHECKING:
    from wfdash.api.endpoints import Endpoints

__all__ = ["TailLogs"]

_PROTOCOL: Final = "trace-v1"
_LASTING = (Forbidden, Unauthorized, NotFound, Refused)
"""Failures that trying again does not mend."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_KEPT = 1000
"""Messages that a slow reader may leave waiting; then the oldest go: telemetry has them too, later."""
_SAMPLED: Final = "sampled: for a time the tail sent only some of the lines, for there were too many"


class TailLogs:
    """At most one tail a script, whoever follows it; it is deleted when the last has left."""

    name: Source = "tail"
    permission = "Workers Tail Read"

    def __init__(self, endpoints: "Endpoints", sockets: SocketFactory) -> None:
        self._endpoints = endpoints
        self._sockets = sockets
        self._pumps: dict[str, _Pump] = {}

    async def check(self, script: str) -> str:
        """Lists the tails of the script, which takes the same permission as making one and leaves nothing."""
        asked = RequestInfo("list the tails", permission=self.permission)
        await self._endpoints.ask("tail", "GET", _path(script), asked)
        return f"can be followed ({self.permission})"

    async def follow(self, script: str, workflow: str = "") -> AsyncIterator[LogPage]:
        """The lines of a script's workflows, or of one of them, until the caller leaves.

        It reconnects by itself. Raises what trying again does not mend.
        """
        pump = self._pumps.get(script)
        if pump is None or pump.task.done():
            pump = self._pumps[script] = _Pump(self._endpoints, self._sockets, script)
        waiting: asyncio.Queue[tuple[str, LogPage] | WorkflowsError] = asyncio.Queue(_KEPT)
        pump.readers.add(waiting)
        try:
            while True:
                news = await waiting.get()
                if isinstance(news, WorkflowsError):
                    raise news
                name, page = news
                if not workflow or not name or name == workflow:
                    yield page
        finally:
            pump.readers.discard(waiting)
            if not pump.readers:
                self._pumps.pop(script, None)
                await pump.stop()


class _Pump:
    """Reads one tail and hands its messages to everyone who follows."""

    def __init__(self, endpoints: "Endpoints", sockets: SocketFactory, script: str) -> None:
        self._endpoints = endpoints
        self._sockets = sockets
        self._path = _path(script)
        self._asked = RequestInfo("follow the log", permission=TailLogs.permission)
        self.readers: set[asyncio.Queue[tuple[str, LogPage] | WorkflowsError]] = set()
        self.task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Ends it, and waits until the tail is deleted."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, WorkflowsError):
            await self.task

    async def _run(self) -> None:
        wait = _FIRST_WAIT
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._read_tail()
            except _LASTING as failure:
                self._hand_out(failure)
                return
            except WorkflowsError:
                pass
            lasted = asyncio.get_running_loop().time() - began
            wait = _FIRST_WAIT if lasted > _LONGEST_WAIT else wait
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _read_tail(self) -> None:
        """One tail, from its making to its deletion."""
        _, envelope = await self._endpoints.ask("tail", "POST", self._path, self._asked, body={"filters": []})
        created = fields_of(envelope.result)
        identity, url = text(created.get("id")), text(created.get("url"))
        if not identity or not url:
            raise BadAnswer("The server made a tail without an address.")
        try:
            await self._read_socket(url)
        finally:
            await asyncio.shield(self._delete(identity))

    async def _read_socket(self, url: str) -> None:
        socket = await self._sockets.open(url, _PROTOCOL)
        try:
            with suppress(SocketEnded):
                await socket.send(json.dumps({"debug": False}))
                while True:
                    self._hand_out(await socket.receive())
        finally:
            with suppress(Exception):
                await asyncio.shield(socket.close())

    async def _delete(self, identity: str) -> None:
        # One that is left behind ends by itself after some hours, but a script may have ten.
        with suppress(WorkflowsError):
            path = f"{self._path}/{segment(identity)}"
            await self._endpoints.ask("tail", "DELETE", path, self._asked)

    def _hand_out(self, news: str | bytes | WorkflowsError) -> None:
        if isinstance(news, WorkflowsError):
            handed: tuple[str, LogPage] | WorkflowsError = news
        else:
            read = _read(news)
            if not read[1].lines and not read[1].notes:
                return
            handed = read
        for reader in self.readers:
            if reader.full():
                reader.get_nowait()
            reader.put_nowait(handed)


def _path(script: str) -> str:
    return f"/workers/scripts/{segment(script)}/tails"


def _read(message: str | bytes) -> tuple[str, LogPage]:
    """The workflow that a message is of, "" where it does not say, and what it holds."""
    try:
        event = fields_of(read_json(message.encode() if isinstance(message, str) else message))
    except Unreadable:
        return "", LogPage(())
    attributes = fields_of(event.get("tailAttributes"))
    instance = text(attributes.get("instanceId"))
    notes = [RUN_CUT] if event.get("truncated") is True else []
    # What the tail says of itself (wrangler's tail/printing.ts: isTailInfo).
    if fields_of(event.get("event")).get("type") == "overload":
        notes.append(_SAMPLED)
    page = LogPage(list(_lines(event, instance)), notes, instance=instance)
    return text(attributes.get("workflowName")), page


def _lines(event: Mapping[str, Any], instance: str) -> Iterator[LogLine]:
    began = epoch_ms(event.get("eventTimestamp"))
    request = f"{instance}/{began:.0f}" if began is not None else instance
    method = fields_of(event.get("event")).get("rpcMethod")
    foreign = not instance and method != "run"
    logs, exceptions = event.get("logs"), event.get("exceptions")
    place = 0
    for entry in logs if isinstance(logs, list) else ():
        fields = fields_of(entry)
        at = epoch_ms(fields.get("timestamp"))
        if at is None:
            continue
        place += 1
        yield LogLine(
            at / 1000,
            text(fields.get("level")) or "log",
            message_of(fields.get("message")),
            "tail",
            request=request,
            instance=instance,
            foreign=foreign,
            order=f"{place:06d}",
        )
    for entry in exceptions if isinstance(exceptions, list) else ():
        fields = fields_of(entry)
        at = epoch_ms(fields.get("timestamp"))
        place += 1
        if at is not None:
            words = f"{text(fields.get('name'))}: {text(fields.get('message'))}".strip(": ")
            stack = text(fields.get("stack"))
            message = message_of(f"uncaught {words}\n{stack}" if stack else f"uncaught {words}")
            yield LogLine(
                at / 1000,
                "error",
                message,
                "tail",
                request=request,
                instance=instance,
                foreign=foreign,
                order=f"{place:06d}",
            )
