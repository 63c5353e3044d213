"""The filters, needles and keys of a telemetry query, over events as nested objects."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from wfdash.demo.http.requests import bad_body

__all__ = ["flat", "matches", "needle_matches"]

_DEEPEST = 4
_Test = Callable[[Any, Any], bool]


def _number(test: Callable[[float, float], bool]) -> _Test:
    def compare(found: Any, wanted: Any) -> bool:
        try:
            return test(float(found), float(wanted))
        except (TypeError, ValueError):
            return False

    return compare


def _listed(wanted: Any) -> list[str]:
    return [part.strip() for part in str(wanted).split(",")]


_TESTS: Final[dict[str, _Test]] = {
    "includes": lambda found, wanted: found is not None and str(wanted) in str(found),
    "not_includes": lambda found, wanted: found is None or str(wanted) not in str(found),
    "starts_with": lambda found, wanted: found is not None and str(found).startswith(str(wanted)),
    "ends_with": lambda found, wanted: found is not None and str(found).endswith(str(wanted)),
    "regex": lambda found, wanted: found is not None and re.search(str(wanted), str(found)) is not None,
    "exists": lambda found, wanted: found is not None,
    "is_null": lambda found, wanted: found is None,
    "in": lambda found, wanted: str(found) in _listed(wanted),
    "not_in": lambda found, wanted: str(found) not in _listed(wanted),
    "eq": lambda found, wanted: found == wanted,
    "neq": lambda found, wanted: found != wanted,
    "gt": _number(lambda found, wanted: found > wanted),
    "gte": _number(lambda found, wanted: found >= wanted),
    "lt": _number(lambda found, wanted: found < wanted),
    "lte": _number(lambda found, wanted: found <= wanted),
}


def flat(event: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of an event by their dotted keys, as filters name them; `source` without its own name."""
    for key, value in event.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            yield from flat(value, "" if name == "source" else name)
        elif value is not None and not isinstance(value, list):
            yield name, value


def matches(filters: Any, combination: Any, values: Mapping[str, Any], depth: int = 1) -> bool:
    """Whether an event's flat values pass; 400 for a filter that the published schema does not have."""
    if depth > _DEEPEST or not isinstance(filters, list):
        raise bad_body("filters")
    if str(combination).lower() not in ("and", "or"):
        raise bad_body("filterCombination")
    passed = [_passes(leaf, values, depth) for leaf in filters]
    return not passed or (all(passed) if str(combination).lower() == "and" else any(passed))


def _passes(leaf: Any, values: Mapping[str, Any], depth: int) -> bool:
    if not isinstance(leaf, dict):
        raise bad_body("filters")
    if leaf.get("kind") == "group":
        return matches(leaf.get("filters"), leaf.get("filterCombination"), values, depth + 1)
    test = _TESTS.get(str(leaf.get("operation")))
    if test is None or not isinstance(leaf.get("key"), str):
        raise bad_body("filters.operation")
    if leaf.get("type") not in ("string", "number", "boolean"):
        raise bad_body("filters.type")
    try:
        return test(values.get(leaf["key"]), leaf.get("value"))
    except re.error:
        raise bad_body("filters.value") from None


def needle_matches(needle: Any, event: Mapping[str, Any]) -> bool:
    """Whether the text of an event holds the needle."""
    if needle is None:
        return True
    if not isinstance(needle, dict) or not isinstance(needle.get("value"), str | int | float):
        raise bad_body("needle")
    text, wanted = json.dumps(event, ensure_ascii=False), str(needle["value"])
    if needle.get("isRegex"):
        try:
            return re.search(wanted, text, 0 if needle.get("matchCase") else re.IGNORECASE) is not None
        except re.error:
            raise bad_body("needle") from None
    return wanted in text if needle.get("matchCase") else wanted.lower() in text.lower()
