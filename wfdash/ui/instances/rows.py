"""Which rows stand in the table, in which order, and when they may move."""

from typing import TYPE_CHECKING

from textual import work
from textual.events import Click
from textual.timer import Timer

from wfdash.core.filter.query import EVERYTHING, MatchContext, Query
from wfdash.core.rows.marks import Marks
from wfdash.core.rows.order import Order
from wfdash.core.rows.store import Delta
from wfdash.core.rows.view import TableView
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.instances.columns import SORTS
from wfdash.ui.instances.filter_line import FilterLine
from wfdash.ui.instances.table import InstanceTable

if TYPE_CHECKING:
    from wfdash.ui.handover import Shift

__all__ = ["ListingScreen"]

IDLE = 30.0
"""Seconds without a key after which rows may move again."""
POINTING = 3.0
"""Seconds since the mouse moved in which no row may move from under it."""
_SETTLED = 0.05
"""Seconds a key needs to be acted on: only then may the ghosts go, so that it is not acted on another row."""
_TYPED = 0.5
"""Seconds without typing after which the API is asked for what a filter wants."""
_LARGE = 4000
_DESCENDING = ("created", "took")
"""Columns that begin with the newest, or the longest."""


class _Prioritised:
    """The marked and the watched ids of a workflow, as they are at any moment."""

    def __init__(self, marks: Marks, shift: "Shift", workflow: str) -> None:
        self._marks, self._shift, self._workflow = marks, shift, workflow

    def __contains__(self, identity: object) -> bool:
        if identity in self._marks:
            return True
        return isinstance(identity, str) and self._shift.pin(self._workflow, identity) in self._shift.pins


class ListingScreen(BaseScreen):
    """The part of the instances screen that keeps its rows."""

    def __init__(self, workflow: str) -> None:
        super().__init__()
        self.workflow = workflow
        self.view: TableView | None = None
        self.wanted: Query = EVERYTHING
        self._settled = ""
        """The filter that was in force last while none was typed and that did not ask for marks."""
        self._asked = ("", "")
        self._asking: Timer | None = None

    @property
    def table(self) -> InstanceTable:
        return self.query_one(InstanceTable)

    @property
    def filter_line(self) -> FilterLine:
        return self.query_one(FilterLine)

    @property
    def marks(self) -> Marks:
        """Ids, apart for each workflow and filter."""
        return self.table.marks

    def draw(self) -> None:
        """Draw what stands around the table."""

    def show_workflow(self, workflow: str) -> None:
        """List another workflow, from nothing: what is filtered out in one says little about the next."""
        if self.workflow and workflow != self.workflow:
            self.filter_line.put("")
        self.workflow = workflow
        self.wanted = self.filter_line.query_now
        if self.poller is None:
            return
        self._asked = self._question()
        self.poller.show(workflow, self.wanted or None)
        self.marks.show(workflow, self._marked_under(self.wanted))
        self.poller.look_for(self.wanted, self.marks)
        self.poller.prioritise(_Prioritised(self.marks, self.dashboard.shift, workflow))
        self._new_view()
        self.draw()

    def leave_all(self, workflow: str) -> None:
        """Another account from now on: rows, marks and filter of this one are dropped."""
        self.workflow, self.view, self.table.view = workflow, None, None
        self.marks.drop_all()
        self.filter_line.put("")
        self.wanted = EVERYTHING
        self.table.changed.clear()
        self.table.rows_changed()
        self.draw()

    def _new_view(self) -> None:
        assert self.poller is not None
        context = MatchContext(self.marks, self.poller.read)
        self.view = TableView(
            self.poller.store,
            self.wanted,
            self.table.order,
            clock=self.dashboard.clock,
            context=lambda: context,
        )
        self.table.view = self.view
        self.table.changed.clear()
        self.table.rows_changed()

    def set_query(self, query: Query) -> None:
        """The person filters: rows that no longer match go at once."""
        self.wanted = query
        self.marks.show(self.workflow, self._marked_under(query))
        if self.view is None or self.poller is None:
            return
        self.poller.look_for(query, self.marks)
        self._rebuild(query=query)
        if self._asking is not None:
            self._asking.stop()
        self._asking = self.set_timer(_TYPED, self._ask)

    def _marked_under(self, query: Query) -> str:
        """The filter whose marks count: for one that asks for `marked`, the one it was put over."""
        if not query.needs_marks:
            if not self.filter_line.editing:
                self._settled = str(query)
            return str(query)
        return self._settled

    def on_filter_line_left(self) -> None:
        """What was typed stays, so marks belong to it from now on."""
        if not self.wanted.needs_marks:
            self._settled = str(self.wanted)

    def follow_marks(self) -> None:
        """The marks changed: a filter that asks for them may want other rows."""
        if self.wanted.needs_marks and self.view is not None:
            self._rebuild(query=self.wanted)

    def set_order(self, order: Order) -> None:
        """Sort another way; the cursor stays on its instance."""
        self.table.order = order
        if self.view is not None:
            self._rebuild(order=order)

    @property
    def arranging(self) -> bool:
        return any(
            worker.node is self and worker.group == "view" and not worker.is_finished
            for worker in self.workers
        )

    @work(group="view", exclusive=True)
    async def _rebuild(self, *, query: Query | None = None, order: Order | None = None) -> None:
        view = self.view
        assert view is not None
        progress = self._first_rows if self.poller and len(self.poller.store) > _LARGE else None
        if order is not None:
            done = await view.set_order(order, progress)
        else:
            done = await view.set_query(query, progress)
        if done and view is self.view:
            self.table.rows_changed()
            self.draw()

    def _first_rows(self) -> None:
        self.table.rows_changed(everything=False)

    def _question(self) -> tuple[str, str]:
        """What of the filter goes to the API, to tell whether it has to be asked again."""
        asked = self.wanted.pushdown(self.dashboard.clock())
        dated = asked.date_start is not None or asked.date_end is not None
        return (asked.status, str(self.wanted) if dated else "")

    def _ask(self) -> None:
        if self.poller is not None and self._question() != self._asked:
            self._asked = self._question()
            self.poller.show(self.workflow, self.wanted or None)

    def take_in(self, delta: Delta) -> None:
        """The store changed."""
        if self.poller is None or self.view is None:
            return
        self.table.note_changes(delta.changed)
        held = self._held()
        self.view.update(delta, hold=held, ghosts=True)
        if held:
            self.view.settle_below(self.table.on_screen().stop - 1)
        self.table.rows_changed()

    def take_in_fact(self, instance: str) -> None:
        """An instance was read: a filter that asks for what only that tells may want it, or not any more."""
        if self.wanted.needs_details and self.poller is not None and instance in self.poller.store:
            self.take_in(Delta(changed=(instance,)))

    def _held(self) -> bool:
        """Whether rows must stand still: a hand is on the keys, and not on the first row, or on the mouse."""
        app, now = self.dashboard, self.dashboard.clock()
        pointed, pressed = now - app.last_pointed_at, now - app.last_key_at
        if 0 <= pointed < POINTING:  # less than nothing: the clock was set back
            return True
        return self.table.cursor > 0 and (0 <= pointed < IDLE or 0 <= pressed < IDLE)

    def let_rows_move(self, now: float) -> None:
        """What waited may go in once no key was pressed for a while."""
        if self.poller is not None:
            self.table.forget_changes(self.poller.list.answered_at)
        if self.view is not None and self.view.arrivals and not self._held():
            self.view.settle(ghosts=True)
            self.table.rows_changed()

    def settle(self) -> None:
        """Put every row where it belongs now."""
        if self.view is not None:
            self.view.settle()
            self.table.rows_changed()

    def dismiss_ghosts(self) -> None:
        if self.view is not None and self.view.ghosts:
            self.set_timer(_SETTLED, self._drop_ghosts)

    def _drop_ghosts(self) -> None:
        if self.view is not None and self.view.ghosts:
            self.view.dismiss()
            self.table.rows_changed()
            self.draw()

    def action_rows_arrived(self) -> None:
        self.settle()
        self.draw()

    def on_click(self, event: Click) -> None:
        """A column's title sorts by it, or the other way round."""
        column = next((name for name, title in SORTS.items() if title == event.style.meta.get("sort")), "")
        if not column:
            return
        same = column == self.table.order.column
        self.set_order(Order(column, not self.table.order.reverse if same else column in _DESCENDING))
        self._tell_order()

    def action_sort_next(self) -> None:
        names = list(SORTS)
        column = names[(names.index(self.table.order.column) + 1) % len(names)]
        self.set_order(Order(column, column in _DESCENDING))
        self._tell_order()

    def action_sort_reverse(self) -> None:
        self.set_order(Order(self.table.order.column, not self.table.order.reverse))
        self._tell_order()

    def _tell_order(self) -> None:
        order = self.table.order
        direction = "descending" if order.reverse else "ascending"
        loaded = "" if self.poller is None or self.poller.complete else " (loaded rows only)"
        self.dashboard.notify(f"sorted by {order.column}, {direction}{loaded}")
