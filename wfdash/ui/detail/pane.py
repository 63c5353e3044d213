"""One instance in full: why it is there, the facts, the timeline, and the row under the cursor."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from msgspec.structs import replace
from rich.style import Style
from textual.app import ComposeResult
from textual.message import Message

from wfdash.core.history.usual_run import Forecast, UsualRun
from wfdash.core.logs.line import PlacedLine
from wfdash.core.logs.on_axis import PrintedTimes
from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import is_final
from wfdash.core.model.step import ABSENT
from wfdash.core.payload.summary_lines import result_line, summary_facts
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, clock
from wfdash.core.text.wrap import joined, wrapped
from wfdash.core.timeline.rows import Row
from wfdash.core.why.context import WhyContext
from wfdash.core.why.failure import carriers
from wfdash.core.why.step_names import titled_name
from wfdash.core.why.why import TimeWords, Why
from wfdash.live.polling.freshness import DetailState, Freshness, as_of, gone_unended, listed_since
from wfdash.ui.base.empty_messages import no_answer
from wfdash.ui.detail.coming import coming_lines, usually_left
from wfdash.ui.detail.foot import FOOT, LEAST_OF_VALUE, error_lines, fold_lines, row_lines, value_lines
from wfdash.ui.detail.timeline_line import bar_width
from wfdash.ui.detail.timeline_table import TimelineTable
from wfdash.ui.keys.key_names import KeyNames
from wfdash.ui.logs.axis_lines import printed_words, strip_pieces
from wfdash.ui.logs.last_lines import line_pieces
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.painted import Stack
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN, look

__all__ = ["DetailPane"]

_WHY_LINES: Final = 4
"""Lines of the sentence."""
_SHORT_WHY: Final = 2
"""Lines of the sentence where the lines that were printed stand beneath."""
_PRINTED: Final = 8
"""Rows that the last lines of a step take at most."""
_ROOMY: Final = 28
"""Lines from which params and output of the instance have their own lines at the top."""
_OTHERS: Final = 12
"""Lines of the head, the axis and what is said of the row under the cursor."""
_UNFOLDED: Final = 6
"""Lines from which params or output are unfolded as far as is worth more than their one line."""
_OUTPUTS: Final = 20
"""Steps, the latest, that are looked at for an output where there is room for some."""
_OVERDUE: Final = 20.0
"""Seconds after which an open instance should have been read again."""
_FEW: Final = 8
"""Rows of a timeline that leave room for params and output in 24 lines."""
_PARTS: Final = 5
"""Widgets of the pane: while it is taken down they go one by one."""


class DetailPane(Stack):
    """Draws what it is given by `show`, which is also called once a second; asks nobody for anything."""

    DEFAULT_CSS = """
    DetailPane { width: 1fr; height: 1fr; }
    DetailPane #foot { margin-top: 1; }
    DetailPane #printed { display: none; }
    """

    class RowChanged(Message):
        """The timeline's cursor is on another row, or its rows or axis are others."""

    def __init__(self, keys: KeyNames | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = keys or KeyNames()
        self.utc = True
        self.why_context = WhyContext()
        self.usual_run: UsualRun | None = None
        """What the runs of its version have in common, where some were read."""
        self.last_lines: Sequence[PlacedLine] = ()
        """What its code printed, as far as that was asked for."""
        self.printed: PrintedTimes | None = None
        """When lines were printed, for the line under the bars; None where no lines are open beside it."""
        self.printed_at: float | None = None
        """When the line under their cursor was."""
        self.is_short = False
        """Whether the lines stand beneath, so that there is room for no more than the timeline."""
        self._forecast: Forecast | None = None
        self.frozen = False
        """Whether polling is."""
        self.has_keys = True
        """Whether a key leads to its timeline."""
        self.recorded = False
        """Whether only the record tells of the instance that is shown."""
        self.filled_with: tuple[Detail | None, tuple[Any, ...]] | None = None
        """What whoever fills it had for it the last time: the answer, and all else but the time."""
        self._given: tuple[Instance | None, DetailState | None, float] | None = None
        self._width = 0
        """Cells across for which it was drawn."""
        self._shown: str | None = None
        self._head_lines = 0
        self._foot_room = FOOT
        self._detail: Detail | None = None
        self._failing = False
        self._since = ""
        """The status that the list tells since."""
        self._overdue = False
        self._silent = ""
        """How long nothing was answered, once that is long."""
        self._now = 0.0
        """The moment told of: that of the last answer where it moved on since."""
        self._clock = 0.0

    def compose(self) -> ComposeResult:
        yield TextLines(id="head")
        yield TimelineTable(id="timeline")
        yield TextLines(id="printed", height=1)
        yield TextLines(id="coming")
        yield TextLines(id="foot", height=FOOT)

    @property
    def is_ready(self) -> bool:
        """Whether it has its parts: none before it is mounted, and it loses one by one on its way out."""
        return self.is_mounted and len(self.children) == _PARTS

    @property
    def timeline(self) -> TimelineTable:
        return self.query_one("#timeline", TimelineTable)

    @property
    def row(self) -> Row | None:
        """The timeline row under the cursor."""
        return self.timeline.row

    def show(self, row: Instance | None, state: DetailState | None, now: float) -> None:
        """Draws the instance as of `now`; equal content is not repainted.

        One that was gone before it ended is drawn as of its last answer: of what came after nothing is known.
        """
        self._given, self._width = (row, state, now), self.size.width
        if not self._width:
            return  # drawn once it has its room, and not twice
        detail = state.detail if state is not None else None
        identity = state.id if state is not None else (row.id if row is not None else "")
        self._since = listed_since(row, state)
        self._overdue = state is not None and now - (state.freshness.answered_at or now) > _OVERDUE
        self._clock = now
        now = as_of(state, now, row)
        # All words of one drawing go by the same moment, so that the sentence and the rows agree.
        context, utc = self.why_context, self.utc
        at = context.words(detail, now=now, row=row, utc=utc) if detail is not None else TimeWords(now, utc)
        self._now, self._detail = now, detail
        self._failing = state is not None and bool(state.freshness.failure or state.gone)
        self._silent = no_answer(state.freshness, self._clock) if state is not None else ""
        why = self.why_context.why(detail, row=row, now=now, utc=self.utc) if detail is not None else None
        gone = state is not None and gone_unended(state)
        if gone and why is not None:
            # Its sentence speaks of now, and nothing is known of it any more.
            why = replace(why, sentence=f"at {clock(now, utc=self.utc, now=self._clock)}: {why.sentence}")
        elif self._since and why is not None and detail is not None and detail.read_at is not None:
            # A record may have the row of a later moment: its steps are no news of that.
            read = f"as read at {clock(detail.read_at, utc=self.utc, now=self._clock)}"
            why = replace(why, sentence=f"{self._since} since; {read}: {why.sentence}")
        usual = self.usual_run if detail is not None and not gone else None
        self._forecast = usual.forecast(detail, now) if usual is not None and detail is not None else None
        # Another instance: its cursor, folds and height begin anew.
        fresh = identity != self._shown
        self._shown = identity
        width = self.size.width
        head = self._head(identity, row, state, why, at, width)
        if not fresh and len(head) == self._head_lines - 1:
            # A sentence one line shorter for a moment is not worth laying everything out anew.
            head.append([])
        self._head_lines = len(head)
        self.query_one("#head", TextLines).show(head)
        self.timeline.show(detail, at, fresh=fresh)
        # After it has its rows: as high as those of before it would be drawn twice.
        self._fit_timeline()
        self._show_foot()

    def on_timeline_table_resized(self) -> None:
        self._fit_timeline()
        self._show_foot()
        self.post_message(self.RowChanged())

    def on_line_table_cursor_moved(self, message: LineTable.CursorMoved) -> None:
        message.stop()
        self._show_foot()
        self.post_message(self.RowChanged())

    def on_resize(self) -> None:
        if self._given is not None and self.size.width != self._width:
            self.show(*self._given)
            return
        self._fit_timeline()
        self._show_foot()

    def _fit_timeline(self) -> None:
        """Makes the timeline as high as its rows where there is room: the foot stands right below."""
        head = len(self.query_one("#head", TextLines).plain.split("\n"))
        foot = 0 if self.is_short else FOOT + 1
        room = self.size.height - head - foot - self.show_printed()
        # The timeline keeps three lines however long the head is: a cursor has to stand somewhere.
        high = max(1, min(max(3, room), self.timeline.row_count() + 1))
        self.timeline.take_height(high)
        spare = room - high
        coming: list[Pieces] = []
        if self._forecast is not None and not self.is_short:
            coming = coming_lines(self._forecast, self.size.width, spare)
        lines = self.query_one("#coming", TextLines)
        lines.display = bool(coming)
        lines.show(coming)
        self._foot_room = max(FOOT, spare + FOOT - len(coming))

    @property
    def wanted_height(self) -> int:
        """How many lines the head and all rows of the timeline take."""
        head = len(self.query_one("#head", TextLines).plain.split("\n"))
        return head + self.timeline.row_count() + 2

    def show_printed(self) -> int:
        """Draws under the bars when lines were printed; returns how high that is."""
        line, timeline = self.query_one("#printed", TextLines), self.timeline.timeline
        line.display = self.printed is not None
        if self.printed is None:
            return 0
        if timeline is not None and timeline.rows and self.printed.all:
            wide = bar_width(self.size.width)
            strip = strip_pieces(self.printed, timeline.axis, wide, self.printed_at)
            line.show([[(" ", PLAIN), *strip, (f"  {printed_words(self.printed)}", QUIET)]])
        else:
            line.show([])
        return 1

    # The head: status and id, the sentence, the facts, and what is doubtful.

    def _head(
        self,
        identity: str,
        row: Instance | None,
        state: DetailState | None,
        why: Why | None,
        at: TimeWords,
        width: int,
    ) -> list[Pieces]:
        if not identity:
            return [[(" no instance under the cursor", QUIET)]]
        detail = state.detail if state is not None else None
        # The list may be newer than the answer: then its status is the title, and the doubts say so.
        status = self._since or (detail.status if detail is not None else "")
        status = status or (row.status if row is not None else "")
        lines: list[Pieces] = [self._title(identity, status, state, at, width)]
        if why is not None:
            style, most = WARN if why.looks_stuck else STRONG, _SHORT_WHY if self.is_short else _WHY_LINES
            lines += [[(f" {line}", style)] for line in wrapped(clean(why.sentence), width - 2, most)]
        if self._forecast is not None and not self.is_short:
            lines += [[(f" {line}", PLAIN)] for line in wrapped(usually_left(self._forecast), width - 2, 2)]
        lines += [[(f" {line}", WARN)] for line in self._doubts(state, at, width)]
        summary = summary_facts(
            detail, row, at, retention=self.why_context.retention, local=self.why_context.local
        )
        lines.append([(f" {joined(summary, width - 2)}", QUIET)])
        if self.is_short:
            return lines
        if detail is not None and (self.size.height >= _ROOMY or _is_short(detail)):
            lines += _values(detail, width, unfolds=self._unfolds(detail))
        lines.append([])
        return lines

    def _unfolds(self, detail: Detail) -> bool:
        """Whether there is room beneath for values that are cut in one line.

        With them the line says nothing that does not stand there whole.
        """
        return _fits(detail, self.size.height - _OTHERS - _UNFOLDED)

    def _title(
        self, identity: str, status: str, state: DetailState | None, at: TimeWords, width: int
    ) -> Pieces:
        unread = state is not None and bool(state.gone) and state.detail is None
        never = unread and not status
        fresh = state.freshness if state is not None else None
        never_answered = state is not None and state.detail is not None and state.detail.unread
        still = self.frozen or never_answered
        freshness = "" if unread else _freshness(fresh, self.utc, self._clock, frozen=still)
        shown = look(status)
        word = clean(status, 40) or ("not found" if never else "status unknown")
        if state is not None and gone_unended(state):
            word, freshness = f"was {word}", ""
        room = width - cells(word) - cells(freshness) - 7
        name = clean(identity, 300)
        # Cut in the middle: ids often differ at their end, and begin alike.
        name = fit(name, max(8, room), cut="middle").rstrip() if cells(name) > room else name
        left: list[tuple[str, Style]] = [(f" {shown.glyph} ", shown.style), (name, STRONG)]
        left.append((f"  {word}", shown.style))
        gap = width - cells(name) - cells(word) - cells(freshness) - 6
        return [*left, (" " * max(1, gap), PLAIN), (freshness, QUIET)]

    def _doubts(self, state: DetailState | None, at: TimeWords, width: int) -> list[str]:
        """Sentences to know before believing the rest: gone, stale, cut, a clock ahead."""
        # Nothing was read and nothing failed: there is nothing to doubt yet.
        if state is None or (state.detail is None and not state.freshness.failure and not state.gone):
            return []
        said: list[str] = []
        if state.gone:
            last = state.freshness.answered_at
            when = f"; last read {clock(last, utc=self.utc, now=at.now, zone=True)}" if last else ""
            never = "no such instance: was it deleted, has it expired, or is the workflow or id another?"
            if self.recorded:
                back = self._keys.key_of("past.back")
                never = f"the server no longer has it, the record does: {back} shows it as it was"
            if state.past is not None and state.past.workflow and not self.recorded:
                never = "the server no longer has it: it was deleted, or has expired"
            said.append(f"{clean(state.gone)}{when}" if state.detail is not None else never)
            if state.past is not None:
                moment = partial(clock, utc=self.utc, now=self._clock)
                said.append(state.past.sentence(state.workflow, moment))
            elif state.past_refusal:
                said.append(f"what became of it is not known. {clean(state.past_refusal)}")
        # One that was deleted and created anew would read as if it had been restarted, or had gone on.
        if state.another_since is not None and state.detail is not None and not state.gone:
            queued = clock(state.another_since, utc=self.utc, now=self._clock, zone=True)
            how = "it was restarted from its beginning, or deleted and created again"
            said.append(f"another run than was shown before, queued {queued}: {how}")
        if state.partial:
            said.append(clean(state.partial))
        if self._since and (state.freshness.failure or self.frozen or self._overdue):
            when = f" {clock(at.now, utc=self.utc, now=at.now, zone=True)}"
            said.append(f"the list is newer and says {clean(self._since)}; what stands here was read{when}")
        if state.freshness.failure:
            said.append(f"not answered: {clean(state.freshness.failure)}")
        elif state.freshness.stale:
            said.append(f"stale: {no_answer(state.freshness, self._clock) or 'two polls were missed'}")
        return [line for text in said for line in wrapped(text, width - 2, 2)]

    # The foot: the row under the cursor.

    def _show_foot(self) -> None:
        if not self.is_mounted or not self.query("#foot"):
            return
        row, detail, width = self.row, self._detail, self.size.width
        lines: list[Pieces] = []
        if row is not None and row.kind == "fold":
            lines = self._fold_lines(row, width)
        elif detail is not None and row is not None and row.step < len(detail.steps):
            at, room = TimeWords(self._now, self.utc), self._foot_room
            lines = row_lines(detail, row, at, width, room=room, more=self._more, hint=self._hint)
            lines += self._own_error(detail, lines)
            # What went well needs no explanation by what it printed.
            if row.state in ("failed", "retries", "runs"):
                lines += self._printed(row, room - len(lines))
            step = detail.steps[row.step]
            lines += self._looked_up_next(detail, f"output of {titled_name(step)}", step.output, len(lines))
        elif detail is not None and not detail.steps:
            none = " it ended without a step" if is_final(detail.status) else " no steps"
            lines = [[(" its steps are not recorded by then" if detail.unread else none, QUIET)]]
            lines += self._own_error(detail, lines)
            lines += self._looked_up_next(detail, "", ABSENT, len(lines))
        elif self._shown and detail is None and not self._failing:
            thaws, once = self._keys.key_of("poll.freeze"), self._keys.key_of("poll.now")
            note = f"polling is frozen: {thaws} resumes it, {once} reads once"
            reading = f"reading its steps: {self._silent}" if self._silent else "reading its steps …"
            lines = [[(f" {note}" if self.frozen else f" {reading}", QUIET)]]
        foot = self.query_one("#foot", TextLines)
        foot.display = not self.is_short
        # No higher than what it says: each change of its height paints the lines beneath anew, blank or not.
        high = max(FOOT, min(len(lines), self._foot_room))
        if foot.styles.height is None or foot.styles.height.value != high:
            foot.styles.height = high
        foot.show(lines[: self._foot_room])

    def _looked_up_next(self, detail: Detail, title: str, output: Any, filled: int) -> list[Pieces]:
        """Lines for the room that is left: cut values unfolded, the step's first, then other outputs.

        What is left then has the outputs of the other steps, the latest first.
        """
        lines: list[Pieces] = []
        for name, value in ((title, output), ("params", detail.params), ("output", detail.output)):
            lines += value_lines(name, value, self.size.width, self._foot_room - filled - len(lines))
        for index in range(len(detail.steps) - 1, max(-1, len(detail.steps) - _OUTPUTS), -1):
            step, room = detail.steps[index], self._foot_room - filled - len(lines)
            if room < LEAST_OF_VALUE:
                break
            if step.output in (ABSENT, None) or (self.row is not None and self.row.step == index):
                continue
            name = f"output of {titled_name(step)}"
            lines += value_lines(name, step.output, self.size.width, room, in_line=False)
        return lines

    def _printed(self, row: Row, room: int) -> list[Pieces]:
        """The last lines of the step, or of the attempt, that failed."""
        number = row.attempt + 1 if row.kind == "attempt" else None
        own = [
            entry
            for entry in self.last_lines
            if entry.step == row.step and (number is None or entry.attempt == number)
        ]
        return line_pieces(
            own, self.size.width, min(room, _PRINTED), self.utc, self._keys.key_of("logs.open")
        )

    @property
    def _hint(self) -> str:
        """What the keys of the pane do, or the one that leads to it."""
        if not self.has_keys:
            return ""
        if self.timeline.has_focus:
            return f"{self._keys.key_of('row.open')} inspects"
        return f"{self._keys.key_of('pane.next')} goes here"

    @property
    def _more(self) -> str:
        return f"{self._keys.key_of('row.open')} shows all of it"

    def _own_error(self, detail: Detail, lines: list[Pieces]) -> list[Pieces]:
        """The instance's error with all its lines beneath, where none of its steps has it."""
        room = self._foot_room - len(lines) - 2
        if detail.error is None or room < 1 or carriers(detail):
            return []
        title: list[Pieces] = [[], [(" the error of the instance", QUIET)]] if detail.steps else []
        return [*title, *error_lines(detail.error, self.size.width, room, self._more)]

    def _fold_lines(self, row: Row, width: int) -> list[Pieces]:
        timeline = self.timeline.timeline
        if timeline is None or row.step not in timeline.outline.of_step:
            return []
        keys = (self._keys.key_of("row.unfold"), self._keys.key_of("row.fold"))
        return fold_lines(timeline.outline.of_step[row.step], row, width, keys)


def _fits(detail: Detail, room: int) -> bool:
    """Whether all rows of the timeline have room, were everything unfolded."""
    # With each frame: of 50,000 steps the attempts took 0.2 s to be read.
    if len(detail.steps) > room:
        return False
    attempts = (len(step.attempts) for step in detail.steps)
    return len(detail.steps) + sum(number for number in attempts if number > 1) <= room


def _is_short(detail: Detail) -> bool:
    return _fits(detail, _FEW)


def _values(detail: Detail, width: int, *, unfolds: bool) -> list[Pieces]:
    """A line each for params and output; left out are those that unfold in full below."""
    lines: list[Pieces] = []
    for name, value in (("params", detail.params), ("output", detail.output)):
        if value is ABSENT or value is None or (name == "params" and value == {}):
            continue
        line = result_line("", value).strip()
        if not unfolds or cells(line) <= width - 9:
            lines.append([(f" {name} ", QUIET), (fit(line, width - 9).rstrip(), PLAIN)])
    return lines


def _freshness(fresh: Freshness | None, utc: bool, now: float, *, frozen: bool) -> str:
    if fresh is None or fresh.answered_at is None:
        if frozen:
            return "not read"
        return "reading …" if fresh is None or not fresh.failure else "not read"
    if fresh.settled:
        return f"final, read {clock(fresh.answered_at, utc=utc, now=now)}"
    text = f"as of {age(now - fresh.answered_at)}"
    return f"STALE {text}" if fresh.stale else text
