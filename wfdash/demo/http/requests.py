"""What a request says, checked as the published schema demands; anything else is Refused with 400."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from wfdash.demo.engine.instance import STATUSES, Retention
from wfdash.demo.engine.times import instant, seconds
from wfdash.demo.engine.verbs import From, VerbRefused

__all__ = ["Ask", "Change", "New", "change", "event_type", "new_instance", "page_query", "search"]

ID = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9-_]{0,99}")
NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9-_]{0,63}")
RESERVED = re.compile(r"batch|terminate|terminateAll|cf_[0-9a-f]{64}")
HINTS = {"wnam", "weur", "enam", "eeur", "apac", "apac-ne", "apac-se", "oc", "sam", "afr", "me"}
LARGEST = 1 << 20
"""Bytes of a payload or of params, in UTF-8."""
DEEPEST = 200
"""Levels of nesting in a body: an answer that repeats it must not fail for want of stack."""


@dataclass(slots=True)
class Ask:
    """One request: path segments decoded one by one, below /client/v4."""

    method: str
    segments: list[str]
    query: dict[str, list[str]]
    body: bytes = b""
    writes: bool = True
    host: str = ""
    """The Host header it came with."""

    def single(self, key: str) -> str | None:
        values = self.query.get(key)
        if values and len(values) > 1:
            raise bad_query(key)
        return values[0] if values else None

    def number(self, key: str, default: int, *, most: int | None = None) -> int:
        text = self.single(key)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            raise bad_query(key) from None
        if not 1 <= value <= (most or 1e9) or value != int(value):
            raise bad_query(key)
        return int(value)

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        text = self.single(key)
        if text is not None and text not in choices:
            raise bad_query(key)
        return text or ""

    def json(self) -> Any:
        if not self.body:
            return {}
        try:
            value = json.loads(self.body, parse_constant=_no_constant)
            _as_json(value)  # 1e999 is no constant, and becomes one
        except (ValueError, RecursionError):
            raise bad_body("not JSON") from None
        if _nests_deeper(value, DEEPEST):
            raise bad_body(f"nested deeper than {DEEPEST} levels")
        return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _as_json(value: Any) -> bytes:
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _nests_deeper(value: Any, levels: int) -> bool:
    """Whether a value nests deeper, found without recursion, which is what would fail."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            part
            for parent in layer
            if isinstance(parent, dict | list)
            for part in (parent.values() if isinstance(parent, dict) else parent)
        ]
    return bool(layer)


def search(ask: Ask) -> str:
    """The text that names of workflows are searched for; "" where nobody asked."""
    text = ask.single("search")
    if text is not None and not NAME.fullmatch(text):
        raise bad_query("search")
    return text or ""


def bad_query(key: str) -> VerbRefused:
    return VerbRefused(400, 10002, f"workflows.api.error.query: {key}")


def bad_body(why: str) -> VerbRefused:
    return VerbRefused(400, 10002, f"workflows.api.error.body: {why}")


@dataclass(frozen=True, slots=True)
class PageQuery:
    per_page: int
    page: int | None
    cursor: str
    direction: str
    status: str
    start: float | None
    end: float | None


def page_query(ask: Ask) -> PageQuery:
    """Parses the query of the list endpoint."""
    page = ask.number("page", 1) if ask.single("page") is not None else None
    cursor = ask.single("cursor") or ""
    if page is not None and cursor:
        raise bad_query("page and cursor are mutually exclusive")
    start, end = _moment(ask, "date_start"), _moment(ask, "date_end")
    if start is not None and end is not None and start > end:
        raise bad_query("date_start is after date_end")
    return PageQuery(
        ask.number("per_page", 50, most=100),
        page,
        cursor,
        ask.choice("direction", ("asc", "desc")),
        ask.choice("status", STATUSES),
        start,
        end,
    )


def _moment(ask: Ask, key: str) -> float | None:
    text = ask.single(key)
    if text is None:
        return None
    try:
        return instant(text)
    except ValueError:
        raise bad_query(key) from None


@dataclass(frozen=True, slots=True)
class Change:
    verb: str
    rollback: bool = False
    start: From | None = None


_ALLOWED = {"pause": set(), "resume": set(), "terminate": {"rollback"}, "restart": {"from"}}


def change(body: Any) -> Change:
    """The body of a status change: one of four shapes, each with its own keys."""
    if not isinstance(body, dict) or body.get("status") not in ("pause", "resume", "terminate", "restart"):
        raise bad_body("status")
    verb = body["status"]
    for key in ("rollback", "from"):
        if key in body and key not in _ALLOWED[verb]:
            raise bad_body(f"{key} does not go with {verb}")
    rollback = body.get("rollback", False)
    if not isinstance(rollback, bool):
        raise bad_body("rollback")
    return Change(verb, rollback, _from(body["from"]) if "from" in body else None)


def _from(value: Any) -> From:
    name, count, kind = (
        (value.get("name"), value.get("count", 1), value.get("type", "do"))
        if isinstance(value, dict)
        else (None, None, None)
    )
    if not isinstance(name, str) or not 1 <= len(name) <= 256:
        raise bad_body("from.name")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise bad_body("from.count")
    if kind not in ("do", "sleep", "waitForEvent"):
        raise bad_body("from.type")
    return From(name, count, kind)


@dataclass(frozen=True, slots=True)
class New:
    """An instance to be made; `id` is "" when the server is to make one."""

    id: str
    params: Any
    success: float | None
    error: float | None

    def retention(self, default: Retention) -> Retention | None:
        if self.success is None and self.error is None:
            return None
        return Retention(
            default.success if self.success is None else self.success,
            default.error if self.error is None else self.error,
        )


def new_instance(body: Any) -> New:
    """The body of a create; an `id` key is ignored, as Cloudflare does."""
    if not isinstance(body, dict):
        raise bad_body("not an object")
    identity = body.get("instance_id", "")
    if "instance_id" in body:
        if not isinstance(identity, str) or not ID.fullmatch(identity):
            raise bad_body("instance_id")
        if RESERVED.fullmatch(identity):
            raise VerbRefused(400, 10404, "instance.invalid_id")
    if "params" in body and len(_as_json(body["params"])) > LARGEST:
        raise bad_body("params are larger than 1 MiB")
    if "location_hint" in body and body["location_hint"] not in HINTS:
        raise bad_body("location_hint")
    kept = body.get("instance_retention", {})
    if not isinstance(kept, dict):
        raise bad_body("instance_retention")
    return New(
        identity,
        body.get("params", {}),
        _duration(kept, "success_retention"),
        _duration(kept, "error_retention"),
    )


def _duration(kept: Mapping[str, Any], key: str) -> float | None:
    if key not in kept:
        return None
    value = kept[key]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise bad_body(key)
    try:
        return seconds(value)
    except ValueError:
        raise bad_body(key) from None


def event_type(text: str) -> str:
    if not ID.fullmatch(text):
        raise VerbRefused(400, 10002, "workflows.api.error.event_type")
    return text


def payload(ask: Ask) -> Any:
    """Parses the body of an event."""
    if len(ask.body) > LARGEST:
        raise bad_body("the payload is larger than 1 MiB")
    return ask.json()
