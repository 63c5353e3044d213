"""One instance on the whole screen."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from wfdash.core.handoff.copy_formats import copies
from wfdash.core.logs.line import LogScope
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.model.step_columns import Steps
from wfdash.core.why.waits import open_waits
from wfdash.live.polling.events import Update
from wfdash.ui.actions.chips import ActionChips
from wfdash.ui.actions.keys import WRITING
from wfdash.ui.base.identity import identity_of, last_pieces, place_pieces
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.detail.fill import fill
from wfdash.ui.detail.lines_beside import LinesBeside
from wfdash.ui.detail.pane import DetailPane
from wfdash.ui.detail.timeline_table import TimelineTable
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.logs.last_lines import LastLines
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.theme import QUIET

__all__ = ["DetailScreen"]


class DetailScreen(BaseScreen):
    """Shows one instance on the whole screen, kept fresh by the poller while it is on top."""

    labels: ClassVar[Mapping[str, str]] = {
        "row.open": "inspect",
        "instance.restart_from": "restart from step",
    }

    offers: Sequence[str] = ("detail.compare",)

    BINDINGS: ClassVar[list[BindingType]] = bindings(
        "instance.next",
        "instance.previous",
        "detail.",
        "copy.menu",
        "pane.next",
        "logs.open",
        *WRITING,
        "instance.restart_from",
    )

    def __init__(self, context: Context, workflow: str, instance: str, lines: LogScope | None = None) -> None:
        """`lines` opens what was printed too, the cursor on the last line of that scope."""
        super().__init__(context)
        self.workflow = workflow
        self.instance = instance
        self._scope = lines
        self.beside = LinesBeside(context, redraw=self.draw)
        self._printed = LastLines(context, self, on_read=self.draw)
        self._offered_for: Detail | None = None
        """The answer that the key bar is made for."""
        self._offered_lines = False
        """Whether it is made for lines that are open."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield self.beside
        yield ActionChips(self.context.keys)
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.pane.timeline.focus()
        if self._scope is not None:
            self.beside.open(self.workflow, self.instance, self._scope)
        self._ask()

    def on_screen_resume(self) -> None:
        self._ask()
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def ask_anew(self) -> None:
        self._ask()

    def _ask(self) -> None:
        if self.poller is not None:
            self.poller.open(self.instance)
        self.draw()

    @property
    def pane(self) -> DetailPane:
        return self.beside.detail

    def live(self, update: Update) -> None:
        if self.instance in update.details:
            self.beside.news()
        self.draw()

    def tick(self, now: float) -> None:
        self.draw()

    def draw(self) -> None:
        """Draws all that is known now; nothing is written where nothing differs."""
        # A poll may be answered while the screen is being composed or taken down.
        if not self.is_ready or not self.query("#detail #timeline"):
            return
        # Lines that are open beside it are not told twice, nor read twice.
        asked = self.beside.lines is not None
        self.pane.last_lines = () if asked else self._printed.of(self.workflow, self.instance)
        fill(self.pane, self.context, self.instance)
        self.beside.draw()
        if not asked:
            self._want_lines()
        self._offer()
        self._draw_header()

    def _want_lines(self) -> None:
        """Reads what an instance that failed has printed, or one whose step failed."""
        state = self.poller.detail(self.instance) if self.poller is not None else None
        detail, row = state.detail if state is not None else None, self.pane.row
        if detail is None:
            return
        failed = detail.end if detail.status == "errored" else None
        if row is not None and row.state in ("failed", "retries") and row.step < len(detail.steps):
            ends = [attempt.end for attempt in detail.steps[row.step].attempts if attempt.success is False]
            failed = max((end for end in (failed, *ends) if end is not None), default=failed)
        if failed is not None or detail.status == "errored":
            self._printed.want(self.workflow, self.instance, detail, failed)

    def _offer(self) -> None:
        """Puts keys first in the key bar that help with an instance as it is."""
        state = self.poller.detail(self.instance) if self.poller is not None else None
        detail = state.detail if state is not None else None
        # The key bar is made once an answer, not once a second: finding open waits walks all steps.
        lines = self.beside.lines is not None
        if detail is self._offered_for and lines is self._offered_lines:
            return
        self._offered_for, self._offered_lines = detail, lines
        wanted: tuple[str, ...] = ()
        if detail is not None and detail.status == "errored":
            wanted = ("instance.restart_from",)
        elif detail is not None and not is_final(detail.status) and open_waits([detail]):
            wanted = ("instance.send_event",)
        self.offers = (*(("logs.open", "layer.close") if lines else ()), "detail.compare", *wanted)
        if self.key_bar is not None:
            self.key_bar.draw()

    def _draw_header(self) -> None:
        context, poller, now = self.context, self.poller, self.context.clock()
        header, whose = self.query_one(Header), identity_of(self.context, self.workflow)
        if poller is None:
            header.tell(whose, counts={}, freshness=[[(context.failure or "connecting", QUIET)]], meter=())
            return
        state = poller.detail(self.instance)
        # A final instance is not read again: how fresh the page is, is told by the list then.
        own = state is not None and not state.freshness.settled
        fresh = freshness_pieces(
            state.freshness if state is not None and own else poller.newest.freshness,
            now=now,
            frozen=poller.frozen,
            slow=poller.budget.slow("open instance"),
            of="instance" if own else "list",
        )
        header.tell(
            whose,
            counts={},
            freshness=fresh,
            meter=meter_pieces(poller.budget),
            last=last_pieces(context, now),
            places=place_pieces(context),
        )

    # What actions are about.

    @property
    def opened_instance(self) -> str:
        return self.instance

    def targets(self, most: int | None = None) -> list[Instance]:
        """This instance: its list row, or, where no list has shown it, what its detail says."""
        if self.poller is None:
            return []
        row = self.poller.store.get(self.instance)
        state = self.poller.detail(self.instance)
        # One that was gone to by its id may be far below the rows that are loaded.
        if row is None and state is not None and state.detail is not None:
            row = Instance(self.instance, state.detail.status)
        return [row] if row is not None else []

    def subject(self) -> tuple[str, str]:
        return self.workflow, self.instance

    def target_workflow(self) -> str:
        return self.workflow

    def step_under_cursor(self) -> tuple[Instance, Steps, int] | None:
        """The instance, its steps oldest first and the position of the one under the cursor, if any."""
        row, rows = self.pane.row, self.targets()
        state = self.poller.detail(self.instance) if self.poller is not None else None
        if row is None or not rows or state is None or state.detail is None:
            return None
        return rows[0], state.detail.steps, row.step

    # Keys.

    def action_instance_next(self) -> None:
        self._to(1)

    def action_instance_previous(self) -> None:
        self._to(-1)

    def _to(self, direction: int) -> None:
        """Shows the instance above or below in the list instead."""
        other = self.context.pages.listing.step(self.workflow, self.instance, direction)
        if other is not None:
            self.instance = other
            self.beside.show(self.workflow, other)
            self._ask()

    def on_timeline_table_inspect(self, message: TimelineTable.Inspect) -> None:
        self.context.pages.open("inspector", self.workflow, self.instance, message.step)

    def action_copy_menu(self) -> None:
        rows, settings = self.targets(), self.context.settings
        if not rows:
            return
        entries = copies(
            rows[0],
            workflow=self.workflow,
            account_id=settings.account_id,
            base_url=settings.base_url,
            local=settings.local,
        )
        self.context.pages.open("copy", self.instance, entries)

    def action_detail_compare(self) -> None:
        self.context.pages.open("compare", self.workflow, self.instance)

    def action_pane_next(self) -> None:
        self.beside.next_pane()

    def action_logs_open(self) -> None:
        self.beside.open(self.workflow, self.instance, self.pane.timeline.printed)

    def why_off(self, action: str) -> str:
        lines = self.beside.lines
        if action == "logs.open" and lines is not None and lines.alone and not lines.scope.steps:
            return "all lines are shown"
        return super().why_off(action)

    def close_layer(self) -> bool:
        return self.beside.close_layer()
