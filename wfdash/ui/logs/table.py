"""The table of lines: when, how grave, in which step, and what was printed; newest last."""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from typing import ClassVar, Final

from rich.style import Style
from textual.binding import BindingType
from textual.strip import Strip

from wfdash.core.logs.line import LogScope, PlacedLine
from wfdash.core.logs.on_axis import cell_of
from wfdash.core.logs.rows import LogRow, LogRows, line_key, uncoloured
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import clock
from wfdash.core.timeline.as_text import mark_line
from wfdash.core.timeline.axis import Axis
from wfdash.core.why.step_names import numbered_name
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import ACCENT, BAD, CURSOR, CURSOR_AWAY, HEADING, PLAIN, QUIET, WARN

__all__ = ["LANE_FROM", "LEVELS", "LogTable"]

LEVELS: Final = {
    "debug": ("D", QUIET),
    "info": ("I", PLAIN),
    "log": ("L", PLAIN),
    "warn": ("W", WARN),
    "error": ("E", BAD),
}
"""A letter and a colour: each tells the level alone."""
_TIME: Final = 13
"""Cells of the time of a line."""
LANE_FROM: Final = 110
"""Columns from which there is room for the axis of the timeline beside the lines."""
_STEPS_FROM: Final = 100
"""Columns from which each line tells its step, where the timeline beside it tells that of the cursor's."""
_LANE: Final = 26
"""Cells of the timeline's axis beside the lines."""
_AFTER: Final = 2
"""Rows that stand under the last line of a step, where the cursor is brought to it."""


class LogTable(LineTable):
    """Lines as rows. The cursor is on a line, never on a row number.

    On the last one it follows what comes.
    """

    in_order = "the oldest line stands first"

    BINDINGS: ClassVar[list[BindingType]] = bindings("move.", "row.")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows = LogRows()
        self.names: Sequence[str] = ()
        """The names of the steps, by their index."""
        self.axis: Axis | None = None
        self.utc = True
        self.follows = True
        """Whether the cursor goes to the newest line as one comes."""
        self.alone = True
        """Whether no timeline stands beside it, so that the lines tell their step and place in time."""
        self.by_hand = False
        """Whether the cursor is where a key in this table put it."""
        self._own = LogScope()
        self._found: Sequence[int] = ()
        """The lines that were searched for, ascending."""
        self._widest = 0

    @property
    def entry(self) -> PlacedLine | None:
        """The line under the cursor, None without any."""
        return self.rows.entries[self.rows[self.cursor].entry] if self.cursor < len(self.rows) else None

    def set_alone(self, alone: bool) -> None:
        """Makes room for what a timeline beside it need not tell twice, or takes it away."""
        self.alone = alone
        self.restyle()
        self.on_resize()

    def set_off(self, scope: LogScope) -> None:
        """Draws the lines of other steps than these quietly."""
        if scope != self._own:
            self._own = scope
            self._strips.clear()
            self.repaint()

    def go_to_last(self, scope: LogScope) -> bool:
        """Puts the cursor on the last line of these steps; False where they have none."""
        entries = self.rows.entries
        at = next((n for n in range(len(entries) - 1, -1, -1) if scope.holds(entries[n])), None)
        if at is not None:
            self._go_to(at)
        return at is not None

    def go_to(self, entry: PlacedLine) -> None:
        """Puts the cursor on a line that is listed, for as long as no key has moved it."""
        at = next((n for n, listed in enumerate(self.rows.entries) if listed is entry), None)
        if at is not None:
            self._go_to(at)

    def _go_to(self, at: int) -> None:
        row = self.rows.row_of(at)
        # What it printed before says more than what came after.
        self.first = max(0, min(row + 1 + _AFTER, len(self.rows)) - self.page)
        self.move_to(row)
        self.by_hand = False

    def take(self, entries: Sequence[PlacedLine], names: Sequence[str], axis: Axis | None) -> None:
        """Shows these lines; the cursor stays on its line, or goes to the newest."""
        self.names, self.axis, self.by_hand = names, axis, False
        used = {entry.step for entry in entries[-2000:] if entry.step is not None and entry.step < len(names)}
        widest = max((cells(numbered_name(names[step])) for step in used), default=0)
        self._widest = max(self._widest, widest)
        self.rows.take(entries, self._room(self.size.width))
        self._found = ()
        self._strips.clear()
        if self.follows:
            self.cursor_key = None
            self.cursor = max(0, len(self.rows) - 1)
            self.first = max(1, self.cursor - self.page + 1)
        self.rows_changed()

    def find(self, words: str, direction: int, *, here_too: bool) -> tuple[int, int]:
        """Goes to the next line with the words; returns which of them it is, and how many there are."""
        found = self.rows.find(words) if words else []
        if found != self._found:
            self._found = found
            self._strips.clear()
        here = self.rows[self.cursor].entry if len(self.rows) else 0
        if not found:
            self.repaint()
            return 0, 0
        # Of 100,000 lines any may hold the words: they are not gone through one by one.
        if direction > 0:
            at = (bisect_left if here_too else bisect_right)(found, here) % len(found)
        else:
            at = bisect_left(found, here) - 1
        self.move_to(self.rows.row_of(found[at]))
        return at % len(found) + 1, len(found)

    # Rows.

    def row_count(self) -> int:
        return len(self.rows)

    def row_key(self, index: int) -> Hashable:
        return self.rows.key(index)

    def index_of(self, key: Hashable) -> int | None:
        return self.rows.index_of(key)

    def move_to(self, index: int) -> None:
        self.by_hand = True
        super().move_to(index)
        self.follows = self.cursor >= len(self.rows) - 1

    def on_resize(self) -> None:
        self.rows.lay_out(self._room(self.size.width))
        super().on_resize()

    # Drawing.

    @property
    def _step_width(self) -> int:
        width = self.size.width
        return min(self._widest, max(8, width // 5), 24) if self.alone or width >= _STEPS_FROM else 0

    def _room(self, width: int) -> int:
        """Cells for the message."""
        lane = _LANE + 2 if self._has_lane(width) else 0
        return max(10, width - lane - _TIME - 4 - self._step_gap)

    @property
    def _step_gap(self) -> int:
        """Cells that the name of a step takes with the space behind it."""
        return self._step_width + 2 if self._step_width else 0

    def _has_lane(self, width: int) -> bool:
        return self.alone and self.axis is not None and width >= LANE_FROM

    def header_line(self, width: int) -> Strip | None:
        if not len(self.rows) or not self.alone:
            return None
        lane = f" {mark_line(self.axis, _LANE)} " if self.axis is not None and self._has_lane(width) else " "
        step = fit("STEP" if self._step_width >= 4 else "", self._step_gap)
        titles = f"{lane}{fit('AT', _TIME)}{fit('', 3)}{step}LINE"
        return strip_of([(titles, HEADING)], width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        row = self.rows[index]
        entry = self.rows.entries[row.entry]
        over = None if not cursor else CURSOR if self._has_keys else CURSOR_AWAY
        key = (line_key(entry), row.part, width, over, self.utc)
        return self.cached(key, lambda: self._draw(entry, row, width, over))

    @property
    def _has_keys(self) -> bool:
        """Whether keys are about its lines: those of a search are, too."""
        return self.has_focus or isinstance(self.screen.focused, Field)

    def _perhaps(self, entry: PlacedLine) -> str:
        """Words on where a line may have been printed, where that cannot be told."""
        if entry.gone:
            return "run before"
        if len(entry.among) == 1 and entry.among[0] < len(self.names):
            return numbered_name(self.names[entry.among[0]])
        return f"one of {len(entry.among)}" if len(entry.among) > 1 else ""

    def _draw(self, entry: PlacedLine, row: LogRow, width: int, over: Style | None) -> Strip:
        index, part, text = row.entry, row.part, row.text
        room = self._room(width)
        if part:
            return strip_of([(" " * (width - room - 1), PLAIN), (fit(text, room), PLAIN)], width, over)
        line = entry.line
        letter, style = LEVELS.get(line.level, (clean(line.level, 1) or "?", PLAIN))
        is_there = entry.step is not None and entry.step < len(self.names)
        where = numbered_name(self.names[entry.step or 0]) if is_there else self._perhaps(entry)
        step = fit(where, self._step_width)
        words = clean(uncoloured(line.message[: room * 8]))
        note = f" ×{entry.times}" if entry.times > 1 else ""
        is_found = self._is_found(index)
        tone = ACCENT if is_found else style if line.level in ("warn", "error") else PLAIN
        is_quiet = line.level == "debug" or (tone is PLAIN and not self._own.holds(entry))
        if is_quiet and not is_found:
            tone = QUIET
        pieces: list[tuple[str, Style]] = [(" ", PLAIN)]
        if self.axis is not None and self._has_lane(width):
            pieces.append((f"{_lane(self.axis, line.at)}  ", QUIET))
        pieces += [
            (fit(_time(line.at, self.utc), _TIME), QUIET),
            (letter, style),
            (" " if entry.is_sure else "?", WARN),
            (" ", PLAIN),
            (f"{step}  " if step else "", QUIET),
            (fit(words, room - cells(note)).rstrip() if note else fit(words, room), tone),
            (note, QUIET),
        ]
        return strip_of(pieces, width, over)

    def _is_found(self, entry: int) -> bool:
        index = bisect_left(self._found, entry)
        return index < len(self._found) and self._found[index] == entry

    # Keys.

    def action_row_open(self) -> None:
        """Unfolds the line, or folds it again."""
        entry = self.entry
        if entry is not None:
            self._turn(line_key(entry), line_key(entry) not in self.rows.unfolded)

    def action_row_unfold(self) -> None:
        if self.entry is not None:
            self._turn(line_key(self.entry), True)

    def action_row_fold(self) -> None:
        if self.entry is not None:
            self._turn(line_key(self.entry), False)

    def _turn(self, key: Hashable, unfold: bool) -> None:
        if unfold:
            self.rows.unfolded.add(key)
        else:
            self.rows.unfolded.discard(key)
        self.follows = False
        self.rows.lay_out(self._room(self.size.width))
        if not unfold:
            self.cursor_key = (key, 0)
        self.rows_changed()
        if unfold:
            # As much of it as there is room for, with the line itself in sight.
            beyond = self.cursor + self.rows.parts_of(self.rows[self.cursor].entry) - self.page
            self.first = max(self.first, min(self.cursor, beyond))
            self.repaint()


def _time(at: float, utc: bool) -> str:
    return f"{clock(at, utc=utc)}.{int(at * 1000 + 0.5) % 1000:03d}"


def _lane(axis: Axis, at: float) -> str:
    """A mark at the place on the timeline's axis where the line was printed."""
    column = cell_of(axis, at, _LANE)
    return " " * column + "●" + " " * (_LANE - 1 - column)
