"""How much is kept of a list that goes on: a dashboard on a wall stays open for weeks."""

from collections.abc import Container, Sequence
from typing import Final

from wfdash.core.model.instance import Instance
from wfdash.live.polling.context import FeedContext
from wfdash.live.priorities import Feeds

__all__ = ["KeptRows"]

_MOST: Final = 20_000
"""Rows that are kept of those that came by themselves; what somebody paged back to comes on top."""
_AT_ONCE: Final = 1_000
"""Rows that are let go together: to look through all of them takes 10 ms."""


class KeptRows:
    """Drops the oldest ended rows, one for each that comes beyond _MOST.

    Never what somebody looks at, has marked or watches, nor a failure that is told of. Whoever pages down to
    where they were reads them again.
    """

    def __init__(self, context: FeedContext, feeds: Feeds) -> None:
        self._context = context
        self._feeds = feeds
        self.on_screen: Container[str] = ()

    def bound(self) -> None:
        """Drops as many rows as came too many since the last time."""
        context, store = self._context, self._context.store
        beyond = context.arrived - _MOST
        if beyond < _AT_ONCE:
            return
        context.arrived = _MOST
        still = [row for row in store if row.id not in store.active and not self._is_needed(row.id)]
        still.sort(key=_created)
        self.let_go(still[:beyond])

    def let_go(self, rows: Sequence[Instance]) -> None:
        """Keeps nothing of these, wherever it lay."""
        context = self._context
        delta = context.store.let_go(row.id for row in rows)
        if not delta:
            return
        newest = max(map(_created, rows))
        context.kept_above = max(context.kept_above, newest)
        context.contiguous.let_go(context.store, newest)
        self._feeds.history.begin_below(newest)
        context.tell(delta)

    def _is_needed(self, identity: str) -> bool:
        details = self._feeds.row_details
        return (
            identity in self.on_screen
            or identity in details.watched
            or identity == self._feeds.detail.id
            or identity in self._feeds.error_samples.failures
        )


def _created(row: Instance) -> float:
    return row.created or 0.0
