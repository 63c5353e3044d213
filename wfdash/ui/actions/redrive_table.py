"""The plan of a redrive as a table: the step each begins at, what it keeps, what runs again, or why not."""

from collections.abc import Mapping, Sequence
from itertools import chain

from msgspec import Struct, field
from rich.style import Style

from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import count, estimated
from wfdash.core.verbs.redrive import RedrivePoint, redrive_sentences, runs_twice
from wfdash.core.why.step_names import shown_name
from wfdash.live.actions.plan import Plan, Target
from wfdash.live.actions.redrive import spoken_start
from wfdash.ui.base.dialog import scrolled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN

__all__ = ["RedriveAnswers", "column_width", "redrive_lines", "redrive_warnings", "twice_sentence"]

_NUMBERS = 14
"""Columns of KEEPS and AGAIN."""
_TITLED = 3
"""Lines from which the rows have a title, and say which of them are shown."""
_FEW = 4
"""Steps that the sentence on what runs twice names."""
_WEIGHED = 500
"""Texts that make the width of a column: all of 12,000 would take long at each of two draws a second."""


def column_width(texts: Sequence[str], top: int, end: int) -> int:
    """Cells for the longest of those shown and of the first hundreds, so that it rests while they scroll."""
    return max(map(cells, chain(texts[:_WEIGHED], texts[top:end])), default=0)


class RedriveAnswers(Struct):
    """Where each target that was read begins again, and how many were read."""

    points: Mapping[str, RedrivePoint] = field(default_factory=dict)
    read: int = 0
    of: int = 0
    """Instances that are read for the plan; once they are, 0."""
    takes: float = 0.0
    """Seconds for reading and sending all of them, as late answers took; 0 where none came yet."""
    warning: str = ""
    """About all of them, beside what their steps tell."""

    @property
    def reading(self) -> bool:
        return self.of > 0


def redrive_warnings(plan: Plan, answers: RedriveAnswers, *, local: bool) -> list[str]:
    """Sentences on what neither the table nor `twice_sentence` tells."""
    if answers.reading or not plan.eligible:
        return []
    twice = twice_sentence(plan, answers)
    said = [each for each in redrive_sentences(_points(plan, answers), local=local) if each != twice]
    if any(target.restart_from is None or not target.checked for target in plan.eligible):
        many = f"each of the {count(len(plan.eligible))} is read just before it is sent, for its failed step"
        many += f": about {estimated(answers.takes)} in all" if answers.takes >= 1 else ""
        said = [many, *said]
    return [answers.warning, *said] if answers.warning else said


def twice_sentence(plan: Plan, answers: RedriveAnswers) -> str:
    """What a person has to have read: how many finished steps run again; "" where none is known to."""
    return "" if answers.reading else runs_twice(_points(plan, answers))


def _points(plan: Plan, answers: RedriveAnswers) -> list[RedrivePoint]:
    return [answers.points[target.id] for target in plan.eligible if target.id in answers.points]


def redrive_lines(
    plan: Plan,
    answers: RedriveAnswers,
    names: Sequence[str],
    *,
    changed: Mapping[str, str],
    top: int,
    width: int,
    room: int,
) -> list[Pieces]:
    """A title and at most `room` lines in all, those that are redriven first; `names` are in that order.

    `changed` has the status of those that are no longer what they were.
    """
    rows = (*plan.eligible, *plan.skipped)
    # A reason that all of these share stands below them, once and whole.
    shared = len({target.reason for target in plan.skipped}) == 1
    fits = len(rows) <= room - 1
    # Where there is hardly a line, the rows have it rather than their title and how many they are.
    bare = not fits and room < _TITLED
    shown = len(rows) if fits else max(1, room) if bare else room - 2
    top = min(top, max(0, len(rows) - shown))
    first = max(8, min(column_width(names, top, top + shown), width // 3))
    starts = [_start(target, answers) for target in rows[:_WEIGHED]]
    second = max(4, min(column_width(starts, 0, 0), width // 4))
    # Of rows that are read just before they are sent there are no numbers yet.
    numbers = "  KEEPS  AGAIN  TWICE" if answers.points else ""
    title: Pieces = [(f"   {fit('INSTANCE', first)}  {fit('FROM', second)}{numbers}", QUIET)]
    lines = [] if bare else [title]
    for target, name in zip(rows[top : top + shown], names[top : top + shown], strict=True):
        start = _start(target, answers)
        head: Pieces = [(f"   {fit(name, first, cut='middle')}  ", STRONG)]
        rest = max(8, width - first - second - 8)
        if target.id in changed:
            now = f"now {clean(changed[target.id])}: nothing is sent"
            lines.append([*head, (fit(now, second + rest), WARN)])
        else:
            lines.append([*head, *_row(target, start, answers, second, rest, shared=shared)])
    if not fits and not bare:
        lines.append(scrolled(top, top + shown, len(rows)))
    return lines


def _row(
    target: Target, start: str, answers: RedriveAnswers, wide: int, rest: int, *, shared: bool
) -> Pieces:
    if target.reason:
        why = "" if shared else f": {clean(target.reason)}"
        return [(fit(f"not redriven{why}", wide + rest), WARN)]
    point = answers.points.get(target.id)
    if point is None:
        unread = "" if target.restart_from is None else "  not read yet: counted just before it is sent"
        return [(fit(start, wide), PLAIN), (fit(unread, rest), QUIET)]
    twice = [shown_name(step) for step in point.repeated]
    more = f" and {len(twice) - _FEW} more" if len(twice) > _FEW else ""
    words = ", ".join(f'"{name}"' for name in twice[:_FEW]) + more
    numbers = f"  {len(point.kept):>5}  {len(point.again):>5}  "
    style: Style = WARN if twice else QUIET
    return [
        (fit(start, wide), PLAIN),
        (numbers, PLAIN),
        (fit(words or "none", max(4, rest - _NUMBERS)), style),
    ]


def _start(target: Target, answers: RedriveAnswers) -> str:
    if target.restart_from is None:
        return "not read yet" if answers.reading else "where it failed"
    return clean(spoken_start(target.restart_from))
