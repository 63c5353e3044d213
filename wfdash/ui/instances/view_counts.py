"""How many loaded rows each saved view would show, counted in slices while other work goes on."""

import asyncio
from collections.abc import Sequence
from time import thread_time

from wfdash.config.schema import SavedView
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.grammar import QueryError
from wfdash.core.filter.query import parse
from wfdash.core.rows.store import Store

__all__ = ["ViewCounts"]

_SLICE = 2000
"""Rows that are counted before others have their turn."""
_LEAST = 5.0
"""Seconds between two counts at least."""
_REST = 50.0
"""A count may take one part in so many of the time: 100,000 rows under nine views are looked at seldom."""


class ViewCounts:
    """Counts by view in `by_name`, kept up at a pace that costs next to nothing."""

    def __init__(self) -> None:
        self.by_name: dict[str, int] = {}
        self._next_at = 0.0

    def due(self, now: float) -> bool:
        """Whether it is time to count; asked once, for it is not due again for a while then."""
        if now < self._next_at:
            return False
        self._next_at = now + _LEAST
        return True

    def reset(self) -> None:
        """Drops all counts: rows or views are others now."""
        self.by_name = {}
        self._next_at = 0.0

    async def count(
        self, views: Sequence[SavedView], store: Store, context: MatchContext, now: float
    ) -> None:
        """Counts the rows each of these matches."""
        spent = 0.0
        counts: dict[str, int] = {}
        # A copy, since rows come and go between the slices.
        rows = list(store)
        for view in views:
            try:
                matches = parse(view.filter).matcher(now, context)
            # A view of a config that another version wrote: showing it says why, counting it says nothing.
            except QueryError:
                continue
            number = 0
            for start in range(0, len(rows), _SLICE):
                # Computing time, so that a busy machine does not make the counts rarer than they need to be.
                began = thread_time()
                number += sum(map(matches, rows[start : start + _SLICE]))
                spent += thread_time() - began
                await asyncio.sleep(0)
            counts[view.name] = number
        self.by_name = counts
        self._next_at = now + max(_LEAST, spent * _REST) if rows else 0.0
