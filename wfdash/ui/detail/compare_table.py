"""Two runs side by side, a step to a row: the verdict, the name, and how long each took."""

from collections.abc import Hashable
from typing import ClassVar, Final

from rich.style import Style
from textual.binding import BindingType
from textual.strip import Strip

from wfdash.core.model.step import Step
from wfdash.core.model.times import lasted
from wfdash.core.payload.summary_lines import result_line
from wfdash.core.text.clean import cells, fit
from wfdash.core.text.words import brief
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.compare import Comparison, Pair
from wfdash.core.why.failure import step_failure
from wfdash.core.why.step_names import failure_text
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, CURSOR, HEADING, PLAIN, QUIET, STRONG, WARN

__all__ = ["CompareTable", "first_lines"]

# A shape and a colour each: without colours, or to an eye that cannot tell them apart, the shape is enough.
_LOOKS: Final = {
    "same": ("✓", QUIET),
    "failed": ("✗", BAD),
    "missing": ("−", WARN),
    "not reached": ("·", QUIET),
    "to come": ("·", QUIET),
    "rollback": ("↺", QUIET),
    "extra": ("◆", WARN),
    "slower": ("▲", WARN),
    "faster": ("▼", PLAIN),
    "open": ("●", Style(color="green")),
}
_VERDICT: Final = 12
"""Cells of the verdict."""
_TIME: Final = 8
"""Cells of a duration."""
_LEAST_NAME: Final = 24
"""Cells of the names at least."""
_SIDE: Final = 7
"""Cells of the word that says of which run a line is."""
_LONGEST: Final = 2000
"""Characters of an error that are looked at."""
_MEASURED: Final = 500
"""Pairs that the width of the names is taken from."""


class CompareTable(LineTable):
    """Two runs step by step. The cursor starts on the first difference; `]` and `[` go to others."""

    in_order = "steps stand in the order in which they began, here first"

    BINDINGS: ClassVar[list[BindingType]] = bindings("timeline.next", "timeline.previous")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.comparison: Comparison | None = None
        self._longest = _LEAST_NAME

    def fill(self, comparison: Comparison) -> None:
        self.comparison = comparison
        names = (cells(pair.name + _other(pair)) for pair in comparison.pairs[:_MEASURED])
        self._longest = max((_LEAST_NAME, *names))
        self.restyle()
        self.rows_changed()
        self.to_first_difference()

    def to_first_difference(self) -> None:
        if self.comparison is not None and self.comparison.first is not None:
            self.move_to(0)
            self.move_to(self.comparison.first)

    def row_count(self) -> int:
        return len(self.comparison.pairs) if self.comparison is not None else 0

    def header_line(self, width: int) -> Strip | None:
        step = f"STEP  {below:,} more below" if (below := self.below()) else "STEP"
        head = f"   {'':<{_VERDICT}} {fit(step, self._room(width))} {'THIS':>{_TIME}} {'OTHER':>{_TIME}} "
        return strip_of([(head, HEADING)], width)

    def render_row(self, index: int, width: int, cursor: bool) -> Strip:
        return self.cached((index, width, cursor), lambda: self._draw(index, width, cursor))

    def _draw(self, index: int, width: int, cursor: bool) -> Strip:
        assert self.comparison is not None
        pair = self.comparison.pairs[index]
        glyph, style = _LOOKS[pair.verdict]
        room = self._room(width)
        pieces = [
            (f" {glyph} {fit('' if pair.verdict == 'same' else pair.verdict, _VERDICT)} ", style),
            (fit(pair.name + _other(pair), room), QUIET if pair.mine is None else PLAIN),
            (
                f" {_length(pair.mine, self.comparison.now):>{_TIME}} ",
                style if pair.verdict != "same" else PLAIN,
            ),
            (f"{_length(pair.theirs):>{_TIME}} ", QUIET),
        ]
        return strip_of(pieces, width, CURSOR if cursor else None)

    def _room(self, width: int) -> int:
        """Cells for the names, no more than they need.

        A number far from its name is read on the wrong line.
        """
        return max(8, min(self._longest + 3, width - _VERDICT - 2 * _TIME - 7))

    @property
    def wanted_width(self) -> int:
        """Cells in which no name is cut."""
        return self._longest + 3 + _VERDICT + 2 * _TIME + 7

    def action_timeline_next(self) -> None:
        self._to_difference(1)

    def action_timeline_previous(self) -> None:
        self._to_difference(-1)

    def _to_difference(self, direction: int) -> None:
        pairs = self.comparison.pairs if self.comparison is not None else []
        differ = [
            index
            for index, pair in enumerate(pairs)
            # What an open run has not come to yet differs from a complete one by nature.
            if pair.verdict not in ("same", "to come", "not reached", "rollback")
        ]
        beyond = [
            index for index in differ if (index > self.cursor if direction > 0 else index < self.cursor)
        ]
        if beyond or differ:
            # Round at the end, as with every jump.
            self.move_to((beyond or differ)[0 if direction > 0 else -1])

    def row_key(self, index: int) -> Hashable:
        return index


def _other(pair: Pair) -> str:
    return f"  (there {pair.other_name})" if pair.other_name else ""


def first_lines(comparison: Comparison | None, width: int, *, short: bool) -> list[Pieces]:
    """What failed, or differs first, before all steps: how it went here and there, the error whole."""
    if comparison is None or comparison.first is None:
        return []
    pair = comparison.pairs[comparison.first]
    glyph, style = _LOOKS[pair.verdict]
    title: Pieces = [(f"{glyph} {pair.verdict}  ", style), (fit(pair.name, width // 2).rstrip(), STRONG)]
    lines: list[Pieces] = [ruled(title, width)]
    sides = (
        ("this", pair.mine, _length(pair.mine, comparison.now)),
        ("other", pair.theirs, _length(pair.theirs)),
    )
    for side, step, took in sides:
        said, tone = _went(step, took)
        room = width - _SIDE - 4
        parts = wrapped(said, room, 1 if short else 3)
        for number, line in enumerate(parts):
            lines.append([(f"   {side if not number else '':<{_SIDE}}", QUIET), (line, tone)])
    return lines


def _went(step: Step | None, took: str) -> tuple[str, Style]:
    """`1m50s, 4 attempts: TimeoutError: connect to ...`, or the output in place of an error."""
    if step is None:
        return "not there", QUIET
    attempts = len(step.attempts)
    said = took if attempts < 2 else f"{took}, {attempts:,} attempts"
    if (failure := step_failure(step)) is not None:
        return f"{said}: {failure_text(failure, _LONGEST)}", BAD if step.finished is not False else PLAIN
    output = result_line("output", step.output) if step.output is not None else ""
    return (f"{said}, {output}" if output else said), PLAIN


def _length(step: Step | None, now: float | None = None) -> str:
    if step is None or step.start is None:
        return "–"
    if step.end is None or step.finished is False:
        return "–" if now is None else f"{brief(now - step.start)}+"
    took = lasted(step.start, step.end)
    return "–" if took is None else brief(took)
