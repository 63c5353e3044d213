"""Which of the three generations of the dev session's API answers here, told without writing anything."""

from typing import Any

from msgspec import Struct

from wfdash.api.answers.envelope import Unreadable, read_json
from wfdash.api.errors import BadAnswer, NotReached, OtherServer, WorkflowsError
from wfdash.api.http.answer import Answer
from wfdash.api.http.client import Http

__all__ = ["BASES", "TOO_OLD", "DevSession", "probe"]

BASES = ("/cdn-cgi/local/explorer/api", "/cdn-cgi/explorer/api")
"""The newer path first. On older sessions it reaches the user's own Worker, which may answer anything."""

TOO_OLD = "needs wrangler 4.133 or later"

_LARGEST = 4 * 1024 * 1024
"""Bytes of an answer: they are parsed in one call, and the API's own description has some 100 kB."""


class DevSession(Struct, frozen=True):
    """Where the API was found. `watch_only` is "" when its PATCH speaks the present dialect."""

    base: str
    watch_only: str


async def probe(http: Http) -> DevSession:
    """Finds the API with GETs alone; an answer counts only when it has the envelope with a list in it."""
    failure: WorkflowsError | None = None
    for base in BASES:
        # A status proves nothing: before 4.133 the newer path is the user's own Worker, which answered 200
        # "ok" (measured on wrangler 4.86).
        answer = await http.ask("probe", "GET", f"{base}/workflows", most=_LARGEST)
        if _is_the_list(answer):
            document = _json(await http.ask("probe", "GET", base, most=_LARGEST))
            # The oldest generation turns a restart from a step into a full restart and drops `rollback`, both
            # with 200 (measured), so it is not written to.
            return DevSession(base, "" if _speaks_status(document) else TOO_OLD)
        failure = failure or _not_it(http, answer)
    raise failure or NotReached("Nothing was read.", sent=False)


def _json(answer: Answer) -> Any:
    if not 200 <= answer.http < 300:
        return None
    try:
        return read_json(answer.body)
    except Unreadable:
        return None


def _is_the_list(answer: Answer) -> bool:
    value = _json(answer)
    return isinstance(value, dict) and value.get("success") is True and isinstance(value.get("result"), list)


def _speaks_status(document: Any) -> bool:
    """Whether the OpenAPI document's PATCH takes the key `status`; the older generations take `action`."""
    paths = document.get("paths") if isinstance(document, dict) else None
    for path, methods in paths.items() if isinstance(paths, dict) else ():
        if str(path).endswith("/instances/{instance_id}/status") and isinstance(methods, dict):
            return "status" in _properties(methods.get("patch"))
    return False


def _properties(patch: Any) -> set[str]:
    """Every property that the PATCH's request body names, through its alternatives."""
    body = patch.get("requestBody") if isinstance(patch, dict) else None
    found: set[str] = set()
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            named = value.get("properties")
            found |= set(named) if isinstance(named, dict) else set()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


def _not_it(http: Http, answer: Answer) -> BadAnswer:
    text = answer.body[:120].decode("utf-8", "replace").strip()
    if answer.http == 403 and text.startswith("Invalid"):
        return BadAnswer(f"The dev session refused the request (403, {text}).", http=403)
    # Another server at this port stays another one: no passing fault, unlike one that fails.
    failure = BadAnswer if answer.http >= 500 else OtherServer
    return failure(
        f"{http.base} answers ({answer.http}), but not with the Workflows API of a dev session: "
        "that takes wrangler 4.79 or later, its local explorer on, and its port in --local PORT.",
        http=answer.http,
    )
