"""Counts of what came and ended over the last 31 days, from GraphQL (`workflowsAdaptiveGroups`).

The data set outlives the instances themselves, and is sampled where there is much of it (reference, Workflows
metrics and analytics; GraphQL adaptive sampling).
"""

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from wfdash.api.answers.envelope import Unreadable, read_json
from wfdash.api.errors import BadAnswer, Forbidden, Refused
from wfdash.api.http.request_info import RequestInfo
from wfdash.core.history.analytics import Analytics
from wfdash.core.history.bucket import Tally
from wfdash.core.model.json_values import fields_of, number
from wfdash.core.model.times import iso, parse_time

if TYPE_CHECKING:
    from wfdash.api.endpoints import Endpoints

__all__ = ["KEPT", "read_analytics"]

KEPT: Final = 31 * 86_400.0
"""Seconds that the data set reaches back (reference)."""
_PERMISSION: Final = "Account Analytics Read"
_MOST: Final = 10_000
"""Rows of one answer (reference)."""
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
_QUERY: Final = """query wfdash($account: string!, %s$since: Time, $until: Time) {
  viewer { accounts(filter: {accountTag: $account}) { workflowsAdaptiveGroups(
    limit: 10000
    filter: {datetime_geq: $since, datetime_lt: $until, %seventType_in: [%s]}
  ) { count %s dimensions { time: %s eventType } } } }
}"""


async def read_analytics(
    endpoints: "Endpoints", workflow: str, *, account: str, since: float, until: float, width: float
) -> Analytics:
    """One request, of all workflows where none is named. Raises Forbidden, with the permission's name."""
    grain, dimension = next((found for found in _GRAINS if not width % found[0]), _GRAINS[-1])
    found = Analytics(since // grain * grain, -(-until // grain) * grain, grain)
    variables = {"account": account, "since": iso(found.since), "until": iso(found.until)}
    named = ("$workflow: string, ", "workflowName: $workflow, ") if workflow else ("", "")
    if workflow:
        variables["workflow"] = workflow
    for sampling in ("avg { sampleInterval }", ""):
        query = _QUERY % (*named, ", ".join(f'"{event}"' for event in _EVENTS), sampling, dimension)
        data, refusal = await _ask(endpoints, {"query": query, "variables": variables}, workflow)
        if not refusal:
            return _read(data, found, exact=bool(sampling))
        # The data set's fields are documented, those of sampling only for all adaptive ones.
        if "unknown field" not in refusal.lower():
            break
    if any(
        word in refusal.lower() for word in ("not authorized", "authz", "permission", "does not have access")
    ):
        raise Forbidden(f"The token may not read analytics: it needs the permission {_PERMISSION}.")
    raise Refused(f"The server does not give analytics: {endpoints.http.hide(refusal)[:200]}")


async def _ask(endpoints: "Endpoints", body: dict[str, Any], workflow: str) -> tuple[Mapping[str, Any], str]:
    """The data and the words of the errors. GraphQL has an envelope of its own, and 200 for a refusal."""
    asked = RequestInfo("read the analytics", workflow, permission=_PERMISSION)
    answer = await endpoints.http.ask("analytics", "POST", "/graphql", (), body)
    try:
        value = fields_of(read_json(answer.body))
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


def _read(data: Mapping[str, Any], found: Analytics, *, exact: bool) -> Analytics:
    found.sampled = 1.0 if exact else 0.0
    accounts = fields_of(data.get("viewer")).get("accounts")
    groups = (
        fields_of(accounts[0]).get("workflowsAdaptiveGroups")
        if isinstance(accounts, list) and accounts
        else None
    )
    if not isinstance(groups, list):
        raise BadAnswer("The server answered without the analytics that were asked for.")
    found.cut = len(groups) >= _MOST
    for group in map(fields_of, groups[:_MOST]):
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
