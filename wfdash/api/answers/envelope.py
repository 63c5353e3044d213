"""An answer's bytes made into the API's envelope, tolerant of everything but what is not JSON at all."""

import json
import math
from collections.abc import Mapping
from itertools import chain
from typing import Any, Final

from msgspec import MsgspecError, Struct, field
from msgspec.json import Decoder

__all__ = [
    "DEEPEST",
    "MOST_ROWS",
    "CutRows",
    "Envelope",
    "Problem",
    "Unreadable",
    "depth_exceeds",
    "read_json",
    "read_text",
    "rows",
]

DEEPEST = 400
"""Levels of nesting that are taken; the API's own answers have about eight."""

MOST_ROWS: Final = 1000
"""Rows of one answer that are read; 100 are asked for, and a dev session sends all its workflows at once."""

_STRICT = Decoder()
_CONTAINERS = frozenset((dict, list))
_LONGEST_INTEGER = 400
"""Digits; a longer integer is read as a float (usually infinity), for Python refuses 4300 and more."""


class Unreadable(ValueError):
    """Bytes that are not JSON we can take; `str()` says why."""


def read_json(body: bytes) -> Any:
    """Parses a body. Bytes that are no UTF-8 become U+FFFD: a text cut inside a character still shows."""
    return read_text(body.decode("utf-8-sig", "replace"))


def read_text(text: str) -> Any:
    """Parses JSON. Raises Unreadable."""
    try:
        value = _parse(text)
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"not JSON: {error.msg.lower()} at character {error.pos:,} of {len(text):,}"
        ) from None
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except ValueError:
        # Python refuses integers of over 4,300 digits with a bare ValueError.
        value = _with_monstrous_integers(text)
    if text.count("[") + text.count("{") > DEEPEST and depth_exceeds(value, DEEPEST):
        raise Unreadable(f"nested deeper than {DEEPEST} levels")
    return value


def _parse(text: str) -> Any:
    """Parses as `json.loads` does, in two thirds of the time where the JSON is strict.

    A large answer holds the loop.
    """
    try:
        return _STRICT.decode(text)
    except (MsgspecError, RecursionError, ValueError):
        # Slower, and takes what is not strict JSON, such as NaN.
        return json.loads(text)


def _with_monstrous_integers(text: str) -> Any:
    try:
        return json.loads(
            text, parse_int=lambda digits: int(digits) if len(digits) < _LONGEST_INTEGER else float(digits)
        )
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None


def depth_exceeds(value: Any, limit: int) -> bool:
    """Whether containers nest deeper than `limit`, without recursing."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit + 1):
        if not level:
            return False
        parts = (value.values() if type(value) is dict else value for value in level)
        level = [part for part in chain.from_iterable(parts) if type(part) in _CONTAINERS]
    return True


def _code(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if -1e9 < value < 1e9 and not math.isnan(value) else None


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""


def _chain(value: object) -> list[str]:
    """The messages below an error (`error_chain`), five at most."""
    if not isinstance(value, list):
        return []
    return [text for item in value[:5] if isinstance(item, Mapping) and (text := _words(item.get("message")))]


class Problem(Struct, frozen=True):
    """One entry of `errors` or `messages`."""

    code: int | None = None
    message: str = ""
    chain: tuple[str, ...] = ()


def _problems(value: object) -> list[Problem]:
    """Errors as objects, whatever they came as: objects, plain strings, one object alone, nothing."""
    found = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            chain = tuple(_chain(item.get("error_chain")))
            found.append(Problem(_code(item.get("code")), _words(item.get("message")), chain))
        elif isinstance(item, str) and item:
            found.append(Problem(message=item))
    return found


class Envelope(Struct):
    """What every JSON answer of the API is wrapped in. Any object is one; see `recognised`.

    Read by hand: importing pydantic takes longer than all else that `wfdash list` does.
    """

    success: bool | None = None
    errors: list[Problem] = field(default_factory=list)
    messages: list[Problem] = field(default_factory=list)
    result: Any = None
    result_info: dict[str, Any] = field(default_factory=dict)
    has_lists: bool = False
    """Whether `errors` and `messages` stood in it, as in each answer of the API and in few others."""

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Envelope":
        """Reads any object as an envelope: what is missing or of another type is left at its default."""
        success, info = value.get("success"), value.get("result_info")
        return cls(
            success if isinstance(success, bool) else None,
            _problems(value.get("errors")),
            _problems(value.get("messages")),
            value.get("result"),
            dict(info) if isinstance(info, Mapping) else {},
            all(isinstance(value.get(name, ""), list | None) for name in ("errors", "messages")),
        )

    @property
    def recognised(self) -> bool:
        """Whether this is the API's envelope and not some other JSON object."""
        return self.success is not None or bool(self.errors)

    @property
    def code(self) -> int | None:
        return next((problem.code for problem in self.errors if problem.code is not None), None)

    @property
    def words(self) -> str:
        """The errors' messages on one line, raw, at most 2,000 characters."""
        texts = [
            problem.message + (f" ({'; '.join(problem.chain)})" if problem.chain else "")
            for problem in self.errors
            if problem.message
        ]
        return "; ".join(texts)[:2000]


class CutRows(list[Any]):
    """The rows that were read, and how many were left out."""

    left_out = 0


def rows(value: object) -> tuple[list[dict[str, Any]], int]:
    """The objects of a list, whatever else stands in it left out; and how many rows were one too many."""
    if not isinstance(value, list):
        return [], 0
    left_out = value.left_out if isinstance(value, CutRows) else max(0, len(value) - MOST_ROWS)
    return [item for item in value[:MOST_ROWS] if isinstance(item, dict)], left_out
