"""The lines of one instance as a pane: beside its timeline or under it, or with the screen to itself."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from platformdirs import user_state_path
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from wfdash.core.handoff.copy_formats import Copy
from wfdash.core.logs.line import LineNumbers, LogScope, PlacedLine
from wfdash.core.logs.place import failing_lines
from wfdash.core.logs.rows import line_text
from wfdash.core.model.detail import Detail
from wfdash.core.model.status import is_final
from wfdash.core.model.step_columns import StepColumns
from wfdash.core.text.clean import cells, clean, fit, masked
from wfdash.core.text.words import age, clock, count, counted
from wfdash.core.text.wrap import wrapped
from wfdash.core.timeline.axis import Axis
from wfdash.core.why.step_names import numbered_name
from wfdash.live.records.export_files import file_name, write_first
from wfdash.ui.base.identity import identity_of
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.logs.axis_lines import strip_lines
from wfdash.ui.logs.gathering import LineGathering
from wfdash.ui.logs.table import LANE_FROM, LogTable
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.painted import Stack
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.search_field import SearchField
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN, look

__all__ = ["ALL", "LogPane"]

ALL: Final = LogScope()
_DRAWN_EVERY: Final = 1.0
"""Seconds between two drawings while lines come: a full screen that scrolls is some 5 kB."""
_DOUBTS: Final = 3
"""Rows that what is doubtful takes beside a timeline."""
_SLOW: Final = 5.0
"""Seconds of waiting for the first lines after which that is said."""
_COPIED: Final = 2000
"""Lines that are copied at most."""


class LogPane(Stack):
    """Shows lines: all of them beside a timeline, its row's set off; alone those of the row, or all."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("filter.edit", "copy.menu", "logs.open", "export.menu")
    DEFAULT_CSS = "LogPane { width: 1fr; height: 1fr; }"

    class Moved(Message):
        """Posted when the cursor is on another line, or lines are drawn anew."""

    class Widened(Message):
        """Posted when the lines want the screen to themselves."""

    def __init__(
        self, context: Context, workflow: str, instance: str, scope: LogScope = ALL, *, alone: bool = False
    ) -> None:
        super().__init__()
        self.workflow, self.instance, self.scope, self.alone = workflow, instance, scope, alone
        self.is_page = alone
        """Whether nothing but the lines says on this screen whose they are."""
        self.scoped = alone and bool(scope.steps)
        """Whether only the lines of the scope are shown."""
        self.axis: Axis | None = None
        self.lines = LineGathering(context, self, workflow, instance, on_change=self.draw)
        self.context = context
        # Its own from the first moment: what is about the pane may come before it is on the screen.
        self.head, self.table = TextLines(id="logs-head"), LogTable(id="lines")
        self.field = SearchField(
            context.keys,
            "search the lines",
            find=self._find,
            home=lambda: self.table,
            missing=self._not_found,
        )
        self._sought: LogScope | None = None if alone and scope.steps else scope
        """To the last line of which the cursor has yet to go; of all, to where the instance failed."""
        self._numbers: tuple[Sequence[PlacedLine], LogScope, LineNumbers] | None = None
        """How many lines are of what, for those lines and that scope: too dear for each key."""
        self._at_failure = False
        """Whether the cursor went to where the instance failed, and follows it again once it runs again."""

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.table
        yield self.field

    def on_mount(self) -> None:
        self.table.alone = self.alone
        self.table.message = "reading what it printed …"
        self.set_interval(_DRAWN_EVERY, self.lines.draw_news)
        self.table.focus()
        self.draw_head()
        self.begin()

    def on_resize(self) -> None:
        self.draw_head()

    @property
    def offers(self) -> Sequence[str]:
        """The keys that are named first: the one for the other pane only where there is one."""
        own = ("filter.edit", "logs.open", "layer.close", "copy.menu", "export.menu")
        return own if self.alone else (*own, "pane.next")

    @property
    def labels(self) -> Mapping[str, str]:
        """What the keys do here."""
        opens = "lines alone" if not self.alone else "all lines or the step's"
        words = {
            "row.open": "unfold",
            "filter.edit": "search",
            "logs.open": opens,
            "copy.menu": "copy lines",
            "pane.next": "timeline",
        }
        # A page of its own goes back, as every page does.
        return words if self.is_page else {**words, "layer.close": "timeline" if self.alone else "close"}

    @property
    def shown(self) -> Sequence[PlacedLine]:
        """The lines that are listed: those of the scope, or all."""
        if not self.scoped:
            return self.lines.placed
        return [entry for entry in self.lines.placed if self.scope.holds(entry)]

    def begin(self) -> None:
        """Starts to read, or goes on with news of the instance."""
        self.lines.begin()
        if self.lines.is_missing:
            self.table.message = (
                "There is no such instance.\nIt expired, was deleted or has another workflow."
            )
            self.table.repaint()

    def point_at(self, scope: LogScope, *, go: bool) -> None:
        """Sets off the lines of these steps; with `go` the cursor goes to the last of them."""
        if self.alone:
            return
        self.scope = scope
        self.table.set_off(scope)
        if go and scope.steps:
            self._sought = None if self.table.go_to_last(scope) or self.lines.placed else scope
        self.draw_head()

    def set_alone(self, alone: bool) -> None:
        """Takes the screen, with the lines of the row alone where it printed any; or gives it back."""
        entry, placed = self.table.entry, self.lines.placed
        # The last line of a step is not the newest of all: the cursor stays on its line.
        self.table.follows = not placed or entry is None or entry == placed[-1]
        self.alone = alone
        self.scoped = alone and any(map(self.scope.holds, self.lines.placed)) and bool(self.scope.steps)
        self.table.set_alone(alone)
        self.table.set_off(ALL if alone else self.scope)
        self.draw()
        self.table.focus()

    # Drawing.

    def draw(self) -> None:
        if not self.is_mounted or self.lines.detail is None:
            return
        table = self.table
        table.utc = self.context.utc
        table.message = self._nothing()
        if self._at_failure and self.lines.detail.status != "errored":
            table.follows, self._at_failure = True, False
        table.take(self.shown, self.lines.detail.steps.columns.names, self.axis)
        if not self.alone:
            table.set_off(self.scope)
        if self._sought is not None and self.lines.placed:
            self._go_to(self._sought, self.lines.detail)
            self._sought = None
        self.draw_head()
        self.post_message(self.Moved())

    def _go_to(self, scope: LogScope, detail: Detail) -> None:
        """Goes to the last line of the scope; of the whole instance, to where it failed."""
        if scope.steps:
            self.table.go_to_last(scope)
        elif detail.status == "errored" and (failing := failing_lines(self.lines.placed, detail)):
            self.table.go_to(failing[-1])
            self._at_failure = not self.table.follows

    def _nothing(self) -> str:
        """The message where there is no line."""
        lines, key_of = self.lines, self.context.keys.key_of
        if lines.failure:
            late = lines.logs.stream_trouble if lines.logs is not None else None
            return clean(lines.failure) + (f"\n{clean(late.sentence)}" if late is not None else "")
        if lines.logs is None or lines.logs.state.read_at is None:
            slow = f"\nNo answer for {lines.waits:.0f} s." if lines.waits >= _SLOW else ""
            return f"reading what it printed …{slow}"
        if self.scoped and lines.placed:
            what = "step" if self.scope.attempt is None else "attempt"
            others = f"{key_of('logs.open')} shows the other lines of the instance."
            if self._is_part:
                return f"None of the lines that were read is of this {what}.\n{others}"
            if any(map(self.scope.may_hold, lines.placed)):
                return f"No line is surely of this {what}: another step ran beside it.\n{others}"
            return f"This {what} printed nothing.\n{others}"
        if lines.detail is not None and (reason := lines.logs.why_none(lines.detail)):
            return f"No lines.\n{reason}"
        if self.context.settings.local and lines.detail is not None and is_final(lines.detail.status):
            return "It has ended, and the session's store has no line of it."
        if self.context.settings.local:
            return "Nothing was printed.\nA line comes here when the code calls console.log."
        return (
            "No lines.\nThe code printed nothing, or its Worker has no [observability] in its configuration."
        )

    @property
    def _is_part(self) -> bool:
        """Whether the source left lines out, so that nothing can be said of those that are not there."""
        logs = self.lines.logs
        return logs is not None and (bool(logs.state.reservations) or logs.lost.calls > 0)

    def draw_head(self) -> None:
        if not self.is_mounted:
            return
        if self.lines.waits >= _SLOW and not self.lines.placed:
            self.table.message = self._nothing()
            self.table.repaint()
        width = self.size.width
        numbers = self._counted()
        uncertain = numbers.held_doubtful if self.scoped else numbers.doubtful
        # Beside a timeline the mark at the line must do: a row says more of the lines themselves.
        likely = numbers.likely if self.alone else 0
        doubts = [*self.lines.doubts(uncertain, likely, of_a_step=self.scoped), *self._left_out()]
        if self.alone:
            lines = [self._title(width), [(f" {fit(self._summary(), width - 2)}", QUIET)]]
            parts = [part for text in doubts for part in wrapped(text, width - 2, 2)]
            lines += self._axis_lines(width)
        else:
            lines = [self._rule(width)]
            # Few rows are left beside a timeline; alone the lines have room for all that is doubtful.
            parts = [part for text in doubts for part in wrapped(text, width - 2, 2)][:_DOUBTS]
        lines[1:1] = [[(f" {part}", WARN)] for part in parts]
        self.head.show(lines)

    def _counted(self) -> LineNumbers:
        placed = self.lines.placed
        if self._numbers is None or self._numbers[0] is not placed or self._numbers[1] != self.scope:
            self._numbers = placed, self.scope, LineNumbers.of(placed, self.scope)
        return self._numbers[2]

    def _left_out(self) -> list[str]:
        """Says how many lines may be of the step that is shown alone, and of one beside it as well."""
        numbers = self._counted()
        if not self.scoped or self.lines.detail is None or not numbers.held or not numbers.perhaps:
            return []
        number = numbers.perhaps
        return [
            f"{counted(number, 'more line')} may be of it: another step ran then, and the text names none"
        ]

    def _rule(self, width: int) -> Pieces:
        """What stands over the lines beside a timeline: how many of them are of its row."""
        placed, detail = self.lines.placed, self.lines.detail
        title: list[tuple[str, Style]] = [("lines", STRONG)]
        if self.scope.steps and detail is not None and placed:
            numbers = self._counted()
            own, perhaps = numbers.held, numbers.perhaps
            doubt = "?" if numbers.held_doubtful else ""
            # What runs now may have printed some of the newest: that is known once the step was read again.
            if own or perhaps or not (self.lines.gathering or self._is_part):
                more = f", {count(perhaps)} may be" if perhaps else ""
                title.append(
                    (f", {f'{count(own)}{doubt}' if own else 'none'} of {self._of(24)}{more}", PLAIN)
                )
        right, key = self._source(), self.context.keys.key_of("logs.open")
        room = width - length(title) - cells(right) - 8
        # What follows is shortened before the source gives way.
        standing = next((words for words in self._standing() if cells(words) + 3 <= room), "")
        if standing:
            title.append((f" · {standing}", PLAIN))
        return ruled(title, width, hint=f"{key} lines alone", right=right)

    def _title(self, width: int) -> Pieces:
        detail = self.lines.detail
        badges = badge_pieces(identity_of(self.context, "")) if self.is_page else []
        shown = look(detail.status if detail is not None else "")
        status = clean(detail.status, 40) if detail is not None else ""
        right = self._source()
        room = max(8, width - length(badges) - cells(status + right) - 16)
        name = fit(clean(self.instance, 300), room, cut="middle").rstrip()
        first: list[tuple[str, Style]] = [(f" {shown.glyph} ", shown.style), *badges, (name, STRONG)]
        first += [(f"  {status}  ", shown.style), ("logs", STRONG)]
        gap = width - length(first) - cells(right) - 1
        return [*first, (" " * max(1, gap), PLAIN), (right, QUIET)]

    def _axis_lines(self, width: int) -> list[Pieces]:
        """The axis of the timeline over the lines, where they have no room for it beside them."""
        if self.axis is None or width >= LANE_FROM or not self.lines.placed:
            return []
        entry = self.table.entry
        at = entry.line.at if entry is not None else None
        return strip_lines(self.lines.times, self.axis, width - 2, at)

    def _source(self) -> str:
        """A clause on where the lines are from, and how old they are."""
        logs = self.lines.logs
        if logs is None:
            return ""
        if self.context.past is not None:
            return f"{logs.reader.name}, until then"
        read_at, now = logs.state.read_at, self.context.clock()
        if read_at is None:
            return logs.reader.name
        # Of one that has ended nothing goes stale.
        if logs.state.read_to_end:
            return f"{logs.reader.name}, read {self.context.time_of(read_at)}"
        return f"{logs.reader.name}, read {age(now - read_at)} ago"

    def _summary(self) -> str:
        if self.lines.failure and not self.lines.placed:
            return "nothing could be read"
        all_lines = len(self.lines.placed)
        if self.scoped and self.lines.detail is not None:
            what = f"{count(self._counted().held)} of {count(all_lines)} lines: those of {self._of(60)}"
        else:
            what = counted(all_lines, "line")
        return f"{what} · {(self._standing() or ['newest last'])[0]}"

    def _standing(self) -> list[str]:
        """Ways to say whether more lines can come, the longest first; none at a moment of the record."""
        lines, detail = self.lines, self.lines.detail
        if detail is None or self.context.past is not None:
            return []
        if not is_final(detail.status):
            # The cursor goes to what is printed next.
            return ["following"] if self.table.follows and lines.gathering else []
        now, utc = self.context.clock(), self.context.utc
        ended = f"ended {clock(detail.end, utc=utc, now=now)}" if detail.end is not None else "ended"
        if lines.gathering:
            return [f"{ended}, late lines may come", "late lines may come", "ended"]
        if lines.logs is not None and lines.logs.state.read_to_end:
            return [f"{ended}, read to the end", "read to the end", "ended"]
        return [ended, "ended"]

    def _of(self, room: int) -> str:
        """The name of the steps, or of the attempt, that the scope is."""
        assert self.lines.detail is not None
        steps, attempt = self.scope.steps, self.scope.attempt
        names = self.lines.detail.steps.columns.names
        # One that was restarted may not have come to that step yet.
        name = numbered_name(names[steps[0]]) if steps[0] < len(names) else "a step that is not there now"
        first = fit(name, room).rstrip()
        if len(steps) > 1:
            return f'"{first}" and {count(len(steps) - 1)} like it'
        tried = "" if attempt is None else f"attempt {attempt} of "
        return f'{tried}"{first}"'

    # Keys.

    def on_line_table_cursor_moved(self, message: LineTable.CursorMoved) -> None:
        message.stop()
        self._at_failure = self._at_failure and not self.table.by_hand
        self.draw_head()
        self.post_message(self.Moved())

    def action_logs_open(self) -> None:
        """Gives the lines the screen; there, shows all lines or only those of the step."""
        if not self.alone:
            self.post_message(self.Widened())
        elif self.scope.steps:
            self.scoped = not self.scoped
            self.table.follows = True
            self.draw()

    def action_filter_edit(self) -> None:
        self.field.begin()
        self.table.rows.prepare_find()

    def _find(self, words: str, direction: int, here_too: bool) -> tuple[int, int]:
        return self.table.find(words, direction, here_too=here_too)

    def _not_found(self) -> str:
        if not self.scoped:
            return "not found"
        return f"not in these {count(len(self.shown))} of {counted(len(self.lines.placed), 'line')}"

    def end_search(self) -> bool:
        """Closes the field of the search; False when it was not open."""
        if not self.field.has_focus:
            return False
        self.field.end()
        return True

    def action_copy_menu(self) -> None:
        entry, detail = self.table.entry, self.lines.detail
        if entry is None or detail is None:
            self.context.notify("there is no line to copy")
            return
        steps, listed = detail.steps.columns, self.table.rows.entries[-_COPIED:]

        def every() -> str:
            return "\n".join(line_text(line, steps) for line in listed)

        entries = [
            Copy("l", "line", line_text(entry, steps)),
            Copy("m", "message", masked(entry.line.message)),
            Copy("a", "all lines", line_text(listed[0], steps), every),
        ]
        self.context.pages.open("copy", f"{self.instance}'s lines", entries)

    def action_export_menu(self) -> None:
        """Writes the lines that are shown to a file."""
        detail = self.lines.detail
        if detail is None or not self.table.rows.entries:
            self.context.notify("there is no line to write")
            return
        entries, steps = list(self.table.rows.entries), detail.steps.columns
        self.run_worker(self._write(entries, steps), group="export", exit_on_error=False)

    async def _write(self, entries: Sequence[PlacedLine], steps: StepColumns) -> None:
        folders = (Path.cwd, partial(user_state_path, "wfdash"))
        name = file_name(f"{self.instance}-log", "txt", self.context.clock())

        def make() -> Iterator[str]:
            return (masked(line_text(line, steps)) + "\n" for line in entries)

        try:
            path = await asyncio.to_thread(write_first, folders, name, make)
        except OSError as error:
            said, severity = f"not written: {error.strerror or error}", "error"
        else:
            # The path may be longer than the line: what it says is cut at its end.
            said, severity = f"{counted(len(entries), 'line')} written to {path}", "information"
        self.call_later(partial(self.context.notify, said, severity=severity))
