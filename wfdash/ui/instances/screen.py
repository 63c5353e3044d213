"""The main screen: the instances of one workflow, and from 120 columns the one under the cursor."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.events import Click
from textual.timer import Timer

from wfdash.core.filter.grammar import Term, unparse
from wfdash.core.model.instance import Instance
from wfdash.keymap.actions import NEEDING_A_ROW
from wfdash.live.polling.events import Update
from wfdash.ui.actions.chips import ActionChips
from wfdash.ui.actions.keys import WRITING
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.detail.fill import DetailBeside
from wfdash.ui.instances.filter_line import FilterLine
from wfdash.ui.instances.list_keys import ListKeys
from wfdash.ui.instances.row_moves import RowMoves
from wfdash.ui.instances.rows import InstanceRows
from wfdash.ui.instances.saved_views import SavedViews
from wfdash.ui.instances.status import ListStatus, list_status
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.covered import is_covered
from wfdash.ui.widgets.header import Header
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.painted import Across
from wfdash.ui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from wfdash.ui.detail.timeline_table import TimelineTable

__all__ = ["InstancesScreen"]

SOON = 0.05
"""Seconds in which news are gathered before they are drawn."""
_LOOKED_AT = 50
"""Marked rows that are looked at for what failed."""


class InstancesScreen(BaseScreen):
    """The page of the list: rows, filter and views, the detail beside them, the lines around."""

    BINDINGS = bindings("row.open", "pane.next", "copy.menu", *WRITING)

    def __init__(
        self, context: Context, workflow: str, filter: str = "", *, on_drawable: Callable[[], None]
    ) -> None:
        """`on_drawable` is called once it has its parts."""
        super().__init__(context)
        self.rows = InstanceRows(context, self, workflow=workflow, filter=filter, on_change=self.draw)
        self.table = self.rows.table
        self.filter_line = FilterLine(context.keys, self.rows)
        self.views = SavedViews(context, self, self.rows)
        self.beside = DetailBeside(context, self, cursor=lambda: self.rows.instance, on_change=self.draw)
        self._moves = RowMoves(context, self, self.rows)
        self._on_drawable = on_drawable
        self._drawing: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        with ListKeys(self.context, self.rows, self.filter_line, self.views):
            yield self.filter_line
            with Across(id="panes"):
                yield self.table
                yield self.beside.rule
                yield self.beside.room
        yield StatusLine(id="trouble")
        yield ActionChips(self.context.keys)
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.beside.lay_out()
        self.query_one("#trouble").display = False
        self.table.focus()
        self.draw()
        self._on_drawable()

    # News.

    def show_workflow(self, workflow: str) -> None:
        """Lists a workflow, by its default view where it has one."""
        self.rows.show_workflow(workflow)
        self.views.begin()

    def live(self, update: Update) -> None:
        if update.delta:
            self._moves.take_in(update.delta)
        if update.details:
            self._moves.take_in_details(frozenset(update.details))
        self.draw_soon()

    def tick(self, now: float) -> None:
        self._moves.tick()
        self.draw(moved_on=True)
        self.table.repaint()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.tick, self.context.clock())
        self.beside.follow()

    def on_resize(self) -> None:
        self.beside.lay_out()
        self.call_after_refresh(self.draw)

    def key_pressed(self, key: str) -> None:
        super().key_pressed(key)
        self.rows.untouched = False
        # Any key is a sign that the hand has seen what it is about.
        self._moves.dismiss_ghosts()

    @property
    def arranging(self) -> bool:
        return self.rows.building

    def on_line_table_cursor_moved(self) -> None:
        self.rows.extend_range()
        self.beside.follow()
        self.draw_soon()

    # Drawing.

    def draw_soon(self) -> None:
        """Draws once for all the news of this moment."""
        if self._drawing is None:
            self._drawing = self.set_timer(SOON, self.draw)

    def draw(self, *, moved_on: bool = False) -> None:
        """Draws everything but the rows; nothing is written where nothing differs.

        Once a second it is because time `moved_on`, else for news, of which few are about what is open.
        """
        self._drawing = None
        if not self.is_ready or not self.table.is_mounted:
            return
        if not is_covered(self):
            status = list_status(self.context, self.rows, self.size.width, typing=self.filter_line.editing)
            status.draw_header(self.query_one(Header))
            self.filter_line.show(status.counts(), self.views.pieces())
            self._draw_trouble(status)
            # Where something failed, the key that puts it right is told before all others.
            failed = any(row.status == "errored" for row in self.rows.targets(_LOOKED_AT))
            self.offers = ("instance.redrive",) if failed else ()
            self.query_one(KeyBar).note(status.notes())
        top = self.app.screen
        # A page on top may want other rows read, and then it says which.
        if not (isinstance(top, BaseScreen) and top.wants_rows):
            self._moves.want()
        if self.rows.poller is not None:
            self.rows.poller.attend(not is_covered(self))
        if not is_covered(self):
            self.beside.draw(empty=not self.table.row_count(), moved_on=moved_on)

    def _draw_trouble(self, status: ListStatus) -> None:
        """Says above the keys and in the table that the connection is gone."""
        line, table, trouble = self.query_one("#trouble", StatusLine), self.table, status.trouble()
        line.display = bool(trouble)
        line.show(trouble)
        table.message = status.message()
        if table.faded != status.stale:
            table.faded = status.stale
            table.repaint()
        if status.poller is not None:
            table.fit_statuses(name for name, number in status.poller.store.statuses.items() if number)
        if not table.row_count():
            table.repaint()

    # Keys.

    def on_click(self, event: Click) -> None:
        """Filters by a status clicked in the top line; a second click shows all again."""
        if status := event.style.meta.get("status"):
            # Statuses are the server's words: one with a blank or a colon has to be quoted.
            wanted = unparse(Term("status", ":", (status,)))
            self.rows.filter_by("" if self.rows.query.text == wanted else wanted)

    def action_row_open(self) -> None:
        if self.rows.instance is not None:
            self.context.pages.open("detail", self.rows.workflow, self.rows.instance)
        else:
            self.context.notify(
                "there is no row to open yet" if self.poller is None else "there is no row here"
            )

    def action_pane_next(self) -> None:
        """Gives the keys to the timeline beside the table, or back to the table."""
        timeline = self.beside.timeline
        (self.table if timeline is None or timeline.has_focus else timeline).focus()

    def on_timeline_table_inspect(self, message: "TimelineTable.Inspect") -> None:
        if self.rows.instance is not None:
            self.context.pages.open("inspector", *self.subject(), message.step)

    def action_copy_menu(self) -> None:
        from wfdash.core.handoff.copy_formats import copies

        poller, instance, settings = self.poller, self.rows.instance, self.context.settings
        row = poller.store.get(instance) if poller is not None and instance is not None else None
        if row is not None:
            entries = copies(
                row,
                workflow=self.rows.workflow,
                account_id=settings.account_id,
                base_url=settings.base_url,
                local=settings.local,
            )
            self.context.pages.open("copy", row.id, entries)

    def on_filter_line_left(self) -> None:
        self.rows.settle_filter()
        self.table.focus()
        self.draw_soon()

    def close_layer(self) -> bool:
        rows = self.rows
        if self.filter_line.editing:
            self.filter_line.cancel()
        elif rows.marks.in_range:
            rows.marks.end_range()
        elif rows.query and self.poller is not None and self.poller.search.busy:
            # As the line of the filter says: what was found stays, and the next one clears the filter. Before
            # marks and rows that wait, of which no line says that it is about them.
            self.poller.search.stop()
        elif rows.view is not None and rows.view.arrivals:
            rows.settle()
        elif rows.marks:
            rows.marks.clear()
            rows.marks_changed()
        elif rows.query and self.context.pages.go_back():
            return True
        elif rows.query:
            rows.filter_by("")
        else:
            return False
        self.draw()
        return True

    @property
    def has_layer(self) -> bool:
        """Whether esc has something to close."""
        arrivals = self.rows.view is not None and bool(self.rows.view.arrivals)
        return bool(arrivals or self.rows.marks or self.filter_line.editing or self.rows.query)

    def why_off(self, action: str) -> str:
        if action in NEEDING_A_ROW and self.rows.instance is None:
            return "there is no instance here"
        return super().why_off(action)

    # What actions are about.

    def targets(self, most: int | None = None) -> list[Instance]:
        return self.rows.targets(most)

    def subject(self) -> tuple[str, str]:
        """The instance under the cursor, whatever is marked."""
        return self.rows.workflow, self.rows.instance or ""

    def target_workflow(self) -> str:
        return self.rows.workflow
