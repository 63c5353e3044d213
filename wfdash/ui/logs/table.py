"""The table of lines: when, how grave, in which step, and what was printed; newest last."""

from collections.abc import Hashable, Sequence
from typing import ClassVar, Final

from rich.style import Style
from textual.binding import BindingType
from textual.strip import Strip

from wfdash.core.logs.line import PlacedLine
from wfdash.core.logs.rows import LogRows, line_key, uncoloured
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import clock
from wfdash.core.timeline.as_text import mark_line
from wfdash.core.timeline.axis import Axis
from wfdash.core.why.step_names import numbered_name
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import ACCENT, BAD, CURSOR, HEADING, PLAIN, QUIET, WARN

__all__ = ["LEVELS", "LogTable"]

LEVELS: Final = {
    "debug": ("D", QUIET),
    "info": ("I", PLAIN),
    "log": ("L", PLAIN),
    "warn": ("W", WARN),
    "error": ("E", BAD),
}
"""A letter and a colour: each tells the level alone."""
_TIME: Final = 13
_LANE_FROM: Final = 110
"""Columns from which there is room for the axis of the timeline beside the lines."""
_LANE: Final = 26


class LogTable(LineTable):
    """The cursor is on a line, never on a row number; on the last one it goes with what comes."""

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
        self._found: frozenset[int] = frozenset()
        self._step_width = 0

    @property
    def entry(self) -> PlacedLine | None:
        """The line under the cursor."""
        return self.rows.entries[self.rows[self.cursor].entry] if self.cursor < len(self.rows) else None

    def take(self, entries: Sequence[PlacedLine], names: Sequence[str], axis: Axis | None) -> None:
        """Shows these lines; the cursor stays on its line, or goes to the newest."""
        self.names, self.axis = names, axis
        used = {entry.step for entry in entries[-2000:] if entry.step is not None and entry.step < len(names)}
        widest = max((cells(numbered_name(names[step])) for step in used), default=0)
        self._step_width = max(self._step_width, min(widest, max(8, self.size.width // 5), 24))
        self.rows.take(entries, self._room(self.size.width))
        self._found = frozenset()
        self._strips.clear()
        if self.follows:
            self.cursor_key = None
            self.cursor = max(0, len(self.rows) - 1)
            self.first = max(1, self.cursor - self.page + 1)
        self.rows_changed()

    def find(self, words: str, direction: int, *, here_too: bool) -> tuple[int, int]:
        """Goes to the next line with the words; returns which of them it is, and how many there are."""
        found = self.rows.find(words) if words else []
        if frozenset(found) != self._found:
            self._found = frozenset(found)
            self._strips.clear()
        here = self.rows[self.cursor].entry if len(self.rows) else 0
        if not found:
            self.repaint()
            return 0, 0
        if direction > 0:
            at = next((n for n, line in enumerate(found) if line > here or (here_too and line == here)), 0)
        else:
            at = next((n for n in range(len(found) - 1, -1, -1) if found[n] < here), len(found) - 1)
        self.move_to(self.rows.row_of(found[at]))
        return at + 1, len(found)

    # Rows.

    def row_count(self) -> int:
        return len(self.rows)

    def row_key(self, index: int) -> Hashable:
        return self.rows.key(index)

    def index_of(self, key: Hashable) -> int | None:
        return self.rows.place(key)

    def move_to(self, index: int) -> None:
        super().move_to(index)
        self.follows = self.cursor >= len(self.rows) - 1

    def on_resize(self) -> None:
        self.rows.lay_out(self._room(self.size.width))
        super().on_resize()

    # Drawing.

    def _room(self, width: int) -> int:
        """Cells for the message."""
        lane = _LANE + 2 if self._has_lane(width) else 0
        return max(10, width - lane - _TIME - 4 - self._step_width - 2)

    def _has_lane(self, width: int) -> bool:
        return self.axis is not None and width >= _LANE_FROM

    def header_line(self, width: int) -> Strip | None:
        if not len(self.rows):
            return None
        lane = f" {mark_line(self.axis, _LANE)} " if self.axis is not None and self._has_lane(width) else " "
        step = fit("STEP" if self._step_width >= 4 else "", self._step_width + 2)
        titles = f"{lane}{fit('AT', _TIME)}{fit('', 3)}{step}LINE"
        return strip_of([(titles, HEADING)], width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        row = self.rows[index]
        entry = self.rows.entries[row.entry]
        key = (line_key(entry), row.part, width, cursor, self.utc)
        return self.cached(key, lambda: self._draw(entry, row.entry, row.part, row.text, width, cursor))

    def _draw(self, entry: PlacedLine, index: int, part: int, text: str, width: int, cursor: bool) -> Strip:
        over = CURSOR if cursor else None
        room = self._room(width)
        if part:
            return strip_of([(" " * (width - room - 1), PLAIN), (fit(text, room), PLAIN)], width, over)
        line = entry.line
        letter, style = LEVELS.get(line.level, (clean(line.level[:1]) or "?", PLAIN))
        is_there = entry.step is not None and entry.step < len(self.names)
        step = fit(numbered_name(self.names[entry.step or 0]) if is_there else "", self._step_width)
        words = clean(uncoloured(line.message[: room * 8]))
        note = f" ×{entry.times}" if entry.times > 1 else ""
        tone = ACCENT if index in self._found else style if line.level in ("warn", "error") else PLAIN
        if line.level == "debug" and index not in self._found:
            tone = QUIET
        pieces: list[tuple[str, Style]] = [(" ", PLAIN)]
        if self.axis is not None and self._has_lane(width):
            pieces.append((f"{_lane(self.axis, line.at)}  ", QUIET))
        pieces += [
            (fit(_time(line.at, self.utc), _TIME), QUIET),
            (letter, style),
            (" " if entry.certain else "?", WARN),
            (" ", PLAIN),
            (f"{step}  ", QUIET),
            (fit(words, room - cells(note)).rstrip() if note else fit(words, room), tone),
            (note, QUIET),
        ]
        return strip_of(pieces, width, over)

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


def _time(at: float, utc: bool) -> str:
    return f"{clock(at, utc=utc)}.{int(at * 1000 + 0.5) % 1000:03d}"


def _lane(axis: Axis, at: float) -> str:
    """Where on the axis of the timeline it was printed."""
    place = min(_LANE - 1, int(axis.place(at) * _LANE))
    return " " * place + "•" + " " * (_LANE - 1 - place)
