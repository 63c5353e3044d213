"""Lines of a dev session, from the store that `wrangler dev` keeps (`local/observability/query`, SQL).

Measured on wrangler 4.164: a row is one `console` call, its message the JSON of its arguments; `span_id` is
that of one call of the code, the run outside steps or one attempt of a step. A row that is a JSON text
instead marks the beginning of a request, and its span is a request handler's, but for one call of more than
256 kB: of its JSON so much is kept, and that is a JSON text then. No row names its instance. Of a call that
has ended there is a row among the spans, with the call that made it and its times.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from wfdash.api.answers.envelope import Unreadable, read_text, rows
from wfdash.api.errors import BadAnswer, NotFound, Refused
from wfdash.api.http.request_info import RequestInfo
from wfdash.api.log_source import LogPage, LogQuery, Turn, at_once
from wfdash.api.logs.local_objects import METHOD, LocalObjects
from wfdash.api.logs.message import cut_text, message_of
from wfdash.core.logs.calls import RUN, Call
from wfdash.core.logs.line import LogLine, Source
from wfdash.core.logs.objects import TracedObjects
from wfdash.core.model.json_values import fields_of, number, text
from wfdash.core.model.times import epoch_ms
from wfdash.core.text.words import count

if TYPE_CHECKING:
    from wfdash.api.endpoints import Endpoints

__all__ = ["LocalLogs"]

_PATH: Final = "/local/observability/query"
_MOST: Final = 10_000
"""Rows of one answer (measured: the store gives no more)."""
_LARGEST_ROW: Final = 2**53
"""From here on a double, as JSON numbers are read, no longer tells one number from the next."""
_OFF: Final = 10130
"""The code of a store that was switched off (seen on wrangler 4.164)."""
_WORKER: Final = re.compile(r'(?:\["|"\[\\")\[([\w-]+)\]\\?"')
"""The first argument of a call, in one that was cut with its quotation marks escaped."""
_CUT: Final = " … (cut: of a line a dev session keeps 256 kB)"
_FIRST_AT: Final = (
    "SELECT rowid, ts_ms FROM logs WHERE rowid >= ? AND ts_ms IS NOT NULL ORDER BY rowid LIMIT 1"
)
_LINES: Final = (
    # Looked through anew for each use: to copy a million rows first takes three times as long (measured).
    "WITH recent AS NOT MATERIALIZED ("
    "SELECT rowid AS place, span_id, message FROM logs WHERE rowid >= ?1 AND ts_ms <= ?3 AND ts_ms >= ?2),"
    " own AS (SELECT span_id FROM recent WHERE instr(message, ?4)),"
    " lines AS NOT MATERIALIZED (SELECT place, span_id FROM recent"
    " WHERE substr(message, 1, 1) = '[' OR substr(message, 1, 2) = '\"['),"
    " named AS (SELECT place FROM lines WHERE span_id IN (SELECT span_id FROM own)"
    f" ORDER BY place DESC LIMIT {_MOST}),"
    f" newest AS (SELECT place FROM lines ORDER BY place DESC LIMIT {_MOST}),"
    " handlers AS (SELECT span_id FROM logs"
    " WHERE rowid >= ?1 AND ts_ms <= ?3 AND substr(message, 1, 1) = '\"' AND substr(message, 1, 2) <> '\"[')"
    " SELECT rowid, ts_ms, span_id, level, message, span_id IN (SELECT span_id FROM handlers),"
    # Of a span that has not ended yet there is no row.
    " (SELECT service FROM spans WHERE spans.trace_id = logs.trace_id AND spans.span_id = logs.span_id),"
    " trace_id"
    " FROM logs"
    " WHERE rowid IN (SELECT place FROM named UNION SELECT place FROM newest)"
    # In a busy session the calls that name the instance go before all others.
    f" ORDER BY rowid IN (SELECT place FROM named) DESC, rowid DESC LIMIT {_MOST}"
)
_CALLS: Final = (
    "SELECT rowid, span_id, parent_id, start_ms, duration_ms, kind = 'jsrpc',"
    # Who entered the code: the service of the call beyond it, or of what that has made beside it.
    " CASE kind WHEN 'jsrpc' THEN coalesce((SELECT service FROM spans AS above"
    " WHERE above.trace_id = spans.trace_id AND above.span_id = spans.parent_id),"
    f" CASE WHEN {METHOD} = '{RUN}' THEN (SELECT service FROM spans AS beside"
    " WHERE beside.trace_id = spans.trace_id AND beside.parent_id = spans.parent_id"
    " AND beside.service NOT IN ('', spans.service) LIMIT 1) END) END, trace_id,"
    f" {METHOD}"
    # By its trace: the table has no other index, and its rows may be a million.
    " FROM spans WHERE trace_id IN (SELECT value FROM json_each(?1)) AND +rowid > ?2"
    " AND (kind = 'jsrpc' OR (name = 'jsRpcCall' AND service IN ('', ?3)))"
    f" AND duration_ms IS NOT NULL ORDER BY rowid LIMIT {_MOST}"
)
_MOST_TRACES: Final = 500
"""Of which the calls are asked for: those that name the instance before all others."""
_CALL_PAGES: Final = 10
"""Pages of calls that are read for one set of lines at a time; the next read goes on behind them."""
_EARLIER: Final = 1000
"""Rows that are read before the first of the time: the store is in order of time but for the odd late row."""


class LocalLogs:
    """Reads the store of a dev session, in which rows only come.

    Each read goes on behind the last row seen.
    """

    name: Source = "local"
    permission = ""
    pace = 1.5
    lag = 5.0
    kept = kept_surely = float("inf")

    def __init__(self, endpoints: "Endpoints") -> None:
        self._endpoints = endpoints
        self._before: tuple[int, int] = (0, 0)
        """A time (in ms) and a row before it, as found last: a follower goes on from there."""
        self._scripts: dict[str, str] = {}
        """The Worker of each workflow."""
        self._traced: dict[str, int] = {}
        """Of each trace in which lines were printed, the last row of its calls that was read."""
        self._parents: dict[str, str] = {}
        """Of each call within a program, the one that made it."""
        self._objects = LocalObjects()

    async def read(self, query: LogQuery, turn: Turn = at_once) -> LogPage:
        """The lines of a workflow's Worker in a time: whose they are, only their texts can say."""
        await (
            turn()
        )  # once: a dev session counts no requests, and a first look takes some thirteen small ones
        since, until = round(query.since * 1000), round(query.until * 1000)
        first = await self._row_of(query, since)
        found = await self._ask(query, _LINES, [max(first - _EARLIER, 0), since, until, query.instance])
        own = await self._script_of(query)
        several = len(set(self._scripts.values())) > 1
        # Of ten thousand rows it takes a tenth of a second: keys go on meanwhile.
        lines = await asyncio.to_thread(sorted, _lines(found, own, several), key=lambda line: line.order)
        notes = [f"cut: only the newest {count(_MOST)} lines were read"] if len(found) >= _MOST else []
        calls = await self._calls(query, found, own)
        objects = await self._objects_of(query, found, calls, own)
        return LogPage(lines, notes, calls=calls, objects=objects)

    async def _objects_of(
        self, query: LogQuery, found: Sequence[Sequence[Any]], calls: Sequence[Call], script: str
    ) -> TracedObjects:
        """Reads the instance of each call in which lines were printed.

        Those of earlier reads are asked for again.
        """
        self._parents |= {call.id: call.parent for call in calls if call.parent and not call.entry}
        rows_of = [
            (text(row[2]), text(row[7]), query.instance in text(row[4])) for row in found if len(row) > 7
        ]
        # Those that name the instance last: they go before all others.
        printed = [(call, trace) for call, trace, _ in sorted(rows_of, key=lambda row: row[2])]
        news = {call.trace for call in calls}
        return await self._objects.read(
            printed, news, self._parents, script, lambda sql, params: self._ask(query, sql, params)
        )

    async def _calls(self, query: LogQuery, found: Sequence[Sequence[Any]], script: str) -> list[Call]:
        """The calls of the traces in which these lines were printed, and of those before, that have ended."""
        rows_of = [(text(row[7]), query.instance in text(row[4])) for row in found if len(row) > 7]
        traces = dict.fromkeys(trace for trace, names in rows_of if names)
        traces |= dict.fromkeys(trace for trace, _ in rows_of)
        wanted = list(dict.fromkeys([*traces, *self._traced]))[:_MOST_TRACES]
        by_row: dict[int, list[str]] = {}
        for trace in wanted:
            by_row.setdefault(self._traced.get(trace, 0), []).append(trace)
        self._traced = {trace: self._traced.get(trace, 0) for trace in wanted}
        calls: list[Call] = []
        for since, these in by_row.items():
            for _ in range(_CALL_PAGES):
                rows_found = await self._ask(query, _CALLS, [json.dumps(these), since, script])
                calls += _read_calls(rows_found)
                since = max([since, *(int(row[0]) for row in rows_found if isinstance(row[0], int))])
                if len(rows_found) < _MOST:
                    break
            self._traced |= dict.fromkeys(these, since)
        return calls

    async def check(self) -> str:
        found = await self._ask(LogQuery("", "", 0.0, 0.0), "SELECT max(rowid) FROM logs", [])
        return f"can be read, {count(_last_row(found))} rows are stored"

    async def _script_of(self, query: LogQuery) -> str:
        """The Worker of the workflow; "" where the session does not say."""
        if query.workflow not in self._scripts:
            asked = RequestInfo("read the log", query.workflow, query.instance)
            _, envelope = await self._endpoints.ask("logs", "GET", "/workflows", asked)
            named, _ = rows(envelope.result)
            self._scripts = {text(item.get("name")): text(item.get("script_name")) for item in named}
            self._scripts.setdefault(query.workflow, "")
        return self._scripts[query.workflow]

    async def _row_of(self, query: LogQuery, since: int) -> int:
        """The first row of a time, by halving: the table has no index on time and may have a million rows."""
        found = await self._ask(query, "SELECT max(rowid) FROM logs", [])
        newest = _last_row(found)
        low, high = self._before[1] if self._before[0] <= since else 0, newest + 1
        if low > newest:  # another session, or a store that was emptied
            low = 0
        while high - low > 256:
            middle = (low + high) // 2
            first = await self._ask(query, _FIRST_AT, [middle])
            at = number(first[0][1]) if first and len(first[0]) > 1 else None
            low, high = (middle, high) if at is not None and at < since else (low, middle)
        self._before = (since, low)
        return low

    async def _ask(self, query: LogQuery, sql: str, params: Sequence[object]) -> list[list[Any]]:
        asked = RequestInfo("read the log", query.workflow, query.instance)
        try:
            _, envelope = await self._endpoints.ask(
                "logs", "POST", _PATH, asked, body={"sql": sql, "params": list(params)}
            )
        except NotFound as failure:
            if failure.code == _OFF:
                sentence = "This dev session keeps no log lines: X_LOCAL_OBSERVABILITY=false was set for it."
            else:
                sentence = "This dev session keeps no log lines: that needs wrangler 4.164 or later."
            raise Refused(sentence, http=failure.http, code=failure.code) from None
        found = fields_of(envelope.result).get("rows")
        if not isinstance(found, list):
            raise BadAnswer("The dev session answered without the log that was asked for.")
        return [row for row in found if isinstance(row, list) and row]


def _last_row(found: Sequence[Sequence[Any]]) -> int:
    """The number of the last row; 0 where there is none, or what came is no row's."""
    last = number(found[0][0]) if found else None
    return int(last) if last is not None and 0 <= last < _LARGEST_ROW else 0  # NaN is neither


def _lines(found: Sequence[Sequence[Any]], script: str, several: bool) -> Iterator[LogLine]:
    """The lines of one Worker. With `several` in a session, wrangler puts `[NAME]` before most lines."""
    stored = [row for row in found if len(row) >= 7]
    workers = [_worker_of(text(row[4])) for row in stored]
    several = bool(script) and (several or script in workers)
    others = {text(row[2]) for row, worker in zip(stored, workers) if several and worker not in ("", script)}
    others |= {text(row[2]) for row in stored if script and text(row[6]) not in ("", script)}
    for row, worker in zip(stored, workers):
        number_of, at, span, level, message, handler = row[:6]
        moment = epoch_ms(at)
        if moment is None or text(span) in others:
            continue
        words = _words(text(message), worker if several else "")
        yield LogLine(
            moment / 1000,
            text(level) or "log",
            words,
            "local",
            request=text(span),
            trace=text(row[7]) if len(row) > 7 else "",
            foreign=bool(handler),
            order=f"{number_of:012d}" if isinstance(number_of, int) else "",
        )


def _read_calls(found: Sequence[Sequence[Any]]) -> Iterator[Call]:
    for row in found:
        if len(row) < 7 or not (span := text(row[1])):
            continue
        start, lasted = epoch_ms(row[3]), number(row[4])
        if start is not None and lasted is not None:
            end = (start + lasted) / 1000
            trace = text(row[7]) if len(row) > 7 else ""
            method = text(row[8]) if len(row) > 8 else ""
            yield Call(span, text(row[2]), start / 1000, end, bool(row[5]), text(row[6]), trace, method)


def _worker_of(message: str) -> str:
    """The Worker that wrangler names as the first argument of a call; "" where there is none."""
    found = _WORKER.match(message)
    return found[1] if found is not None else ""


def _words(message: str, worker: str) -> str:
    """What was printed; of a call that was cut, what is left of its arguments. Without the Worker's name."""
    try:
        value = read_text(message)
    except Unreadable:
        return message_of(message)
    if isinstance(value, str) and value.startswith("["):
        rest = value[1:].removeprefix(f'"[{worker}]",') if worker else value[1:]
        return cut_text(rest) + _CUT
    if worker and isinstance(value, list):
        value = value[1:]
    return message_of(value)
