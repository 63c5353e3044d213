"""The timeline as plain text: for `wfdash show`, pasteable into a ticket."""

from collections.abc import Hashable
from typing import Final

from wfdash.core.model.detail import Detail
from wfdash.core.text.clean import cells, fit
from wfdash.core.timeline.axis import Axis, Scale
from wfdash.core.timeline.bars import bar
from wfdash.core.timeline.outline import Outline, build_outline
from wfdash.core.timeline.row_labels import STATE_GLYPHS, length_text, words
from wfdash.core.timeline.rows import Row
from wfdash.core.timeline.timeline import arrange, axis_of, segments
from wfdash.core.why.why import TimeWords

__all__ = ["mark_line", "text_timeline", "unfold_troubled"]

_WIDTH: Final = 100
"""Cells of a line: what pastes into a ticket without being broken."""
_BAR: Final = 40
"""Cells of the bars."""
_TAKES: Final = 8
"""Cells of a duration."""


def text_timeline(
    detail: Detail,
    at: TimeWords,
    *,
    uncut: bool = False,
) -> list[str]:
    """Lines of 100 cells: the axis, then a row a step: bar, state, name, duration.

    A name that is too long for that is cut, or, with `uncut`, makes its line longer. The attempts of steps
    that failed or are retrying are shown.
    """
    outline = build_outline(detail)
    if not outline.detail.steps:
        return ["no steps"]
    axis = axis_of(outline, Scale.COMPRESSED, at.now)
    rows = arrange(outline, axis, unfold_troubled(outline)).rows
    lines = [mark_line(axis, _BAR), *(_line(outline, row, axis, at, uncut=uncut) for row in rows)]
    return [line.rstrip() for line in lines]


def unfold_troubled(outline: Outline) -> set[Hashable]:
    """Keys of the steps whose attempts say why: failed, tried again or between attempts, ten at most."""
    steps = outline.detail.steps
    troubled = {
        index for index in (*outline.failed, *outline.alive) if outline.states[index] in ("failed", "retries")
    }
    troubled |= {step.index for step in steps.retried()}
    return {("step", index) for index in troubled if len(steps[index].attempts) <= 10}


def mark_line(axis: Axis, width: int) -> str:
    """The axis' labels in `width` cells."""
    line = ""
    for cell, text in axis.marks(width):
        line = fit(line, cell) + text
    return fit(line, width)


def _line(outline: Outline, row: Row, axis: Axis, at: TimeWords, *, uncut: bool) -> str:
    drawn = "".join(text for text, _ in bar(segments(outline, row, at.now), axis, _BAR))
    name = "  " * row.depth + "".join(text for text, _ in words(outline, row, at))
    takes = length_text(outline, row, at.now)
    room = _WIDTH - _BAR - 5 - _TAKES
    takes = " " * (_TAKES - cells(takes)) + takes
    named = name if uncut and cells(name) > room else fit(name, room)
    return f"{drawn}  {STATE_GLYPHS[row.state]} {named} {takes}"
