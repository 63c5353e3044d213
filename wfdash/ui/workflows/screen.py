"""`w`: all workflows of the account, the unusual first, and what is wrong with the one under the cursor."""

from collections.abc import Sequence
from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.events import Click
from textual.timer import Timer

from wfdash.core.history.frame import last_hour
from wfdash.core.history.picture import Picture
from wfdash.core.model.workflow import Workflow
from wfdash.core.text.words import count, counted
from wfdash.live.polling.events import Update
from wfdash.live.watcher import Watcher
from wfdash.ui.base.empty_messages import PATIENCE, is_lost, no_answer
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.instances.status import trouble_pieces
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.painted import Across, Stack
from wfdash.ui.widgets.rule import Rule
from wfdash.ui.widgets.status_line import StatusLine
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.workflows.facts import WorkflowFacts
from wfdash.ui.workflows.pictures import Pictures
from wfdash.ui.workflows.preview import Preview
from wfdash.ui.workflows.table import WorkflowTable, unusual_first

__all__ = ["WorkflowsScreen"]

_IDLE = 30.0
"""Seconds without a key after which the rows are put in order again."""
_LOW = 18
"""Lines from which there is room for pictures below the table."""
_NEXT = 0.05
"""Seconds until more pictures are counted, in which a key is answered."""
_WIDE = 120
"""Columns from which the causes stand at the right."""
_BESIDE = 46
"""Cells of the causes beside the table, at least."""
_REST = 0.3
"""Seconds for which the cursor rests before anything is read of the row it is on."""


_APART = 0.6
"""Seconds between two drawings while the chosen one is read page by page: each moves all of its charts, which
is 2 to 4 kB on a thin line."""


class WorkflowsScreen(BaseScreen):
    opened_by = "workflows.open"
    BINDINGS = bindings("row.open")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._order: list[str] = []
        self.pictures = Pictures(context)
        self._pictures: dict[str, Picture] = {}
        self._high: int | None = None
        """Lines of the table; None for all."""
        self._resting = 0
        """Moves of the cursor so far: what is read of one waits until it rests."""
        self._filled_at = float("-inf")
        self._due: Timer | None = None
        """Draws what came too soon after a drawing."""

    def compose(self) -> ComposeResult:
        yield Header()
        with Across(id="panes"):
            with Stack():
                yield WorkflowTable(clock=self.context.clock)
                yield TextLines(id="trend", height=1)
            yield Rule()
            yield TextLines(id="beside", height=1)
        yield StatusLine(id="trouble")
        yield KeyBar(self.context.pages)

    @property
    def has_layer(self) -> bool:
        return not self.context.pages.at_root

    def on_mount(self) -> None:
        self.query_one(WorkflowTable).focus()
        # The rule stands where the widths say, which are known once the screen has its size: drawn before, it
        # is drawn twice, at all lines.
        for name in ("#trouble", "Rule", "#beside"):
            self.query_one(name).display = False
        for name in ("#trend", "#beside"):
            self.query_one(name).styles.height = "1fr"
        self.ask_anew()

    def ask_anew(self) -> None:
        # What was read now is not what had been read at a moment of the record.
        self.pictures, self._pictures = Pictures(self.context), {}
        self.workers.cancel_group(self, "causes")
        if self.poller is not None:
            self.poller.overview = True
        self.call_after_refresh(self._fill)

    def on_unmount(self) -> None:
        if self.poller is not None:
            self.poller.overview = False
            self.poller.picture(())

    def on_resize(self) -> None:
        self._arrange()
        self.call_after_refresh(self._fill)

    @property
    def wide(self) -> bool:
        """Whether there is room at the right for the causes."""
        return self.size.width >= _WIDE

    def _arrange(self) -> None:
        """Gives the table what its rows need, up to half of the screen, and the pictures all the rest."""
        self.query_one("#trend").display = self.size.height >= _LOW
        wide = self.wide and self.poller is not None and not self.poller.local
        self.query_one(Rule).display = self.query_one("#beside").display = wide
        self.query_one("#beside").styles.width = max(_BESIDE, self.size.width * 2 // 5 if wide else 0)
        table, rows = self.query_one(WorkflowTable), self.query_one(WorkflowTable).row_count()
        room = self.size.height - 2
        high = min(rows + 1, max(6, room // 2)) if rows and self.size.height >= _LOW else None
        if high != self._high:
            self._high = high
            table.styles.height = "1fr" if high is None else high

    def live(self, update: Update) -> None:
        if update.workflows:
            self._fill_in_turn()
            if self.poller is not None:
                self._recall(self.poller)

    def tick(self, now: float) -> None:
        poller = self.poller
        if poller is not None and not poller.overview:
            poller.overview = True
            poller.picture(())
        if poller is not None and poller.counts.workflows and not self.query_one(WorkflowTable).row_count():
            self._fill()  # they were told before this page could draw them
        self._draw()
        self.query_one(WorkflowTable).repaint()
        self._read_causes()

    def on_line_table_cursor_moved(self) -> None:
        self._draw_preview()
        self._picture()
        self._resting = self._resting + 1
        self.set_timer(_REST, partial(self._rested, self._resting))

    def _rested(self, number: int) -> None:
        if number == self._resting and self.is_ready:
            self._read_causes()

    def chosen_workflow(self) -> str:
        # A key may come in the turn that opens the page, before it has its parts.
        chosen = self.query_one(WorkflowTable).workflow if self.is_ready else None
        return chosen.name if chosen is not None else ""

    def action_row_open(self) -> None:
        if chosen := self.chosen_workflow():
            poller, read = self.poller, self.pictures.read(chosen)
            self.context.pages.show_workflow(chosen)
            if poller is not None:
                # What this page tells of the newest failures the list would else read again, or not know.
                for detail in read:
                    poller.row_details.remember(detail)
            self.context.connection.offer_config()
        else:
            self.context.notify("there is no workflow to open yet")

    def on_click(self, event: Click) -> None:
        """Says that a clicked status filters only in a list of instances: here it is of all workflows."""
        if event.style.meta.get("status"):
            opens = self.context.keys.key_of("row.open")
            self.context.notify(f"a status filters the list of one workflow: {opens} opens it")

    def _fill_in_turn(self) -> None:
        """Fills the table at once, or in a moment where more of the same is about to come."""
        if not self.is_ready:
            return
        poller, chosen, now = self.poller, self.chosen_workflow(), self.context.clock()
        rows = poller.workflow_rows.of.get(chosen) if poller is not None else None
        more = chosen in self._pictures and rows is not None and rows.is_short(now)
        since = now - self._filled_at
        if not more or not 0 <= since < _APART:
            self._fill()
        elif self._due is None:
            self._due = self.set_timer(_APART - since, self._fill)

    def _fill(self) -> None:
        """Takes in new counts; the order changes only where no hand is on the keys."""
        poller = self.poller
        if poller is None or not self.is_ready:
            return
        self._filled_at = self.context.clock()
        if self._due is not None:
            self._due.stop()
            self._due = None
        table = self.query_one(WorkflowTable)
        self._pictures = self.pictures.of(poller)
        if self.pictures.behind:
            self._due = self.set_timer(_NEXT, self._fill)
        ranked = unusual_first(poller.counts.workflows, poller.counts.trends, self._pictures)
        pressed = self.context.clock() - self.context.last_key_at
        idle = not 0 <= pressed <= _IDLE  # it may be set back
        if not idle and table.cursor > 0:
            indices = {name: index for index, name in enumerate(self._order)}
            ranked.sort(key=lambda workflow: indices.get(workflow.name, len(indices)))
        self._order = [workflow.name for workflow in ranked]
        table.fill(ranked, poller.counts.trends, None if poller.local else self._pictures)
        self._arrange()
        self._draw()
        self._picture()
        if chosen := self.chosen_workflow():
            self.context.pages.show_awaited(chosen)

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
        self._draw_preview()

    def _message(self) -> str:
        assert self.poller is not None
        fresh = self.poller.counts.all_fresh
        if fresh.failure:
            return f"{fresh.failure}\nwfdash keeps trying; `wfdash doctor` says what to check."
        if fresh.answered_at is None:
            silent = no_answer(fresh, self.context.clock())
            loading = f"Loading the workflows: {silent}.\n{PATIENCE}" if silent else "Loading the workflows."
            page = self.context.pages.awaited
            return f"{loading}\nThe page of {page} opens then." if page else loading
        if self.poller.counts.workflows:
            return "Loading the workflows."  # they are known, and about to be drawn
        if self.poller.local:
            return (
                "This dev session has no workflows.\nAdd one under `workflows` in the Worker's configuration."
            )
        key = self.context.keys.key_of("profile.open")
        return f"This account has no workflows.\nDeploy a Worker with one, or change the profile with {key}."

    def _picture(self) -> None:
        """Says which workflows are on screen: their newest rows are read, the chosen one's first."""
        poller, table = self.poller, self.query_one(WorkflowTable)
        if poller is None:
            return
        names = [table.row_key(index) for index in table.on_screen()]
        chosen = self.chosen_workflow()
        wanted = sorted(names, key=lambda name: name != chosen)
        if tuple(wanted) != tuple(poller.workflow_rows.wanted):
            poller.picture(wanted)

    def _read_causes(self) -> None:
        """Has causes read once the cursor has rested; those read a moment ago are not asked for again."""
        poller, chosen = self.poller, self.query_one(WorkflowTable).workflow
        if poller is None or chosen is None or poller.frozen:
            return
        # Each tick comes by here: over a slow line it would withdraw what the last one asked for.
        if not self.pictures.are_causes_due(poller, chosen.name):
            return
        self._read(poller, chosen.name, chosen.counts.get("errored", 0))

    @work(group="causes", exclusive=True, exit_on_error=False)
    async def _read(self, poller: Watcher, workflow: str, errored: int) -> None:
        if await self.pictures.read_causes(poller, workflow, errored):
            self.call_later(self._fill_in_turn)

    @work(group="recall", exclusive=True, exit_on_error=False)
    async def _recall(self, poller: Watcher) -> None:
        if await self.pictures.recall(poller):
            self.call_later(self._fill)

    def _draw_preview(self) -> None:
        poller, chosen = self.poller, self.query_one(WorkflowTable).workflow
        below, beside = self.query_one("#trend", TextLines), self.query_one("#beside", TextLines)
        if poller is None or chosen is None:
            below.show([])
            beside.show([])
            return
        width = below.size.width
        loaded = self.pictures.loaded(poller, chosen.name, width)
        of = loaded.frame if loaded is not None else last_hour(self.context.clock(), max(20, width))
        picture = self._pictures.get(chosen.name)
        rows = poller.workflow_rows.of.get(chosen.name)
        preview = Preview(
            chosen,
            picture,
            loaded,
            self.pictures.failure(poller, chosen.name),
            self.context.clock(),
            self.context.utc,
            rows is not None and rows.partial,
        )
        facts = WorkflowFacts(
            chosen,
            self.pictures.causes(chosen.name),
            poller.counts.trends,
            list(rows.rows.values()) if rows is not None else [],
            rows is not None and rows.exhausted,
            self.pictures.deployed(chosen.name),
            self.context.clock(),
            picture is not None and picture.finding.unusual,
            self.context.keys.key_of("errors.open"),
            self.context.past is not None,
        )
        if poller.local:
            below.show([preview.title(width), *facts.count_lines(width)])
            beside.show([])
        elif self.wide:
            below.show(preview.charts(of, width, below.size.height))
            beside.show(facts.lines(beside.size.width, beside.size.height))
        else:
            causes = facts.cause_lines(width, min(6, below.size.height // 3))
            rest = below.size.height - len(causes)
            below.show([*preview.charts(of, width, rest), *causes])


def _title(listed: int, total: int | None) -> str:
    of = f" of {count(total)}" if total is not None and total > listed else ""
    return f"{count(listed)}{of} {counted(total or listed, 'workflow').partition(' ')[2]}"


def _sum(workflows: Sequence[Workflow]) -> dict[str, int]:
    total: dict[str, int] = {}
    for workflow in workflows:
        for status, n in workflow.counts.items():
            total[status] = total.get(status, 0) + n
    return total
