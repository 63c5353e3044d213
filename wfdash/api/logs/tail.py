"""Lines as they are printed, from the Tail API: a tail is made, read over a WebSocket and deleted again.

Each message is one invocation, sent once it ended, and `tailAttributes` name its workflow and instance
(production capture of September 2026; workerd's TraceItem).
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from wfdash.api.answers.envelope import Unreadable, read_json
from wfdash.api.answers.large_json import read_objects
from wfdash.api.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    NotReached,
    Refused,
    Unauthorized,
    WorkflowsError,
)
from wfdash.api.http.client import segment
from wfdash.api.http.request_info import RequestInfo
from wfdash.api.log_source import RUN_CUT, LogPage, Turn, at_once
from wfdash.api.logs.message import message_of
from wfdash.api.logs.socket import SocketEnded
from wfdash.api.logs.socket_factory import SocketFactory
from wfdash.core.logs.line import LogLine, Source
from wfdash.core.model.json_values import fields_of, text
from wfdash.core.model.times import epoch_ms
from wfdash.core.text.words import size

if TYPE_CHECKING:
    from wfdash.api.endpoints import Endpoints

__all__ = ["TailLogs"]

_PROTOCOL: Final = "trace-v1"
_FIELDS = Decoder(dict[str, Raw])
_LASTING = (Forbidden, Unauthorized, NotFound, Refused)
"""Failures that trying again does not mend."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
"""Seconds from a tail that ended to the next one."""
_IN_VAIN: Final = 2
"""Tails one after the other that sent nothing before it is said: one that is cut is made anew in a second."""
_KEPT, _KEPT_LINES = 1000, 20_000
"""Messages, and lines in them, that a slow reader may leave waiting; then the oldest go: telemetry has them
too, later."""
_AT_ONCE, _REST = 0.01, 3.0
"""Seconds of reading messages after which the rest of the program has its turn, for so many times as long."""
_SAMPLED: Final = "sampled: for a time the tail sent only some of the lines, for there were too many"


_AT_HAND: Final = 32 * 1024
"""Characters of a message that is parsed at once; what a run prints is cut at 256 kB (Workers limits)."""
_LARGEST_PART: Final = 512 * 1024
"""Bytes of one value in it that is read at all."""
_A_LINE: Final = 0.00005
"""Seconds that a line costs those who put it in its place and draw it."""


class TailLogs:
    """Shares one tail a script among all who follow it, and deletes it when the last has left."""

    name: Source = "tail"
    permission = "Workers Tail Read"

    def __init__(self, endpoints: "Endpoints", sockets: SocketFactory) -> None:
        self._endpoints = endpoints
        self._sockets = sockets
        self._pumps: dict[str, _Pump] = {}

    async def check(self, script: str) -> str:
        """Lists the script's tails, which takes the same permission as making one, and makes none."""
        asked = RequestInfo("list the tails", permission=self.permission)
        await self._endpoints.ask("tail", "GET", _path(script), asked)
        return f"can be followed ({self.permission})"

    async def follow(self, script: str, workflow: str = "", turn: Turn = at_once) -> AsyncIterator[LogPage]:
        """Pages of the lines of a script's workflows, or of one of them, until the caller leaves.

        It reconnects by itself. Raises what trying again does not mend.
        """
        pump = self._pumps.get(script)
        if pump is None or pump.task.done():
            pump = self._pumps[script] = _Pump(self._endpoints, self._sockets, script, turn)
        waiting = _Reader()
        pump.readers.add(waiting)
        try:
            while True:
                name, page = await waiting.next()
                if not workflow or not name or name == workflow:
                    yield page
        finally:
            pump.readers.discard(waiting)
            if not pump.readers:
                if self._pumps.get(script) is pump:
                    del self._pumps[script]
                await pump.stop()

    def trouble(self, script: str) -> WorkflowsError | None:
        """Why nothing is sent just now, though the tail is made again and again."""
        pump = self._pumps.get(script)
        return pump.trouble if pump is not None else None


class _Reader:
    """What was sent and is not taken yet by one who follows."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, LogPage]] = deque()
        self._lines = 0
        self._came = asyncio.Event()
        self._failure: WorkflowsError | None = None

    def put(self, name: str, page: LogPage) -> None:
        self._waiting.append((name, page))
        self._lines += len(page.lines)
        while len(self._waiting) > _KEPT or (self._lines > _KEPT_LINES and len(self._waiting) > 1):
            self._take()
        self._came.set()

    def fail(self, failure: WorkflowsError) -> None:
        self._failure = failure
        self._came.set()

    async def next(self) -> tuple[str, LogPage]:
        """Waits for the oldest page that was not taken yet. Raises the failure that ended the tail."""
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            self._came.clear()
            await self._came.wait()
        return self._take()

    def _take(self) -> tuple[str, LogPage]:
        name, page = self._waiting.popleft()
        self._lines -= len(page.lines)
        return name, page


class _Pump:
    """Reads one tail and hands its messages to everyone who follows."""

    def __init__(self, endpoints: "Endpoints", sockets: SocketFactory, script: str, turn: Turn) -> None:
        self._endpoints = endpoints
        self._sockets = sockets
        self._turn = turn
        self._path = _path(script)
        self._asked = RequestInfo("follow the log", permission=TailLogs.permission)
        self.readers: set[_Reader] = set()
        self.trouble: WorkflowsError | None = None
        self._in_vain = 0
        self.task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Ends it, and waits until the tail is deleted."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, WorkflowsError):
            await self.task

    async def _run(self) -> None:
        try:
            await self._read_tails()
        except Exception as wrong:
            # Who follows waits for a line, and would wait for ever.
            failure = BadAnswer(f"The log that the server sends cannot be read ({type(wrong).__name__}).")
            for reader in self.readers:
                reader.fail(failure)

    async def _read_tails(self) -> None:
        wait = _FIRST_WAIT
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._read_tail()
            except _LASTING as failure:
                for reader in self.readers:
                    reader.fail(failure)
                return
            except WorkflowsError as failure:
                self._in_vain += 1
                self.trouble = failure if self._in_vain >= _IN_VAIN else None
                wait = failure.pause(wait)
            lasted = asyncio.get_running_loop().time() - began
            wait = _FIRST_WAIT if lasted > _LONGEST_WAIT else wait
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _read_tail(self) -> None:
        """Makes a tail, reads it until its socket ends, and deletes it whatever happened."""
        await self._turn()
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
        # One that stays open works, though nothing is printed.
        lasting = asyncio.get_running_loop().call_later(_LONGEST_WAIT, self._works)
        busy = 0.0
        try:
            await socket.send(json.dumps({"debug": False}))
            while True:
                message = await socket.receive()
                began = time.perf_counter()
                self._works()
                if len(message) < _AT_HAND:
                    lines = self._hand_out(*_read(message))
                else:
                    # In pieces, in a thread: the parser would hold the keys for a fifth of a second.
                    lines = self._hand_out(*await asyncio.to_thread(_read, message))
                busy += lines * _A_LINE + time.perf_counter() - began
                # Messages that stand ready are received without a turn of the loop: of a flood the keys
                # would hear nothing. What is not read yet holds the sender back.
                if busy > _AT_ONCE:
                    await asyncio.sleep(busy * _REST)
                    busy = 0.0
        except SocketEnded as ended:
            raise NotReached(f"The server closed the log that it sends (WebSocket {ended.code}).") from None
        finally:
            lasting.cancel()
            with suppress(Exception):
                await asyncio.shield(socket.close())

    def _works(self) -> None:
        self.trouble, self._in_vain = None, 0

    async def _delete(self, identity: str) -> None:
        # One that is left behind ends by itself after some hours, but a script may have ten.
        with suppress(WorkflowsError):
            path = f"{self._path}/{segment(identity)}"
            await self._endpoints.ask("tail", "DELETE", path, self._asked)

    def _hand_out(self, name: str, page: LogPage) -> int:
        """Gives a page to every reader; how many lines it had."""
        if page.lines or page.notes:
            for reader in self.readers:
                reader.put(name, page)
        return len(page.lines)


def _path(script: str) -> str:
    return f"/workers/scripts/{segment(script)}/tails"


def _read(message: str | bytes) -> tuple[str, LogPage]:
    """The workflow that a message is of, "" where it does not say, and what it holds."""
    try:
        event = _event(message.encode() if isinstance(message, str) else message)
    except Unreadable:
        return "", LogPage(())
    attributes = fields_of(event.get("tailAttributes"))
    instance = text(attributes.get("instanceId"))
    notes = [RUN_CUT] if event.get("truncated") is True else []
    # What the tail says of itself (wrangler's tail/printing.ts: isTailInfo).
    if fields_of(event.get("event")).get("type") == "overload":
        notes.append(_SAMPLED)
    workflow = text(attributes.get("workflowName"))
    # An id is one workflow's: another of the same script may have it too.
    page = LogPage(list(_lines(event, instance, has_workflow=bool(workflow))), notes, instance=instance)
    return workflow, page


def _event(message: bytes) -> Mapping[str, Any]:
    """What stands in a message. Raises Unreadable."""
    if len(message) < _AT_HAND:
        return fields_of(read_json(message))
    try:
        return {key: _value(value) for key, value in _FIELDS.decode(message).items()}
    except (MsgspecError, RecursionError):
        return fields_of(read_json(message))


def _value(value: Raw) -> Any:
    """Parses a value, a large array by its objects; what is too large becomes a sentence that says so."""
    if memoryview(value).nbytes < _AT_HAND:
        return read_json(bytes(value))
    try:
        return [_entry(entry) for entry in read_objects(value)]
    except (MsgspecError, RecursionError, ValueError):
        return _small(value)


def _entry(entry: Raw) -> Any:
    if memoryview(entry).nbytes < _AT_HAND:
        return read_json(bytes(entry))
    return {key: _small(value) for key, value in _FIELDS.decode(entry).items()}


def _small(value: Raw) -> Any:
    length = memoryview(value).nbytes
    return read_json(bytes(value)) if length < _LARGEST_PART else f"[{size(length)}: not shown]"


def _lines(event: Mapping[str, Any], instance: str, *, has_workflow: bool) -> Iterator[LogLine]:
    """The lines of one event; they bear the instance only where the message `has_workflow` too."""
    began = epoch_ms(event.get("eventTimestamp"))
    request = f"{instance}/{began:.0f}" if began is not None else instance
    method = fields_of(event.get("event")).get("rpcMethod")
    foreign = not instance and method != "run"
    logs, exceptions = event.get("logs"), event.get("exceptions")
    named = instance if has_workflow else ""
    number = 0
    for entry in logs if isinstance(logs, list) else ():
        fields = fields_of(entry)
        at = epoch_ms(fields.get("timestamp"))
        if at is None:
            continue
        number += 1
        yield LogLine(
            at / 1000,
            text(fields.get("level")) or "log",
            message_of(fields.get("message")),
            "tail",
            request=request,
            instance=named,
            foreign=foreign,
            order=f"{number:06d}",
        )
    for entry in exceptions if isinstance(exceptions, list) else ():
        fields = fields_of(entry)
        at = epoch_ms(fields.get("timestamp"))
        number += 1
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
                instance=named,
                foreign=foreign,
                order=f"{number:06d}",
            )
