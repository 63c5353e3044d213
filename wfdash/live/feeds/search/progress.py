"""How far the reading for a filter came, and how much more of it is allowed."""

from math import inf

from msgspec import Struct

__all__ = ["Allowance", "Reached", "Searched"]


class Reached(Struct, frozen=True):
    """How far the reading for a filter came, so that it can be taken up again as it was left."""

    spent: int
    began_at: int
    goal: int
    allowed: float


class Allowance(Struct):
    """How many instances may be read for a filter before somebody has to want more."""

    allowed: float
    only_typed: bool = False
    """Whether nothing is read for the filter yet."""
    spent: int = 0
    """Those that were read for this filter."""
    began_at: int = 0
    """How many of them before it last went on."""
    goal: int = 0
    """Of these `since` are read. Rows that come meanwhile do not move it, or no time told would fall."""

    @property
    def since(self) -> int:
        return self.spent - self.began_at

    @property
    def is_spent(self) -> bool:
        return self.spent >= self.allowed

    @property
    def reached(self) -> Reached:
        return Reached(self.spent, self.began_at, self.goal, self.allowed)

    def aim(self, ahead: float) -> None:
        """Sets the goal to what is still to be read, once a stretch: the one before was reached."""
        if self.since >= self.goal and 0 < ahead < inf:
            self.goal = self.since + int(ahead)

    def go_on(self, most: float) -> None:
        """Allows so many more."""
        self.allowed, self.began_at, self.goal = self.spent + most, self.spent, 0
        self.only_typed = False

    def stop(self) -> None:
        self.allowed, self.only_typed = self.spent, False


class Searched(Struct, frozen=True):
    """How many of the loaded rows that may match were read."""

    read: int
    candidates: int
    over: bool
    """No more of them will be read for this filter unless somebody wants it."""
    looking: bool = False
    """Whether more of them may be known in a moment, without a request."""
    waits: bool = False
    """Whether nothing is read for it yet: it is only typed."""
    unrecorded: str = ""
    """What the filter looks through that the record left out: `params and outputs`."""
    since: int = 0
    """How many were read since somebody last wanted it to."""
    goal: int = 0
    """How many that will be: as many as were unread then, or since all of those were read."""
    asked: int = 0
    """How many of those that it is reading now it still asks for itself; others open the rest."""
    rows_only: int = 0
    """Of those that were read, how many the record holds no more of than their rows."""

    @property
    def unread(self) -> int:
        return max(0, self.candidates - self.read)

    @property
    def is_reading(self) -> bool:
        return not self.over and not self.looking and self.since < self.goal

    @property
    def ahead(self) -> int:
        """How many of those it is reading now are still to be read."""
        return min(self.unread, max(0, self.goal - self.since))
