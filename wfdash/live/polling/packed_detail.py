"""An instance's answer as packed text, for hundreds of rows that are judged and not on screen."""

from typing import Final, Self
from zlib import compress, decompress

from msgspec import MsgspecError, Struct
from msgspec.json import encode

from wfdash.api.answers.instance_json import read_instance_json
from wfdash.core.model.detail import Detail, read_detail
from wfdash.core.model.lazy_steps import Entries, UnparsedValue

__all__ = ["PackedDetail"]

_LONGEST: Final = 16_000
"""Bytes of JSON that are packed: to read as much takes 0.3 ms, and dozens are read in one turn."""


class PackedDetail(Struct, frozen=True, gc=False):
    """A tenth of what it is packed from, which is 12 kB for five steps; reading it back takes some 0.1 ms."""

    workflow: str
    id: str
    text: bytes
    refusal: str
    read_at: float | None
    unread: bool

    @classmethod
    def of(cls, detail: Detail) -> Self | None:
        """None of one that would not come back as it was, or is too long."""
        raw, entries = detail.raw, detail.steps.entries
        if not isinstance(entries, Entries) or detail.simple or detail.left_out:
            return None
        if any(isinstance(value, UnparsedValue) for value in raw.values()):
            return None
        try:
            text = encode({**raw, "steps": list(entries.texts)})
        except (MsgspecError, ValueError, TypeError, OverflowError, RecursionError):
            return None
        if len(text) > _LONGEST:
            return None
        packed = compress(text, 1)
        return cls(detail.workflow, detail.id, packed, detail.refusal, detail.read_at, detail.unread)

    def detail(self) -> Detail:
        """As it was, made anew each time."""
        answer = read_instance_json(b'{"result":' + decompress(self.text) + b"}")
        detail = read_detail(self.workflow, self.id, answer["result"], refusal=self.refusal)
        detail.read_at, detail.unread = self.read_at, self.unread
        return detail
