"""The timeline as plain text: for `wfdash show`, pasteable into a ticket."""

from collections.abc import Hashable, Set
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

_TAKES: Final = 8
_ASCII: Final = str.maketrans(
    {
        "▇": "#",
        "▒": "%",
        "░": ":",
        "·": ".",
        "≈": "~",
        "■": "#",
        "✓": "+",
        "✗": "x",
        "●": "*",
        "↻": "@",
        "◌": "o",
        "◇": "!",
        "×": "x",
        "←": "<-",
        "…": "...",
        "─": "-",
    }
)


def text_timeline(
    detail: Detail,
    at: TimeWords,
    *,
    width: int = 100,
    scale: Scale = Scale.COMPRESSED,
    unfolded: Set[Hashable] | None = None,
    ascii: bool = False,
    limit: int = 0,
    uncut: bool = False,
) -> list[str]:
    """Lines of `width` cells: the axis, then a row a step: bar, state, name, duration.

    A name that is too long for that is cut, or, with `uncut`, makes its line longer.

    By default the attempts of steps that failed or are retrying are shown. `limit` leaves out rows beyond so
    many and says so; 0 shows them all. `ascii` writes no other character but what names and errors contain.
    """
    outline = build_outline(detail)
    if not outline.detail.steps:
        return ["no steps"]
    axis = axis_of(outline, scale, at.now)
    rows = arrange(outline, axis, unfold_troubled(outline) if unfolded is None else unfolded).rows
    bar_width = max(10, min(48, width * 2 // 5))
    lines = [mark_line(axis, bar_width)]
    shown = rows[:limit] if limit else rows
    lines.extend(_line(outline, row, axis, bar_width, width, at, uncut=uncut) for row in shown)
    if len(rows) > len(shown):
        lines.append(f"… {len(rows) - len(shown):,} more rows")
    lines = [line.rstrip() for line in lines]
    return [line.translate(_ASCII) for line in lines] if ascii else lines


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


def _line(
    outline: Outline, row: Row, axis: Axis, bar_width: int, width: int, at: TimeWords, *, uncut: bool
) -> str:
    drawn = "".join(text for text, _ in bar(segments(outline, row, at.now), axis, bar_width))
    name = "  " * row.depth + "".join(text for text, _ in words(outline, row, at))
    takes = length_text(outline, row, at.now)
    room = max(8, width - bar_width - 5 - _TAKES)
    takes = " " * (_TAKES - cells(takes)) + takes
    named = name if uncut and cells(name) > room else fit(name, room)
    return f"{drawn}  {STATE_GLYPHS[row.state]} {named} {takes}"
