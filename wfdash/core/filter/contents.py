"""What filters search of an instance's params and outputs: their text, and the values at a path."""

import json
from collections.abc import Iterator
from typing import Any, Final

from msgspec import MsgspecError, Struct
from msgspec.json import encode

from wfdash.core.model.detail import Detail
from wfdash.core.model.json_values import NOT_RECORDED, fields_of
from wfdash.core.model.lazy_steps import Entries, UnparsedValue
from wfdash.core.model.step import ABSENT
from wfdash.core.model.step_columns import Steps

__all__ = ["Contents", "read_contents", "texts_at"]

LONGEST: Final = 256 * 1024
"""Characters of one instance's params, its output, and its steps' outputs that are searched, each."""
_BYTES: Final = 4 * LONGEST
_DEEPEST: Final = 60
"""Levels of a value that a path is looked for in; JSON that came from outside may nest without end."""


class Contents(Struct, frozen=True, gc=False):
    """Params and outputs of an instance as JSON text in lower case; "" where there is none."""

    params: str = ""
    output: str = ""
    steps: str = ""
    """The outputs of the steps, one after the other."""

    @property
    def size(self) -> int:
        """How many characters it holds, by which memory is counted."""
        return len(self.params) + len(self.output) + len(self.steps)


def read_contents(detail: Detail) -> Contents:
    """The texts to search; of an answer too large to parse, only the values that came in full."""
    return Contents(_text(detail.params), _text(detail.output), _outputs(detail))


def _outputs(detail: Detail) -> str:
    texts: list[str] = []
    room = LONGEST
    entries = detail.steps.entries
    # Read and let go of again: kept, the steps of a large answer would be a million values.
    for index in detail.steps.indices("outputs", _with_output):
        text = _text(fields_of(entries[index]).get("output", ABSENT))[:room]
        if text:
            texts.append(text)
            room -= len(text)
        if room <= 0:
            break
    return "\n".join(texts)


def _with_output(steps: Steps) -> list[int]:
    entries = steps.entries
    if not isinstance(entries, Entries):
        return list(range(len(entries)))
    # Looked for in the text as it came: to parse each of thousands of steps for it would hold the loop.
    return [index for index, text in enumerate(entries.texts) if b'"output"' in bytes(text)]


def _text(value: Any) -> str:
    """A value as searched: a text as it is, for outputs are texts of JSON.

    Else its JSON with letters unescaped.
    """
    if value is ABSENT or value is None or isinstance(value, UnparsedValue) or value == NOT_RECORDED:
        return ""
    if not isinstance(value, str):
        value = _json(value)
    return str(value)[:LONGEST].lower()


def _json(value: Any) -> str:
    try:
        return encode(value)[:_BYTES].decode("utf-8", "ignore")
    except (MsgspecError, UnicodeError, ValueError, TypeError, OverflowError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def texts_at(text: str, path: str) -> Iterator[str]:
    """The values at `order.id`, as texts; lists on the way are looked through. None of what is no JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from _walk(value, path.lower().split("."), _DEEPEST)


def _walk(value: Any, path: list[str], deep: int) -> Iterator[str]:
    if deep == 0:
        return
    if isinstance(value, list):
        if path and path[0].isdecimal() and int(path[0]) < len(value):
            yield from _walk(value[int(path[0])], path[1:], deep - 1)
        else:
            for inner in value:
                yield from _walk(inner, path, deep - 1)
    elif path:
        if isinstance(value, dict) and path[0] in value:
            yield from _walk(value[path[0]], path[1:], deep - 1)
    elif isinstance(value, str):
        yield value
    elif not isinstance(value, dict):
        yield json.dumps(value)
