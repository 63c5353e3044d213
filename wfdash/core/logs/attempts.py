"""In which attempt of which step a line was printed, by its time and by the step that its text names."""

import re
from bisect import bisect_right
from collections.abc import Iterable
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

        self._called: dict[str, set[AttemptSpan]] = {}
        self._lasted: dict[str, tuple[float, float]] = {}
        """Of each call, when its first and its last line were printed."""

    def learn(self, lines: Iterable[LogLine]) -> None:
        """Takes in what lines say of the calls that printed them: in a dev session a call is one attempt."""
        for line in lines:
            if line.source != "local" or not line.request:
                continue
            first, last = self._lasted.get(line.request, (line.at, line.at))
            self._lasted[line.request] = min(first, line.at), max(last, line.at)
            if span := self._named(line):
                self._called.setdefault(line.request, set()).add(span)

    def of(self, line: LogLine) -> AttemptSpan | None:
        """The one attempt that can have printed it; None outside steps, and where several can have."""
        found = self._named(line) or self._of_call(line)
        if found is not None:
            return found
        # What ran when the detail was read may have ended, and another step begun, before this was printed.
        inside = _only(self._at(line.at, -_GRAIN)) if line.at <= self._as_of else None
        # The last line of a step bears the millisecond of its end: another that goes on then is not the one.
        return inside if inside is not None and len(self._at(line.at, _EDGE)) == 1 else None

    def among(self, line: LogLine) -> tuple[int, ...]:
        """The steps that may have printed a line of which `of` cannot tell: those that ran then.

        A step's first and last moment count. Where the text names some of them, it is those alone.
        """
        at = self._at(line.at, _GRAIN)
        named = _named(at, line.message) if at else []
        return tuple(sorted({span.step for span in named or at}))

    def none_ran(self, at: float) -> bool:
        """Whether code outside steps printed what was printed at a moment."""
        return at <= self._as_of and not self._at(at, -_GRAIN)

    def _named(self, line: LogLine) -> AttemptSpan | None:
        """The one attempt of the step that the text names at the time, its first and last moment included."""
        at = self._at(line.at, _GRAIN)
        if line.at > self._as_of:  # the next round of a loop, or another attempt, has the same name
            at = [span for span in at if span.end != float("inf")]
        return _only(_named(at, line.message)) if at else None

    def _of_call(self, line: LogLine) -> AttemptSpan | None:
        """The attempt that the other lines of the call name, where the call lies within it."""
        span = _only(list(self._called.get(line.request, ())))
        if span is None:
            return None
        first, last = self._lasted[line.request]
        return span if span.start - _GRAIN <= first and last <= span.end + _GRAIN else None

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


@lru_cache(1024)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")


def _says(name: str, text: str) -> bool:
    return name in text and _pattern(name).search(text) is not None


def _only(spans: list[AttemptSpan]) -> AttemptSpan | None:
    return spans[0] if len(spans) == 1 else None
