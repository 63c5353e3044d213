"""Lines of the last days, from Workers Observability (`workers/observability/telemetry/query`).

No row names its instance (reference and production captures): the rows that hold the id in their text are
looked for, and with them all rows of the same invocations.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from msgspec import Struct, field

from wfdash.api.answers.envelope import rows
from wfdash.api.errors import BadAnswer, NotReached, ServerFailed
from wfdash.api.http.request_info import RequestInfo
from wfdash.api.log_source import RUN_CUT, LogPage, LogQuery, Turn, at_once
from wfdash.api.logs.message import message_of
from wfdash.core.logs.cloud_runs import CloudRun, times_of
from wfdash.core.logs.line import LogLine, Source
from wfdash.core.logs.whose import words_of_speakers
from wfdash.core.model.json_values import fields_of, number, text
from wfdash.core.model.lazy_steps import UnparsedValue
from wfdash.core.model.times import epoch_ms
from wfdash.core.text.words import count

if TYPE_CHECKING:
    from wfdash.api.answers.envelope import Envelope
    from wfdash.api.endpoints import Endpoints

__all__ = ["TelemetryLogs"]

_PATH: Final = "/workers/observability/telemetry/query"
_PAGE: Final = 1000
"""Rows of one answer: 2,000 may be asked for (reference), but of any answer no more than these are taken."""
_MOST: Final = 10_000
_UNNAMED: Final = 2000
"""Rows that are read where none names the instance."""
_REQUESTS: Final = 50
"""Invocations whose rows are asked for at once."""
_MOST_RUNS: Final = 3000
"""Runs of a class in the time of one instance that are looked through."""
_MOST_AT_ONCE: Final = 200
"""Runs beside those of one instance whose lines are looked through."""
_LONGEST_BEFORE: Final = 86_400.0
"""Seconds before the instance in which a run beside it is taken to have begun."""
_OF_A_RUN: Final = "cf-worker-event"
"""What a row is that no code printed: of the run itself."""
_HANGS: Final = 10.0
"""Seconds without a byte after which a query is asked anew."""
_PATIENCE: Final = 30.0
"""Seconds that a run may be STARTED."""


class _Rows(Struct):
    events: list[dict[str, Any]] = field(default_factory=list)
    sampled: float = 1.0
    cut: bool = False


class TelemetryLogs:
    """Reads lines of the last days.

    Rows come some seconds late: a follower asks for the last seconds twice.
    """

    name: Source = "telemetry"
    permission = "Workers Observability Read"
    pace = 3.0
    lag = 20.0
    kept, kept_surely = 7 * 86_400.0, 3 * 86_400.0  # 3 days on the free plan (Workers Logs limits)

    def __init__(self, endpoints: "Endpoints") -> None:
        self._endpoints = endpoints
        self._turn: Turn = at_once

    async def read(self, query: LogQuery, turn: Turn = at_once) -> LogPage:
        """The rows that name the instance and those of the same invocations; if none does, all rows."""
        self._turn = turn
        since = int(query.since * 1000)
        frame = (since, max(int(query.until * 1000), since + 1))
        named = await self._rows(query, frame, needle=query.instance)
        requests = list(dict.fromkeys([*query.requests, *_requests(named.events)]))
        if requests:
            found = _Rows(list(named.events), named.sampled, named.cut)
            for at in range(0, len(requests), _REQUESTS):
                more = await self._rows(query, frame, requests=requests[at : at + _REQUESTS])
                found.events += more.events
                found.sampled = max(found.sampled, more.sampled)
                found.cut = found.cut or more.cut
        elif query.script:
            found = await self._rows(query, frame, most=_UNNAMED)
        else:  # all that is left would be what every Worker of the account printed
            found = named

        def read() -> tuple[list[LogLine], list[str]]:
            return list(_lines(found.events)), _notes(found)

        # Of a hundred thousand rows it takes half a second: keys go on meanwhile.
        lines, notes = await asyncio.to_thread(read)
        page = LogPage(lines, notes, requests=requests)
        if requests and query.lived is not None and query.class_name:
            page.invocations = await self._at_once(query, query.lived, requests)
        if page.lines and not requests:
            page.unnamed = f"no line names {query.instance}: these are all lines of its Worker at the time"
        return page

    async def _at_once(
        self, query: LogQuery, lived: tuple[float, float], requests: Sequence[str]
    ) -> list[CloudRun]:
        """Reads all runs of the class in the instance's time, with whom each speaks for.

        Among them are those that may have gone on beside `requests`.
        """
        frame = (int(lived[0] * 1000), int((lived[1] + self.lag) * 1000))
        rows_of_runs = await self._rows(query, frame, kind=_OF_A_RUN, most=_MOST_RUNS)
        if rows_of_runs.cut or rows_of_runs.sampled > 1:
            return []
        runs = {_request(event): event for event in rows_of_runs.events}
        spans = {
            request: run for request, event in runs.items() if (run := _invocation(event, ())) is not None
        }
        own = [spans[request] for request in requests if request in spans]
        near = {request for request, run in spans.items() if any(each.may_overlap(run) for each in own)}
        if len(near) > _MOST_AT_ONCE:
            return []
        printed: dict[str, list[LogLine]] = {request: [] for request in near}
        names = sorted(near)
        # It may have begun before the instance did, and said then who it is.
        least = max(min((spans[name].start for name in near), default=0.0) - 1.0, lived[0] - _LONGEST_BEFORE)
        frame = (int(least * 1000), frame[1])
        for at in range(0, len(names), _REQUESTS):
            found = await self._rows(query, frame, requests=names[at : at + _REQUESTS])
            for line in _lines(found.events):
                if line.request in near:
                    printed[line.request].append(line)
        read = (_invocation(runs[request], printed.get(request, ())) for request in spans)
        return [run for run in read if run is not None]

    async def check(self) -> str:
        now = time.time()
        frame = {"from": int(now * 1000) - 60_000, "to": int(now * 1000)}
        body = {"queryId": "wfdash-check", "timeframe": frame, "view": "events", "limit": 1, "dry": True}
        await self._run(LogQuery("", "", now - 60, now), {**body, "parameters": {"datasets": []}})
        return f"can be read ({self.permission})"

    async def _rows(
        self,
        query: LogQuery,
        frame: tuple[int, int],
        *,
        needle: str = "",
        requests: Sequence[str] = (),
        kind: str = "",
        most: int = _MOST,
    ) -> _Rows:
        """All rows of one question, page by page, up to a bound."""
        filters = [_is("$metadata.service", query.script)] if query.script else []
        if query.class_name:
            filters.append(_is("$workers.entrypoint", query.class_name))
        if requests:
            filters.append(_is("$metadata.requestId", ",".join(requests), "in"))
        if kind:
            filters.append(_is("$metadata.type", kind))
        parameters: dict[str, Any] = {"datasets": [], "filterCombination": "and", "filters": filters}
        if needle:
            parameters["needle"] = {"value": needle, "isRegex": False, "matchCase": True}
        body: dict[str, Any] = {
            "queryId": f"wfdash-{uuid4()}",
            "timeframe": {"from": frame[0], "to": frame[1]},
            "view": "events",
            "limit": _PAGE,
            "dry": True,
            "parameters": parameters,
        }
        found = _Rows()
        while True:
            result = await self._run(query, body)
            held = result.get("events")
            if isinstance(held, UnparsedValue):  # a thousand lines of 4 kB each are more than any payload
                held = await asyncio.to_thread(held.parsed)
            events, _ = rows(fields_of(held).get("events"))
            statistics = (result.get("statistics"), fields_of(result.get("run")).get("statistics"))
            levels = (number(fields_of(part).get("abr_level")) for part in statistics)
            found.sampled = max(found.sampled, *(level or 1.0 for level in levels))
            found.events += events
            last = text(fields_of(events[-1].get("$metadata")).get("id")) if events else ""
            # A page that ends as the one before did would be asked for without end.
            if len(events) < _PAGE or not last or last == body.get("offset"):
                return found
            if len(found.events) >= most:
                found.cut = True
                return found
            body = {**body, "offset": last, "offsetDirection": "next"}

    async def _run(self, query: LogQuery, body: Mapping[str, Any]) -> dict[str, Any]:
        """One run of a query, asked again while it is only STARTED (reference, run.status)."""
        asked = RequestInfo("read the log", query.workflow, query.instance, permission=self.permission)
        waited, delay = 0.0, 0.25
        while True:
            envelope = await self._ask_again(asked, body)
            if not isinstance(envelope.result, dict):
                raise BadAnswer("The server answered without the log that was asked for.")
            result = envelope.result
            if text(fields_of(result.get("run")).get("status")) != "STARTED":
                return result
            if waited >= _PATIENCE:
                raise ServerFailed(
                    f"The log was not read within {_PATIENCE:.0f} s: ask for less time, such as --since 10m."
                )
            await asyncio.sleep(delay)
            waited, delay = waited + delay, min(delay * 2, 4.0)

    async def _ask_again(self, asked: RequestInfo, body: Mapping[str, Any]) -> "Envelope":
        """Sends a query, and once more if it hangs.

        It changes nothing, and the second one mostly is answered.
        """
        began = time.monotonic()
        await self._turn()
        try:
            _, envelope = await self._endpoints.ask("logs", "POST", _PATH, asked, body=body, read=_HANGS)
        except NotReached:
            if time.monotonic() - began < _HANGS:
                raise
            await self._turn()
            _, envelope = await self._endpoints.ask("logs", "POST", _PATH, asked, body=body)
        return envelope


def _is(key: str, value: str, operation: str = "eq") -> dict[str, str]:
    return {"kind": "filter", "key": key, "operation": operation, "type": "string", "value": value}


def _request(event: Mapping[str, Any]) -> str:
    metadata, workers = fields_of(event.get("$metadata")), fields_of(event.get("$workers"))
    return text(metadata.get("requestId")) or text(workers.get("requestId"))


def _invocation(event: Mapping[str, Any], lines: Sequence[LogLine]) -> CloudRun | None:
    """A run by its row, with the lines that it printed."""
    request, at = _request(event), epoch_ms(event.get("timestamp"))
    lasted = number(fields_of(event.get("$workers")).get("wallTimeMs"))
    if not request or at is None:
        return None
    seconds = None if lasted is None else max(lasted, 0.0) / 1000
    start, end = times_of(at / 1000, seconds, [line.at for line in lines])
    named = [words_of_speakers(line.message) for line in lines]
    speakers = frozenset(word for first, _ in named for word in first)
    words = frozenset(word for _, held in named for word in held)
    return CloudRun(request, at / 1000, start, end, speakers, words)


def _requests(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of the invocations that these rows are of, by the time of their last row."""
    last: dict[str, float] = {}
    for event in events:
        if request := _request(event):
            last[request] = max(last.get(request, 0.0), epoch_ms(event.get("timestamp")) or 0.0)
    return sorted(last, key=lambda request: last[request])


def _lines(events: Sequence[Mapping[str, Any]]) -> Iterator[LogLine]:
    for event in events:
        metadata, workers = fields_of(event.get("$metadata")), fields_of(event.get("$workers"))
        at = epoch_ms(event.get("timestamp"))
        # The row of an invocation itself says when it ended; no code printed it.
        if at is None or metadata.get("type") == _OF_A_RUN:
            continue
        source = event.get("source")
        fields = fields_of(source)
        level = text(metadata.get("level")) or text(fields.get("level")) or "log"
        yield LogLine(
            at / 1000,
            level,
            _message(source, fields, metadata),
            "telemetry",
            request=_request(event),
            foreign=text(workers.get("eventType")) not in ("workflow", ""),
            order=text(metadata.get("id")),
        )


def _message(source: object, fields: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """What was printed: an object is stored field by field, with the level beside (Workers Logs)."""
    if isinstance(source, str):
        return message_of(source)
    own = {key: value for key, value in fields.items() if key != "level"}
    if set(own) == {"message"}:
        return message_of(own["message"])
    return message_of([own]) if own else message_of(text(metadata.get("message")))


def _notes(found: _Rows) -> list[str]:
    notes = []
    if any(fields_of(event.get("$workers")).get("truncated") is True for event in found.events):
        notes.append(RUN_CUT)
    if found.sampled > 1:
        notes.append(f"sampled: about 1 of {found.sampled:g} lines was searched")
    if found.cut:
        notes.append(f"cut: only the newest {count(len(found.events))} lines were read")
    return notes
