"""Since when the commonest cause is there: the oldest errored ones of its version, until one is of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec import Struct, field

from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import ErrorGroup

__all__ = ["FirstFailureSearch"]

PAGES: Final = 5
"""Pages of errored instances that are listed at most."""
OLDEST: Final = 10
"""Instances that are read for it at most."""
_BESIDE: Final = 5
"""How many of those may be failures of other versions: whether they failed of it is half of a judgement."""


class FirstFailureSearch(Struct):
    """Knows errored instances by their list rows, further back than the newest that are sampled."""

    cursor: str | None = None
    """Of the next page of older ones, where there is one and it is wanted."""
    complete: bool = False
    """All errored instances were listed."""
    pages: int = 0
    looked: int = 0
    rows: dict[str, tuple[float, str]] = field(default_factory=dict)
    """By id: when it ended (epoch seconds) and its version."""
    items: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """As they were listed, of those no other list has shown."""

    def note(self, rows: Iterable[Instance]) -> None:
        for row in rows:
            if row.status == "errored" and (at := row.ended or row.created) is not None:
                self.rows[row.id] = (at, row.version)

    def listed(self, items: Iterable[Mapping[str, Any]], cursor: str | None, *, older: bool) -> None:
        """Takes in a page of errored ones: the newest, or with `older` the one after the page before."""
        if older:
            read = [(item, row) for item in items if (row := Instance.from_item(item)) is not None]
            self.items.update((row.id, item) for item, row in read)
            self.note(row for _, row in read)
        if older or not self.pages:
            self.pages += 1
            self.complete = cursor is None
            self.cursor = cursor if self.pages < PAGES else None

    def next(self, top: ErrorGroup, unread: Callable[[str], bool], *, elsewhere: bool = False) -> str | None:
        """The oldest unread one that may be of this cause, to be read next; None when enough were.

        Before it the last failures of other versions, unless it is known `elsewhere`: "only on this version"
        is not to be said while one that failed a minute before its deploy was not looked at.
        """
        if self.looked < _BESIDE and not elsewhere and (beside := self._beside(top, unread)):
            return max(beside, key=lambda identity: self.rows[identity][0])
        older = self._older(top, unread) if self.looked < OLDEST else []
        return min(older, key=lambda identity: self.rows[identity][0], default=None)

    def finished(self, top: ErrorGroup, unread: Callable[[str], bool]) -> bool:
        """Whether the first of this cause was read: what is older was read too, or is of another version."""
        if top.first is None or self._older(top, unread):
            return False
        version = top.fingerprint.version
        before = (seen for at, seen in self.rows.values() if at < top.first)
        return self.complete or (bool(version) and any(seen != version for seen in before))

    def _beside(self, top: ErrorGroup, unread: Callable[[str], bool]) -> list[str]:
        version = top.fingerprint.version
        others = [
            identity for identity, (_, seen) in self.rows.items() if seen and version and seen != version
        ]
        return [identity for identity in others if unread(identity)]

    def _older(self, top: ErrorGroup, unread: Callable[[str], bool]) -> list[str]:
        version, first = top.fingerprint.version, top.first
        if first is None:
            return []
        before = [(identity, seen) for identity, (at, seen) in self.rows.items() if at < first]
        return [identity for identity, seen in before if seen == (version or seen) and unread(identity)]
