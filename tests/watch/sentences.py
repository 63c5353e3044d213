"""What a sentence about an instance states, clause by clause, held against the API's answers of that time."""

import re
from collections.abc import Callable, Sequence

from tests.watch.spans import CLOCK, SPOKEN, near, seconds_of, spoken_span, worded_clock
from tests.watch.steps import Record, named, open_steps

__all__ = ["Clause", "clauses"]

_IN = rf"(?:in (?:about )?(?P<left>{SPOKEN})|any moment)"
_FOR = rf"(?: for (?P<lasted>{SPOKEN}))?"
_AGO = rf"(?:just now|(?P<ago>{SPOKEN}) ago)"
_TOOK = rf"(?:, took (?P<took>{SPOKEN}))?"

_Check = Callable[[dict[str, str], Record, float, float], bool]


class Clause:
    """One statement; `holds` is None where its form is not known. `foretells`: step, attempts and span."""

    def __init__(self, text: str, holds: bool | None) -> None:
        self.text, self.holds = text, holds
        self.foretells: tuple[str, int, tuple[float, float]] | None = None


def clauses(sentence: str, states: Sequence[tuple[float, Record]], now: float) -> list[Clause]:
    """Each clause of the sentence with the verdict. What follows an attempt's failure is about that one."""
    found, attempt = [], None
    for text in re.split(r"; | (?=\d+ of about \d+ steps? ended)", sentence):
        form, values = next(
            ((check, match.groupdict()) for pattern, check in _FORMS if (match := pattern.match(text))),
            (None, {}),
        )
        if form is None:
            found.append(Clause(text, True if found and _of_error(found[-1].text, states) else None))
            continue
        said = {key: value for key, value in values.items() if value is not None}
        clause = Clause(text, any(form(said, state, at, now) for at, state in states))
        if "made" in said and "name" in said:
            attempt = said
        if text.startswith("next try in") and not text.endswith("or later") and attempt is not None:
            clause.foretells = (attempt["name"], int(attempt["made"]), spoken_span(said["left"]))
        found.append(clause)
    return found


def _open(kind: str, said: dict[str, str], state: Record, at: float) -> list[Record]:
    steps = [step for was, step in open_steps(state, at) if was == kind]
    if "name" in said:
        steps = [step for step in steps if named(step, said["name"])]
    if "event" in said:
        steps = [step for step in steps if step.get("event_type") == said["event"]]
    return steps


def _near(value: float, text: str | None) -> bool:
    if text is None:
        return True
    return near(value, spoken_span(text))


def _retries(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    for step in _open("retries", said, state, at):
        attempts, limit = step["attempts"], step["config"]["retries"]["limit"]
        right = len(attempts) == int(said["made"]) and int(said.get("of", limit + 1)) == limit + 1
        if right and _near(now - (seconds_of(attempts[-1]["end"]) or now), said.get("ago")):
            return True
    return False


def _sleeps(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    for step in _open("sleeps", said, state, at):
        end = seconds_of(step["end"])
        if "clock" not in said:
            right = _near(now - (seconds_of(step["start"]) or now), said.get("lasted"))
        elif end is None or worded_clock(end, now) != said["clock"]:
            right = False
        else:
            right = _near(end - now, said.get("left")) and _near(now - end, said.get("ago"))
        if right:
            return True
    return False


def _waits(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    steps = _open("waits", said, state, at)
    return any(_near(now - (seconds_of(step["start"]) or now), said.get("lasted")) for step in steps)


def _runs(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    for step in _open("runs", said, state, at):
        attempts = step["attempts"]
        if int(said.get("made", len(attempts))) == len(attempts) and _near(
            now - (seconds_of(attempts[-1]["start"]) or now), said.get("lasted")
        ):
            return True
    return False


def _times_out(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    """`times out in about 1 m 58 s`: of a wait it is answered, of an attempt worked out from its policy."""
    if "left" not in said:
        return True
    for kind, step in open_steps(state, at):
        if kind == "waits" and step["end"] and _near((seconds_of(step["end"]) or 0) - now, said["left"]):
            return True
        if kind == "runs":
            limit, began = step["config"]["timeout"], seconds_of(step["attempts"][-1]["start"]) or 0.0
            if _near(began + _seconds(limit) - now, said["left"]):
                return True
    return False


def _seconds(limit: str | float) -> float:
    if isinstance(limit, int | float):
        return limit / 1000
    number, word = limit.split()
    return float(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[word[0]]


def _several(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    steps = open_steps(state, at)
    if len(steps) != int(said["number"]):
        return False
    return all(
        any(named(step, name) for _, step in steps) for name in re.findall(r'"([^"]*)"', said["names"])
    )


def _ended(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    start, end = seconds_of(state.get("start")), seconds_of(state.get("end"))
    if end is None or state["status"] not in ({"finished": "complete"}.get(said["how"], said["how"]),):
        return False
    return _near(now - end, said.get("ago")) and (start is None or _near(end - start, said.get("took")))


def _gave_up(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    for step in state["steps"]:
        if named(step, said["name"]) and step.get("success") is False:
            return int(said.get("made", len(step["attempts"]))) == len(step["attempts"])
    return False


def _there(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    return any(named(step, said["name"]) for step in state["steps"])


def _status(status: str) -> _Check:
    return lambda said, state, at, now: state["status"] == status


def _idle(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    return not open_steps(state, at)


def _progress(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    """How many steps ended: what usually comes is of other runs."""
    still = {step["name"] for _, step in open_steps(state, at)}
    ended = [step for step in state["steps"] if step["name"] not in still]
    return int(said["number"]) == len(ended)


def _handlers(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    handlers = [step for step in state["steps"] if step["type"] == "rollback"]
    done = sum(1 for step in handlers if step["success"])
    return int(said.get("number", done)) in (done, len(handlers))


def _never(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    return False


def _as_said(said: dict[str, str], state: Record, at: float, now: float) -> bool:
    return True


def _of_error(text: str, states: Sequence[tuple[float, Record]]) -> bool:
    """Whether that clause ended with a message, which may hold a semicolon itself."""
    return "gave up" in text or "failed" in text


_ATTEMPT = r"(?P<made>\d+)(?: of (?P<of>\d+))?"
_FORMS: list[tuple[re.Pattern[str], _Check]] = [
    (re.compile(pattern), check)
    for pattern, check in (
        (rf'attempt {_ATTEMPT} of "(?P<name>[^"]+)" failed(?: {_AGO})?(?:$| with |: )', _retries),
        (rf"next try (?:{_IN}|due now|due {_AGO})(?: or later)?$", _as_said),
        (rf"its next try was due {_AGO}(?: at the latest)? and has not come$", _as_said),
        (rf"it may have been paused (?:meanwhile|until {CLOCK}, when it changed last)$", _as_said),
        (rf"it was paused meanwhile and resumed {_AGO}$", _as_said),
        (rf'sleeping until (?P<clock>{CLOCK}) \({_IN}\) in "(?P<name>[^"]+)"$', _sleeps),
        (rf'sleeping until (?P<clock>{CLOCK}), due {_AGO}, in "(?P<name>[^"]+)"$', _sleeps),
        (rf'sleeping{_FOR} in "(?P<name>[^"]+)"$', _sleeps),
        (rf'waiting for event "(?P<event>[^"]+)"{_FOR}$', _waits),
        (rf'waiting for an event in "(?P<name>[^"]+)"{_FOR}$', _waits),
        (rf"times out {_IN}$", _times_out),
        (rf'"(?P<name>[^"]+)" has been running{_FOR}(?:, attempt {_ATTEMPT})?$', _runs),
        (r"the one before failed", _as_said),
        (r"(?P<number>\d+) steps run: (?P<names>.*)$", _several),
        (r"(?P<number>\d+) steps are open: (?P<names>.*)$", _several),
        (rf'"(?P<name>[^"]+)" (?:wakes|times out|is tried again)(?: first,)? {_IN}$', _there),
        (rf'"(?P<name>[^"]+)" was to (?:wake|time out|be tried again) {_AGO}$', _there),
        (rf"(?P<how>finished)(?: {_AGO})?{_TOOK}$", _ended),
        (rf"(?P<how>errored)(?: {_AGO})?{_TOOK}$", _ended),
        (rf"(?P<how>terminated)(?: {_AGO})?[^,]*{_TOOK}$", _ended),
        (r'"(?P<name>[^"]+)" (?:gave up after|was given up after) (?P<made>\d+)', _gave_up),
        (r'"(?P<name>[^"]+)" failed at its (?:first|only) attempt', _gave_up),
        (r'"(?P<name>[^"]+)" got no event', _there),
        (r"(?:the run failed|\d+ steps failed on the way)", _as_said),
        (r'"(?P<name>[^"]+)" failed on the way and the run went on$', _there),
        (r'"(?P<name>[^"]+)"(?: and \d+ more)? (?:was|were) left unfinished$', _there),
        (rf"paused(?:{_FOR}| for at least {SPOKEN}|, since when is not known)?$", _status("paused")),
        (r"(?:its sleep|its wait|the next try of|step|\d+ open steps|goes on when)", _as_said),
        (rf"queued{_FOR}$", _status("queued")),
        (r"(?:all|the only one|\d+ of the|[\d,]+ running)", _as_said),
        (r"pausing: ", _status("waitingForPause")),
        (r"pauses when", _as_said),
        (r"rolling back, (?:no|(?P<number>\d+)) handlers? done", _as_said),
        (r"rolling back, no handler", _as_said),
        (r"rolled back(?:, (?P<number>\d+) handlers?)?$", _handlers),
        (r"(?P<number>\d+) handlers? ran$", _handlers),
        (r"(?:its rollback failed|no handler ran for|after |erased in about|may be erased)", _as_said),
        (rf"(?:running|waiting) with no open step for (?P<lasted>{SPOKEN})$", _idle),
        (rf"(?:running|waiting)(?: for {SPOKEN})?, no step yet$", _idle),
        (r"(?P<number>\d+) of about \d+ steps? ended", _progress),
        (r"this server does not say", _as_said),
        (r"looks stuck", _never),
    )
]
