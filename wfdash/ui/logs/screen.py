"""`l`: what an instance printed, of all its code or of the step under the cursor."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from platformdirs import user_state_path
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType

from wfdash.api.errors import WorkflowsError
from wfdash.core.handoff.copy_formats import Copy
from wfdash.core.logs.line import LogScope, PlacedLine
from wfdash.core.logs.rows import line_text
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.text.clean import cells, clean, fit, masked
from wfdash.core.text.words import age, count, counted
from wfdash.core.text.wrap import wrapped
from wfdash.core.timeline.axis import Axis, Scale
from wfdash.core.timeline.outline import Outline, outline_in_slices
from wfdash.core.timeline.timeline import axis_of
from wfdash.core.why.session_times import CUT
from wfdash.core.why.step_names import numbered_name
from wfdash.live.polling.events import Update
from wfdash.live.polling.session_watch import AnswerCost
from wfdash.live.records.export_files import file_name, write_first
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.logs.table import LogTable
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.search_field import SearchField
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN, look

if TYPE_CHECKING:
    from wfdash.live.reads.log_lines import InstanceLogs

__all__ = ["LogsScreen"]

_DRAWN_EVERY: Final = 1.0
"""Seconds between two drawings while lines come: a full screen that scrolls is some 5 kB."""
_ANSWER: Final = 1.0
"""Seconds that an answer about the steps may have taken."""
_AGAIN: Final = 30.0
"""Seconds after which a stream that failed is asked for again."""
_SETTLES: Final = 60.0
"""Seconds after an instance's end in which a source may still come out with lines of it."""
_NEIGHBOURS: Final = 1000
"""Loaded instances whose ids tell other instances' lines."""
ALL: Final = LogScope()
_FEW_STEPS: Final = 1000
"""Steps up to which the axis is worked out beside the lines."""


class LogsScreen(BaseScreen):
    """Asks for nothing before it is opened, and for no more once it is closed."""

    labels: ClassVar[Mapping[str, str]] = {
        "row.open": "unfold",
        "filter.edit": "search",
        "logs.open": "all lines or the step's",
    }
    offers = ("filter.edit", "logs.open", "copy.menu", "export.menu")
    BINDINGS: ClassVar[list[BindingType]] = bindings("filter.edit", "copy.menu", "logs.open", "export.menu")

    def __init__(self, context: Context, workflow: str, instance: str, scope: LogScope = ALL) -> None:
        super().__init__(context)
        self.workflow, self.instance, self.scope = workflow, instance, scope
        self.scoped = bool(scope.steps)
        """Whether only the lines of the scope are shown."""
        self._logs: InstanceLogs | None = None
        self._detail: Detail | None = None
        self._placed: Sequence[PlacedLine] = ()
        self._placed_for: tuple[int, Detail] | None = None
        self._axis: Axis | None = None
        self._not_before = 0.0
        """When the lines may be put in their places again: many take their time."""
        self._failure = ""
        self._gathering = self._listening = False

    def compose(self) -> ComposeResult:
        yield TextLines(id="head")
        yield LogTable(id="lines")
        yield SearchField(self.context.keys, "search the lines", find=self._find, home=lambda: self.table)
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.table.focus()
        self.table.message = "reading what it printed …"
        self.set_interval(_DRAWN_EVERY, self._draw_news)
        if self.poller is not None:
            self.poller.open(self.instance)
        self._begin()

    def on_screen_resume(self) -> None:
        if self.poller is not None:
            self.poller.open(self.instance)

    @property
    def table(self) -> LogTable:
        return self.query_one("#lines", LogTable)

    @property
    def field(self) -> SearchField:
        return self.query_one(SearchField)

    def live(self, update: Update) -> None:
        if self.instance in update.details:
            self._begin()

    def tick(self, now: float) -> None:
        self._draw_head()

    def on_line_table_cursor_moved(self, message: LineTable.CursorMoved) -> None:
        message.stop()
        self._draw_head()

    # Reading.

    def _begin(self) -> None:
        """Starts to read once the instance itself is known."""
        state = self.poller.detail(self.instance) if self.poller is not None else None
        session = self.context.session
        if state is not None and state.gone and state.detail is None:
            self.table.message = (
                "There is no such instance.\nIt expired, was deleted or has another workflow."
            )
            self.table.repaint()
        if state is None or state.detail is None or session is None:
            return
        self._detail = state.detail
        if self._logs is None:
            self._logs = session.reads.logs(self.workflow, self.instance, self.context.clock)
        elif is_final(state.detail.status):
            return
        # Of one that had ended too: somebody may have restarted it.
        if not self._gathering:
            self._gathering = True
            self.run_worker(self._gather(self._logs), group="logs", exit_on_error=False)
        if not self._listening:
            self._listening = True
            self.run_worker(self._listen(self._logs), group="logs", exit_on_error=False)

    async def _gather(self, logs: "InstanceLogs") -> None:
        """Reads again and again, at most a tenth of the time, until nothing more can come."""
        loop, cost = asyncio.get_running_loop(), AnswerCost()
        while True:
            began = loop.time()
            if self.poller is None or not self.poller.frozen:
                assert self._detail is not None
                detail = self._detail
                try:
                    await logs.read(detail)
                    self._failure = ""
                except WorkflowsError as failure:
                    self._failure = failure.sentence
                    if failure.exit_code in (1, 3):
                        self.call_later(self._draw)
                        return
                await self._place(logs)
                self.call_later(self._draw)
                if is_final(detail.status) and self.context.clock() > (detail.end or 0.0) + _SETTLES:
                    self._gathering = False
                    self.call_later(self._draw_head)
                    return
            await asyncio.sleep(max(logs.reader.pace, cost.rest(loop.time() - began)))

    async def _listen(self, logs: "InstanceLogs") -> None:
        """Takes what is sent; begins anew after a failure that passes by itself."""
        while self._detail is not None and not is_final(self._detail.status):
            async for _ in logs.stream():
                pass  # the next drawing shows them
            self.call_later(self._draw_head)
            failure = logs.state.stream_failure
            if failure is None or failure.exit_code in (1, 3):
                return
            await asyncio.sleep(_AGAIN)
        self._listening = False

    def _draw_news(self) -> None:
        """Draws what was sent since the last time, and what a newer answer says of the steps."""
        logs, now = self._logs, self.context.machine_clock()
        if logs is None or not logs.version or now < self._not_before:
            return
        if self._placed_for != (logs.version, self._detail):
            self.run_worker(self._place_and_draw(logs), group="place", exclusive=True)

    async def _place_and_draw(self, logs: "InstanceLogs") -> None:
        await self._place(logs)
        self.call_later(self._draw)

    async def _place(self, logs: "InstanceLogs") -> None:
        """Puts the lines in their places, many of them in a thread: keys go on meanwhile."""
        detail, poller = self._detail, self.poller
        if detail is None or self._placed_for == (logs.version, detail):
            return
        here = poller is not None and poller.workflow == self.workflow
        others = [row.id for row in islice(poller.store, _NEIGHBOURS)] if here and poller is not None else []
        version, began = logs.version, self.context.machine_clock()
        state = poller.detail(self.instance) if poller is not None else None
        asked = state.freshness.answered_at if state is not None else None
        as_of = None if is_final(detail.status) or asked is None else asked - _ANSWER
        self._placed = await asyncio.to_thread(partial(logs.placed, detail, others, as_of=as_of))
        self._placed_for = (version, detail)
        self._not_before = 10 * self.context.machine_clock() - 9 * began
        if len(detail.steps) <= _FEW_STEPS and detail.steps:
            self._axis = axis_of(_outline(detail), Scale.COMPRESSED, self.context.clock())

    # Drawing.

    def _shown(self) -> Sequence[PlacedLine]:
        if not self.scoped:
            return self._placed
        return [entry for entry in self._placed if self.scope.holds(entry)]

    def _draw(self) -> None:
        if not self.is_ready or self._detail is None:
            return
        table = self.table
        table.utc = self.context.utc
        table.message = self._nothing()
        table.take(self._shown(), self._detail.steps.columns.names, self._axis)
        self._draw_head()

    def _nothing(self) -> str:
        """What is said where there is no line."""
        if self._failure:
            return clean(self._failure)
        if self._logs is None or self._logs.state.read_at is None:
            return "reading what it printed …"
        if self.scoped and self._placed:
            key, what = (
                self.context.keys.key_of("logs.open"),
                "step" if self.scope.attempt is None else "attempt",
            )
            return f"This {what} printed nothing.\n{key} shows the other lines of the instance."
        if self.context.settings.local:
            return "Nothing was printed.\nA line comes here when the code calls console.log."
        return (
            "No lines.\nThe code printed nothing, or its Worker has no [observability] in its configuration."
        )

    def _draw_head(self) -> None:
        if not self.is_ready:
            return
        width, detail = self.size.width, self._detail
        badges = badge_pieces(identity_of(self.context, ""))
        shown = look(detail.status if detail is not None else "")
        status = clean(detail.status[:40]) if detail is not None else ""
        right = self._source()
        room = max(8, width - length(badges) - cells(status + right) - 16)
        name = fit(clean(self.instance[:300]), room).rstrip()
        first: list[tuple[str, Style]] = [(f" {shown.glyph} ", shown.style), *badges, (name, STRONG)]
        first += [(f"  {status}  ", shown.style), ("logs", STRONG)]
        gap = width - length(first) - cells(right) - 1
        lines: list[Pieces] = [[*first, (" " * max(1, gap), PLAIN), (right, QUIET)]]
        lines.append([(f" {fit(self._summary(), width - 2)}", QUIET)])
        doubts = [part for text in self._doubts() for part in wrapped(text, width - 2, 2)]
        lines += [[(f" {part}", WARN)] for part in doubts]
        self.query_one("#head", TextLines).show(lines)

    def _source(self) -> str:
        """Where the lines are from, and how old they are."""
        if self._logs is None:
            return ""
        read_at = self._logs.state.read_at
        fresh = "" if read_at is None else f", read {age(max(0.0, self.context.clock() - read_at))} ago"
        return f"{self._logs.reader.name}{fresh}"

    def _summary(self) -> str:
        shown = self._shown()
        if self.scoped and self._detail is not None:
            what = f"{count(len(shown))} of {count(len(self._placed))} lines: those of {self._of()}"
        else:
            what = counted(len(shown), "line")
        return f"{what} · {'following' if self.table.follows and self._gathering else 'newest last'}"

    def _of(self) -> str:
        """The steps, or the attempt, whose lines alone are shown."""
        assert self._detail is not None
        steps, attempt = self.scope.steps, self.scope.attempt
        first = numbered_name(self._detail.steps.columns.names[steps[0]])
        if len(steps) > 1:
            return f'"{fit(first, 60).rstrip()}" and {count(len(steps) - 1)} like it'
        tried = "" if attempt is None else f"attempt {attempt} of "
        return f'{tried}"{fit(first, 60).rstrip()}"'

    def _cut(self) -> str:
        """Says that the dev session was reloaded under what runs: until it is woken, no line comes."""
        detail, poller = self._detail, self.poller
        if detail is None or poller is None or not self.context.settings.local or is_final(detail.status):
            return ""
        why = poller.why_context(detail).why(detail, now=self.context.clock(), utc=self.context.utc)
        return why.sentence if why.short.startswith(CUT) else ""

    def _doubts(self) -> list[str]:
        said = [cut] if (cut := clean(self._cut())) else []
        uncertain = sum(not entry.certain for entry in self._shown())
        if uncertain:
            names = f"{counted(uncertain, 'line')} {'names' if uncertain == 1 else 'name'} no instance"
            said.append(f"? others may be among these: {names}")
        if self._logs is not None:
            said += [clean(note) for note in self._logs.state.notes]
            late = self._logs.state.stream_failure
            if late is not None:
                said.append(f"lines come late: {clean(late.sentence)}")
        if self._failure and self._placed:
            said.append(clean(self._failure))
        return said

    # What it is about.

    @property
    def opened_instance(self) -> str:
        return self.instance

    def subject(self) -> tuple[str, str]:
        return self.workflow, self.instance

    def target_workflow(self) -> str:
        return self.workflow

    def why_off(self, action: str) -> str:
        if action == "logs.open" and not self.scope.steps:
            return "it is open already"
        return super().why_off(action)

    # Keys.

    def action_logs_open(self) -> None:
        """Shows all lines, or only those of the step it was opened on."""
        if self.scope.steps:
            self.scoped = not self.scoped
            self.table.follows = True
            self._draw()

    def action_filter_edit(self) -> None:
        self.field.begin()
        self.table.rows.prepare_find()

    def _find(self, words: str, direction: int, here_too: bool) -> tuple[int, int]:
        return self.table.find(words, direction, here_too=here_too)

    def close_layer(self) -> bool:
        if not self.editing:
            return False
        self.field.end()
        return True

    def action_copy_menu(self) -> None:
        entry = self.table.entry
        if entry is None or self._detail is None:
            return
        names = self._detail.steps.columns.names
        every = "\n".join(line_text(line, names) for line in self.table.rows.entries[-2000:])
        entries = [
            Copy("l", "line", line_text(entry, names)),
            Copy("m", "message", masked(entry.line.message)),
            Copy("a", "all lines", every),
        ]
        self.context.pages.open("copy", f"{self.instance}'s lines", entries)

    def action_export_menu(self) -> None:
        """Writes the lines that are shown to a file."""
        if self._detail is None or not self.table.rows.entries:
            self.context.notify("there is no line to write")
            return
        entries, names = list(self.table.rows.entries), self._detail.steps.columns.names
        self.run_worker(self._write(entries, names), group="export", exit_on_error=False)

    async def _write(self, entries: Sequence[PlacedLine], names: Sequence[str]) -> None:
        folders = (Path.cwd, partial(user_state_path, "wfdash"))
        name = file_name(f"{self.instance}-log", "txt", self.context.clock())

        def make() -> Iterator[str]:
            return (masked(line_text(line, names)) + "\n" for line in entries)

        try:
            path = await asyncio.to_thread(write_first, folders, name, make)
        except OSError as error:
            said, severity = f"not written: {error.strerror or error}", "error"
        else:
            said, severity = f"wrote {path}, {counted(len(entries), 'line')}", "information"
        self.call_later(partial(self.context.notify, said, severity=severity))


def _outline(detail: Detail) -> Outline:
    building = outline_in_slices(detail)
    while True:
        try:
            next(building)
        except StopIteration as done:
            outline: Outline = done.value
            return outline
