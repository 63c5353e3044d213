"""Values of an answer read leniently: of the type that was promised, or nothing."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "NOT_RECORDED",
    "NOT_RECORDED_KIND",
    "Fields",
    "fields_of",
    "flag",
    "number",
    "part",
    "text",
    "text_or_number",
]

NOT_RECORDED: Final = "[not recorded]"
"""What a record without payloads has in the place of one."""
NOT_RECORDED_KIND: Final = "not recorded, kind "
"""What it has in the place of an error's message, before the word for its kind."""

Fields = Mapping[str, Any]
_NONE: Final[Fields] = {}
_OBJECTS: Final = (dict, Mapping)
"""A dict first: asking an abstract class takes ten times as long."""


def fields_of(value: object) -> Fields:
    """The value itself where it is an object, else one without fields."""
    return value if isinstance(value, _OBJECTS) else _NONE


def part(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, _OBJECTS) else None


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def number(value: object) -> float | None:
    # True is an int to Python, and no number to the API.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    # JSON has no limit for integers; a float has.
    except OverflowError:
        return None


def text_or_number(value: object) -> str | float | None:
    return value if isinstance(value, str) else number(value)
