"""`tab` on `H`: each step over many runs, now beside before; what fails more or is slower stands first."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from rich.style import Style
from textual import work
from textual.app import ComposeResult
from textual.strip import Strip

from wfdash.api.errors import WorkflowsError
from wfdash.core.history.sentence import Finding
from wfdash.core.history.step_change import StepChange, choose_runs, compare_steps, steps_sentence
from wfdash.core.history.steps import StepTally
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import brief, count, counted, short_version
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.failure_rate import share
from wfdash.live.reads.step_samples import StepSamples
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.header import Header, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.list_table import ColumnTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import BAD, CURSOR, PLAIN, QUIET, STRONG, WARN

__all__ = ["StepsScreen"]

_EACH: Final = 20
"""Runs that are read of now and of before, and again as many each time it is asked for more."""
_LATELY: Final = 60.0
"""Seconds before now up to which a time is not over."""
_WIDE: Final = 110
"""Columns from which the slowest instance and the share tried again have room."""


class StepTable(ColumnTable[StepChange]):
    """The cursor is on a step's name and type."""

    in_order = "the steps that fail more stand first, then those that got slower"

    def key_for(self, row: StepChange) -> tuple[str, str]:
        return row.step, row.type

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        step = self.rows[index]
        texts, bad = _texts(step), _bad(step)
        pieces: list[tuple[str, Style]] = [("  ", PLAIN)]
        for title, room, right in self.columns(width):
            style = BAD if title in bad else QUIET if title.endswith("BEFORE") else PLAIN
            text = texts[title]
            pieces += [(text.rjust(room) if right else fit(text, room, cut="middle"), style), ("  ", PLAIN)]
        return strip_of(pieces, width, CURSOR if cursor else None)

    def columns(self, width: int) -> list[tuple[str, int, bool]]:
        """The columns that have room: the step takes what it needs, numbers go from the right."""
        numbers = [("RUNS", 5), ("FAILED", 7), ("BEFORE", 7)]
        numbers += [("HALF TOOK", 9), ("HALF BEFORE", 11), ("95 OF 100", 9)]
        if width >= _WIDE:
            numbers += [("95 BEFORE", 9), ("RETRIED", 7)]
        while numbers and 4 + sum(room + 2 for _, room in numbers) + 12 > width:
            # Least first: BEFORE and the median say whether it got worse, the tails by how much.
            numbers.pop()
        used = 4 + sum(room + 2 for _, room in numbers)
        longest = max((cells(_named(step)) for step in self.rows), default=4)
        name = max(12, min(longest, width - used))
        columns = [("STEP", name, False), *((title, room, True) for title, room in numbers)]
        remaining = width - used - name
        return [*columns, ("SLOWEST", min(40, remaining - 2), False)] if remaining >= 14 else columns


class StepsScreen(BaseScreen):
    """Compares steps over many runs, read in the foreground; the page below has loaded their rows."""

    offers = ("pane.next", "poll.now")
    labels: ClassVar = {"pane.next": "charts", "poll.now": "read more", "row.open": "open the slowest run"}
    BINDINGS = bindings("row.open", "pane.next", "poll.now")

    def __init__(self, context: Context, workflow: str, loaded: LoadedHistory, finding: Finding) -> None:
        super().__init__(context)
        self._workflow, self._finding = workflow, finding
        rows = loaded.rows.values()
        # A copy: the page of charts below goes on reading, and runs that change under a comparison would
        # change what it says.
        self._rows: Sequence[Instance] = list(rows)
        self._each = _EACH
        self._over = False
        self._opened_at = context.clock()
        self._failure = ""
        self._touched = False
        """A key was pressed here: until then the cursor stays on the first step."""
        self._samples: StepSamples | None = None
        if context.session is not None:
            self._samples = StepSamples(context.session.reads, workflow, self._loaded)
        self._choose()

    def compose(self) -> ComposeResult:
        yield Header()
        yield TextLines(id="summary")
        yield StepTable()
        yield KeyBar(self.context.pages)

    @property
    def table(self) -> StepTable:
        return self.query_one(StepTable)

    def on_mount(self) -> None:
        self.table.focus()
        self._read()
        self.draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def key_pressed(self, key: str) -> None:
        super().key_pressed(key)
        self._touched = True

    def tick(self, now: float) -> None:
        self.draw()

    def target_workflow(self) -> str:
        return self._workflow

    def _choose(self) -> None:
        # Of a rise, runs since are set against runs before; without one, the newest against older ones.
        cut = self._finding.at if self._finding.unusual else None
        self._now, self._before = choose_runs(
            self._rows, cut, self._each, until=self._finding.until, version=self._finding.version
        )

    def _loaded(self, identity: str) -> Detail | None:
        """The detail of a row on screen that was read already.

        None for one that was not, or without steps.
        """
        poller = self.poller
        if poller is None or poller.workflow != self._workflow:
            return None
        fact = poller.row_details.fact(identity)
        detail = fact.detail if fact is not None else None
        return detail if detail is not None and not detail.simple else None

    @work(exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        if self._samples is None:
            return
        self._over, self._failure = False, ""
        try:
            await self._samples.read(self._now, self._before, self._draw_soon)
        except WorkflowsError as error:
            self._failure = error.sentence
        self._over = True
        self._draw_soon()

    def _draw_soon(self) -> None:
        """Has the screen draw in its own turn: what was read comes in a worker's."""
        self.call_later(self.draw)

    def draw(self) -> None:
        if not self.is_ready or self._samples is None:
            return
        now, before = self._samples.of(self._now), self._samples.of(self._before)
        steps = compare_steps(now, before)
        self._draw_header(len(now) + len(before))
        worse = any(step.fails_more or step.slower for step in steps)
        said = steps_sentence(steps, so_far=not self._over, is_over=self._is_past) if steps else ""
        lines = [(line, BAD if worse else STRONG) for line in wrapped(clean(said), self.size.width - 2, 2)]
        basis = self._basis(len(now), len(before)) + self._left_out()
        lines.append((fit(basis, self.size.width - 2), QUIET))
        if self._failure:
            lines.append((fit(clean(self._failure), self.size.width - 2), WARN))
        self.query_one("#summary", TextLines).show([*([(f" {line}", style)] for line, style in lines), []])
        self.table.rows = steps
        self.table.message = self._message()
        self.table.rows_changed()
        # Sorting goes on as runs come in: until a key is pressed the cursor belongs to what stands first, not
        # to a step.
        if not self._touched:
            self.table.move_to(0)

    def _message(self) -> str:
        if not (self._now or self._before):
            return "no run of this time has completed or failed: there is no step to compare"
        return "none of these runs has steps" if self._over else "reading runs"

    def _basis(self, now: int, before: int) -> str:
        """`now: 20 runs since 14:02 · before: 20 earlier ones`; `from 14:02 to 14:06` of what is over."""
        at, version = self._finding.at, self._finding.version
        if self._finding.unusual and at is not None:
            when = f"since {self._time(at)}"
            if self._is_past:
                when = f"from {self._time(at)} to {self._time(self._finding.until)}"
            said = f"{'then' if self._is_past else 'now'}: {now} runs "
            if version:
                return f"{said}of version {short_version(version)} {when} · before: {before} of others"
            return f"{said}{when} · before: {before} earlier ones, evenly spread"
        return f"now: the newest {counted(now, 'run')} · before: {before} earlier ones, evenly spread"

    @property
    def _is_past(self) -> bool:
        """Whether the rate fell again since, so that what is set against the time before is not of now."""
        finding = self._finding
        return finding.unusual and finding.at is not None and finding.until < self._opened_at - _LATELY

    def _left_out(self) -> str:
        """Why fewer runs are compared than were asked for."""
        number = self._samples_left_out
        return f" · {count(number)} left out: restarted, gone or too long" if number else ""

    @property
    def _samples_left_out(self) -> int:
        out = self._samples.left_out if self._samples is not None else set[str]()
        return sum(row.id in out for row in (*self._now, *self._before))

    def _draw_header(self, read: int) -> None:
        session = self.context.session
        of = len(self._now) + len(self._before) - self._samples_left_out
        so_far = f"{read} of {count(of)} runs read"
        self.query_one(Header).tell(
            identity_of(self.context, self._workflow),
            counts={},
            freshness=[[(so_far, PLAIN if self._over else WARN)]],
            meter=meter_pieces(session.budget) if session is not None else [],
        )

    def _time(self, at: float) -> str:
        """An instant to the minute, as the page of charts has it: two of them have room at 80 columns."""
        return self.context.time_of(at, seconds=False)

    def action_poll_now(self) -> None:
        """Reads as many more runs as at first."""
        self._each += _EACH
        self._choose()
        self._read()

    def action_pane_next(self) -> None:
        """Goes back to the charts."""
        self.close()

    def action_row_open(self) -> None:
        """Opens the recent run in which the step under the cursor took longest."""
        step = self.table.chosen
        if step is not None and step.example:
            self.app.call_later(partial(self.context.pages.show_instance, self._workflow, step.example))


def _texts(step: StepChange) -> dict[str, str]:
    now, before = step.now, step.before
    return {
        "STEP": _named(step),
        "RUNS": count(step.runs),
        "FAILED": _rate(now),
        "BEFORE": _rate(before),
        "HALF TOOK": _took(now.p50),
        "HALF BEFORE": _took(before.p50),
        "95 OF 100": _took(now.p95),
        "95 BEFORE": _took(before.p95),
        "RETRIED": share(now.retried + before.retried, step.runs),
        "SLOWEST": clean(step.example),
    }


def _named(step: StepChange) -> str:
    """The step's name; a rollback has that of the step that it takes back, and says so."""
    return f"{clean(step.step)} (rollback)" if step.type == "rollback" else clean(step.step)


def _bad(step: StepChange) -> tuple[str, ...]:
    """The titles of the columns in which a step stands out."""
    return (("FAILED",) if step.fails_more else ()) + (("HALF TOOK",) if step.slower else ())


def _rate(tally: StepTally) -> str:
    return share(tally.failed, tally.runs)


def _took(seconds: float | None) -> str:
    return "–" if seconds is None else brief(seconds)
