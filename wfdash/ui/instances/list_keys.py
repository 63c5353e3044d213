"""The keys that act on the list: marks, order, views, filter and arrivals."""

from itertools import islice

from wfdash.core.text.words import count
from wfdash.live.reads.remainder import ListRemainder
from wfdash.ui.context import Context
from wfdash.ui.instances.columns import next_order, reversed_order
from wfdash.ui.instances.filter_line import FilterLine
from wfdash.ui.instances.rows import InstanceRows
from wfdash.ui.instances.saved_views import SavedViews
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.painted import Stack

__all__ = ["ListKeys"]

_LOOKED_AT = 5000
"""Rows of which a filter's completions are made."""


class ListKeys(Stack):
    """Binds the list's keys around filter line, table and detail, whichever of them has the focus."""

    BINDINGS = bindings("instance.next", "instance.previous", scope="list")
    DEFAULT_CSS = "ListKeys { width: 1fr; height: 1fr; }"

    def __init__(
        self, context: Context, rows: InstanceRows, filter_line: FilterLine, views: SavedViews
    ) -> None:
        super().__init__()
        self.context, self._rows, self._filter_line, self._views = context, rows, filter_line, views
        filter_line.values = self._values_of

    def _values_of(self, field: str) -> list[str]:
        """The values of a field to complete with, from some loaded rows and all instances that were read."""
        from wfdash.core.filter.completion import found_values

        poller = self._rows.poller
        if poller is None:
            return []
        return found_values(field, islice(poller.store, _LOOKED_AT), poller.row_details.read.values())

    def action_instance_next(self) -> None:
        self._rows.table.move(1)

    def action_instance_previous(self) -> None:
        self._rows.table.move(-1)

    def action_filter_edit(self) -> None:
        self._filter_line.edit()
        # A key may do another thing until it is typed, and what stands around the rows says which.
        self._rows.redraw()

    def action_view_show(self, number: int) -> None:
        self._views.show_numbered(number)

    def action_view_save(self) -> None:
        self._views.save()

    def action_sort_next(self) -> None:
        self._rows.set_order(next_order(self._rows.order), announce=True)

    def action_sort_reverse(self) -> None:
        self._rows.set_order(reversed_order(self._rows.order), announce=True)

    def action_rows_arrived(self) -> None:
        self._rows.settle()

    def action_mark_toggle(self) -> None:
        if self._rows.instance is not None:
            self._rows.marks.toggle(self._rows.instance)
            # On to the next row, so that a held space marks a stretch.
            self._rows.table.move(1)
        self._rows.marks_changed()

    def action_mark_range(self) -> None:
        marks = self._rows.marks
        if marks.in_range:
            marks.end_range()
        elif self._rows.instance is not None:
            marks.begin_range(self._rows.instance)
            self.context.notify(
                f"marking rows up to the cursor; {self.context.keys.key_of('mark.range')} ends it"
            )
        self._rows.marks_changed()

    def action_mark_all(self) -> None:
        rows, view, context = self._rows, self._rows.view, self.context
        if view is None or rows.poller is None:
            return
        rest = ListRemainder(rows.poller, rows.query, lambda: len(view), context.clock())
        # "All" must not quietly mean "all that happens to be loaded".
        if rest.missing and not rows.query.needs_marks:
            context.pages.open("read_all", "mark", rest, self._mark_all)
        else:
            self._mark_all()

    def _mark_all(self) -> None:
        view = self._rows.view
        if view is not None:
            # A ghost no longer matches: it only stands there until the next key.
            listed = [identity for identity in view.ids() if identity not in view.ghosts]
            self._rows.marks.mark(listed)
            self.context.notify(self._marked_all(len(listed), len(view.arrivals)))
        self._rows.marks_changed()

    def _marked_all(self, listed: int, waiting: int) -> str:
        poller = self._rows.poller
        searched = poller.search.searched if poller is not None else None
        if searched is not None and searched.unread:
            # As many more may match that nobody opened yet.
            read, of = count(searched.read), count(searched.candidates)
            return f"marked {listed:,} found so far: {read} of {of} are opened, others may match"
        if not waiting:
            complete = poller is not None and poller.history.complete
            all_of = f"all {listed:,} that match" if complete else f"the {listed:,} loaded that match"
            return f"marked {all_of}" if listed else "nothing that is loaded matches"
        key = self.context.keys.key_of("rows.arrived")
        return f"marked {listed:,}; {key} shows {waiting:,} more that match"
