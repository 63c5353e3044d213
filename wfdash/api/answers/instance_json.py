"""An instance's answer parsed but for its steps: thousands may have come, and few are looked at."""

from typing import Any

from msgspec import UNSET, MsgspecError, Raw, Struct, UnsetType
from msgspec.json import Decoder

from wfdash.api.answers.envelope import Unreadable, read_json, read_text
from wfdash.core.model.lazy_steps import Entries, StepHead

__all__ = ["read_instance_json"]


class _Answer(Struct):
    """The envelope; its result is cut into the text of each field."""

    result: dict[str, Raw]
    success: Raw | UnsetType = UNSET
    errors: Raw | UnsetType = UNSET
    messages: Raw | UnsetType = UNSET


_ANSWER = Decoder(_Answer)
_TEXTS = Decoder(list[Raw])
_HEADS = Decoder(list[StepHead])
_FIELDS = Decoder(dict[str, Raw])


def read_instance_json(body: bytes) -> Any:
    """As `read_json`, but `result.steps` are Entries where they are all of the types the API promises."""
    try:
        answer = _ANSWER.decode(body.decode("utf-8-sig", "replace"))
        steps = answer.result["steps"]
        entries = Entries(_TEXTS.decode(steps), _HEADS.decode(steps), _entry)
    except (MsgspecError, KeyError, RecursionError, ValueError):
        return read_json(body)
    result = {key: entries if text is steps else _value(text) for key, text in answer.result.items()}
    envelope = {"success": answer.success, "errors": answer.errors, "messages": answer.messages}
    return {key: _value(text) for key, text in envelope.items() if text is not UNSET} | {"result": result}


def _value(text: Any) -> Any:
    return read_text(bytes(text).decode())


def _entry(text: Raw) -> Any:
    """One of the steps. Of what nests too deeply in it there is only that it does."""
    try:
        return _value(text)
    except Unreadable:
        return {key: _value_or_reason(value) for key, value in _FIELDS.decode(text).items()}


def _value_or_reason(text: Raw) -> Any:
    try:
        return _value(text)
    except Unreadable as reason:
        return str(reason)
