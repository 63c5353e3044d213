"""What a cell of BLOCKED ON states, held against the answers of the time that it may speak of."""

import re
from collections.abc import Sequence

from tests.watch.spans import AGE, CLOCK, age_span, near, seconds_of, worded_clock
from tests.watch.steps import Record, named, open_steps, shown

__all__ = ["Foretold", "errors_of", "holds", "undated"]

_PLAIN = re.compile(rf"^(earlier: )?(.*?)(?: · read ({AGE}) ago| · …| · read.*…)?$")
_WRAPPED = re.compile(r'NonRetryableError with message "(.*)"', re.DOTALL)
"""How the engine tells of an error that is not to be tried again."""
_SEVERAL = re.compile(r"^(\d+) open: (.*)$")
_COUNT = r" · attempt (?P<made>\d+)(?: of (?P<of>\d+))?"
_FORMS = {
    "sleeps until": re.compile(rf"^sleeps until (?P<clock>{CLOCK})$"),
    "sleeps since": re.compile(rf"^sleeps(?: since (?P<age>{AGE}))?$"),
    "sleep due": re.compile(rf"^sleeps, due (?:(?P<age>{AGE}) ago|now)$"),
    "retry due": re.compile(
        rf"^(?P<name>.+), retry (?:was )?due (?:(?P<age>{AGE}) ago|now)(?:{_COUNT} failed)?$"
    ),
    "waits due": re.compile(rf"^(?P<name>.+), due (?:(?P<age>{AGE}) ago|now)$"),
    "waits left": re.compile(rf"^(?P<name>.+), (?P<age>{AGE}) left$"),
    "waits": re.compile(rf"^(?P<name>.+), waits(?: since (?P<age>{AGE}))?$"),
    "retry": re.compile(rf"^(?P<name>.+), retry (?:in ~?(?P<age>{AGE})|any moment)(?:{_COUNT} failed)?$"),
    "retry cut": re.compile(r"^(?P<name>.+), retry(?: in| was| was due| due)?…?(?: …)?$"),
    "retry failed": re.compile(rf"^(?P<name>.+?)(?:{_COUNT})? failed$"),
    "no retry": re.compile(rf"^(?P<name>.+?), no retry left(?:{_COUNT} failed)?$"),
    "still runs": re.compile(rf"^(?P<name>.+) still runs(?:, (?P<age>{AGE}))?$"),
    "not begun": re.compile(rf"^(?P<name>.+), not begun(?:, (?P<age>{AGE}))?$"),
    "runs": re.compile(rf"^(?P<name>.+?), (?P<age>{AGE})\+(?:{_COUNT})?$"),
    "no step yet": re.compile(r"^no step yet$"),
    "not read": re.compile(r"^not read yet$"),
    "no open step": re.compile(rf"^no open step(?:, (?P<age>{AGE}))?$"),
    "ended just now": re.compile(r"^ended just now$"),
    "paused": re.compile(r"^paused(?: in (?P<name>.+))?$"),
    "pausing": re.compile(r"^pausing$"),
    "rollback": re.compile(
        r"^(?:rolling back|rollback, (?P<done>\d+) done(?:, \d+ failed)?(?:: (?P<name>.+))?)$"
    ),
    "queued": re.compile(rf"^queued(?: (?P<age>{AGE}))?(?:, [\d,]+(?: of [\d,]+)? running)?$"),
    "one failed": re.compile(r"^1 step failed: (?P<name>.+)$"),
    "some failed": re.compile(r"^(?P<made>\d+) steps failed$"),
    "no event": re.compile(r"^(?P<name>.+): (?:no event|timed out)$"),
    "ran twice": re.compile(r"^ran twice: (?P<name>.+)$"),
    "stopped": re.compile(r"^stopped in (?P<name>.+)$"),
}
_OPEN = {"retry due": "retries", "retry": "retries", "retry failed": "retries", "no retry": "retries",
         "waits left": "waits", "waits due": "waits", "waits": "waits", "sleeps until": "sleeps",
         "sleeps since": "sleeps", "sleep due": "sleeps", "runs": "runs", "still runs": "runs",
         "not begun": "pending", "retry cut": "retries"}  # fmt: skip


class Foretold:
    """`name`'s attempt after `made` was to begin within so many seconds of `at`."""

    def __init__(self, at: float, identity: str, name: str, number: int, least: float, most: float) -> None:
        self.at, self.identity, self.name, self.number = at, identity, name, number
        self.least, self.most = least, most


def undated(cell: str) -> tuple[str, bool, str]:
    """The cell without `earlier:` and its date; whether it tells what was; the age of its read."""
    found = _PLAIN.match(cell)
    assert found is not None
    return found[2], bool(found[1]), found[3] or ""


def holds(
    cell: str, states: Sequence[tuple[float, Record]], now: float | None
) -> tuple[bool | None, list[tuple[str, int, str]]]:
    """Whether one of the states bears the cell out, None for a form that is not known; what it foretells.

    Its numbers are of `now`; with None they are of the moment of that state.
    """
    if several := _SEVERAL.match(cell):
        cell, number = several[2], int(several[1])
        fitting = [(at, state) for at, state in states if len(open_steps(state, at)) == number]
        if not fitting:
            return False, []
        states = fitting
        if any(named(step, cell) for at, state in states for _, step in open_steps(state, at)):
            return True, []
    for form, pattern in _FORMS.items():
        if (found := pattern.match(cell)) is None:
            continue
        values = {key: value for key, value in found.groupdict().items() if value is not None}
        if any(_fits(form, values, state, at, at if now is None else now) for at, state in states):
            foretold = []
            if form == "retry" and "age" in values:
                foretold = [(values["name"], int(values.get("made", 1)), values["age"])]
            return True, foretold
        if form == "retry due" or form == "no event":
            continue  # `x, retry due 10s ago` reads as a wait of that name as well
        return _error_fits(cell, states), []
    expected = _error_fits(cell, states)
    return (True if expected else None), []


def _fits(form: str, values: dict[str, str], state: Record, at: float, now: float) -> bool:
    name, age = values.get("name", ""), values.get("age", "")
    if form in _OPEN:
        steps = [step for kind, step in open_steps(state, at) if kind == _OPEN[form]]
        if name:
            steps = [step for step in steps if named(step, name) or _awaits(step, name)]
        return any(_step_fits(form, values, step, now) for step in steps)
    if form == "no step yet":
        return not state["steps"]
    if form == "not read":
        return state["status"] not in ("complete", "terminated")  # these wait for nothing
    if form in ("no open step", "ended just now"):
        return not open_steps(state, at)
    if form == "paused":
        return state["status"] == "paused" and (
            not name or any(named(step, name) for _, step in open_steps(state, at))
        )
    if form == "pausing":
        return state["status"] == "waitingForPause"
    if form == "rollback":
        done = sum(1 for step in state["steps"] if step["type"] == "rollback" and step["success"])
        return done == int(values.get("done", done)) and (
            not name or any(named(step, name) for _, step in open_steps(state, at))
        )
    if form == "queued":
        queued = seconds_of(state["queued"])
        # What was so for half a second may have been met by the other reader alone.
        was = state["status"] == "queued" or not (state["status"] or state["steps"])
        return was and (not age or near(now - (queued or 0), age_span(age)))
    failed = [step for step in state["steps"] if step.get("error") or step.get("success") is False]
    failed = [step for step in failed if step["type"] != "rollback"]
    if form in ("one failed", "some failed"):
        right = int(values.get("made", 1)) == len(failed)
        return right and (not name or named(failed[-1], name))
    if form == "no event":
        return any(named(step, name) and step["type"] == "waitForEvent" for step in failed)
    if form == "stopped":
        return any(named(step, name) for _, step in open_steps(state, at))
    return form == "ran twice" and any(named(step, name) for step in state["steps"])


def _awaits(step: Record, name: str) -> bool:
    event = step.get("event_type") or ""
    return event == name or ("…" in name and event.startswith(name.split("…")[0]))


def _step_fits(form: str, values: dict[str, str], step: Record, now: float) -> bool:
    attempts = step.get("attempts", [])
    built = values.get("made")
    if built is not None and int(built) != len(attempts):
        return False
    if "of" in values and int(values["of"]) != step["config"]["retries"]["limit"] + 1:
        return False
    end = seconds_of(step.get("end"))
    if form == "sleeps until":
        return end is not None and worded_clock(end, now) == values["clock"]
    if "age" not in values or form == "retry":
        return True
    span = age_span(values["age"])
    if form == "waits left":
        return step.get("untimed", False) or (end is not None and near(end - now, span))
    if form in ("sleep due", "waits due"):
        return end is not None and near(now - end, span)
    if form == "retry due":
        return True
    began = attempts[-1]["start"] if attempts and form == "runs" else step["start"]
    return near(now - (seconds_of(began) or 0.0), span)


def _error_fits(cell: str, states: Sequence[tuple[float, Record]]) -> bool:
    """`charge card: PaymentError: card declined…`, or the error alone where no step failed."""
    for _, state in states:
        if cell.startswith("rollback") or state["status"] not in ("errored", ""):
            continue
        for name, error in errors_of(state):
            answer = cell.removeprefix(f"{name}: ") if name else cell
            # Where there is no room for all the message goes before the name of its class.
            if _same_start(answer, error) or _same_start(answer, error.partition(": ")[2] or error):
                return True
    return False


def errors_of(state: Record) -> list[tuple[str, str]]:
    found = [("", state["error"])] if state.get("error") else []
    for step in state["steps"]:
        errors = [step.get("error"), *(attempt["error"] for attempt in step.get("attempts", ()))]
        found += [(_name_in(step), error) for error in errors if error]
    return [(name, _text(error)) for name, error in found]


def _name_in(step: Record) -> str:
    return shown(step)


def _text(error: Record | str) -> str:
    if isinstance(error, str):
        return error
    name = error.get("name") or ""
    message = error.get("message") or ""
    if wrapped := _WRAPPED.search(message):
        return wrapped[1]
    return message if name in ("", "Error") else f"{name}: {message}"


def _same_start(expected: str, error: str) -> bool:
    head = expected.rstrip("…. ").replace(" ", "")
    return bool(head) and error.replace(" ", "").replace("\n", "").startswith(head)
