"""Causes over every workflow of the account: what several of them share is one line."""

from collections.abc import Callable, Hashable, Sequence

from rich.style import Style
from textual import work
from textual.app import ComposeResult
from textual.strip import Strip

from wfdash.core.model.times import AHEAD
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import clock, count, counted, estimated
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.account_causes import AccountCause, ErroredWorkflow, account_causes, account_sentence
from wfdash.core.triage.error_groups import filter_for
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import Header, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.list_table import ColumnTable
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import CURSOR, PLAIN, QUIET, STRONG, WARN

__all__ = ["AccountErrorsScreen"]

_STEP_FROM = 110
"""Columns from which the step has its own."""
_FAILED = 3
"""Workflows that could not be asked and are named."""
_IN_FULL = 7
"""Lines in which the cause under the cursor is told whole, where the table leaves so many."""
_MESSAGE = 3
"""Lines of the message of the row under the cursor."""


class CauseTable(ColumnTable[AccountCause]):
    """Causes of all workflows; the cursor is on an error and its message."""

    in_order = "what fails in most workflows stands first"

    def __init__(self, *, clock: Callable[[], float], utc: Callable[[], bool]) -> None:
        super().__init__()
        self._clock, self._utc = clock, utc

    def key_for(self, row: AccountCause) -> tuple[str, str]:
        return row.error, row.message

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        texts = self._texts(self.rows[index])
        shared = len(self.rows[index].workflows) > 1
        pieces: list[tuple[str, Style]] = [("  ", PLAIN)]
        for title, room, right in self.columns(width):
            style = QUIET if title == "LAST" else STRONG if title == "WORKFLOWS" and shared else PLAIN
            text = texts[title]
            pieces += [(text.rjust(room) if right else fit(text, room), style), ("  ", PLAIN)]
        return strip_of(pieces, width, CURSOR if cursor else None)

    def _texts(self, cause: AccountCause) -> dict[str, str]:
        names = [f"{clean(name)} {count(number)}" for name, number in cause.workflows]
        return {
            "READ": count(cause.count),
            "WORKFLOWS": ", ".join(names),
            "ERROR": clean(f"{cause.error}: {cause.message}" if cause.message else cause.error),
            "STEP": clean(cause.steps[0]) if cause.steps else "-",
            "LAST": self._last(cause.last),
        }

    def _last(self, at: float | None) -> str:
        """When it came last; `after now` for a row ahead of the clock, as far as the year 9999."""
        now = self._clock()
        if at is None:
            return "-"
        return clock(at, utc=self._utc(), now=now) if at <= now + AHEAD else "after now"

    def columns(self, width: int) -> list[tuple[str, int, bool]]:
        """The columns of that width; workflows and step take what they need, the error all the rest."""
        texts = [self._texts(cause) for cause in self.rows[:50]]

        def widest(title: str, most: int) -> int:
            return min(most, max([len(title), *(cells(text[title]) for text in texts)]))

        tail = [("STEP", widest("STEP", 20), False)] if width >= _STEP_FROM else []
        tail.append(("LAST", 9, False))
        room = width - 2 - sum(room + 2 for _, room, _ in [("READ", 4, True), *tail]) - 4
        error = widest("ERROR", width)
        names = widest("WORKFLOWS", max(width // 3, room - error))
        error = min(max(12, room - names), error)
        return [("READ", 4, True), ("WORKFLOWS", names, False), ("ERROR", error, False), *tail]


class AccountErrorsScreen(BaseScreen):
    """Reads the causes of every workflow once, and again when asked to; leaving ends the reading."""

    opened_by = "errors.all"
    offers = ("poll.now",)
    BINDINGS = bindings("row.open", "poll.now")

    def __init__(self, context: Context, chosen: tuple[str, str] | None = None) -> None:
        super().__init__(context)
        self._chosen = chosen
        """Where the cursor begins, if that is still there; else on the first."""
        self._workflows: list[ErroredWorkflow] = []
        self._over = False
        self._failure = ""
        self._begun_at = context.clock()
        self._touched = False
        """A key was pressed here: until then the cursor stays on the first cause."""

    def reopened_with(self) -> Sequence[Hashable]:
        return (self.table.cursor_key,)

    def key_pressed(self, key: str) -> None:
        super().key_pressed(key)
        self._touched = True

    def compose(self) -> ComposeResult:
        context = self.context
        yield Header()
        yield TextLines(id="summary")
        yield CauseTable(clock=context.clock, utc=lambda: context.utc)
        yield TextLines(id="in-full")
        yield KeyBar(context.pages)

    @property
    def table(self) -> CauseTable:
        return self.query_one(CauseTable)

    def on_mount(self) -> None:
        self.table.focus()
        self.action_poll_now()

    def action_poll_now(self) -> None:
        """Reads all of it anew."""
        self._over, self._failure, self._begun_at = False, "", self.context.clock()
        self._read()
        self.draw()

    @work(exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        from wfdash.api.errors import WorkflowsError
        from wfdash.live.reads.account_errors import read_account_errors

        session = self.context.session
        if session is None:
            return
        try:
            names = [workflow.name for workflow in await session.reads.workflows("errors of all")]
            await read_account_errors(session.reads, names, self._took)
        except WorkflowsError as error:
            self._failure = error.sentence
        self._over = True
        self.call_later(self.draw)

    def _took(self, workflows: list[ErroredWorkflow]) -> None:
        self._workflows = workflows
        self.call_later(self.draw)

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def tick(self, now: float) -> None:
        self.draw()

    def draw(self) -> None:
        if not self.is_ready:
            return
        causes = account_causes(self._workflows)
        self._draw_header()
        said = account_sentence(self._workflows, causes, over=self._over) if self._workflows else ""
        lines = [(line, PLAIN) for line in wrapped(clean(said), self.size.width - 2, 2)]
        if self._workflows and not self._over:
            lines.append((fit(self._costs(), self.size.width - 2), QUIET))
        failed = [workflow for workflow in self._workflows if workflow.failure]
        for workflow in failed[:_FAILED]:
            lines.append((fit(clean(f"{workflow.name}: {workflow.failure}"), self.size.width - 2), WARN))
        self.query_one("#summary", TextLines).show([*([(f" {line}", style)] for line, style in lines), []])
        self.table.rows = causes
        self.table.message = self._failure or ("" if self._over else "reading what failed in each workflow")
        self.table.rows_changed()
        if not self._touched and not self.table.move_to_key(self._chosen):
            self.table.move_to(0)
        self._draw_in_full(len(lines))

    def on_line_table_cursor_moved(self) -> None:
        self.draw()

    def _draw_in_full(self, above: int) -> None:
        """What the row under the cursor has no room for, and one to look at."""
        cause, width = self.table.chosen, self.size.width
        free = self.size.height - above - len(self.table.rows) - 4
        lines: list[Pieces] = []
        if cause is not None and free >= _IN_FULL:
            lines = [ruled([(clean(cause.error), STRONG)], width)]
            message = wrapped(clean(cause.message or cause.error), width - 4, _MESSAGE)
            lines += [[(f"  {line}", PLAIN)] for line in message]
            lines += [[(f"  {line}", PLAIN)] for line in wrapped(self._where(cause), width - 4, 2)]
            lines += [[(f"  {line}", QUIET)] for line in wrapped(self._when(cause), width - 4, 1)]
            lines += [[]] * (_IN_FULL - len(lines))  # the table keeps its height while the cursor moves
        self.query_one("#in-full", TextLines).show(lines)

    def _where(self, cause: AccountCause) -> str:
        names = [f"{clean(name)} ({count(number)} read)" for name, number in cause.workflows]
        others = len(cause.steps) - 1
        more = f" and {counted(others, 'other step')}" if others > 0 else ""
        steps = f'at "{clean(cause.steps[0])}"{more}' if cause.steps else "at no step"
        return f"{steps} · in {', '.join(names)}"

    def _when(self, cause: AccountCause) -> str:
        utc, now = self.context.utc, self.context.clock()
        times = [clock(at, utc=utc, now=now) for at in (cause.first, cause.last) if at is not None]
        span = f"first {times[0]}, last {times[-1]} · " if len(set(times)) > 1 else ""
        key = self.context.keys.key_of("row.open")
        return f"{span}the newest is {clean(cause.example.id)} · {key} lists them"

    def _costs(self) -> str:
        """What the rest of it costs, what that takes, and what stops it."""
        from wfdash.live.reads.account_errors import EACH, PURPOSE

        unread = sum(1 for workflow in self._workflows if workflow.errored is None and not workflow.failure)
        unread += sum(max(0, min(EACH, each.listed) - len(each.samples)) for each in self._workflows)
        stop, session = f"{self.context.keys.key_of('layer.close')} stops it", self.context.session
        if session is None or session.budget.free or not unread:
            return stop
        outlook = session.budget.reads_take(unread, PURPOSE)
        slow = f"; slow: {clean(outlook.slow)}" if outlook.slow else ""
        return (
            f"a request each, {count(unread)} more at least: about {estimated(outlook.seconds)}; {stop}{slow}"
        )

    def _draw_header(self) -> None:
        session = self.context.session
        listed = sum(workflow.errored is not None for workflow in self._workflows)
        so_far = f"{listed} of {len(self._workflows)} workflows listed"
        if self._over:
            so_far = f"read {self.context.time_of(self._begun_at)}"
        # These are read once, at a key, frozen or not: the rest of the dashboard still stands.
        frozen = [("‖ frozen · ", WARN)] if session is not None and session.poller.frozen else []
        self.query_one(Header).tell(
            identity_of(self.context, "errors of all workflows"),
            counts={},
            freshness=[[*frozen, (so_far, PLAIN if self._over else WARN)]],
            meter=meter_pieces(session.budget) if session is not None else [],
        )

    def target_workflow(self) -> str:
        cause = self.table.chosen if self.is_ready else None
        return cause.workflows[0][0] if cause is not None else ""

    def action_row_open(self) -> None:
        """Lists what failed of the cause under the cursor in the workflow that has most of it."""
        cause = self.table.chosen
        if cause is None:
            return
        pages = self.context.pages
        mark = cause.example.fingerprint
        # The step and the version are the example's own: the cause is of any.
        pages.list_found(filter_for(type(mark)(mark.error, mark.message, "", "")), cause.workflows[0][0])
