"""The lines on the axis of a timeline: how many were printed when, and where the cursor's was."""

from rich.style import Style

from wfdash.core.logs.on_axis import PrintedTimes, cell_of, printed_strip
from wfdash.core.text.words import counted
from wfdash.core.timeline.as_text import mark_line
from wfdash.core.timeline.axis import Axis
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, BAD, QUIET, WARN

__all__ = ["printed_words", "strip_lines", "strip_pieces"]

_TONES = {"error": BAD, "warn": WARN}
_WORDS = {"error": "error", "warn": "warning"}
_MARK = "▲"


def strip_pieces(times: PrintedTimes, axis: Axis, width: int, at: float | None) -> list[tuple[str, Style]]:
    """One line under the bars, `width` cells wide; the mark is on the cursor's line, printed `at`."""
    cells = [(bar, _TONES.get(level, QUIET)) for bar, level in printed_strip(times, axis, width)]
    if at is not None and cells:  # there are none before the pane has its place
        cells[cell_of(axis, at, width)] = (_MARK, ACCENT)
    return cells


def strip_lines(times: PrintedTimes, axis: Axis, width: int, at: float | None) -> list[Pieces]:
    """The marks of the axis, and the strip under them."""
    return [[(f" {mark_line(axis, width)}", QUIET)], [(" ", QUIET), *strip_pieces(times, axis, width, at)]]


def printed_words(times: PrintedTimes) -> str:
    """How many lines, and how many of them are grave; with a mark where some may be others'."""
    said = [counted(len(times.all), "line") + ("?" if times.doubtful else "")]
    for level, found in times.by_level:
        if found:
            said.append(counted(len(found), _WORDS[level]) + ("?" if level in times.doubtful else ""))
    return " · ".join(said)
