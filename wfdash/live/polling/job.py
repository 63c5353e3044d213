"""One thing that is asked again and again: when it is due, and how fresh its last answer is."""

import random

from wfdash.api.errors import WorkflowsError
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.freshness import Freshness

__all__ = ["Job"]

_LONGEST = 60.0
"""Seconds a failing poll waits at most: it never gives up."""


class Job:
    """The scheduler starts `ask` when `due`, never twice at a time, and tells how it went.

    A due time of None means that nothing is to be asked until something happens.
    """

    purpose = ""
    """What it reads, as the budget page tells it."""
    in_turn = Priority.VISIBLE
    out_of_turn = Priority.VISIBLE
    """Where somebody asked for it, or it was never answered."""
    patience = 5.0
    """Seconds that it waits for the budget before it goes before more urgent ones."""

    on_screen = False
    """Whether somebody looks at it: then it goes on, seldom, beside a long read that somebody waits for."""

    longest = _LONGEST
    """Seconds at most, or the interval if that is longer, from a failure to the next question."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.freshness = Freshness()
        self.next_at: float | None = 0.0
        self.asked_for = True
        """A person waits for the next answer."""
        self._failures = 0
        self.waits_since: float | None = None
        """Since when it is due and the budget has nothing left for it."""

    @property
    def priority(self) -> Priority:
        return self.out_of_turn if self.asked_for else self.in_turn

    @property
    def reads_left(self) -> int | None:
        """Reads that it wants in a row now, where somebody waits for them and it can tell."""
        return None

    def due(self, now: float) -> float | None:
        """When to ask next, epoch seconds, None for never; a clock that was set back does not delay it."""
        if self.next_at is not None and self.next_at > now + max(_LONGEST, self.interval) * 2:
            self.next_at = now
        return self.next_at

    async def ask(self) -> None:
        """Asks once and takes in the answer; raises WorkflowsError."""
        raise NotImplementedError

    def reset(self) -> None:
        """Begins anew: for another workflow, or another question."""
        self.soon()

    def soon(self) -> None:
        """Asks as soon as the budget allows, however the last time went: somebody waits for it."""
        self.next_at = 0.0
        self.asked_for = True

    def pace(self, took: float) -> float:
        """Seconds from an answer, which took so long, to the next question."""
        return self.interval

    def began(self, now: float) -> None:
        self.waits_since = None
        self.freshness.asking, self.freshness.asked_at = True, now

    def answered(self, now: float, took: float) -> None:
        self._failures = 0
        self.asked_for = False
        pace = self.pace(took)
        fresh = self.freshness
        fresh.asking, fresh.missed, fresh.failure, fresh.answered_at = False, 0, "", now
        fresh.error = None
        # From when it was asked, so that a slow answer does not slow the pace; but never before it has rested
        # as long as it took.
        self.next_at = fresh.due_at = None if fresh.settled else now - took + max(pace, took)

    def failed(self, sentence: str, now: float, *, wait: float = 0.0) -> None:
        self._failures += 1
        self.freshness.asking = False
        self.freshness.failure = sentence
        self.freshness.missed = max(self.freshness.missed, self._failures)
        doubled = max(self.interval, 1.0) * 2.0 ** min(self._failures, 8)
        longest = min(max(self.longest, self.interval), doubled)
        # Never the same in two processes: a server that comes back would be asked by all of them at once.
        delay = longest * (0.5 + random.random() / 2)
        # No longer than `due` believes: a moment further ahead it takes for one of a clock that was set.
        self.next_at = self.freshness.due_at = now + max(delay, min(wait, 2 * _LONGEST))

    def withdrawn(self) -> None:
        """Notes that nothing is asked any more: the question was taken back before its answer came."""
        self.freshness.asking = False

    def set_back(self, seconds: float) -> None:
        """Moves what was told and is due along with a clock that was set back."""

        def moved(at: float | None) -> float | None:
            return at - seconds if at else at

        fresh = self.freshness
        fresh.answered_at, fresh.asked_at = moved(fresh.answered_at), moved(fresh.asked_at)
        fresh.due_at, self.next_at = moved(fresh.due_at), moved(self.next_at)
        self.waits_since = moved(self.waits_since)

    def late(self, now: float) -> bool:
        """Whether it has waited for its turn for longer than its patience."""
        return self.waits_since is not None and now - self.waits_since > self.patience

    def count_missed(self, now: float) -> None:
        """Polls that were due and did not happen are missed like those that failed."""
        due = self.freshness.due_at
        if due is not None and now > due:
            passed = int((now - due) / max(self.interval, 1.0))
            self.freshness.missed = max(self.freshness.missed, passed)


def sentence_of(error: Exception) -> str:
    """What to tell a person of a failed poll."""
    if isinstance(error, WorkflowsError):
        return error.sentence
    return f"wfdash could not read the answer ({type(error).__name__})"
