"""Whether the runs of some instances may as well be each other's, by when they went on.

Two that each print the other's id alone are in their words what two honest ones are. But a run is there
whenever its instance does something: as it begins, in each attempt, as it ends. Of runs that name one
instance it is told by that whether they can be another's. Where all can be somebody else's at once, each for
one other, nothing is told.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from wfdash.core.logs.lifetimes import SLACK, Lifetime

__all__ = ["RunTimes", "covers_life", "may_be_exchanged"]

_NEAR = 3 * SLACK
"""Seconds around a run in which its instance was in it, when it began or ended then."""
_MARGIN = 0.2
"""Seconds by which what is true may miss where what is said does not: by two clocks, and as a run goes on for
a little when its instance has ended, or ends a little before."""


class RunTimes(Struct, frozen=True, gc=False):
    """When a run went on, as far as its row tells."""

    request: str
    """What the source calls it."""
    at: float
    """When its row is from, epoch seconds: it began or ended then."""
    start: float = float("-inf")
    """When it began at the earliest."""
    end: float = float("inf")
    """When it ended at the latest."""

    @property
    def spans(self) -> list[tuple[float, float]]:
        """The stretches in which it may have gone on; a row with one moment says not on which side of it."""
        if self.start == float("-inf"):
            return [(self.at, self.at)]
        is_either = self.start < self.at < self.end
        return [(self.start, self.at), (self.at, self.end)] if is_either else [(self.start, self.end)]

    def may_overlap(self, other: "RunTimes", slack: float = SLACK) -> bool:
        """Whether both may have gone on at one moment."""
        return self.start <= other.end + slack and other.start <= self.end + slack

    def surely_holds(self, at: float, slack: float) -> bool:
        return all(first - slack <= at <= last + slack for first, last in self.spans)


def covers_life(runs: Iterable[RunTimes], life: Lifetime) -> bool:
    """Whether these may be all the runs of an instance: at each moment at which it surely ran one went on."""
    spans = sorted((run.start - SLACK, run.end + SLACK) for run in runs)
    index, until = 0, float("-inf")
    for at in sorted(life.ran):
        while index < len(spans) and spans[index][0] <= at:
            until = max(until, spans[index][1])
            index += 1
        if at > until:
            return False
    return True


def may_be_exchanged(
    identity: str, runs: Mapping[str, Sequence[RunTimes]], lives: Mapping[str, Lifetime]
) -> bool:
    """Whether the runs that name an instance may be another's, as part of an exchange.

    The other's own may be a third's, and so on, until some are the instance's. `runs` are those that name
    each, `lives` when each was there.
    """
    # A run is noted to begin some time after its instance, as quickly as code is loaded. By how much what is
    # said misses is how much what is true may: were two exchanged, by no less than half of what that misses.
    missed = max(_missed_by(name, name, runs, lives) for name in runs)
    slack = min(2 * missed + _MARGIN, SLACK)

    def may_be(those: str, other: str) -> bool:
        return _missed_by(those, other, runs, lives) <= slack

    ends = {name for name in runs if name != identity and may_be(name, identity)}
    reached, to_visit = {identity}, [identity] if ends else []
    while to_visit:
        name = to_visit.pop()
        for other in runs.keys() - reached:
            if may_be(name, other):
                if other in ends:
                    return True
                reached.add(other)
                to_visit.append(other)
    return False


def _missed_by(
    those: str, other: str, runs: Mapping[str, Sequence[RunTimes]], lives: Mapping[str, Lifetime]
) -> float:
    """How many seconds speak against the runs that name one instance being those of another.

    They begin before that was made, or it did something when none of them went on.
    """
    life, own = lives.get(other, Lifetime()), runs[those]
    if not all(any(life.holds(*span) for span in run.spans) for run in own):
        return float("inf")
    early = max(life.created - max(first for first, _ in run.spans) for run in own)
    # What it did while no run names it is no evidence; but where that was soon before or after one that does,
    # what is said misses it.
    slack = _NEAR if those == other else SLACK
    needed = (at for at in life.ran if any(run.surely_holds(at, slack) for run in runs[other]))
    missed = (min(max(run.start - at, at - run.end) for run in own) for at in needed)
    return max(early, 0.0, *missed)
