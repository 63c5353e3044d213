"""What the API gives a placeholder for: outputs that are sensitive, cut off, or a binary stream."""

import re
from typing import Any, Final

from wfdash.core.model.json_values import NOT_RECORDED
from wfdash.core.text.words import size

__all__ = ["TRUNCATED", "is_on_request", "note_of", "stream_size"]

REDACTED: Final = "[REDACTED]"
TRUNCATED: Final = "[truncated output]"
_STREAM: Final = re.compile(r"\[ReadableStream \(binary\): (\d{1,18}) bytes\]")


def stream_size(value: Any) -> int | None:
    """Bytes of the binary stream this stands for; None for anything else."""
    found = _STREAM.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) if found else None


def is_on_request(value: Any) -> bool:
    """Whether the API gives the whole of it when it is asked for the step."""
    return isinstance(value, str) and (value.endswith(TRUNCATED) or stream_size(value) is not None)


def note_of(value: Any) -> str:
    """What the placeholder means and what can be done about it; "" for a value that is one itself."""
    if value == REDACTED:
        return "redacted: the step is sensitive, the API does not give its output"
    if value == NOT_RECORDED:
        return "not recorded: a record holds params and outputs only with payloads = true under [record]"
    if (length := stream_size(value)) is not None:
        return f"{size(length)}; enter saves it as a file"
    return "truncated; enter loads it all" if is_on_request(value) else ""
