"""One line of a timeline as cells: the bar, the state, the words, how long it took; and the axis above."""

from typing import Final

from rich.style import Style
from textual.strip import Strip

from wfdash.core.text.clean import cells, fit
from wfdash.core.timeline.as_text import mark_line
from wfdash.core.timeline.axis import Axis
from wfdash.core.timeline.bars import bar
from wfdash.core.timeline.outline import Outline
from wfdash.core.timeline.row_labels import STATE_GLYPHS, length_text, marker, words
from wfdash.core.timeline.rows import Row
from wfdash.core.timeline.timeline import Timeline, segments
from wfdash.core.why.why import TimeWords
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, STRONG, WARN

__all__ = ["TAKES", "axis_line", "bar_width", "row_line"]

TAKES: Final = 8
"""Cells of a duration."""
_NARROW: Final = 60
"""Columns below which a third of them has to do for the bars."""
_STATES: Final = {
    "done": PLAIN,
    "failed": BAD,
    "runs": Style(color="green"),
    "retries": WARN,
    "sleeps": Style(color="cyan"),
    "waits": Style(color="cyan"),
    "cut": QUIET,
    "stopped": Style(color="magenta"),
    "unknown": STRONG,
}
_STROKES: Final = {
    "work": QUIET,
    "failed": Style(color="red"),
    "open": Style(color="green"),
    "cut": QUIET,
    "backoff": QUIET,
    "pending": WARN,
    "sleep": Style(color="cyan", dim=True),
    "wait": Style(color="cyan", dim=True),
    "stop": Style(color="magenta"),
}
_TONES: Final = {"name": PLAIN, "quiet": QUIET, "bad": BAD, "warn": WARN, "alive": STRONG}


def axis_line(axis: Axis, width: int, below: int = 0) -> Strip:
    """The marks over the bars, how many rows stand below the last line, and which scale it is."""
    wide = bar_width(width)
    marks = mark_line(axis, wide)
    said = f"{below:,} more below · {axis.scale.words}" if below else axis.scale.words
    name = fit("  STEP", max(0, width - wide - cells(said) - 2))
    return strip_of([(f" {marks}", QUIET), (name, QUIET), (said, QUIET)], width)


def row_line(timeline: Timeline, row: Row, at: TimeWords, width: int, over: Style | None) -> Strip:
    """A row of the timeline as one line; `over` is the cursor's style, laid on all but the bar."""
    outline, wide = timeline.outline, bar_width(width)
    drawn = bar(segments(outline, row, at.now), timeline.axis, wide)
    left = [(" ", PLAIN), *((text, _STROKES.get(stroke, PLAIN)) for text, stroke in drawn), (" ", PLAIN)]
    pieces: list[tuple[str, Style]] = [(marker(row), QUIET), (STATE_GLYPHS[row.state], _STATES[row.state])]
    pieces.append((" " + "  " * row.depth, PLAIN))
    pieces += _words(outline, row, at, max(0, width - wide - 6 - 2 * row.depth - TAKES))
    takes = length_text(outline, row, at.now)
    pieces.append((" " * (TAKES - cells(takes)) + takes, STRONG if takes.endswith("+") else PLAIN))
    pieces.append((" ", PLAIN))
    # The bar keeps its colours under the cursor, since they are all that it says.
    if over is not None:
        pieces = [(text, over) for text, _ in pieces]
    return strip_of([*left, *pieces], width)


def _words(outline: Outline, row: Row, at: TimeWords, room: int) -> list[tuple[str, Style]]:
    """The row's words in exactly `room` cells."""
    pieces: list[tuple[str, Style]] = []
    for text, tone in words(outline, row, at):
        taken = cells(text)
        # Words are in the order of their worth: from the first that has no room on, none is drawn.
        if taken > room:
            pieces.append((fit(text, room), _TONES[tone]))
            return pieces
        pieces.append((text, _TONES[tone]))
        room -= taken
    return [*pieces, (" " * room, PLAIN)]


def bar_width(width: int) -> int:
    """Cells for the bars: two fifths, beside a list a third, and never so many that names lack room."""
    return max(8, min(72, width * 2 // 5 - 2 if width >= _NARROW else width // 3 - 1))
