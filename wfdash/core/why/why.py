"""The answer to "why is it there", and how its times are put in words."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from wfdash.core.text.words import age, clock, spoken

__all__ = ["TimeWords", "Why"]

Cut = Literal["", "perhaps", "surely"]

_CLOCKS = 60.0
"""Seconds by which an answer's times may lie ahead and count as now: servers keep them by several clocks."""
_BEFORE = 2.0
"""Seconds by which a pause must lie before an attempt that it did not stop: two clocks told them."""
_SAME_CHANGE = 5.0
"""Seconds by which a row's date of change may lie after the step that changed it: two clocks told them."""
_FAR = 100 * 365 * 86_400.0
"""Seconds beyond which how long it is until then is not told."""


class Why(Struct, frozen=True):
    """The sentence on one instance and its short form for a cell; times are epoch seconds."""

    sentence: str
    short: str
    """For a table cell: at most about 40 cells, moving in 10 s steps under a minute."""
    since: float | None = None
    deadline: float | None = None
    """When it will change by itself; None when that is not known."""
    looks_stuck: bool = False
    estimate: bool = False
    """The deadline was worked out, not answered."""
    cut: Cut = ""
    """Whether a reload of its dev session cut what it did."""
    lasts: bool = False
    """Whether the short form says that a step runs on, `2m+`: of one read long ago nobody knows that."""
    aside: str = ""
    """The part of the short form that goes first where there is no room for all of it; "" for none."""
    past: bool = False
    """Whether its row has moved on since: what it says was so."""


class TimeWords(Struct, frozen=True):
    """Times in words, seen from one moment. A time that the servers' clocks put ahead of it counts as now."""

    now: float
    utc: bool = True
    sure_since: float = float("-inf")
    """What began before may have been cut unseen: no time-out of it is foretold."""
    lag: float = 60.0
    """Seconds past a promised change after which an instance looks stuck; before that it is lag."""
    foretells: bool = True
    """Whether a moment that was worked out, not answered, may be told."""
    local: bool = False
    """Whether a dev session is told of."""
    paused: Sequence[tuple[float, float | None]] = ()
    """When the instance was paused and resumed: minus infinity and None where that was not seen."""
    watched: float | None = None
    """Since when no pause of it can have gone unseen; None where one may have."""
    changed: float | None = None
    """When it was changed last, as its row tells; None where rows tell no such moment."""

    @property
    def sure_from(self) -> float:
        """The moment since which no pause can have ended but those that `paused` tells."""
        found = self.now if self.watched is None else self.watched
        if self.changed is None:
            return found
        # A pause and a resume each change the status, so that none ended after the last change.
        starts = (
            start
            for start, end in self.paused
            if end is not None and start > float("-inf") and abs(end - self.changed) <= _SAME_CHANGE
        )
        return min(found, self.changed, *starts)

    def may_have_paused(self, since: float) -> bool:
        """Whether a moment worked out from `since` on may have been moved by a pause that nobody saw."""
        return self.sure_from - since > _SAME_CHANGE

    def at_latest(self, moment: float, since: float) -> float:
        """When a moment worked out from `since` on comes if it was paused for as long as may be."""
        return moment + max(0.0, self.sure_from - since)

    def free_since(self, since: float) -> float:
        """When it could go on: `since`, or the end of a later pause that is told."""
        ends = [end for _, end in self.paused if end is not None]
        if self.changed is not None and self.may_have_paused(since):
            ends.append(self.changed)
        return max(since, *ends) if ends else since

    def stood_still(self) -> str:
        """`it may have been paused until 14:02, when it changed last`.

        Without a moment where no row tells it.
        """
        if self.changed is not None and self.sure_from == self.changed:
            return f"it may have been paused until {self.at(self.changed)}, when it changed last"
        return "it may have been paused meanwhile"

    def resumed(self, moment: float, since: float, begun: float | None = None) -> float | None:
        """When a moment planned at `since` really comes: later by what the instance was paused in between.

        The engine lets the rest of the delay run on after the resume (measured: 12 s, paused after 1 s for
        37 s, tried again 49 s after it failed). None where it is not known how long it was paused. A pause
        from before the attempt that failed had `begun` was over by then, whoever resumed it.
        """
        for start, end in self.paused:
            if begun is not None and float("-inf") < start < begun - _BEFORE:
                continue
            if end is None or (start == float("-inf") and end > since):
                return None
            if end > since and start < moment:
                moment += end - max(start, since)
        return moment

    def passed(self, at: float) -> str:
        """`3 h 12 m`: from then to now."""
        return spoken(self.now - at)

    def lies_ahead(self, at: float) -> bool:
        """Whether something that has begun or ended is dated after now by more than clocks may differ."""
        return at - self.now > _CLOCKS

    def since(self, at: float) -> str:
        """` for 3 h 12 m`; where its start is dated ahead, that."""
        if self.lies_ahead(at):
            return f", its start dated {self.at(at)}, ahead of now"
        return f" for {self.passed(at)}"

    def ago(self, at: float) -> str:
        if self.lies_ahead(at):
            return f"at {self.at(at)}, ahead of now"
        return "just now" if self.now - at < 1 else f"{self.passed(at)} ago"

    def ahead(self, at: float) -> str:
        """`20 h 48 m`: from now to then."""
        return spoken(at - self.now)

    def is_due(self, at: float) -> bool:
        return at <= self.now

    def next(self, what: str, at: float, *, estimate: bool) -> str:
        """`next try in about 32 s`, or, once that moment has passed, `next try due 12 s ago`."""
        if self.is_due(at):
            return f"{what} due {self.ago(at) if self.now - at >= 1 else 'now'}"
        return f"{what} {self.until(at, estimate=estimate)}"

    def until(self, at: float, *, estimate: bool) -> str:
        """`in about 32 s`; `any moment` below a second, which no answer arrives in time to tell."""
        if at - self.now > _FAR:
            return f"at {self.at(at)}"  # such a date stands for never, and its distance tells nothing
        return "any moment" if at - self.now < 1 else f"in {'about ' if estimate else ''}{self.ahead(at)}"

    def at(self, moment: float) -> str:
        return clock(moment, utc=self.utc, now=self.now)

    def coarse(self, at: float) -> str:
        """The time from then to now, for cells: `<10s`, `40s`, `3h12m`."""
        return age(self.now - at)

    def remaining(self, at: float, prefix: str = "") -> str:
        """The time left until then, for cells: `20h48m`, `due now`, or `due 40s ago`."""
        length = age(abs(self.now - at))
        short = length.startswith("<")
        if self.is_due(at):
            return "due now" if short else f"due {length} ago"
        return length if short else f"{prefix}{length}"
