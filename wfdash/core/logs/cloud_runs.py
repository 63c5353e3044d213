"""Which runs of a workflow's code went on at once in the cloud, and whose a run is by what the others say.

A row of the cloud bears its run and no instance, and a line may speak of anybody: a sibling that prints the
id of an instance that prints nothing looks as that one would. But a run leaves a row of its own even where
its code prints nothing. While the instance ran, one run was its own: where each of the others speaks for
somebody else, it is the one that names the instance.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from msgspec import Struct

from wfdash.core.logs.whose import distinctive

__all__ = ["CloudRun", "RunsAtOnce", "times_of"]

_GRAIN = 0.05
"""Seconds by which a run's times may miss its lines: they are cut to the millisecond."""
_SLACK = 1.0
"""Seconds by which two clocks of the cloud may differ."""


class CloudRun(Struct, frozen=True, gc=False):
    """One run of a workflow's class that has ended, by the row that it left."""

    request: str
    at: float
    """When its row is from, epoch seconds: it began or ended then."""
    start: float = float("-inf")
    """When it began at the earliest."""
    end: float = float("inf")
    """When it ended at the latest."""
    speakers: frozenset[str] = frozenset()
    """The words that stand in its lines where a program says who speaks."""
    ids: frozenset[str] = frozenset()
    """Those that stand there behind `id`, which may be anybody's."""

    def may_overlap(self, other: "CloudRun", slack: float = _SLACK) -> bool:
        """Whether both may have gone on at one moment."""
        return self.start <= other.end + slack and other.start <= self.end + slack


def times_of(at: float, lasted: float | None, printed: Collection[float]) -> tuple[float, float]:
    """When a run went on at most, by its row, by how long it took and by when its lines were printed.

    Whether a row bears the beginning or the end is nowhere said: the lines tell, where there are any.
    """
    if lasted is None:
        return float("-inf"), float("inf")
    before, after = at - lasted, at + lasted
    if printed:
        is_end = before - _GRAIN <= min(printed) and max(printed) <= at + _GRAIN
        is_start = at - _GRAIN <= min(printed) and max(printed) <= after + _GRAIN
        if is_end != is_start:
            return (before, at) if is_end else (at, after)
    return before, after


class RunsAtOnce:
    """All runs of a workflow's class at the times of those that name one instance."""

    def __init__(
        self,
        invocations: Sequence[CloudRun],
        identity: str,
        others: Collection[str],
        *,
        steps: Collection[str],
        ran_within: Callable[[float, float], bool],
    ) -> None:
        """`others` are ids of other instances, `steps` the names of the instance's steps, and `ran_within`
        says whether it surely ran at some moment of a time."""
        self._invocations, self._id = invocations, identity
        self._others, self._steps = set(others), set(steps)
        self._ran_within = ran_within
        self._by_request = {invocation.request: invocation for invocation in invocations}

    def is_sole(self, run: str, first: float, last: float) -> bool:
        """Whether a run that names the instance, with lines from `first` to `last`, can be nobody else's."""
        own = self._by_request.get(run)
        # Before the instance ran and after it its own run is not among them.
        if own is None or not self._ran_within(min(first, own.at), max(last, own.at)):
            return False
        if self._id not in own.speakers | own.ids and any(map(distinctive, own.speakers - self._steps)):
            return False  # it says who it is, and mentions the instance
        beside = [each for each in self._invocations if each is not own and own.may_overlap(each)]
        return all(self._speaks_for_another(each, own, beside) for each in beside)

    def _speaks_for_another(self, run: CloudRun, own: CloudRun, beside: Sequence[CloudRun]) -> bool:
        if self._id in run.speakers or self._id in run.ids:
            return False
        # One that slept in between is in several runs, one after another.
        at_once = [each for each in beside if each is run or run.may_overlap(each, 0.0)]
        said = Counter(word for each in at_once for word in {*each.speakers, *each.ids})
        # Two that speak for one: one of them is not that one, and may be the instance's.
        words = {word for word in {*run.speakers, *run.ids} if said[word] == 1}
        words -= {*own.speakers, *own.ids, *self._steps}
        return any(word in self._others or (word in run.speakers and distinctive(word)) for word in words)
