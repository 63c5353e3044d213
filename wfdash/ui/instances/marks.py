"""Marks, and what an action pressed now is for."""

from collections.abc import Sequence
from typing import overload

from wfdash.core.filter.query import EVERYTHING
from wfdash.core.model.instance import Instance
from wfdash.core.rows.view import TableView
from wfdash.ui.instances.rows import ListingScreen

__all__ = ["SelectionScreen"]


class SelectionScreen(ListingScreen):
    """The part of the instances screen that marks."""

    def row_under_cursor(self) -> Instance | None:
        if self.poller is None or self.table.instance is None:
            return None
        return self.poller.store.get(self.table.instance)

    def targets(self) -> list[Instance]:
        """The marked instances, else the one under the cursor; never a ghost."""
        if self.poller is None or self.view is None:
            return []
        ids: Sequence[str] = self.marks.ids
        if not ids and self.table.instance is not None:
            ids = [
                identity for identity in (self.table.instance,) if self.view.index_of(identity) is not None
            ]
        rows = (self.poller.store.get(identity) for identity in ids if identity not in self.view.ghosts)
        return [row for row in rows if row is not None]

    def mark_later(self, workflow: str, instances: Sequence[str]) -> None:
        """Mark these in the unfiltered list of that workflow, shown now or not."""
        self.marks.mark_in(workflow, str(EVERYTHING), instances)
        self._marked()

    def action_mark_toggle(self) -> None:
        if self.table.instance is not None:
            self.marks.toggle(self.table.instance)
            self.table.move(1)
        self._marked()

    def action_mark_range(self) -> None:
        if self.marks.in_range:
            self.marks.end_range()
        elif self.table.instance is not None:
            self.marks.begin_range(self.table.instance)
            self.dashboard.notify(f"marking up to the cursor; {self.dashboard.key_of('mark.range')} ends it")
        self._marked()

    def action_mark_all(self) -> None:
        if self.view is not None:
            listed = [identity for identity in self.view.ids() if identity not in self.view.ghosts]
            self.marks.mark(listed)
            self.dashboard.notify(self._marked_all(len(listed), len(self.view.arrivals)))
        self._marked()

    def _marked_all(self, listed: int, waiting: int) -> str:
        if not waiting:
            return f"marked the {listed:,} loaded that match" if listed else "nothing that is loaded matches"
        key = self.dashboard.key_of("rows.arrived")
        return f"marked the {listed:,} listed; {waiting:,} more match, {key} lists them"

    def extend_range(self) -> None:
        """The cursor moved: a range follows it."""
        if self.marks.in_range and self.view is not None and self.table.instance is not None:
            self.marks.extend(_Rows(self.view), self.view.index_of, self.table.instance)
            self._marked()

    def clear_marks(self) -> None:
        self.marks.clear()
        self._marked()

    def _marked(self) -> None:
        self.follow_marks()
        self.table.repaint()
        self.draw()


class _Rows(Sequence[str]):
    """The ids of a view without a copy of them all."""

    def __init__(self, view: TableView) -> None:
        self._view = view

    def __len__(self) -> int:
        return len(self._view)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        return self._view.ids(at.start, at.stop) if isinstance(at, slice) else self._view[at]
