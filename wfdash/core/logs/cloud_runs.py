"""Which runs of a workflow's code went on at once in the cloud, and whose a run is by what the others say.

A row of the cloud bears its run and no instance, and a line may speak of anybody: a sibling that prints the
id of an instance that prints nothing looks as that one would. But a run leaves a row of its own even where
its code prints nothing. While the instance ran, one run was its own: where each of the others speaks for
somebody else, it is the one that names the instance. Only the id of an instance that is known, and may have
run then, is another's, or one that is built as those are: a customer, a request or a time stands in the same
brackets. Words alone are not enough: each run must also have gone on when its instance did, and no other's
runs then (`wfdash.core.logs.exchange`).
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

from wfdash.core.logs.exchange import RunTimes, covers_life, may_be_exchanged
from wfdash.core.logs.lifetimes import Lifetime
from wfdash.core.logs.whose import distinctive

__all__ = ["CloudRun", "RunsAtOnce", "times_of"]

BESIDE = "a run beside it names nobody that surely ran then"
ALIKE = "others ran at the very same times"
ELSEWHEN = "a run that names it went on when it did not"
MISSING = "one of its runs has left no row"
"""Why a run that names the instance may be another's."""

_GRAIN = 0.05
"""Seconds by which a run's times may miss its lines: they are cut to the millisecond."""
_DIGITS = re.compile(r"\d+")
_NUMBERED = re.compile(r"[A-Za-z]{3,}[A-Za-z_-]*0[0_-]*")
"""An id that is a name and a number, by `_shape`."""


def _shape(identity: str) -> str:
    return _DIGITS.sub("0", identity)


class CloudRun(RunTimes, frozen=True, gc=False):
    """One run of a workflow's class that has ended, by the row that it left."""

    speakers: frozenset[str] = frozenset()
    """The words that stand in its lines where a program says who speaks."""
    words: frozenset[str] = frozenset()
    """All that stand there and may be ids, whoever's."""


def times_of(at: float, lasted: float | None, printed: Collection[float]) -> tuple[float, float]:
    """The widest span in which a run may have gone on, by its row, its duration and its lines.

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
        others: Mapping[str, Lifetime],
        *,
        steps: Collection[str],
        ran_within: Callable[[float, float], bool],
        lived: Lifetime,
    ) -> None:
        """`others` are other instances by their ids, with when they were there.

        `steps` are the names of the instance's steps, `ran_within` says whether it surely ran at some moment
        of a time, and `lived` when it was there itself.
        """
        self._invocations, self._id = invocations, identity
        # A step may be called as another instance is.
        self._others = {
            other: life for other, life in others.items() if other != identity and other not in steps
        }
        self._steps = set(steps)
        self._shape = _shape(identity)
        self._numbered = _NUMBERED.fullmatch(self._shape) is not None and any(
            _shape(other) == self._shape for other in self._others
        )
        self._ran_within, self._lived = ran_within, lived
        self._by_request = {invocation.request: invocation for invocation in invocations}
        self._named = {run.request: self._instances_in(run) for run in invocations}
        self.why: dict[str, str] = {}
        """Of runs that name the instance, why they may be another's, where that can be told in words."""

    def is_sole(self, run: str, first: float, last: float) -> bool:
        """Whether a run that names the instance, with lines from `first` to `last`, can be nobody else's."""
        own = self._by_request.get(run)
        # Before the instance ran and after it its own run is not among them.
        if own is None:
            return False
        if not self._ran_within(min(first, own.at), max(last, own.at)) or not any(
            self._lived.holds(*span) for span in own.spans
        ):
            self.why[run] = ELSEWHEN
        elif not self._is_left_alone(own):
            self.why[run] = BESIDE
        elif not self._covers_life:
            self.why[run] = MISSING
        elif self._may_be_exchanged:
            self.why[run] = ALIKE
        return run not in self.why

    def _is_left_alone(self, own: CloudRun) -> bool:
        """Whether, by their words, all others that went on beside a run are somebody else's."""
        if self._named[own.request]:
            return False  # it may be the one that it names
        if self._id not in own.speakers and any(map(distinctive, own.speakers - self._steps)):
            return False  # it says who it is, and mentions the instance
        beside = [each for each in self._invocations if each is not own and own.may_overlap(each)]
        spoken = {self._speaks_for(each, beside) for each in beside}
        if "" in spoken:
            return False
        # One that ran then and whose run is not among these: this may be it.
        return not any(
            other not in spoken and life.ran_within(own.start, own.end)
            for other, life in self._others.items()
        )

    @cached_property
    def _covers_life(self) -> bool:
        """Whether each moment at which the instance surely ran is in a run that may be its own.

        The row of a run may be lost, or not be kept at all (head sampling).
        """
        may_be_own = (run for run in self._invocations if not self._named[run.request])
        return covers_life(may_be_own, self._lived)

    @cached_property
    def _may_be_exchanged(self) -> bool:
        runs: dict[str, list[CloudRun]] = {self._id: []}
        for run in self._invocations:
            named = self._named[run.request]
            if self._id in run.words or self._id in run.speakers:
                named = {self._id, *named}
            if len(named) == 1:
                runs.setdefault(next(iter(named)), []).append(run)
        return may_be_exchanged(self._id, runs, {**self._others, self._id: self._lived})

    def _instances_in(self, run: CloudRun) -> set[str]:
        """The other instances that a run names, wherever it does."""
        return {word for word in run.words | run.speakers if word in self._others or self._is_alike(word)}

    def _is_alike(self, word: str) -> bool:
        """Whether an unknown word is built as the ids are, `order-9024` as `order-9317`.

        Of thousands that sleep a hundred are known. Not where ids are random: a request's id looks as those
        do.
        """
        return self._numbered and word != self._id and _shape(word) == self._shape

    def _speaks_for(self, run: CloudRun, beside: Sequence[CloudRun]) -> str:
        """The one instance that a run can be of; "" where it may be the one that is asked for."""
        if self._id in run.speakers or self._id in run.words or len(self._named[run.request]) != 1:
            return ""
        [word] = self._named[run.request]
        life = self._others.get(word)
        # It is spoken of, as a parent does of its child, or it was not there then.
        if word not in run.speakers or (
            life is not None and not any(life.holds(*span) for span in run.spans)
        ):
            return ""
        # One that slept in between is in several runs, one after another. Of two at once that speak for one
        # one is not that one, and may be the instance's.
        at_once = [each for each in beside if each is run or run.may_overlap(each, 0.0)]
        return word if Counter(word in self._named[each.request] for each in at_once)[True] == 1 else ""
