"""What the foot of the detail says of the row under the cursor."""

from typing import Any, Final

from rich.style import Style

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Failure, Step
from wfdash.core.payload.summary_lines import fold_facts, policy, result_line, span
from wfdash.core.payload.unfold import value_rows
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.error_message import readable
from wfdash.core.text.wrap import wrapped
from wfdash.core.timeline.outline import Family
from wfdash.core.timeline.row_labels import STATE_GLYPHS
from wfdash.core.timeline.rows import Row
from wfdash.core.why.failure import step_failure
from wfdash.core.why.step_names import titled_name
from wfdash.core.why.why import TimeWords
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, STRONG

__all__ = ["FOOT", "LEAST_OF_VALUE", "error_lines", "fold_lines", "row_lines", "value_lines"]

FOOT: Final = 4
"""Lines there are for it at least."""


LEAST_OF_VALUE: Final = 4
"""Lines from which a value is worth unfolding."""
_LONGEST: Final = 2000
"""Characters of a message looked at for each line there is room for."""


def error_lines(failure: Failure, width: int, room: int, more: str, tone: Style = BAD) -> list[Pieces]:
    """The error with all its lines, as far as there is room; `more` says how the rest is seen."""
    # Wrapping a message of megabytes for four lines would hold every key.
    said = readable(failure.message[: _LONGEST * (room + 1)])
    name = failure.name.strip()
    # "Error" says nothing, and a name that the message begins with would be said twice.
    if name and name != "Error" and not (said and said[0].startswith(f"{name}:")):
        said = [f"{name}: {said[0]}", *said[1:]] if said else [name]
    said = said or ["an error without a message"]
    lines = [part for line in said[: room + 1] for part in wrapped(clean(line), width - 4) or [""]]
    if len(lines) > room:
        last = fit(lines[room - 1], max(0, width - 6 - cells(more))).rstrip()
        lines = [*lines[: room - 1], f"{last} … {more}"]
    return [[(f"   {line}", tone)] for line in lines]


def row_lines(
    detail: Detail, row: Row, at: TimeWords, width: int, *, room: int = FOOT, more: str = "", hint: str = ""
) -> list[Pieces]:
    """A step or one of its attempts: when it ran, why it failed, its policy and its output.

    An error of many lines has all the `room` that is left; `more` says how the rest of it is seen, `hint`
    what the keys of this pane do.
    """
    step = detail.steps[row.step]
    title: list[tuple[str, Style]] = [(f"{STATE_GLYPHS[row.state]} ", PLAIN)]
    name = titled_name(step)
    tail = span(step, at)
    if row.kind == "attempt":
        attempt = step.attempts[row.attempt]
        name = f"{name}, attempt {row.attempt + 1}"
        # The step's own span holds all attempts and the back-off between them: here the attempt's is meant.
        tail = span(attempt, at)
    title.append((fit(name, max(4, width - cells(tail) - 14)).rstrip(), STRONG))
    lines: list[Pieces] = [ruled(title, width, right=tail, hint=hint)]
    error = _error_of(step, row)
    if error is not None:
        lines += error_lines(error, width, max(2, room - 3), more, BAD if row.state == "failed" else PLAIN)
    if rest := _rest_words(step, row, at):
        lines.append([(f"   {fit(rest, width - 4).rstrip()}", PLAIN)])
    retry_words = policy(step.config, len(step.attempts))
    if retry_words and len(lines) < room:
        lines.append([(f"   {fit(retry_words, width - 4).rstrip()}", QUIET)])
    output = result_line("output", step.output)
    if (
        # null is an output of a step that ended, and none of one that is open.
        output
        and (step.output is not None or step.success or step.finished)
        and row.kind != "attempt"
        and len(lines) < room
    ):
        lines.append([(f"   {fit(output, width - 4).rstrip()}", PLAIN)])
    return lines


def _rest_words(step: Step, row: Row, at: TimeWords) -> str:
    """`event "approve" · times out Mon 20:38` of an open wait, `wakes 20:49:45` of a sleep."""
    if row.state not in ("waits", "sleeps"):
        return ""
    said = [f'event "{clean(step.event_type, 120)}"'] if step.event_type else []
    if step.end is not None and not at.is_due(step.end):
        said.append(f"{'wakes' if row.state == 'sleeps' else 'times out'} {at.at(step.end)}")
    return " · ".join(said)


def value_lines(title: str, value: Any, width: int, room: int, *, in_line: bool = True) -> list[Pieces]:
    """A value unfolded under its title, as far as there is room; none if it was whole `in_line`."""
    line = result_line("", value).strip()
    fits = cells(line) <= width - len(title) - 2
    if room < LEAST_OF_VALUE or not line or (in_line and fits):
        return []
    lines: list[Pieces] = [[], ruled([(title, QUIET)], width)]
    if fits:
        return [*lines, [(f"   {line}", PLAIN)]]
    for depth, label, text in value_rows(value, room - len(lines)):
        name = f"{'  ' * min(depth, 8)} {label}"
        lines.append([(name, QUIET), (fit(f"  {text}", width - cells(name) - 1).rstrip(), PLAIN)])
    return lines


def _error_of(step: Step, row: Row) -> Failure | None:
    return step.attempts[row.attempt].error if row.kind == "attempt" else step_failure(step)


def fold_lines(group: Family, row: Row, width: int, keys: tuple[str, str]) -> list[Pieces]:
    """Lines on a fold: its steps of one name; `keys` are those that unfold and fold it."""
    unfolded = bool(row.unfolded)
    hint = f"{keys[1]} folds them" if unfolded else f"{keys[0]} shows them"
    sentence = f"{clean(group.name, 200) or '(no name)'}: {len(group.members):,} steps; {hint}"
    title: Pieces = [(f"{STATE_GLYPHS[row.state]} ", PLAIN), (fit(sentence, width - 8).rstrip(), STRONG)]
    text = wrapped(" · ".join(fold_facts(group, unfolded=unfolded)), width - 4, FOOT - 1)
    return [ruled(title, width), *([(f"   {line}", PLAIN)] for line in text)]
