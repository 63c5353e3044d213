"""Of which instance the calls of a dev session are, by the objects that its store notes with them.

Measured on wrangler 4.164: an instance is created, restarted and resumed by calls of its Durable Object, and
a call of the object (`durable_object_subrequest`) bears its id, but for the last one that a call makes. From
there the code is entered. Of a call that went from one program to another the row bears the one that made it
too (`jsrpc.caller_span_id`), so that a lost row between them does no harm.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from wfdash.api.errors import BadAnswer, Refused
from wfdash.core.logs.calls import RUN
from wfdash.core.logs.objects import TracedObjects
from wfdash.core.model.json_values import text

__all__ = ["METHOD", "LocalObjects"]

Ask = Callable[[str, Sequence[object]], Awaitable[list[list[Any]]]]

METHOD: Final = "json_extract(attributes, '$.\"jsrpc.method\"')"
_TARGET: Final = METHOD.replace("method", "target_kind")
_CALLER: Final = METHOD.replace("method", "caller_span_id")
_OBJECT: Final = "json_extract(attributes, '$.objectId')"
_SUBREQUEST: Final = "durable_object_subrequest"
_BEGIN: Final = "('create', 'restart', 'resume', 'changeInstanceStatus')"
_METHODS: Final = (
    f"SELECT trace_id, {METHOD} AS method FROM spans"
    " WHERE trace_id IN (SELECT value FROM json_each(?1)) AND name = 'jsRpcCall'"
)
_RUNS: Final = (
    # Up from each call to the first call of an object, along what a run is entered by alone: what its steps
    # have called elsewhere is entered by another method, and by a session of the program itself.
    "WITH RECURSIVE fields AS NOT MATERIALIZED (SELECT trace_id AS trace, span_id AS id, parent_id AS parent,"
    f" service, name, kind, {METHOD} AS method, {_TARGET} AS target, {_CALLER} AS caller, {_OBJECT} AS object"
    " FROM spans), up AS ("
    "SELECT fields.id AS seed, service AS program, trace, fields.id AS id, fields.parent AS parent, caller,"
    " name, NULL AS object FROM json_each(?1) AS asked JOIN fields"
    " ON trace = json_extract(asked.value, '$[0]') AND fields.id = json_extract(asked.value, '$[1]')"
    f" WHERE target IS NOT 'entrypoint' OR method = '{RUN}'"
    " UNION SELECT seed, program, fields.trace, fields.id, fields.parent, fields.caller, fields.name,"
    " fields.object"
    " FROM up JOIN fields ON fields.trace = up.trace AND fields.id IN (up.parent, up.caller)"
    f" WHERE up.name <> '{_SUBREQUEST}' AND (service <> program OR (fields.name <> 'jsRpcSession'"
    f" AND (method = '{RUN}' OR (kind <> 'jsrpc' AND target IS NOT 'entrypoint')))))"
    # Of one whose id is not noted, what else was called beside it.
    " SELECT seed, object, CASE WHEN object IS NULL THEN (SELECT json_group_array(held.object)"
    " FROM fields AS above JOIN fields AS made ON made.trace = up.trace AND made.parent = above.parent"
    f" JOIN fields AS held ON held.trace = up.trace AND held.parent = made.id AND held.name = '{_SUBREQUEST}'"
    " WHERE above.trace = up.trace AND above.id = up.parent) END"
    f" FROM up WHERE name = '{_SUBREQUEST}'"
)
_BEGUN: Final = (
    # The objects that were called through what one call of the workflow's binding gave: `create`, `get`.
    "WITH begins AS (SELECT DISTINCT trace_id AS trace, parent_id AS entry FROM spans"
    " WHERE trace_id IN (SELECT value FROM json_each(?1)) AND name = 'jsRpcCall' AND parent_id IS NOT NULL"
    f" AND {METHOD} IN ('create', 'createBatch', 'restart', 'resume'))"
    f" SELECT DISTINCT trace, {_OBJECT.replace('attributes', 'held.attributes')} AS object, 1 FROM begins"
    " JOIN spans AS made ON made.trace_id = trace AND made.parent_id = entry"
    " JOIN spans AS held ON held.trace_id = trace AND held.parent_id = made.span_id"
    f" AND held.name = '{_SUBREQUEST}' WHERE object IS NOT NULL"
    # Where one alone was begun, all that were called: the row of one call between may be lost, and then
    # nothing else leads from the object to what was begun.
    f" UNION ALL SELECT DISTINCT trace_id, {_OBJECT} AS object, 0 FROM spans"
    f" WHERE trace_id IN (SELECT value FROM json_each(?1)) AND name = '{_SUBREQUEST}' AND object IS NOT NULL"
    f" AND trace_id IN (SELECT trace_id FROM ({_METHODS}) WHERE method IN {_BEGIN})"
    f" AND trace_id NOT IN (SELECT trace_id FROM ({_METHODS}) GROUP BY trace_id"
    " HAVING sum(method = 'create') + 2 * sum(method = 'createBatch') > 1)"
)
_BEGINS: Final = (
    "SELECT trace_id, service, sum(CASE method WHEN 'createBatch' THEN 2 ELSE 1 END) FROM ("
    f"SELECT trace_id, service, {METHOD} AS method FROM spans"
    " WHERE trace_id IN (SELECT value FROM json_each(?1)) AND name = 'jsRpcCall' AND service NOT IN ('', ?2))"
    " WHERE method IN ('create', 'createBatch', 'restart', 'resume') GROUP BY trace_id, service"
)
_MOST_CALLS: Final = 500
"""Which are asked for at once."""
_OF_A_RUN: Final = 3
"""Calls that are asked for of one run: where one leads to nothing, a row was lost."""


class LocalObjects:
    """Finds the instance of each run, asked again until it is told.

    Rows come late, those of a running call at its end.
    """

    def __init__(self) -> None:
        self._untold: dict[str, str] = {}
        """Calls that printed something, with their traces, the newest last."""
        self._settled: set[str] = set()
        """Runs, by the uppermost call that is known, and traces."""

    async def read(
        self,
        lines: Iterable[tuple[str, str]],
        news: Iterable[str],
        parents: Mapping[str, str],
        script: str,
        ask: Ask,
    ) -> TracedObjects:
        """Asks the store for what was not told before, and gives all that came now.

        `lines` are calls that printed something, each with its trace, `news` the traces of which rows have
        come, `parents` the call that made each, `script` the Worker.
        """
        for call, trace in lines:
            if call and trace and _top(call, parents) not in self._settled:
                self._untold[call] = trace
        traces = dict.fromkeys([*self._untold.values()])
        wanted = {trace for trace in traces if trace not in self._settled} | {*news}
        try:
            runs = await self._read_runs(parents, ask)
            begun = await ask(_BEGUN, [json.dumps(sorted(wanted))]) if wanted else []
            begins = await ask(_BEGINS, [json.dumps(sorted(wanted)), script]) if wanted else []
        except (BadAnswer, Refused):  # a store that is laid out in another way tells nothing of them
            return TracedObjects()
        objects: dict[str, set[str]] = {}
        called: dict[str, set[str]] = {}
        for row in begun:
            if len(row) > 1 and (trace := text(row[0])) and (held := text(row[1])):
                (called if row[2:] == [0] else objects).setdefault(trace, set()).add(held)
        self._settled |= objects.keys()
        numbers: dict[str, dict[str, int]] = {}
        for row in begins:
            if len(row) > 2 and isinstance(row[2], int):
                numbers.setdefault(text(row[0]), {})[text(row[1])] = row[2]
        begun_in = {trace: frozenset(these) for trace, these in objects.items()}
        # What is told of those that were begun goes before all that were called.
        all_of = {trace: frozenset(these) for trace, these in called.items() if trace not in objects}
        return TracedObjects(runs, begun_in, all_of, numbers)

    async def _read_runs(self, parents: Mapping[str, str], ask: Ask) -> dict[str, str]:
        asked: list[tuple[str, str]] = []
        of_run: Counter[str] = Counter()
        for call, trace in reversed(self._untold.items()):
            top = _top(call, parents)
            of_run[top] += 1
            if of_run[top] <= _OF_A_RUN and top not in self._settled:
                asked.append((trace, call))
            if len(asked) == _MOST_CALLS:
                break
        found = await ask(_RUNS, [json.dumps(asked)]) if asked else []
        runs = {text(row[0]): held for row in found if len(row) > 2 and (held := _held(row[1], row[2]))}
        self._settled |= {_top(call, parents) for call in runs}
        self._untold = {
            call: trace for call, trace in self._untold.items() if _top(call, parents) not in self._settled
        }
        return runs


def _top(call: str, parents: Mapping[str, str]) -> str:
    """The uppermost known call above this one: all calls of one run have it in common."""
    passed = {call}
    # A store may say of two calls that each made the other.
    while (above := parents.get(call)) is not None and above not in passed:
        passed.add(above)
        call = above
    return call


def _held(own: object, beside: object) -> str:
    """The object that a call was made to.

    As it is noted, else the one left of those that were called with it.
    Whoever creates many calls each twice, to ask whether it is there and to begin it.
    """
    if held := text(own):
        return held
    try:
        listed = json.loads(text(beside) or "[]")
    except (ValueError, RecursionError):
        return ""
    if not isinstance(listed, list):
        return ""
    times = Counter(each for each in listed if isinstance(each, str))
    if len(times) == 1:
        return next(iter(times))
    single = [each for each, number in times.items() if number == 1]
    is_complete = listed.count(None) == 1 and len(single) == 1 and set(times.values()) == {1, 2}
    return single[0] if is_complete else ""
