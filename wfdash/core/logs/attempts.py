"""In which attempt of which step a line was printed, by its time and by the step that its text names."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Set
from functools import lru_cache

from msgspec import Struct

from wfdash.core.logs.line import LogLine
from wfdash.core.model.detail import Detail
from wfdash.core.model.step_kind import kind_of
from wfdash.core.why.step_names import base_name

__all__ = ["AttemptSpan", "Attempts"]

_GRAIN = 0.0005
"""Half a millisecond, which is what both clocks are cut to."""

_EDGE = 0.0015
"""The millisecond of a step's first or last moment, and the one beside it: a line may bear either."""
_DOUBT = 1.0
"""Seconds by which this machine's clock and the server's may differ without anybody having noticed."""


class AttemptSpan(Struct, frozen=True):
    """When one attempt ran; `end` is infinity while it does."""

    start: float
    end: float
    step: int
    number: int
    name: str


class Attempts:
    """The attempts of one detail, by time."""

    def __init__(self, detail: Detail, as_of: float | None = None) -> None:
        spans = sorted(_spans(detail), key=lambda span: span.start)
        self._spans = spans
        self._as_of = float("inf") if as_of is None else as_of - _DOUBT
        self._starts = [span.start for span in spans]
        self._until: list[float] = []
        """The latest end of this attempt and all before it: where to stop looking back."""
        for span in spans:
            self._until.append(max(span.end, self._until[-1] if self._until else span.end))

        columns = detail.steps.columns
        self._marks = sorted(at for at in (*columns.starts, *columns.ends) if at is not None)
        """When a step, a sleep or a wait began or ended: then code outside steps may have gone on."""
        self._names = {span.name for span in spans if span.name}
        self._called: dict[str, set[AttemptSpan]] = {}
        self._claims: Counter[AttemptSpan] = Counter()
        """How many calls say that they are this attempt."""
        self._lasted: dict[str, tuple[float, float]] = {}
        """Of each call, when its first and its last line were printed."""

    def learn(self, lines: Iterable[LogLine], ours: Collection[str] = ()) -> None:
        """Takes in what lines say of the calls that printed them: in a dev session a call is one attempt.

        Those of `ours` are the instance's: another's, whose id nobody knows, may run beside it.
        """
        for line in lines:
            if line.source != "local" or not line.request:
                continue
            first, last = self._lasted.get(line.request, (line.at, line.at))
            self._lasted[line.request] = min(first, line.at), max(last, line.at)
            if span := self._named(line):
                self._called.setdefault(line.request, set()).add(span)
        self._claims = Counter(span for call in ours for span in self._called.get(call, ()))

    def of(self, line: LogLine) -> AttemptSpan | None:
        """The one attempt that can have printed it; None outside steps, and where several can have."""
        if line.source == "local" and (spans := self._called.get(line.request)):
            return self._of_call(line.request, spans)
        return self._named(line) or self._by_time(line)

    def _by_time(self, line: LogLine) -> AttemptSpan | None:
        """The attempt that ran alone, where nothing else of the instance can have printed then.

        An attempt that runs on beyond its time limit, a promise that nobody waits for and code between the
        steps of another branch all print while a step runs that has nothing to do with them.
        """
        # What ran when the detail was read may have ended, and another step begun, before this was printed.
        inside = _only(self._at(line.at, -_GRAIN)) if line.at <= self._as_of else None
        # The last line of a step bears the millisecond of its end: another that goes on then is not the one.
        if inside is None or len(self._at(line.at, _EDGE)) > 1:
            return None
        if _self_named(line.message, self._names) - {inside.name}:
            return None
        if bisect_left(self._marks, line.at) > bisect_right(self._marks, inside.start + _EDGE):
            return None
        if line.source == "local" and line.request in self._lasted:
            first, last = self._lasted[line.request]
            return inside if inside.start - _GRAIN <= first and last <= inside.end + _GRAIN else None
        return inside

    def among(self, line: LogLine) -> tuple[int, ...]:
        """The steps that may have printed a line of which `of` cannot tell: those that ran then.

        A step's first and last moment count. Where the text names some of them, it is those alone.
        """
        at = self._at(line.at, _GRAIN)
        named = self._say(at, line.message) if at else []
        begun = [span for span in self._called.get(line.request, ()) if self._began_in(line.request, span)]
        return tuple(sorted({span.step for span in (*begun, *(named or at))}))

    def _began_in(self, call: str, span: AttemptSpan) -> bool:
        return span.start - _GRAIN <= self._lasted[call][0] <= span.end + _GRAIN

    def none_ran(self, at: float) -> bool:
        """Whether code outside steps printed what was printed at a moment."""
        return at <= self._as_of and not self._at(at, -_GRAIN)

    def _named(self, line: LogLine) -> AttemptSpan | None:
        """The one attempt of the step that the text names at the time, its first and last moment included."""
        at = self._at(line.at, _GRAIN)
        if line.at > self._as_of:  # the next round of a loop, or another attempt, has the same name
            at = [span for span in at if span.end != float("inf")]
        return _only(self._say(at, line.message)) if at else None

    def _say(self, spans: list[AttemptSpan], text: str) -> list[AttemptSpan]:
        """Those whose step the text names. Of several at once one may speak of another: then it is those that
        stand where a program names itself, as in `[4711] charge card: begins` or `"step": "charge card"`."""
        if len({span.step for span in spans}) == 1:
            return _named(spans, text)
        near = [span for span in spans if span.name in text]
        names = _self_named(text, self._names) if near else ()
        return [span for span in near if span.name in names]

    def _of_call(self, call: str, spans: set[AttemptSpan]) -> AttemptSpan | None:
        """The attempt that its lines name, where all lie within it and no other call claims it."""
        span = _only(list(spans))
        if span is None or not self._began_in(call, span) or self._lasted[call][1] > span.end + _GRAIN:
            return None
        return span if self._claims[span] <= 1 or self._ran_alone(span) else None

    def _ran_alone(self, span: AttemptSpan) -> bool:
        """Whether no other step ran in its time."""
        beside = [other for other in self._spans if other.start < span.end and other.end > span.start]
        return {other.step for other in beside} == {span.step}

    def _at(self, at: float, slack: float) -> list[AttemptSpan]:
        """Those that ran at a moment, give or take."""
        found = []
        place = bisect_right(self._starts, at + slack) - 1
        while place >= 0 and self._until[place] >= at - slack:
            if self._spans[place].end >= at - slack:
                found.append(self._spans[place])
            place -= 1
        return found


def _spans(detail: Detail) -> list[AttemptSpan]:
    spans = []
    columns = detail.steps.columns
    for index, kind in enumerate(columns.kinds):
        if not kind_of(kind).runs_code:
            continue
        step = detail.steps[index]
        tries = step.attempts
        over = step.end if step.end is not None else detail.end
        for number, attempt in enumerate(tries, 1):
            if attempt.start is None:
                continue
            after = tries[number].start if number < len(tries) else over
            end = attempt.end if attempt.end is not None else after
            name = base_name(step.name)
            spans.append(
                AttemptSpan(attempt.start, float("inf") if end is None else end, index, number, name)
            )
    return spans


def _named(spans: list[AttemptSpan], text: str) -> list[AttemptSpan]:
    """Those whose step the text names; of names of which one holds the other, the longer."""
    named = {span.name for span in spans if span.name and _says(span.name, text)}
    longest = {name for name in named if not any(name != other and _says(name, other) for other in named)}
    return [span for span in spans if span.name in longest]


_PREFIX = re.compile(r"\s*(?:\[[^\]]{0,200}\]|[^\w\s\[]+|[\w-]*\d[\w-]*:?(?=\s)|[\w-]{1,40}[:=](?=\s))\s*")
"""What may stand before the name of who speaks: `[4711]`, `✓`, `order-9342`, `worker:`."""
_SPEAKER = re.compile(r"(?:^|(?<![\w-]))(?:step|task)(?:[_-]?name)?[\"']?\s?[=:]\s?[\"']?|\[", re.I)
"""What stands before it anywhere: `step=charge card`, `"step": "charge card"`, `[charge card]`."""
_END = re.compile(r"(?![\w-])")
"""Where a name may end."""
_LONGEST = 2000
"""Characters of a line in which it is looked for."""


def _self_named(text: str, names: Set[str]) -> set[str]:
    """Those of these names that stand where a program names itself; of those at one place the longest."""
    text = text[:_LONGEST]
    places, at = [0], 0
    while (prefix := _PREFIX.match(text, at)) and prefix.end() > at:
        places.append(at := prefix.end())
    places += [found.end() for found in _SPEAKER.finditer(text)]
    longest = max(map(len, names), default=0)
    found = set()
    for place in places:
        ends = (end.start() for end in _END.finditer(text, place, place + longest + 1))
        if said := [name for end in ends if (name := text[place:end]) in names]:
            found.add(said[-1])
    return found


@lru_cache(1024)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")


def _says(name: str, text: str) -> bool:
    return name in text and _pattern(name).search(text) is not None


def _only(spans: list[AttemptSpan]) -> AttemptSpan | None:
    return spans[0] if len(spans) == 1 else None
