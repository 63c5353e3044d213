"""The main screen: the instances of one workflow, and from 120 columns the one under the cursor."""

from itertools import islice

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Click

from wfdash.core.filter.completion import found_values
from wfdash.core.filter.grammar import Term, unparse
from wfdash.core.handoff.copy_formats import copies
from wfdash.core.model.status import is_final
from wfdash.core.text.words import age
from wfdash.live.polling.events import DetailChanged, Event, InstancesChanged
from wfdash.ui.actions.chips import ActionChips
from wfdash.ui.actions.keys import WRITING
from wfdash.ui.detail.pane import DetailPane
from wfdash.ui.detail.timeline_table import TimelineTable
from wfdash.ui.instances.filter_line import FilterLine
from wfdash.ui.instances.status import StatusScreen
from wfdash.ui.instances.table import InstanceTable
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import Header
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.rule import Rule
from wfdash.ui.widgets.status_line import StatusLine

__all__ = ["InstancesScreen"]

NEAR_END = 50
"""Rows left below the screen at which older ones are asked for."""
_OF_A_ROW = ("row.open", "mark.toggle", "mark.range", "mark.all")
_LOOKED_AT = 5000
"""Rows of which a filter's completions are made."""
_OLD = 120.0
"""Seconds after which it is told how old a row's "blocked on" is: by then it should have been read again."""


class InstancesScreen(StatusScreen):
    """Takes the news, says what is looked at, and does what the keys ask."""

    BINDINGS = bindings(
        "row.open", "pane.next", "instance.next", "instance.previous", "filter.edit", "view.save", "view.",
        "sort.", "mark.", "rows.arrived", "copy.menu", *WRITING,
    )  # fmt: skip

    def __init__(self, workflow: str, filter: str = "") -> None:
        super().__init__(workflow)
        self._filter_text = filter
        self._awaited = ""
        """The instance the cursor goes to once its row is there."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield FilterLine(self._filter_text)
        with Horizontal(id="panes"):
            yield InstanceTable(self, clock=self.dashboard.clock, let_in=self.action_rows_arrived)
            yield Rule()
            yield DetailPane(id="beside")
        yield StatusLine(id="trouble")
        yield ActionChips()
        yield KeyBar(self.dashboard.why_off)

    def on_mount(self) -> None:
        self.place_beside()
        self.query_one("#trouble").display = False
        self.table.focus()
        self.draw()
        self.dashboard.drawable.set()

    # What the table asks.

    def blocked_on(self, instance: str) -> str:
        poller = self.poller
        why = poller.why(instance) if poller is not None else None
        if poller is None or why is None or not why.short:
            return ""
        row, fact = poller.store.get(instance), poller.fact(instance)
        old = self.dashboard.clock() - fact.read_at if fact is not None else 0.0
        erasable = old >= _OLD and row is not None and not is_final(row.status)
        return f"{why.short} · read {age(old)} ago" if erasable else why.short

    def read_of_active(self) -> tuple[int, int]:
        return self.poller.details_read if self.poller is not None else (0, 0)

    def note(self, instance: str) -> str:
        return self.poller.store.note(instance) if self.poller is not None else ""

    # News.

    def started(self) -> None:
        """There is a session now."""
        if self.workflow:
            self.show_workflow(self.workflow)

    def live(self, event: Event) -> None:
        if isinstance(event, InstancesChanged):
            self.take_in(event.delta)
            if self._awaited in event.delta.added:
                self.put_cursor(self._awaited)
        elif isinstance(event, DetailChanged):
            self.take_in_fact(event.id)
            index = self.table.index_of(event.id)
            if index is not None:
                self.table.refresh_rows([index])
        self.draw_soon()

    def tick(self, now: float) -> None:
        self.let_rows_move(now)
        self.draw()
        self.table.repaint()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.tick, self.dashboard.clock())
        self.read_at_rest()

    def on_resize(self) -> None:
        self.place_beside()
        self.call_after_refresh(self.draw)

    def key_pressed(self, key: str) -> None:
        super().key_pressed(key)
        self.dismiss_ghosts()

    def want(self) -> None:
        """Tell the poller which rows are looked at, unless another screen does."""
        poller, view = self.poller, self.view
        top = self.dashboard.top
        if poller is None or view is None or (top is not None and top.wants_rows):
            return
        rows = [view.row(index) for index in self.table.on_screen()]
        poller.want([row.id for row in rows if not is_final(row.status) or row.status == "errored"])
        near_end = self.table.on_screen().stop > len(view) - NEAR_END
        if near_end and not poller.complete and not poller.searching:
            poller.load_more()

    # Actions.

    def on_line_table_cursor_moved(self) -> None:
        self.extend_range()
        self.read_at_rest()
        self.draw_soon()

    def put_cursor(self, instance: str) -> None:
        """Put the cursor on this instance, as soon as its row is there."""
        self._awaited = "" if self.table.move_to_key(instance) else instance

    def on_click(self, event: Click) -> None:
        """A status in the top line shows what is in it; once more, all again."""
        if status := event.style.meta.get("status"):
            wanted = unparse(Term("status", ":", (status,)))
            self.filter_line.put("" if self.filter_line.query_now.text == wanted else wanted)

    def action_row_open(self) -> None:
        if self.table.instance is not None:
            self.dashboard.open_page("detail", self.workflow, self.table.instance)

    def action_pane_next(self) -> None:
        """Between the table and the timeline beside it."""
        beside = self.beside.timeline
        (self.table if not self.beside.display or beside.has_focus else beside).focus()

    def on_timeline_table_inspect(self, message: TimelineTable.Inspect) -> None:
        if self.table.instance is not None:
            self.dashboard.open_page("inspector", self.workflow, self.table.instance, message.row.step)

    def action_instance_next(self) -> None:
        self.table.move(1)

    def action_instance_previous(self) -> None:
        self.table.move(-1)

    def action_copy_menu(self) -> None:
        row = self.row_under_cursor()
        if row is not None:
            settings = self.dashboard.settings
            entries = copies(
                row,
                workflow=self.workflow,
                account_id=settings.account_id,
                base_url=settings.base_url,
                local=settings.local,
            )
            self.dashboard.open_page("copy", row.id, entries)

    def action_filter_edit(self) -> None:
        self.filter_line.field.values = self._values_of
        self.filter_line.edit()

    def _values_of(self, field: str) -> list[str]:
        """What stands in a field, as far as some of the loaded rows and all that was read can tell."""
        if self.poller is None:
            return []
        return found_values(field, islice(self.poller.store, _LOOKED_AT), self.poller.read.values())

    def on_filter_line_changed(self, event: FilterLine.Changed) -> None:
        self.set_query(event.query)

    def on_filter_line_left(self) -> None:
        self.table.focus()

    def close_layer(self) -> bool:
        if self.filter_line.editing:
            self.filter_line.cancel()
        elif self.marks.in_range:
            self.marks.end_range()
        elif self.view is not None and self.view.arrivals:
            self.settle()
        elif self.marks:
            self.clear_marks()
        elif self.filter_line.query_now:
            self.filter_line.put("")
        else:
            return False
        self.draw()
        return True

    @property
    def has_layer(self) -> bool:  # type: ignore[override]
        """Whether esc has something to close."""
        arrivals = self.view is not None and bool(self.view.arrivals)
        return bool(arrivals or self.marks or self.filter_line.editing or self.filter_line.query_now)

    def why_off(self, action: str) -> str:
        if action in _OF_A_ROW and self.table.instance is None:
            return "there is no instance here"
        return super().why_off(action)

    def subject(self) -> tuple[str, str]:
        """The instance under the cursor, whatever is marked."""
        return self.workflow, self.table.instance or ""

    def target_workflow(self) -> str:
        return self.workflow
