"""A plan as lines of JSON: what --dry-run prints, and what is read back from a file that was looked over."""

import json
from collections.abc import Mapping
from shlex import quote
from typing import Any, Final, get_args

from msgspec import Struct, ValidationError, convert

from wfdash.api.interface import RestartFrom
from wfdash.core.model.step_kind import RestartType
from wfdash.core.model.times import iso, parse_time
from wfdash.core.verbs.verb import VERBS
from wfdash.live.actions.plan import Plan, Target

__all__ = ["NoPlan", "plan_lines", "read_plan", "start_object", "taken_by", "verb_of"]

_LONGEST_NAME: Final = 256
"""Characters of a step's name (published schema of the status PATCH)."""
_TYPES: Final = get_args(RestartType)
_KINDS: Final = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}
"""What a value of JSON is called."""
_NEEDED: Final = ("workflow", "id", "verb")
_OR_NULL: Final = ("before", "end", "reason")
_TEXTS: Final = (*_NEEDED, "account", "origin", *_OR_NULL)
_COMMANDS: Final = {
    "terminate_rollback": "terminate --rollback",
    "restart_from": "restart",
    "send_event": "send",
}


class NoPlan(ValueError):
    """What was handed over is no plan that can be carried out here; `str()` says why and in which line."""


class _Line(Struct, rename={"start": "from"}):
    workflow: str
    id: str
    verb: str
    account: str = ""
    origin: str = ""
    before: str | None = None
    start: RestartFrom | None = None
    end: str | None = None
    reason: str | None = None


def plan_lines(plan: Plan, where: str) -> list[dict[str, Any]]:
    """A plan as one object a target, skipped ones too; `where` is the account, or a dev session's origin."""
    return [
        {
            # A plan names where it is for, so that a file of one account is never carried out in another.
            ("origin" if "://" in where else "account"): where,
            "workflow": plan.workflow,
            "id": target.id,
            "verb": plan.verb,
            "before": target.status or None,
            # Step and end are in the line: with both a later run can tell that the instance is still where it
            # was looked at.
            "from": start_object(target.restart_from or plan.restart_from),
            "end": None if target.ended is None else iso(target.ended),
            "reason": target.reason or None,
        }
        for target in plan.targets
    ]


def start_object(start: RestartFrom | None) -> dict[str, Any] | None:
    """The step a restart begins at, as every output names it."""
    return None if start is None else {"name": start.name, "count": start.count, "type": start.type}


def taken_by(verb: str, workflow: str, file: str) -> str:
    """The command that takes a plan of this verb back, as it is typed; "" where none does.

    A plan holds no params: what creates is the file that `create --batch` takes.
    """
    if verb == "create":
        return ""
    name = _COMMANDS.get(verb, verb)
    # The file holds no payload, as the journal holds none.
    payload = " --type TYPE --payload JSON" if verb == "send_event" else ""
    return f"wfdash {name} -w {quote(workflow)} --plan {quote(file)}{payload}"


def verb_of(text: str) -> str:
    """The verb of the plan's first line; "" where that names none."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    try:
        return convert(json.loads(first), _Line).verb
    except (ValueError, RecursionError, ValidationError):
        return ""


def read_plan(text: str, *, verb: str, where: str, workflow: str) -> list[Target]:
    """The targets of a plan of this verb, account and workflow. Raises NoPlan with the first wrong line."""
    targets: dict[str, Target] = {}
    # Not splitlines(), which also ends a line at separators that JSON allows within a text.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        entry = _entry(line, number)
        here = {"account or origin": (entry.account or entry.origin, where), "verb": (entry.verb, verb)}
        here["workflow"] = (entry.workflow, workflow)
        for name, (theirs, ours) in here.items():
            if theirs != ours:
                raise NoPlan(f"line {number}: its {name} is {theirs or 'not there'}, not {ours}")
        # Joined from two files it may be: sent twice, an instance would be restarted twice.
        if entry.id in targets:
            raise NoPlan(f"line {number}: the id {entry.id} is there twice")
        targets[entry.id] = target = _target(entry, number)
        if target.restart_from is not None and not VERBS[verb].starts_from:
            raise NoPlan(f"line {number}: from belongs to redrive and restart_from, not to {verb}")
        if verb == "restart_from" and target.restart_from is None and not target.reason:
            raise NoPlan(f"line {number}: it does not say which step {entry.id} is restarted from")
    if not targets:
        raise NoPlan("it holds no line")
    return list(targets.values())


def _entry(line: str, number: int) -> _Line:
    try:
        return convert(json.loads(line), _Line)
    except json.JSONDecodeError as wrong:
        why = f"{wrong.msg} at column {wrong.colno}"
    except RecursionError:
        why = "it is nested too deeply"
    except UnicodeError:
        why = "it holds half of a character (an escape such as \\ud800 without its pair)"
    except ValidationError:
        why = _why_no_line(json.loads(line))
    except ValueError:
        why = "it has a number of more digits than can be read"
    raise NoPlan(f"line {number} is not an object of a plan, as --dry-run prints them: {why}")


def _why_no_line(value: Any) -> str:
    """What keeps this JSON from being a line of a plan, in the words of whoever edits one."""
    if not isinstance(value, Mapping):
        return f"it is {_KINDS[type(value)]}"
    texts = [(name, value[name]) for name in _TEXTS if name in value]
    if lacking := next((name for name in _NEEDED if name not in value), ""):
        return f"it has no {lacking}"
    for name, text in texts:
        if not isinstance(text, str) and not (text is None and name in _OR_NULL):
            return f"its {name} is {_KINDS[type(text)]}, where a text is wanted"
    start = value.get("from")
    if not isinstance(start, Mapping):
        return f"its from is {_KINDS[type(start)]}, where an object with name, count and type is wanted"
    if not isinstance(start.get("name"), str):
        return "its from has no name that is a text"
    number = start.get("count")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        return f"the count of its from is {_KINDS[type(number)]}, where a whole number is wanted"
    return f"the type of its from is none of {', '.join(_TYPES)}"


def _target(entry: _Line, number: int) -> Target:
    start, end = entry.start, parse_time(entry.end)
    if not entry.id or (entry.end is not None and end is None):
        raise NoPlan(f"line {number}: its {'end is not a time' if entry.id else 'id is empty'}")
    counted = start is None or start.count is None or start.count >= 1
    if not counted or (start is not None and not 0 < len(start.name) <= _LONGEST_NAME):
        raise NoPlan(f"line {number}: from needs a name of 1 to 256 characters and a count from 1")
    if start is not None and (start.count is None or start.type is None):
        # The first and a do would be taken for granted, which may be another step than the one that is meant.
        lacks = " and no ".join(name for name in ("count", "type") if getattr(start, name) is None)
        raise NoPlan(f"line {number}: from has no {lacks}: a step is named by name, count and type")
    return Target(
        entry.id,
        entry.before or "",
        ended=end,
        reason=entry.reason or "",
        restart_from=start,
        given=True,
        checked=False,
    )
