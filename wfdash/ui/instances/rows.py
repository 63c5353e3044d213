"""What is listed: one workflow, its filter, order and marks; when its rows may move is in `row_moves`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, overload

from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.grammar import QueryError
from wfdash.core.filter.query import EVERYTHING, Query, parse
from wfdash.core.model.instance import Instance
from wfdash.core.rows.columns import USUAL
from wfdash.core.rows.marks import Marks
from wfdash.core.rows.order import Order
from wfdash.core.rows.view import TableView
from wfdash.core.text.words import count
from wfdash.live.feeds.search.progress import Reached
from wfdash.live.watcher import Watcher
from wfdash.ui.context import Context
from wfdash.ui.instances.batch_ids import BatchIds
from wfdash.ui.instances.columns import order_text
from wfdash.ui.instances.table import CellFacts, InstanceTable

__all__ = ["InstanceRows"]

_TYPED = 0.5
"""Seconds without typing after which the API is asked for what a filter wants."""
_LARGE = 4000
"""Rows from which the table is drawn while they are still being put in order."""


class InstanceRows:
    """Owns the workflow, filter, order and marks: the table draws them, the filter line edits the filter."""

    def __init__(
        self,
        context: Context,
        host: Screen[Any],
        *,
        workflow: str,
        filter: str,
        on_change: Callable[[], None],
    ) -> None:
        """`host` runs what takes time; `on_change` draws what stands around the rows."""
        self.workflow = workflow
        self.query = parse(filter)
        self.order = Order()
        self.marks = Marks()
        """Ids, apart for each workflow and filter."""
        self.view: TableView | None = None
        self.table = InstanceTable(self, clock=context.clock)
        self._context, self._host, self._on_change = context, host, on_change
        self.facts = CellFacts(context)
        """What the table asks of an instance beside its row."""
        self._batch_ids = BatchIds(context, host, lambda: self.query)
        self._settled = ""
        """The filter that was in force last while none was typed and that did not ask for marks."""
        self._left: tuple[Query, Reached] | None = None
        """The filter that was read for when typing began, and how far that was."""
        self._api = _ApiQuestion(context, host)
        self._building: Worker[None] | None = None
        self.awaited = ""
        """The instance the cursor goes to once its row is there."""
        self.untouched = True
        """Whether no key came since this list was asked for: what is listed then is what was waited for."""
        self.shown_since = 0.0
        """When the workflow was shown: what was created before that and comes now is not new."""

    @property
    def poller(self) -> Watcher | None:
        return self._context.session.poller if self._context.session is not None else None

    @property
    def batches(self) -> Mapping[str, frozenset[str]]:
        """Ids of the batches that the filter names, as they were when it was put in force."""
        return self._batch_ids.found

    @property
    def instance(self) -> str | None:
        """The id under the cursor."""
        return self.table.instance

    @property
    def columns(self) -> tuple[str, ...]:
        """Which columns the table has, in their order."""
        return self._context.settings.columns or USUAL

    def show_workflow(self, workflow: str) -> None:
        """Lists another workflow, from nothing: what is filtered out in one says little about the next."""
        # Not on the first one: the filter of the command line is meant for it.
        if self.workflow and workflow != self.workflow:
            self.query = EVERYTHING
        self.workflow, self.untouched, self.shown_since = workflow, True, self._context.clock()
        if self.poller is None:
            return
        self._api.ask(self.poller, workflow, self.query)
        self.marks.show(workflow, self._marks_scope())
        self.poller.look_for(self.query, self.marks)
        self.poller.prioritise(_Prioritised(self._context, self.marks, workflow))
        context = MatchContext(self.marks, self.poller.row_details.read, self._batch_ids.found)
        self._look_up_batches()
        self.view = TableView(
            self.poller.store, self.query, self.order, clock=self._context.clock, context=lambda: context
        )
        self.table.changed.clear()
        self.table.rows_changed()
        self._on_change()

    def look_anew(self) -> None:
        """Lists the same in the session that is in force now; the cursor stays on its instance."""
        here = self.instance
        self.show_workflow(self.workflow)
        self.awaited = here or ""

    def leave_all(self, workflow: str) -> None:
        """Drops rows, marks and filter: another account from now on."""
        self.workflow, self.view, self.query = workflow, None, EVERYTHING
        self._api.stop()
        self.marks.drop_all()
        self.table.changed.clear()
        self.table.rows_changed()
        self._on_change()

    def filter_by(self, text: str) -> str:
        """Puts a filter in force; why it cannot be read, or "" when it can."""
        try:
            self.set_query(parse(text))
        except QueryError as error:
            return str(error)
        self._on_change()
        return ""

    def set_query(self, query: Query, *, typing: bool = False) -> None:
        """Puts another filter in force: rows that no longer match go at once."""
        self.untouched = True
        # Typing a blank or another spelling of the same filter must not list everything anew.
        if query == self.query:
            self._look_up_batches()
            return
        self._left = self._left if typing else None
        reached = self._leave_reading(query) if typing else None
        self.query = query
        self.marks.show(self.workflow, self._marks_scope(typing=typing))
        if self.view is None or self.poller is None:
            return
        # A letter asks the server nothing: what the reading costs is said first. A record costs nothing.
        waits = typing and self._context.past is None
        self.poller.look_for(query, self.marks, waits=waits, reached=reached)
        self._rebuild()
        self._look_up_batches()
        self._api.ask_soon(self.poller, self.workflow, query)

    def _leave_reading(self, query: Query) -> Reached | None:
        """How far the search came for this filter when another was typed, so that it is not begun anew."""
        search = self.poller.search if self.poller is not None else None
        if search is None or self._context.past is not None:
            return None
        if self.query.needs_details and not search.waits:
            self._left = self.query, search.reached
        return self._left[1] if self._left is not None and self._left[0] == query else None

    def _look_up_batches(self) -> None:
        self._batch_ids.look_up(self.query, self.workflow, self._rebuild)

    def search_on(self) -> None:
        """Reads on for the filter, where that stopped; what is found then was waited for and is shown."""
        if self.poller is not None and self.poller.search.searched is not None:
            self.untouched = True
            self.poller.search_on()

    def settle_filter(self) -> None:
        """Keeps the filter that was typed: marks belong to it, and a search for it reads from now on."""
        self.untouched, self._left = True, None
        if self.poller is not None and self.poller.search.waits:
            self.poller.search_on()
        if not self.query.needs_marks:
            self._settled = str(self.query)

    def _marks_scope(self, *, typing: bool = False) -> str:
        """The filter whose marks count: for one that asks for `marked`, the one it was put over."""
        if self.query.needs_marks:
            return self._settled
        if not typing:
            self._settled = str(self.query)
        return str(self.query)

    def set_order(self, order: Order, *, announce: bool = False) -> None:
        """Sorts another way; the cursor stays on its instance."""
        self.order = order
        if self.view is not None:
            self._rebuild()
        if announce:
            self._context.notify(
                order_text(order, complete=self.poller is None or self.poller.history.complete)
            )

    @property
    def building(self) -> bool:
        """Whether the rows are being put in another order, so that a key would be about the old ones."""
        return self._building is not None and not self._building.is_finished

    def _rebuild(self) -> None:
        self._building = self._host.run_worker(self._build, group="view", exclusive=True)

    async def _build(self) -> None:
        view, poller = self.view, self.poller
        if view is None or poller is None:
            return
        # Of a large list the first rows are drawn while the others are put in order; a small one is done at
        # once.
        view.order, large = self.order, len(poller.store) > _LARGE
        progress = partial(self.table.rows_changed, everything=False) if large else None
        # Another workflow may have been shown while this one was sorted in slices.
        if await view.set_query(self.query, progress) and view is self.view:
            self.table.rows_changed()
            self._on_change()

    def settle(self) -> None:
        """Puts every row where it belongs now, arrivals and ghosts too."""
        if self.view is not None:
            self.view.settle()
            self.table.rows_changed()
        self._on_change()

    def drop_ghosts(self) -> None:
        """Takes away the rows that only stand until the next key."""
        if self.view is not None and self.view.ghosts:
            self.view.dismiss()
            self.table.rows_changed()
            self._on_change()

    # Marks and the cursor.

    def ids(self) -> Sequence[str]:
        """The ids that the filter shows, from the top."""
        return self.view.ids() if self.view is not None else ()

    def targets(self, most: int | None = None) -> list[Instance]:
        """The marked instances, else the one under the cursor; of ghosts those that a prompt calls gone.

        With `most` only the first so many of the marked are looked at.
        """
        if self.poller is None or self.view is None:
            return []
        # Marks go before the cursor, as in every list that has both.
        ids: Sequence[str] = list(islice(self.marks, most))
        if not ids and self.instance is not None and self.view.index_of(self.instance) is not None:
            ids = [self.instance]
        # A ghost that is gone stays a target, so that the prompt can say that it is gone.
        store, ghosts = self.poller.store, self.view.ghosts - self.poller.store.gone
        rows = (store.get(identity) for identity in ids if identity not in ghosts)
        return [row for row in rows if row is not None]

    def redraw(self) -> None:
        """Draws what stands around the rows."""
        self._on_change()

    def marks_changed(self) -> None:
        """Draws the marks anew, and the rows where the filter asks for marks."""
        if self.query.needs_marks and self.view is not None:
            self._rebuild()
        self.table.repaint()
        self._on_change()

    def mark_later(self, workflow: str, instances: Sequence[str], *, alone: bool = False) -> str:
        """Marks these in the list of that workflow as it is shown, now or next; what came of it, in words.

        `alone` takes the marks away that it had. A filter that hides one of them is put away: what is
        acted on must stand in the list.
        """
        here, scope, gone = workflow == self.workflow, str(EVERYTHING), ""
        if here:
            ids = [] if alone else list(self.marks)
            instances = list(dict.fromkeys([*ids, *instances]))
            self.marks.end_range()
            if self._hides(instances):
                gone = f", the filter put away: {self.query} hid some"
                self.marks.clear()
                self.set_query(EVERYTHING)
            scope = self.marks.scope[1]
        number = self.marks.mark_in(workflow, scope, instances, alone=alone or here)
        self.marks_changed()
        return f"{count(number)} marked in the list of {workflow}{gone}"

    def _hides(self, instances: Sequence[str]) -> bool:
        """Whether the filter leaves out one of these that is loaded, were they marked."""
        if self.poller is None or not self.query:
            return False
        context = MatchContext(frozenset(instances), self.poller.row_details.read, self.batches)
        test, store = self.query.matcher(self._context.clock(), context), self.poller.store
        return any(not test(row) for row in map(store.get, instances) if row is not None)

    def extend_range(self) -> None:
        """Extends the range to the cursor, where one is being marked."""
        if self.marks.in_range and self.view is not None and self.instance is not None:
            self.marks.extend(_Ids(self.view), self.view.index_of, self.instance)
            self.marks_changed()

    def look_from_top(self) -> None:
        """Takes the cursor to the top, so that the next list is looked at from its newest."""
        self.awaited = ""
        self.table.cursor, self.table.cursor_key, self.table.first = 0, None, 0

    def put_cursor(self, instance: str) -> None:
        """Puts the cursor on this instance, as soon as its row is there."""
        self.awaited = "" if self.table.move_to_key(instance) else instance

    def step(self, workflow: str, instance: str, rows: int) -> str | None:
        """Puts the cursor so many rows under this instance; the id it is on then, None for no other one."""
        # Only within its own list: elsewhere "next" would be about other rows.
        if workflow != self.workflow:
            return None
        self.table.move_to_key(instance)
        self.table.move(rows)
        return self.instance if self.instance != instance else None


class _ApiQuestion:
    """What of the filter the API was asked for, and when it is asked for something else."""

    def __init__(self, context: Context, host: Screen[Any]) -> None:
        self._context, self._host = context, host
        self._asked = ("", "")
        self._waiting: Timer | None = None

    def ask(self, poller: Watcher, workflow: str, query: Query) -> None:
        """Lists a query from nothing; a question that waited was about the list before, and is dropped."""
        self.stop()
        # A filter that changes only what is matched here asks the API nothing new.
        self._asked = self._question(query)
        poller.show(workflow, query or None)

    def ask_soon(self, poller: Watcher, workflow: str, query: Query) -> None:
        """Asks once nobody has typed for a while, where what goes to the API is another question then."""
        self.stop()
        # A letter costs nothing here, but a request each at the API.
        self._waiting = self._host.set_timer(_TYPED, partial(self._ask_anew, poller, workflow, query))

    def stop(self) -> None:
        """Drops the question that waits, if any."""
        if self._waiting is not None:
            self._waiting.stop()

    def _ask_anew(self, poller: Watcher, workflow: str, query: Query) -> None:
        if self._question(query) != self._asked:
            self.ask(poller, workflow, query)

    def _question(self, query: Query) -> tuple[str, str]:
        pushed = query.pushdown(self._context.clock())
        # A relative date moves with the clock: by its words the question is the same, by its moments never.
        dated = pushed.date_start is not None or pushed.date_end is not None
        return (pushed.status, str(query) if dated else "")


class _Prioritised:
    """The marked and the watched ids of a workflow, as they are at any moment."""

    def __init__(self, context: Context, marks: Marks, workflow: str) -> None:
        self._shift, self._marks, self._workflow = context.shift, marks, workflow

    def __iter__(self) -> Iterator[str]:
        yield from self._marks
        for pin in self._shift.pins:
            if pin == self._shift.pin(self._workflow, pin.id):
                yield pin.id


class _Ids(Sequence[str]):
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
