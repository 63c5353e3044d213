"""An instance's answer parsed but for its steps: thousands may have come, and few are looked at."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from wfdash.api.answers.large_json import object_texts, read_fields, read_result, read_value
from wfdash.core.model.detail import MOST_STEPS
from wfdash.core.model.lazy_steps import Entries, StepHead

__all__ = ["read_instance_json"]

_NULL: Final = Raw(b"null")
_SLICE: Final = 5000
"""Steps parsed in one call, which lets no key through."""


class _Head(StepHead, gc=False):
    """Its error is a text at first, for it may be as large as the answer."""

    error: Raw = _NULL


_PIECE: Final = 256 * 1024
"""Bytes of steps taken apart in one call: 90,000 of the shortest, in some 15 ms."""
_BORDER = re.compile(rb"\}\s*,")
_TRIES: Final = 300
"""Places at which a piece may end that are looked at: those within a step, at its attempts, are none."""

_HEADS = Decoder(list[_Head])
_PASSED_OVER = Decoder(Raw)


def read_instance_json(body: bytes) -> Any:
    """Reads as `read_answer` does, but `result.steps` are Entries where all are of the types promised."""
    answer = read_result(body)
    text = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(text, Raw):
        return answer
    try:
        fields = read_fields(text)
    except (MsgspecError, RecursionError):
        return {**answer, "result": read_value(text)}
    result = {key: _steps(value) if key == "steps" else read_value(value) for key, value in fields.items()}
    return {**answer, "result": result}


def _steps(text: Raw) -> Any:
    try:
        texts = [step for piece in _pieces(bytes(text)) for step in object_texts(piece)]
        heads: list[Any] = []
        for start in range(0, min(len(texts), MOST_STEPS), _SLICE):
            heads += _HEADS.decode(b"[" + b",".join(texts[start : min(start + _SLICE, MOST_STEPS)]) + b"]")
    except (MsgspecError, RecursionError, ValueError):
        return read_value(text)
    for head in heads:
        head.error = None if head.error == _NULL else read_value(head.error)
    return Entries(texts, heads, _entry)


def _pieces(text: bytes) -> Iterator[Raw]:
    """An array in arrays of some of its objects each.

    A text up to the end of an object, closed by a bracket, is JSON where that object is part of no other.
    """
    start = text.index(b"[") + 1
    while start + _PIECE < len(text):
        for border in islice(_BORDER.finditer(text, start + _PIECE), _TRIES):
            piece = Raw(b"[" + text[start : border.start() + 1] + b"]")
            if _is_json(piece):
                yield piece
                start = border.end()
                break
        else:
            break
    yield Raw(b"[" + text[start:])


def _is_json(text: Raw) -> bool:
    try:
        _PASSED_OVER.decode(text)
    except MsgspecError:
        return False
    return True


def _entry(text: Raw) -> Any:
    """One of the steps. Of what is too large or nests too deeply in it there is only that it does."""
    value = read_value(text)
    if not isinstance(value, str):
        return value
    try:
        return {key: read_value(field) for key, field in read_fields(text).items()}
    except (MsgspecError, RecursionError, ValueError):
        return value
