"""What a dev session shows while it is watched: when it began, what it costs, whether anything moves."""

from collections.abc import Iterable
from typing import Final

from wfdash.api.errors import NotReached, WorkflowsError
from wfdash.core.model.instance import Instance
from wfdash.core.why.session_times import SessionTimes

__all__ = ["QUIET", "WRITING", "AnswerCost", "SessionWatch"]

QUIET = 60.0
"""Seconds without any change after which less is asked."""
_LONGEST = 30.0
"""Seconds between two lists of a session in which nothing moves."""
WRITING = 2.0
"""Seconds by which files tell at the least when they were written, whatever they are kept on."""
_FALTERS = 10.0
"""An answer that takes so many times as long as the usual one, and a second, may hide a reload."""


class AnswerCost:
    """What one kind of question costs a dev session, which is kept at work for a tenth of the time at most.

    Of the last two answers the cheaper one counts: a single slow one, as in a reload, slows nothing.
    """

    SHARE: Final = 10.0
    """Times an answer's cost that is rested after it: a session is at work for a tenth of the time at
    most."""

    def __init__(self) -> None:
        self._last = 0.0

    def rest(self, took: float) -> float:
        """Seconds to rest after an answer that took so long."""
        # One that is slow alone, as in a reload, slowed the reads of errors, filters and watched instances
        # for ten times as long.
        cost, self._last = min(self._last, took), took
        return cost * self.SHARE


class SessionWatch:
    """Knows from the lists' answers when a dev session began, what it costs, and whether anything moves."""

    def __init__(self) -> None:
        self.started: float | None = None
        self.watched: float | None = None
        self.moved_at: float | None = None
        """When anything was last seen to change."""
        self._lost_at: float | None = None
        self._usual = 0.0
        self._statuses: dict[str, str] = {}
        self._changed: dict[str, float] = {}
        self._unwritten: tuple[float, float] | None = None
        """From when to when nothing was written of any instance, where that is seen."""

    def reset(self) -> None:
        """Begins anew: another workflow is watched; the session is the same."""
        self.moved_at = self._unwritten = None
        self._statuses, self._changed = {}, {}

    def answered(self, asked_at: float, now: float, started: float | None) -> None:
        """Takes in an answer of the list; `started` is when this machine's processes say the code began."""
        took = now - asked_at
        if started is not None:
            self.started = self.watched = started
        elif self._lost_at is not None:
            self.started, self.watched = self._lost_at, now
        # A reload shows as nothing else: the port stays open, and the answer waits until the new code runs.
        elif self.watched is None or (took > 1 and took > _FALTERS * self._usual):
            self.watched = now
        self._lost_at = None
        self._usual = took if not self._usual else min(took, 2 * self._usual)

    def failed(self, error: WorkflowsError | None, now: float) -> None:
        """Takes in a failed list: without a connection the session has ended, else it is only not seen."""
        self.watched = None
        if isinstance(error, NotReached) and not error.sent:
            self._lost_at = now

    def saw(self, rows: Iterable[Instance], now: float) -> None:
        """Takes in rows: a change of status in this session shows that an instance is not cut.

        A start that an instance's own answer told is no movement: its list tells none.
        """
        is_first = not self._statuses
        for row in rows:
            if self._statuses.get(row.id, row.status) != row.status:
                self._changed[row.id] = now
                self.moved(now, now)
            elif row.id not in self._statuses:
                # What the first list holds moved when it was created, as far as is known.
                # Else a session that has stood still for hours would be listed every 5 s for its first
                # minute, and each row leaves five more in the trace store of its developer (measured on
                # wrangler 4.164).
                self.moved(row.created if is_first and row.created is not None else now, now)
            self._statuses[row.id] = row.status

    def let_go(self, identities: Iterable[str]) -> None:
        """Forgets rows that are not kept any more."""
        for identity in identities:
            self._statuses.pop(identity, None)
            self._changed.pop(identity, None)

    def moved(self, at: float, now: float) -> None:
        """Notes that something happened at `at`, seen only now; what is old news leaves the session quiet."""
        self.moved_at = max(self.moved_at or at, min(at, now))

    def wrote(self, still: float, now: float) -> None:
        """Takes in for how many seconds nothing was written: nothing moves without a write."""
        self._unwritten = now - still, now
        self.moved(now - still, now)

    def holds(self, asked_at: float) -> float | None:
        """Up to when an answer is known to hold: nothing was written since.

        None where it may have changed.
        """
        if self._unwritten is None or self._unwritten[0] + WRITING > asked_at:
            return None
        return max(self._unwritten[1], asked_at)

    def has_written_since(self, asked_at: float) -> bool:
        """Whether something was written after what was asked for then; no where that is not seen."""
        return self._unwritten is not None and self._unwritten[0] + WRITING > asked_at

    def times(self, identity: str) -> SessionTimes:
        return SessionTimes(self.started, self.watched, self._changed.get(identity))

    def is_quiet(self, now: float) -> bool:
        """Whether nothing has moved for a minute."""
        return self.moved_at is not None and now - self.moved_at > QUIET

    def rest(self, now: float) -> float:
        """Seconds between two lists while nothing moves, more the longer that is so; 0 while it moves."""
        return min(_LONGEST, (now - (self.moved_at or now)) / 4) if self.is_quiet(now) else 0.0
