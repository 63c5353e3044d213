"""What usually comes next in an instance that runs: a sentence, and the steps to come in faint lines."""

from wfdash.core.history.usual_run import Forecast, UsualStep
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import brief, count, spoken
from wfdash.ui.detail.timeline_line import TAKES, bar_width
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import QUIET

__all__ = ["coming_lines", "usually_left"]

_MOST = 8
"""Steps to come that are listed: of a long run the next ones matter."""


def usually_left(forecast: Forecast) -> str:
    """`5 of about 12 steps ended, usually 3 m more: 1 m to 8 m in 14 past runs`."""
    remaining, least, most = map(_coarse, (forecast.remaining, forecast.least, forecast.most))
    spread = f": {least} to {most}" if least != most else ""
    steps = f"{count(forecast.ended)} of about {count(forecast.steps)} steps ended"
    return f"{steps}, usually {remaining} more{spread} in {count(forecast.samples)} past runs"


def _coarse(seconds: float) -> str:
    """A duration in steps of 10 s, a minute, ten minutes or an hour: each change of an estimate is drawn."""
    if seconds < 10:
        return "under 10 s"
    step = 10 if seconds < 60 else 60 if seconds < 3600 else 600 if seconds < 36_000 else 3600
    return spoken(seconds // step * step)


def coming_lines(forecast: Forecast, width: int, room: int) -> list[Pieces]:
    """As many of the steps to come as have room, in the timeline's columns; the last line counts the rest."""
    steps = forecast.coming
    if room < 1 or not steps:
        return []
    shown = steps[: min(room, _MOST)]
    if len(shown) < len(steps):
        shown = shown[:-1]
    lines = [_line(step, width, "usually next" if step is shown[0] else "") for step in shown]
    if len(shown) < len(steps):
        rest = count(len(steps) - len(shown))
        lines.append(f"{'':{bar_width(width) + 3}}… {rest} more usually come")
    return [[(line, QUIET)] for line in lines]


def _line(step: UsualStep, width: int, title: str) -> str:
    """A step to come as a line; `~` stands before its time, which is the median of other runs."""
    times = f" ×{count(step.count)}" if step.count > 1 else ""
    wide = bar_width(width)
    name = fit(clean(step.name, 200) + times, max(8, width - wide - 6 - TAKES))
    return f" {title:>{wide}}  ○ {name}{f'~{brief(step.took)}':>{TAKES}}"
