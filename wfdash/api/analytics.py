"""Reads counts of the last 31 days (`workflowsAdaptiveGroups`) and an id's events (`workflowsAdaptive`).

Both come from GraphQL. The data sets outlive the instances themselves, and are sampled where there is much
of it (reference, Workflows metrics and analytics; GraphQL adaptive sampling).
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from wfdash.api.answers.envelope import Unreadable, read_json
from wfdash.api.answers.large_json import LARGE
from wfdash.api.errors import BadAnswer, Forbidden, Refused, WorkflowsError
from wfdash.api.http.request_info import RequestInfo
from wfdash.core.history.analytics import Analytics
from wfdash.core.history.bucket import Tally
from wfdash.core.history.past_instance import PastEvent, PastInstance, past_instance
from wfdash.core.model.json_values import fields_of, number
from wfdash.core.model.times import iso, parse_time

if TYPE_CHECKING:
    from wfdash.api.endpoints import Endpoints

__all__ = ["KEPT", "read_analytics", "read_past_instance"]

KEPT: Final = 31 * 86_400.0
"""Seconds that the data set reaches back (reference)."""
_PERMISSION: Final = "Account Analytics Read"
_REACH: Final = re.compile(r"older than (?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
"""A plan may reach less far back, and the answer says how far: `cannot request data older than 2678400s`
(reference, GraphQL errors)."""
_DENIALS: Final = ("not authorized", "authz", "permission", "does not have access")
_MOST: Final = 10_000
"""Rows of one answer (reference)."""
_LARGEST: Final = 4 * 1024 * 1024
"""Bytes of one answer: a row has some 150."""
_GRAINS: Final = (
    (3600.0, "datetimeHour"),
    (900.0, "datetimeFifteenMinutes"),
    (300.0, "datetimeFiveMinutes"),
    (60.0, "datetimeMinute"),
)
_EVENTS: Final = {
    "WORKFLOW_QUEUED": "created",
    "WORKFLOW_SUCCESS": "complete",
    "WORKFLOW_FAILURE": "errored",
    "WORKFLOW_TERMINATED": "terminated",
}
_COUNTS: Final = """query wfdash($account: string!, %s$since: Time, $until: Time) {
  viewer { accounts(filter: {accountTag: $account}) { workflowsAdaptiveGroups(
    limit: 10000
    filter: {datetime_geq: $since, datetime_lt: $until, %seventType_in: [%s]}
  ) { count %s dimensions { time: %s eventType } } } }
}"""
_INSTANCE: Final = """query wfdash($account: string!, $instance: string, $since: Time, $until: Time) {
  viewer { accounts(filter: {accountTag: $account}) { workflowsAdaptive(
    limit: 1000
    filter: {datetime_geq: $since, datetime_leq: $until, instanceId: $instance, eventType_in: [%s]}
    orderBy: [datetime_DESC]
  ) { datetime eventType workflowName %s } } }
}"""
_INSTANCE_EVENTS: Final = (*_EVENTS, "WORKFLOW_START", "STEP_FAILURE")


async def read_analytics(
    endpoints: "Endpoints", workflow: str, *, account: str, since: float, until: float, width: float
) -> Analytics:
    """Counts what came and ended, in one request; "" names all workflows.

    Raises Forbidden with the permission.
    """
    grain, dimension = next((found for found in _GRAINS if not width % found[0]), _GRAINS[-1])
    found = Analytics(since // grain * grain, -(-until // grain) * grain, grain, asked=until)
    variables = {"account": account, "since": iso(found.since), "until": iso(found.until)}
    named = ("$workflow: string, ", "workflowName: $workflow, ") if workflow else ("", "")
    if workflow:
        variables["workflow"] = workflow
    rows, exact = await _rows(
        endpoints,
        lambda extras: (
            _COUNTS % (*named, _listed(_EVENTS), "avg { sampleInterval }" if extras else "", dimension)
        ),
        variables,
        workflow,
        dataset="workflowsAdaptiveGroups",
        extras=("sampleInterval",),
        grain=grain,
    )
    found.since = parse_time(variables["since"]) or found.since
    return _count(rows, found, exact=bool(exact))


async def read_past_instance(
    endpoints: "Endpoints", workflow: str, instance: str, *, account: str, since: float, until: float
) -> PastInstance:
    """Asks what became of an id, in one request over all workflows. Raises as `read_analytics` does."""
    rows, exact = await _rows(
        endpoints,
        lambda extras: _INSTANCE % (_listed(_INSTANCE_EVENTS), " ".join(extras)),
        {"account": account, "instance": instance, "since": iso(since), "until": iso(until)},
        workflow,
        dataset="workflowsAdaptive",
        extras=("stepName", "sampleInterval"),
    )
    events: list[PastEvent] = []
    sampled = 1.0 if "sampleInterval" in exact else 0.0
    for row in rows:
        if (at := parse_time(row.get("datetime"))) is None:
            continue
        kind, name, step = (row.get(key) for key in ("eventType", "workflowName", "stepName"))
        events.append(PastEvent(at, str(kind), str(name or ""), step if isinstance(step, str) else ""))
        sampled = max(sampled, _finite(row.get("sampleInterval")) or 0.0)
    return past_instance(events, workflow, sampled=sampled)


def _listed(events: Iterable[str]) -> str:
    return ", ".join(f'"{event}"' for event in events)


async def _rows(
    endpoints: "Endpoints",
    query: Callable[[Sequence[str]], str],
    variables: dict[str, str],
    workflow: str,
    *,
    dataset: str,
    extras: Sequence[str],
    grain: float = 60.0,
) -> tuple[list[Mapping[str, Any]], Sequence[str]]:
    """The rows of a data set, and those of the `extras` that the server knows.

    Where the server reaches less far back, `since` of the variables becomes what it does reach.
    The fields of these data sets are documented, these ones only for adaptive ones or for their groups.
    """
    while True:
        data, refusal = await _ask(
            endpoints, {"query": query(extras), "variables": dict(variables)}, workflow
        )
        if not refusal:
            break
        if nearer := _nearer(refusal, variables, grain):
            variables["since"] = nearer
            continue
        kept = [name for name in extras if name not in refusal]
        if "unknown field" not in refusal.lower() or len(kept) == len(extras):
            raise _refused(endpoints.http.hide(refusal))
        extras = kept
    accounts = fields_of(data.get("viewer")).get("accounts")
    rows = fields_of(accounts[0]).get(dataset) if isinstance(accounts, list) and accounts else None
    if not isinstance(rows, list):
        raise BadAnswer("The server answered without the analytics that were asked for.")
    return [fields_of(row) for row in rows], extras


def _nearer(refusal: str, variables: Mapping[str, str], grain: float) -> str:
    """The earliest time that a refusal says may be asked for, as the API writes it; "" where it says none."""
    found = _REACH.search(refusal)
    since, until = (parse_time(variables[name]) for name in ("since", "until"))
    if found is None or since is None or until is None:
        return ""
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    reach = days * 86_400 + hours * 3600 + minutes * 60 + seconds
    # A stretch less: the server's clock has gone on since, and may be ahead.
    nearer = -(-(until - reach) // grain) * grain + grain
    return iso(nearer) if reach and since < nearer < until else ""


def _refused(refusal: str) -> WorkflowsError:
    if any(word in refusal.lower() for word in _DENIALS):
        return Forbidden(f"The token may not read analytics: it needs the permission {_PERMISSION}.")
    return Refused(f"The server does not give analytics: {refusal[:200]}")


async def _ask(endpoints: "Endpoints", body: dict[str, Any], workflow: str) -> tuple[Mapping[str, Any], str]:
    """Sends one query; its data and the words of its errors.

    GraphQL answers a refusal with 200, in an envelope of its own.
    """
    asked = RequestInfo("read the analytics", workflow, permission=_PERMISSION)
    answer = await endpoints.http.ask("analytics", "POST", "/graphql", (), body, most=_LARGEST, writes=False)
    try:
        # In pieces none of its rows could be left out; as large as that it is parsed while keys go on.
        small = len(answer.body) < LARGE
        value = fields_of(
            read_json(answer.body) if small else await asyncio.to_thread(read_json, answer.body)
        )
    except Unreadable:
        value = {}
    if answer.http != 200 and "data" not in value:
        await endpoints.envelope(answer, asked)  # raises the error that fits
    errors = value.get("errors")
    words = [str(fields_of(error).get("message", "")) for error in errors] if isinstance(errors, list) else []
    codes = [
        str(fields_of(fields_of(error).get("extensions")).get("code", ""))
        for error in (errors if isinstance(errors, list) else [])
    ]
    refusal = "; ".join(word for word in (*words, *codes) if word)
    data = value.get("data")
    if not refusal and not isinstance(data, dict):
        raise BadAnswer("The server answered without the analytics that were asked for.")
    return fields_of(data), refusal


def _count(groups: Sequence[Mapping[str, Any]], found: Analytics, *, exact: bool) -> Analytics:
    found.sampled = 1.0 if exact else 0.0
    found.cut = len(groups) >= _MOST
    for group in groups[:_MOST]:
        dimensions = fields_of(group.get("dimensions"))
        at, count = parse_time(dimensions.get("time")), _finite(group.get("count"))
        status = _EVENTS.get(str(dimensions.get("eventType")))
        if at is None or count is None or status is None:
            continue
        tally = found.tallies.setdefault(at, Tally())
        setattr(tally, status, getattr(tally, status) + int(count))
        level = _finite(fields_of(group.get("avg")).get("sampleInterval"))
        found.sampled = max(found.sampled, level or 0.0)
    return found


def _finite(value: object) -> float | None:
    """The number; None also for NaN and infinity, which Python takes for JSON."""
    found = number(value)
    return found if found is not None and isfinite(found) else None
