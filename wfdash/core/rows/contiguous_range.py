"""The part of the list that was walked without a gap or a filter: only there can versions be compared."""

from collections.abc import Iterable, Mapping
from math import inf, nextafter
from typing import Any, Final

from msgspec import Struct, field

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import FINAL, is_final
from wfdash.core.rows.store import Store

__all__ = ["ContiguousRange"]

_LONGEST: Final = 20_000
"""Rows that are given at most to whoever looks through all of them again and again."""


class ContiguousRange(Struct):
    """Creation times (epoch seconds) between which every instance is loaded."""

    floor: float | None = None
    """Of the oldest row down to which the list was walked."""
    ceiling: float | None = None
    """Of the newest row up to which it was: above it a filter may have left rows out."""
    ended: set[str] = field(default_factory=set)
    """Ids whose end the list told: whatever it was, unlike of those that a filter looked for."""

    def reach_up(self, oldest: float | None, newest: float | None) -> None:
        """Takes in a walk from the newest row down to `oldest`; over a gap the range begins anew."""
        if oldest is None or newest is None:
            return
        # Over a gap nobody knows what is missing, and a version would be blamed or cleared by chance.
        if self.floor is None or self.ceiling is None or oldest > self.ceiling:
            self.floor = oldest
        self.floor, self.ceiling = min(self.floor, oldest), newest

    def reach_down(self, oldest: float | None) -> None:
        """Extends the range down to `oldest`, after a page that adjoins its bottom."""
        if oldest is not None:
            self.floor = oldest if self.floor is None else min(self.floor, oldest)

    def let_go(self, store: Store, newest: float) -> None:
        """Begins above `newest`, the creation time of the newest row that the store has let go."""
        self.ended.intersection_update(store.ids())
        if self.floor is not None and newest >= self.floor:
            self.floor = nextafter(newest, inf)

    def note_ends(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Takes in rows as the list endpoint sent them."""
        self.ended.update(str(item.get("id")) for item in items if is_final(str(item.get("status"))))

    def rows(self, store: Store) -> list[Instance]:
        """The loaded rows within it; of very many the newest, between which none is missing either."""
        found = self.within(store)
        if len(found) > _LONGEST:
            found.sort(key=lambda row: row.created or 0.0, reverse=True)
            del found[_LONGEST:]
        return found

    def within(self, rows: Iterable[Instance]) -> list[Instance]:
        """The rows among these that lie within the range.

        What has ended is among them only where the list told it: errored ones are looked for by the page of
        causes and by filters, and would else be too many among those that have finished.
        """
        floor, ceiling, ended = self.floor, self.ceiling, self.ended
        if floor is None or ceiling is None:
            return []
        return [
            row
            for row in rows
            if row.created is not None
            and floor <= row.created <= ceiling
            and (row.status not in FINAL or row.id in ended)
        ]
