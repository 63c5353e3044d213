"""An instance's answer parsed but for its steps: thousands may have come, and few are looked at."""

from typing import Any, Final

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from wfdash.api.answers.large_json import read_fields, read_objects, read_result, read_value
from wfdash.core.model.detail import MOST_STEPS
from wfdash.core.model.lazy_steps import Entries, StepHead

__all__ = ["read_instance_json"]

_NULL: Final = Raw(b"null")
_SLICE: Final = 5000
"""Steps parsed in one call, which lets no key through."""


class _Head(StepHead, gc=False):
    """What a step's entry tells at a glance, its error left as text: that may be as large as the answer."""

    error: Raw = _NULL


_HEADS = Decoder(list[_Head])


def read_instance_json(body: bytes) -> Any:
    """Reads as `read_large_json` does, but `result.steps` are Entries where all are of the types promised."""
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
        texts = list(read_objects(text))
        heads: list[Any] = []
        for start in range(0, min(len(texts), MOST_STEPS), _SLICE):
            heads += _HEADS.decode(b"[" + b",".join(texts[start : min(start + _SLICE, MOST_STEPS)]) + b"]")
    except (MsgspecError, RecursionError, ValueError):
        return read_value(text)
    for head in heads:
        head.error = None if head.error == _NULL else read_value(head.error)
    return Entries(texts, heads, _entry)


def _entry(text: Raw) -> Any:
    """Parses one step; a field that is too large or nests too deeply becomes a sentence that says so."""
    value = read_value(text)
    if not isinstance(value, str):
        return value
    try:
        return {key: read_value(field) for key, field in read_fields(text).items()}
    except (MsgspecError, RecursionError, ValueError):
        return value
