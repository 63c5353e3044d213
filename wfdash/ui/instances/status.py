"""What stands around the rows of the instances screen: drawn from what the poller holds."""

from textual.timer import Timer

from wfdash.core.text.clean import clean
from wfdash.ui.base.empty_messages import is_lost
from wfdash.ui.detail.fill import fill
from wfdash.ui.detail.pane import DetailPane
from wfdash.ui.instances.saved_views import ViewsScreen
from wfdash.ui.instances.status_text import (
    counts_pieces,
    draw_header,
    left_out_pieces,
    message_for,
    notes_pieces,
    trouble_pieces,
)
from wfdash.ui.widgets.covered import is_covered
from wfdash.ui.widgets.header import Header
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.rule import Rule
from wfdash.ui.widgets.status_line import StatusLine

__all__ = ["StatusScreen"]

WIDE = 120
"""Columns from which the detail stands beside the table."""
REST = 0.3
"""Seconds the cursor rests on an instance before its detail is asked for."""
SOON = 0.05
"""Seconds in which news are gathered before they are drawn."""


class StatusScreen(ViewsScreen):
    """The part of the instances screen that tells how it stands with the rows, and details one of them."""

    def __init__(self, workflow: str) -> None:
        super().__init__(workflow)
        self._resting: Timer | None = None
        self._drawing: Timer | None = None
        self._beside: str | None = None
        """Whose detail stands beside the table: the cursor's, once it rests."""

    def want(self) -> None:
        """Tell the poller which rows are looked at."""

    def draw_soon(self) -> None:
        """Draw once for all the news of this moment."""
        if self._drawing is None:
            self._drawing = self.set_timer(SOON, self.draw)

    def draw(self) -> None:
        """Everything but the rows themselves; nothing is written where nothing differs."""
        self._drawing = None
        if not self.is_ready or not self.table.is_mounted:
            return
        if is_covered(self):
            self.want()
            return
        self._draw_header()
        self._draw_counts()
        self._draw_trouble()
        self._draw_notes()
        self.want()
        if self.beside.display:
            fill(self.beside, self.dashboard, self._beside if self.table.row_count() else None)

    def _draw_header(self) -> None:
        draw_header(self.query_one(Header), self.dashboard, self.workflow)

    def _draw_counts(self) -> None:
        if self.poller is not None and self.view is not None:
            query, app = self.filter_line.query_now, self.dashboard
            self.count_views()
            self.filter_line.count(
                counts_pieces(self.poller, len(self.view), query, app.clock(), go_on=app.key_of("poll.now"))
            )

    def _draw_trouble(self) -> None:
        """The sentence about a connection that is gone, or about what is not followed, while it is so."""
        poller, table = self.poller, self.table
        # Before the first answer the table's own message says it.
        stale = poller is not None and is_lost(poller.list, frozen=poller.frozen)
        line = self.query_one("#trouble", StatusLine)
        left_out = poller.sweep.left_out if poller is not None else ()
        line.display = bool(poller is not None and len(poller.store) and (stale or left_out))
        if table.faded != stale:
            table.faded = stale
            table.repaint()
        if poller is None:
            table.message = f"Connecting.\n{clean(self.dashboard.failure)}"
        else:
            wide, now, filter = self.size.width, self.dashboard.clock(), self.filter_line.query_now.text
            gone = trouble_pieces(poller, poller.list, wide, now) if stale else []
            line.show(gone or left_out_pieces(left_out, wide))
            table.message = message_for(poller, self.workflow, filter, now, self.dashboard.key_of)
            table.fit_statuses(status for status, number in poller.store.statuses.items() if number)
        if not table.row_count():
            table.repaint()

    def _draw_notes(self) -> None:
        self.query_one(KeyBar).note(
            notes_pieces(
                marked=len(self.marks),
                hidden=self.table.marks_off_screen(),
                arrived=len(self.view.arrivals) if self.view is not None else 0,
                key=self.dashboard.key_of("rows.arrived"),
            )
        )

    # The detail beside the table.

    def place_beside(self) -> None:
        """The detail stands beside the table where there is room for both."""
        wide = self.size.width >= WIDE
        self.query_one(Rule).display = wide
        self.beside.display = wide

    @property
    def beside(self) -> DetailPane:
        return self.query_one("#beside", DetailPane)

    def read_at_rest(self) -> None:
        """The cursor moved: show what it is on once it stands still."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self._rested)

    def _rested(self) -> None:
        """The cursor stands still: read what it is on, where it can be seen.

        Under another page rows still come and the cursor with them; what is read then is that page's affair.
        """
        if self.poller is not None and self.beside.display and not is_covered(self):
            self._beside = self.table.instance
            self.poller.open(self._beside)
            self.draw()
