"""`w`: all workflows of the account, worst first, and how the one under the cursor has gone lately."""

from collections.abc import Sequence

from textual.app import ComposeResult

from wfdash.core.model.status import STATUSES
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.sparkline import moves
from wfdash.core.text.words import clock, count, counted
from wfdash.live.polling.events import Update
from wfdash.ui.base.empty_messages import PATIENCE, is_lost, no_answer
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.instances.status import trouble_pieces
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.pages.workflow_table import WorkflowTable, worst_first
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces, StatusLine
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, STRONG, WARN, look

__all__ = ["WorkflowsScreen"]

_IDLE = 30.0
"""Seconds without a key after which the rows are put in order again."""
_PANEL = 9
_MINUTES = 30
_BEFORE_BARS = 41


class WorkflowsScreen(BaseScreen):
    opened_by = "workflows.open"
    BINDINGS = bindings("row.open")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._order: list[str] = []

    def compose(self) -> ComposeResult:
        yield Header()
        yield WorkflowTable(clock=self.context.clock)
        yield TextLines(id="trend", height=_PANEL)
        yield StatusLine(id="trouble")
        yield KeyBar(self.context.pages.why_off)

    @property
    def has_layer(self) -> bool:
        return not self.context.pages.at_root

    def on_mount(self) -> None:
        self.query_one(WorkflowTable).focus()
        self.query_one("#trouble").display = False
        self.ask_anew()

    def ask_anew(self) -> None:
        if self.poller is not None:
            self.poller.overview = True
        self.call_after_refresh(self._fill)

    def on_unmount(self) -> None:
        if self.poller is not None:
            self.poller.overview = False

    def on_resize(self) -> None:
        self.query_one("#trend").display = self.size.height >= 18
        self.call_after_refresh(self._fill)

    def live(self, update: Update) -> None:
        if update.workflows:
            self._fill()

    def tick(self, now: float) -> None:
        poller = self.poller
        if poller is not None and not poller.overview:
            poller.overview = True
        self._draw()
        self.query_one(WorkflowTable).repaint()

    def on_line_table_cursor_moved(self) -> None:
        self._draw_trend()

    def chosen_workflow(self) -> str:
        chosen = self.query_one(WorkflowTable).workflow
        return chosen.name if chosen is not None else ""

    def action_row_open(self) -> None:
        if chosen := self.chosen_workflow():
            self.context.pages.show_workflow(chosen)
            self.context.connection.offer_config()

    def _fill(self) -> None:
        """New counts. The rows are put in order only where no hand is on the keys."""
        poller = self.poller
        if poller is None or not self.is_ready:
            return
        table = self.query_one(WorkflowTable)
        ranked = worst_first(poller.counts.workflows, poller.counts.trends)
        pressed = self.context.clock() - self.context.last_key_at
        idle = not 0 <= pressed <= _IDLE  # it may be set back
        if not idle and table.cursor > 0:
            places = {name: place for place, name in enumerate(self._order)}
            ranked.sort(key=lambda workflow: places.get(workflow.name, len(places)))
        self._order = [workflow.name for workflow in ranked]
        table.fill(ranked, poller.counts.trends)
        self._draw()

    def _draw(self) -> None:
        poller, now = self.poller, self.context.clock()
        if poller is None:
            return
        fresh = poller.counts.all_fresh
        listed = _title(len(poller.counts.workflows), poller.counts.total)
        self.query_one(Header).tell(
            identity_of(self.context, "workflows" if fresh.answered_at is None else listed),
            counts=_sum(poller.counts.workflows),
            freshness=freshness_pieces(
                fresh, now=now, frozen=poller.frozen, slow=poller.budget.slow("counts", after=5.0)
            ),
            meter=meter_pieces(poller.budget),
        )
        table, line = self.query_one(WorkflowTable), self.query_one("#trouble", StatusLine)
        gone = is_lost(fresh, frozen=poller.frozen)
        line.display = gone
        line.show(trouble_pieces(poller, fresh, self.size.width, now) if gone else [])
        before = (table.message, table.faded)
        table.message, table.faded = self._message(), gone
        if before != (table.message, table.faded):
            table.repaint()
        self._draw_trend()

    def _message(self) -> str:
        assert self.poller is not None
        fresh = self.poller.counts.all_fresh
        if fresh.failure:
            return f"{fresh.failure}\nwfdash keeps trying; `wfdash doctor` says what to check."
        if fresh.answered_at is None:
            silent = no_answer(fresh, self.context.clock())
            return f"Loading the workflows: {silent}.\n{PATIENCE}" if silent else "Loading the workflows."
        if self.poller.local:
            return (
                "This dev session has no workflows.\nAdd one under `workflows` in the Worker's configuration."
            )
        key = self.context.keys.key_of("profile.open")
        return f"This account has no workflows.\nDeploy a Worker with one, or change the profile with {key}."

    def _draw_trend(self) -> None:
        chosen = self.query_one(WorkflowTable).workflow
        lines = self._trend(chosen) if chosen is not None else []
        self.query_one("#trend", TextLines).show(lines)

    def _trend(self, workflow: Workflow) -> list[Pieces]:
        """A line a status that has or had instances, as many as there is room for."""
        assert self.poller is not None
        trends, now = self.poller.counts.trends, self.context.clock()
        since = "" if trends.since is None else f" since {clock(trends.since, utc=self.context.utc, now=now)}"
        title: Pieces = [
            (f" {clean(workflow.name)}", STRONG),
            (f"{since}, a bar a minute" if workflow.counts else ": this server gives no counts", QUIET),
        ]
        schedules = ", ".join(clean(schedule.cron) for schedule in workflow.schedules)
        if schedules:
            title = [*title, (f" · cron {schedules}", QUIET)]
        if workflow.script_deleted:
            title = [*title, (" · its Worker script was deleted: it cannot run", BAD)]
        rows = [
            status
            for status in STATUSES
            if workflow.counts.get(status) or any(trends.history(workflow.name, status))
        ]
        unknown = sorted(
            status for status in workflow.counts if status not in STATUSES and workflow.counts[status]
        )
        order = sorted(rows, key=lambda status: status == "complete") + unknown
        return [title, *(self._trend_line(workflow, status) for status in order[: _PANEL - 1])]

    def _trend_line(self, workflow: Workflow, status: str) -> Pieces:
        assert self.poller is not None
        trends = self.poller.counts.trends
        delta = trends.delta(workflow.name, status)
        room = max(0, min(_MINUTES, self.size.width - _BEFORE_BARS - 1))
        bars = moves(trends.history(workflow.name, status), room)
        appearance = look(status)
        tone = (BAD if delta > 0 else WARN) if status == "errored" and delta else PLAIN
        return [
            (f"   {appearance.glyph} ", appearance.style),
            (fit(clean(status), 16), PLAIN),
            (count(workflow.counts.get(status, 0)).rjust(9), PLAIN),
            (f"{delta:+,d}".rjust(9) if delta else " " * 9, tone),
            ("  " + "·" * (room - len(bars)), QUIET),
            (bars, appearance.style),
        ]


def _title(listed: int, total: int | None) -> str:
    of = f" of {count(total)}" if total is not None and total > listed else ""
    return f"{count(listed)}{of} {counted(total or listed, 'workflow').partition(' ')[2]}"


def _sum(workflows: Sequence[Workflow]) -> dict[str, int]:
    total: dict[str, int] = {}
    for workflow in workflows:
        for status, n in workflow.counts.items():
            total[status] = total.get(status, 0) + n
    return total
