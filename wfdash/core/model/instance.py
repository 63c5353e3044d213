"""One workflow instance as a list row tells it."""

from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any

from msgspec import Struct

from wfdash.core.model.status import ACTIVE, is_final
from wfdash.core.model.times import iso, lasted, parse_time

__all__ = ["Instance"]

_TIMES = {"created_on": "created", "modified_on": "modified", "started_on": "started", "ended_on": "ended"}
_WORDS = {"status": "status", "version_id": "version", "trigger_source": "trigger"}


def _has_id(item: Mapping[str, Any]) -> bool:
    identity = item.get("id")
    return isinstance(identity, str) and bool(identity)


def _as_sent(value: str) -> bool:
    """Whether a readable time is written as `iso` would write it: told by its shape, a tenth of the cost."""
    return len(value) == 24 and value[4] + value[7] + value[10] + value[19] + value[23] == "--T.Z"


class Instance(Struct, gc=False):
    """A list row. Times are epoch seconds; words are the API's own, raw, "" where the row had none.

    The collector never looks at it: of 100,000 that took 70 ms, and none is part of a cycle.
    """

    id: str
    status: str = ""
    created: float | None = None
    modified: float | None = None
    started: float | None = None
    ended: float | None = None
    version: str = ""
    trigger: str = ""
    extra: dict[str, Any] | None = None
    """What the slots above cannot give back exactly: unknown keys, nulls, times written in another way.
    Never changed in place: rows that have the same share one."""
    seq: int = 0
    """Number of the request that last told this row; a later request's answer has the higher one."""
    seen: float | None = None
    """Of one that had not ended and of which nothing newer may be known: when it was told of last."""

    @classmethod
    def from_items(cls, items: Iterable[Mapping[str, Any]]) -> "list[Instance]":
        """Reads the rows of a page; those without a usable id are left out."""
        return [row for row in map(cls.from_item, items) if row is not None]

    @staticmethod
    def created_times(items: Iterable[Mapping[str, Any]]) -> list[float | None]:
        """When the rows of a page were created, of those with a usable id; nothing else of them is read."""
        # Each page is asked twice for how far back it goes: read whole, its rows would be made three times.
        return [parse_time(item.get("created_on")) for item in items if _has_id(item)]

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Instance | None":
        """Reads a row of the list endpoint tolerantly; None when it has no usable id."""
        if not _has_id(item):
            return None
        row = cls(item["id"])
        extra: dict[str, Any] = {}
        for key, value in item.items():
            if key == "id":
                continue
            if key in _TIMES:
                seconds = parse_time(value)
                if seconds is not None:
                    setattr(row, _TIMES[key], seconds)
                # `list --json` gives each row back as it came, so what a float of seconds would not is kept
                # beside.
                if seconds is None or not (_as_sent(value) or iso(seconds) == value):
                    extra[key] = value
            elif key in _WORDS and isinstance(value, str) and value:
                # 100,000 rows share some ten words and a few versions.
                setattr(row, _WORDS[key], intern(value))
            else:
                extra[key] = value
        row.extra = extra or None
        return row

    @property
    def began(self) -> float | None:
        """When it started. A dev session lists no start: of what runs there it is the creation."""
        if self.started is not None or self.status == "queued" or is_final(self.status):
            return self.started
        return self.created

    @property
    def is_over(self) -> bool:
        """Whether it has ended: also in a status that is unknown here, where its row says when."""
        return is_final(self.status) or (self.ended is not None and self.status not in ACTIVE)

    def lasted(self, now: float) -> float | None:
        """Seconds from its start to its end, or to now; of one that is gone, to when it was seen last."""
        if is_final(self.status):
            return lasted(self.began, self.ended)
        began = self.began
        return None if began is None else (now if self.seen is None else self.seen) - began

    def item(self) -> dict[str, Any]:
        """The row as the API sent it: same keys, same values (key order aside)."""
        item: dict[str, Any] = {"id": self.id}
        for key, slot in _WORDS.items():
            if value := getattr(self, slot):
                item[key] = value
        for key, slot in _TIMES.items():
            if (seconds := getattr(self, slot)) is not None:
                item[key] = iso(seconds)
        if self.extra:
            item.update(self.extra)
        return item
