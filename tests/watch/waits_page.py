"""The open waits that an event can be sent to, held against the instances as they were when read."""

import re
from collections.abc import Sequence

from tests.watch.answers import Answers
from tests.watch.spans import AGE, age_span, brief_span, near, seconds_of
from tests.watch.steps import Record, named, open_steps
from tests.watch.tally import Tally

__all__ = ["compare_waits"]

_ROW = re.compile(
    rf"^.(?P<event>\S.*?) +(?P<id>\S+) +(?P<since>{AGE})? +(?P<left>due|[\dsmhd]+)? +(?P<read>{AGE})"
    r"  (?P<step>\S.*?) *$"
)
_HEAD = re.compile(r"([\d,]+) waiting(?: so far)?, (\d+) event types? · ([\d,]+) of ([\d,]+) checked")
_ACTIVE = ("running", "waiting", "paused", "waitingForPause", "rollingBack")


def compare_waits(lines: Sequence[str], at: float, answers: Answers, tally: Tally) -> bool:
    """Whether it was that page; each statement on it is counted."""
    heading = next((n for n, line in enumerate(lines) if line.startswith(" EVENT ")), None)
    if heading is None:
        return False
    rows = [found for line in lines[heading + 1 : -2] if (found := _ROW.match(line))]
    if head := _HEAD.search(lines[heading - 1]):
        number, types, active = (int(head[n].replace(",", "")) for n in (1, 2, 4))
        if number == len(rows):
            tally.note("waits head", types == len({row["event"] for row in rows}), head[0])
        spans = [answers.counted(status, at - 60, at + 1) for status in _ACTIVE]
        least, most = sum(max(0, span[0]) for span in spans), sum(max(0, span[1]) for span in spans)
        tally.note("waits head", active <= most, f"{head[0]}: the API {least} to {most} active")
    for row in rows:
        if answers.read(row["id"]) is None:
            continue
        back = age_span(row["read"])[1] + 4
        states = answers.states(row["id"], at - back, at + 1)
        right = any(_is_open(step, row, at) for moment, state in states for step in _waits(state, moment))
        tally.note("wait", right, row[0].strip())
    return True


def _waits(state: Record, at: float) -> list[Record]:
    return [step for kind, step in open_steps(state, at) if kind == "waits"]


def _is_open(step: Record, said: re.Match[str], at: float) -> bool:
    event = step.get("event_type") or step.get("eventType")
    right = step["name"] == said["step"] or named(step, said["step"])
    right = right and (event is None or event == said["event"])
    since, end = seconds_of(step["start"]), seconds_of(step.get("end"))
    if said["since"] and since is not None:
        right = right and near(at - since, age_span(said["since"]))
    if said["left"] == "due":
        return right and (end is None or end <= at + 3)
    if said["left"] and end is not None and not step.get("untimed"):
        right = right and near(end - at, brief_span(said["left"]))
    return right
