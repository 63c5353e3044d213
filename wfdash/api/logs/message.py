"""The arguments of one `console` call as a text."""

import json
from typing import Any

__all__ = ["cut_text", "message_of"]

_LONGEST = 64 * 1024
"""Characters of one line that are kept: the platform itself cuts at 256 kB a run (Workers limits)."""


def message_of(args: object) -> str:
    """The arguments of one `console` call as one text: texts as they are, anything else as JSON."""
    if isinstance(args, str):
        return args[:_LONGEST]
    if not isinstance(args, list):
        return _as_json(args)
    return " ".join(arg if isinstance(arg, str) else _as_json(arg) for arg in args)[:_LONGEST]


def cut_text(arguments: str) -> str:
    """The first of the arguments whose JSON was cut off: a text without its quotation mark and escapes."""
    kept = arguments[:_LONGEST]
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(kept.rstrip("\\") + '"')
    except ValueError:
        return kept
    return value if isinstance(value, str) else kept


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)[:_LONGEST]
    except (ValueError, RecursionError):
        return str(type(value).__name__)
