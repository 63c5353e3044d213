"""The main screen: the instances of one workflow, and from 120 columns the one under the cursor."""

from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.timer import Timer

from wfdash.core.copying import copies
from wfdash.core.status import is_final
from wfdash.core.text import clean
from wfdash.core.wording import count
from wfdash.live.events import DetailChanged, Event, InstancesChanged
from wfdash.ui.bindings import bindings
from wfdash.ui.screens.beside import feed
from wfdash.ui.screens.selection import SelectionScreen
from wfdash.ui.states import empty_message
from wfdash.ui.theme import ACCENT, PLAIN, QUIET, STRONG, WARN
from wfdash.ui.verbs import WRITING
from wfdash.ui.widgets.action_chip import ActionChips
from wfdash.ui.widgets.detail_pane import DetailPane
from wfdash.ui.widgets.filter_line import FilterLine
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.instance_table import InstanceTable
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.rule import Rule
from wfdash.ui.widgets.status_line import StatusLine
from wfdash.ui.widgets.timeline_table import TimelineTable

__all__ = ["InstancesScreen"]

WIDE = 120
"""Columns from which the detail stands beside the table."""
REST = 0.3
"""Seconds the cursor rests on an instance before its detail is asked for."""
NEAR_END = 50
"""Rows left below the screen at which older ones are asked for."""


class InstancesScreen(SelectionScreen):
    """Draws what the poller holds."""

    BINDINGS = bindings(
        "row.open", "pane.next", "instance.next", "instance.previous", "filter.edit", "view.save", "view.",
        "sort.", "mark.", "rows.arrived", "copy.menu", *WRITING,
    )  # fmt: skip

    def __init__(self, workflow: str, filter: str = "") -> None:
        super().__init__(workflow)
        self._filter_text = filter
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        yield FilterLine(self._filter_text)
        with Horizontal(id="panes"):
            yield InstanceTable(self, clock=self.dashboard.clock)
            yield Rule()
            yield DetailPane(id="beside")
        yield StatusLine(id="trouble")
        yield ActionChips()
        yield KeyBar(self.dashboard.why_off)

    def on_mount(self) -> None:
        self._place_beside()
        self.query_one("#trouble").display = False
        self.table.focus()
        self.draw()

    # What the table asks.

    def blocked_on(self, instance: str) -> str:
        why = self.poller.why(instance) if self.poller is not None else None
        return why.short if why is not None else ""

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
        elif isinstance(event, DetailChanged):
            index = self.table.index_of(event.id)
            if index is not None:
                self.table.refresh_rows([index])
        self.draw()

    def tick(self, now: float) -> None:
        self.let_rows_move(now)
        self.draw()
        self.table.repaint()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.tick, self.dashboard.clock())

    def on_resize(self) -> None:
        self._place_beside()
        self.call_after_refresh(self.draw)

    def _place_beside(self) -> None:
        """The detail stands beside the table where there is room for both."""
        wide = self.size.width >= WIDE
        self.query_one(Rule).display = wide
        self.beside.display = wide

    @property
    def beside(self) -> DetailPane:
        return self.query_one("#beside", DetailPane)

    def key_pressed(self, key: str) -> None:
        super().key_pressed(key)
        self.dismiss_ghosts()

    # Drawing.

    def draw(self) -> None:
        """Everything but the rows themselves; nothing is written where nothing differs."""
        if not self.is_mounted or not self.table.is_mounted:
            return
        self._draw_header()
        self._draw_counts()
        self._draw_trouble()
        self._draw_notes()
        self._want()
        if self.beside.display:
            feed(self.beside, self.dashboard, self.table.instance)

    def _draw_header(self) -> None:
        app, poller, now = self.dashboard, self.poller, self.dashboard.clock()
        narrow = self.size.width < 100
        if poller is None:
            told = app.failure or "connecting"
            self.query_one(Header).tell(
                app.identity(self.workflow), counts={}, freshness=[(told, QUIET)], meter=()
            )
            return
        frozen_until = poller.budget.frozen_until or 0.0
        spent, limit = poller.budget.meter
        self.query_one(Header).tell(
            app.identity(self.workflow),
            counts=poller.counts or {key: n for key, n in poller.store.statuses.items() if n},
            freshness=freshness_pieces(poller.list, now=now, frozen=poller.frozen, short=narrow),
            meter=meter_pieces(spent, limit, frozen_until - now),
        )

    def _draw_counts(self) -> None:
        poller = self.poller
        if poller is None or self.view is None:
            return
        query, loaded, total = self.filter_line.query_now, len(poller.store), poller.total
        pieces: list[tuple[str, Style]] = []
        if query:
            pieces.append((f"{count(len(self.view))} of ", PLAIN))
        all_loaded = poller.complete or (total is not None and loaded >= total and not query)
        pieces.append((f"{count(loaded)} loaded", PLAIN))
        if not all_loaded:
            pieces.append((f" of {count(total)}" if total is not None else ", more to load", PLAIN))
        if poller.hidden:
            pieces.append((f" · {count(poller.hidden)} without status hidden", QUIET))
        words = query.pushdown(self.dashboard.clock()).words if query else ""
        if words:
            pieces.append((f" · to API: {words}", QUIET))
        self.filter_line.count(pieces)

    def _draw_trouble(self) -> None:
        """The sentence about a connection that is gone, for as long as it is."""
        poller = self.poller
        stale = poller is not None and poller.list.stale
        line = self.query_one("#trouble", StatusLine)
        if line.display != stale:
            line.display = stale
            self.table.faded = stale
        if poller is not None and stale:
            line.show([(" ▲ ", WARN + STRONG), (clean(poller.list.failure) or "no answer", WARN)])
        self.table.message = (
            empty_message(
                poller.list,
                workflow=self.workflow,
                filter=self.filter_line.query_now.text,
                loaded=len(poller.store),
                total=poller.total,
                complete=poller.complete,
            )
            if poller is not None
            else f"Connecting.\n{clean(self.dashboard.failure)}"
        )
        if not self.table.row_count():
            self.table.repaint()

    def _draw_notes(self) -> None:
        notes: list[tuple[str, Style]] = []
        if self.marks:
            hidden = self.table.marks_off_screen()
            words = f" ({count(hidden)} not listed)" if hidden else ""
            notes.append((f"{count(len(self.marks))} marked{words}", STRONG))
        if self.view is not None and self.view.arrivals:
            notes += [(" · ", QUIET)] if notes else []
            notes.append(
                (f"{count(len(self.view.arrivals))} new, {self.dashboard.key_of('rows.arrived')}", ACCENT)
            )
        self.query_one(KeyBar).note(notes)

    def _want(self) -> None:
        """Tell the poller which rows are looked at."""
        poller, view = self.poller, self.view
        if poller is None or view is None:
            return
        rows = [view.row(index) for index in self.table.on_screen()]
        poller.want([row.id for row in rows if not is_final(row.status) or row.status == "errored"])
        if self.table.on_screen().stop > len(view) - NEAR_END and not poller.complete:
            poller.load_more()

    # Actions.

    def on_line_table_cursor_moved(self) -> None:
        self.extend_range()
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self._rested)
        self.draw()

    def _rested(self) -> None:
        """The cursor stands still: read what it is on, where there is room to show it."""
        if self.poller is not None and self.size.width >= WIDE and self.table.instance is not None:
            self.poller.open(self.table.instance)

    def put_cursor(self, instance: str) -> None:
        """Put the cursor on this instance, as soon as its row is there."""
        self.table.move_to_key(instance)

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
        self.filter_line.edit()

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

    def target_workflow(self) -> str:
        return self.workflow
