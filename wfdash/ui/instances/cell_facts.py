"""What a cell of the list says beside the row: what the instance is blocked on, and how old that is."""

from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.model.status import is_final
from wfdash.core.rows.store import RECORDED
from wfdash.core.text.words import age
from wfdash.live.watcher import Watcher
from wfdash.ui.context import Context

__all__ = ["CellFacts"]

_FAINT = 15.0
"""Seconds after which a row's "blocked on" is drawn faint: by then it may be at something else."""
_PARKED = ("waiting", "paused", "queued")
"""What these are at lasts until the list tells of another status."""
_OLD = 120.0
"""Seconds after which it is told how old a row's "blocked on" is: by then it should have been read again."""


class CellFacts:
    """Asks nobody: all of it was read before, or is not there."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def _poller(self) -> Watcher | None:
        return self._context.session.poller if self._context.session is not None else None

    def blocked_on(self, instance: str) -> str:
        """What a row is blocked on in a few words, raw; "" when nothing is known."""
        poller = self._poller
        why = poller.row_details.why(instance) if poller is not None else None
        if poller is None or why is None or not why.short:
            return ""
        row, detail = poller.store.get(instance), poller.row_details.fact(instance)
        old = self._context.clock() - detail.read_at if detail is not None else 0.0
        # What has ended does not change any more: its age says nothing.
        dated = old >= _OLD and row is not None and not is_final(row.status)
        return f"{why.short} · read {age(old)} ago" if dated else why.short

    def fields(self, instance: str) -> DetailFields | None:
        """What was found in the instance's own answer; None while it was not read."""
        return self._poller.row_details.read.get(instance) if self._poller is not None else None

    def is_old(self, instance: str) -> bool:
        """Whether that was read too long ago to be taken for what it is at now."""
        poller = self._poller
        row = poller.store.get(instance) if poller is not None else None
        if poller is None or row is None or is_final(row.status) or row.status in _PARKED:
            return False
        detail = poller.row_details.fact(instance)
        return detail is not None and self._context.clock() - detail.read_at > _FAINT

    def is_behind(self, instance: str) -> bool:
        """Whether the lists of the last while did not hold its row, and nothing else told of it."""
        poller = self._poller
        if poller is None or (seen := poller.store.seen_at(instance)) is None:
            return False
        # Against the list's own age: when nothing is answered at all, every row is as old, and the header
        # says so.
        listed = poller.newest.freshness.answered_at
        return listed is not None and listed - seen > _FAINT

    def note(self, instance: str) -> str:
        """What is doubtful about its row."""
        if self._poller is None:
            return ""
        store = self._poller.store
        return RECORDED if instance in store.recorded else store.note(instance)
