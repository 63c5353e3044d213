"""The timeline of an open instance: a bar, a state, a name and a duration to a row, on one time axis."""

from collections.abc import Callable, Generator, Hashable
from functools import partial
from itertools import takewhile
from time import thread_time
from typing import ClassVar, Final

from msgspec.structs import replace
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from wfdash.core.logs.line import LogScope
from wfdash.core.model.detail import Detail
from wfdash.core.model.step_kind import kind_of
from wfdash.core.timeline.axis import Axis, Scale
from wfdash.core.timeline.outline import ALIVE, Outline, outline_in_slices
from wfdash.core.timeline.rows import Row
from wfdash.core.timeline.timeline import Timeline, arrange, axis_of
from wfdash.core.why.why import TimeWords
from wfdash.ui.detail.timeline_line import axis_line, row_line
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import CURSOR, CURSOR_AWAY, PLAIN

__all__ = ["TimelineTable"]

_AT_ONCE: Final = 0.02
"""Seconds of computing a huge timeline is worked on before keys and answers have their turn."""
_FEW: Final = 7
"""Attempts up to which the step to look at first is shown unfolded."""


class TimelineTable(LineTable):
    """The rows of a timeline, folded or not, on three scales, with jumps to what failed or was slow.

    The cursor starts where the trouble is and follows it until the person moves it.
    """

    in_order = "steps stand in the order in which they began"

    BINDINGS: ClassVar[list[BindingType]] = bindings("move.", "row.", "timeline.")

    class Inspect(Message):
        """Posted when the person wants a step in full, or without one the instance."""

        def __init__(self, step: int | None) -> None:
            super().__init__()
            self.step = step

    class Resized(Message):
        """Says that there are more or fewer rows than before."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.scale = Scale.COMPRESSED
        self._keep_scale: Callable[[str], None] = lambda scale: None
        self.unfolded: set[Hashable] = set()
        self.timeline: Timeline | None = None
        self._detail: Detail | None = None
        self._building: Generator[None, None, Outline] | None = None
        self._outline: Outline | None = None
        self._at = TimeWords(0.0)
        self._moved = False
        self._version = 0

    # What it shows.

    def show(self, detail: Detail | None, at: TimeWords, *, fresh: bool = False) -> None:
        """Draws this answer as of that moment; `fresh` for another instance, whose cursor begins anew."""
        now = at.now
        # Drawn rows hold times in words: in another zone each of them is another text.
        if replace(self._at, now=now) != at:
            self._strips.clear()
        self._at = at
        if fresh:
            self._moved = False
            self.unfolded = set()
            self.first = 0
        if detail is not self._detail:
            self._take(detail)
            return
        if self.timeline is None or self._outline is None:
            return
        # The axis is laid out some way ahead, so that not every second moves every bar.
        if self._outline.moving and now >= self.timeline.axis.end:
            self.timeline.axis = axis_of(self._outline, self.scale, now)
            self._version += 1
        self.repaint()

    def _take(self, detail: Detail | None) -> None:
        self._detail = detail
        self._building = None
        if detail is None:
            self._outline = self.timeline = None
            self.rows_changed()
            return
        # A newer answer drops the work on the older one: only the newest is worth finishing.
        self._building = outline_in_slices(detail)
        self._build(self._building)

    def _build(self, building: Generator[None, None, Outline]) -> None:
        """Builds the outline for some milliseconds, and goes on once the loop has done what else waits."""
        if building is not self._building:
            return
        # Computing time of this thread: on a busy machine the slices would else get shorter the slower it is.
        until = thread_time() + _AT_ONCE
        while thread_time() < until:
            try:
                next(building)
            except StopIteration as done:
                self._building = None
                self._outline = done.value
                self._arrange()
                return
        # A timer and not call_later: messages that wait are handled without a turn of the loop between them.
        self.set_timer(0.001, partial(self._build, building))

    def _arrange(self) -> None:
        if self._outline is None:
            return
        axis = self._axis(self._outline)
        # Once a person moved the cursor, it is theirs.
        trouble = None if self._moved else self._trouble(self._outline)
        if trouble is not None and 1 < len(self._outline.detail.steps[trouble].attempts) <= _FEW:
            self.unfolded.add(("step", trouble))
        self.timeline = arrange(self._outline, axis, self.unfolded)
        self._version += 1
        if not self._moved:
            self._go_to_trouble(trouble)
        self._keep_step()
        self.rows_changed()
        self.post_message(self.Resized())

    def _axis(self, outline: Outline) -> Axis:
        """The axis to draw on; the one before where nothing changed that it depends on, as after a fold."""
        if self.timeline is not None and self.timeline.outline is outline:
            axis = self.timeline.axis
            if axis.scale is self.scale and not (outline.moving and self._at.now >= axis.end):
                return axis
        return axis_of(outline, self.scale, self._at.now)

    def _trouble(self, outline: Outline) -> int | None:
        """The index of the step to look at first: what runs now, else the last failure."""
        # What runs now decides what happens next, so it goes before a failure that is over.
        wanted = outline.alive or outline.failed
        return wanted[-1] if wanted else None

    def _go_to_trouble(self, step: int | None) -> None:
        """Puts the cursor on that step, else on the first row."""
        assert self.timeline is not None
        row = self.timeline.holding(step) if step is not None else None
        self.cursor_key = row.key if row is not None else None
        if row is None and self.timeline.rows:
            self.cursor_key = self.timeline.rows[0].key

    def _keep_step(self) -> None:
        """A cursor whose row was folded away goes to the row that holds it."""
        key = self.cursor_key
        if (
            self.timeline is None
            or not isinstance(key, tuple)
            or self.timeline.rows.index_of(key) is not None
        ):
            return
        if key[0] in ("step", "attempt", "next") and key[1] < len(self.timeline.outline.states):
            row = self.timeline.holding(key[1])
            self.cursor_key = row.key if row is not None else key

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        if self.timeline is None or self.cursor >= len(self.timeline.rows):
            return None
        return self.timeline.rows[self.cursor]

    @property
    def printed(self) -> LogScope:
        """The lines of the row under the cursor; all of them where it is of no code."""
        row, timeline = self.row, self.timeline
        if row is None or timeline is None or row.step >= len(timeline.outline.detail.steps):
            return LogScope()
        if not kind_of(timeline.outline.detail.steps.columns.kinds[row.step]).runs_code:
            return LogScope()
        if row.kind == "fold":
            return LogScope(tuple(timeline.outline.of_step[row.step].members))
        return LogScope((row.step,), row.attempt + 1 if row.kind == "attempt" else None)

    @property
    def high(self) -> int:
        # As it is about to be: Textual paints a new height before it tells of it, and all rows of the old
        # place would be drawn, and drawn again a moment later where they belong.
        height = self.styles.height
        return int(height.value) if height is not None and height.is_cells else self.size.height

    def take_height(self, lines: int) -> None:
        """Has that many lines from the next layout on, and the rows that belong there."""
        if lines != self.high:
            self.styles.height = lines
            self._scroll_to_cursor()

    def _scroll_to_cursor(self) -> None:
        """Scrolls to the cursor; until the person moves, no further than shows what lies beneath it."""
        row = self.row
        if row is not None and not self._moved:
            assert self.timeline is not None
            below = self.timeline.rows[self.cursor + 1 : self.cursor + self.page]
            beneath = sum(1 for _ in takewhile(lambda below_row: below_row.depth > row.depth, below))
            self.first = min(self.cursor, max(0, self.cursor + beneath + 1 - self.page))
        super()._scroll_to_cursor()

    # Drawing.

    def row_count(self) -> int:
        return len(self.timeline.rows) if self.timeline is not None else 0

    def row_key(self, index: int) -> Hashable:
        assert self.timeline is not None
        return self.timeline.rows[index].key

    def index_of(self, key: Hashable) -> int | None:
        return self.timeline.rows.index_of(key) if self.timeline is not None else None

    def header_line(self, width: int) -> Strip | None:
        if self.timeline is None or not self.timeline.rows:
            return strip_of([("", PLAIN)], width)
        return axis_line(self.timeline.axis, width, self.below())

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        assert self.timeline is not None
        timeline, row = self.timeline, self.timeline.rows[index]
        # Only what runs changes by the clock: all other rows are drawn once.
        now = int(self._at.now) if row.state in ALIVE and timeline.outline.moving else 0
        over = None if not cursor else CURSOR if self.has_focus else CURSOR_AWAY
        key = (row.key, self._version, width, over, now)
        return self.cached(key, lambda: row_line(timeline, row, self._at, width, over))

    # Keys.

    def move_to(self, index: int) -> None:
        self._moved = True
        super().move_to(index)

    def bring(self, step: int, attempt: int | None = None) -> None:
        """Puts the cursor on the attempt where its row is shown, else on what holds the step."""
        if self.timeline is None or (attempt and self.move_to_key(("attempt", step, attempt - 1))):
            return
        row = self.timeline.holding(step) if step < len(self.timeline.outline.states) else None
        if row is not None and row.key != self.cursor_key:
            self.move_to_key(row.key)

    def action_row_open(self) -> None:
        if self.timeline is not None:
            self.post_message(self.Inspect(self.row.step if self.row is not None else None))

    def action_row_unfold(self) -> None:
        row = self.row
        if row is not None and row.unfolded is False:
            self._moved = True
            self.unfolded.add(row.key)
            self._arrange()

    def action_row_fold(self) -> None:
        """Folds this row, or the one it lies beneath."""
        row = self.row
        if row is None or self.timeline is None:
            return
        self._moved = True
        if not row.unfolded:
            above = self.timeline.rows[: self.cursor]
            row = next((above_row for above_row in reversed(above) if above_row.depth < row.depth), row)
        if row.key in self.unfolded:
            self.unfolded.discard(row.key)
            self.cursor_key = row.key
            self._arrange()

    def take_scale(self, scale: str, keep: Callable[[str], None]) -> None:
        """Lays time out on this scale from now on; `keep` is given each one that the person chooses."""
        self._keep_scale = keep
        if scale != self.scale.value:
            self.scale = Scale(scale)
            self._arrange()

    def action_timeline_scale(self) -> None:
        self.scale = self.scale.next()
        self._arrange()
        self._keep_scale(self.scale.value)

    def action_timeline_next(self) -> None:
        self._to_target(1)

    def action_timeline_previous(self) -> None:
        self._to_target(-1)

    def _to_target(self, direction: int) -> None:
        """Goes to the next failed or slow step, unfolded if need be, and round at the end."""
        if self.timeline is None or not self.timeline.targets:
            self.notify("nothing failed, and nothing was slow", severity="information")
            return
        steps = self.timeline.targets
        here = self.row.step if self.row is not None else -1
        if self.row is not None and self.row.kind == "fold" and direction > 0:
            here -= 1  # the first of those it holds lies beneath it
        beyond = [step for step in steps if (step > here if direction > 0 else step < here)]
        wanted = (beyond or steps)[0 if direction > 0 else -1]
        if wanted == here:
            self.notify("no other step failed or was slow", severity="information")
        row = self.timeline.holding(wanted)
        if row is not None and row.kind == "fold":
            self.unfolded.add(row.key)
            self._arrange()
        self.move_to_key(("step", wanted))
