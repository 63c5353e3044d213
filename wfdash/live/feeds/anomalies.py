"""What is stuck or odd in the workflow shown, told only of what was read a moment ago."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from wfdash.core.history.count_history import Trends
from wfdash.core.model.status import is_final
from wfdash.core.model.workflow import Workflow
from wfdash.core.rows.store import Delta
from wfdash.core.triage.anomalies import (
    Oddity,
    cron_fire,
    missed_fires,
    odd_detail,
    odd_row,
    queue_pressure,
    queue_stalled,
    worst_first,
)
from wfdash.live.feeds.detail_cache import RowDetail
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.polling.context import FeedContext

__all__ = ["AGAIN", "Anomalies"]

AGAIN = 20.0
"""Seconds after which what looks odd is read again."""
_FRESH = 40.0
"""Seconds after which it is not called odd any more until it was read again."""
_MOST_SUSPECTS = 20
"""Instances that are read again before they are said to be odd, the worst first."""

_STUCK = 3_000.0
"""The weight of what is stuck, above which it grows with the time that it has been so."""
_AGAIN = 5.0
"""Seconds after which what was read is judged again, for a step gets slow while nothing is heard of it. For
more than are judged at a time it is as many times that, so that each has its turn."""
_AT_A_TIME = 200
"""Details that are judged at one time, some 10 ms: the others have their turn at the next call."""
_PACKED = 4
"""As how many of those one counts that has to be unpacked first."""


class _Judged(Struct):
    read: RowDetail
    at: float
    learnt: int
    """Of how many answers was known how long steps take."""
    found: list[Oddity]


class Anomalies:
    """Finds odd instances among rows that changed: to look through all at each event would hold the loop."""

    def __init__(self, context: FeedContext, details: RowDetails) -> None:
        self._context = context
        self._details = details
        self.reset()

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self._pausing: dict[str, None] = {}
        self._fired: dict[str, float] = {}
        self._judged: dict[str, _Judged] = {}
        self.suspects: list[str] = []
        """What looks odd, the worst first: to be read again, and told once that was a moment ago."""

    def follow(self, delta: Delta) -> None:
        """Takes note of rows that came or changed, and forgets those that are not kept any more."""
        for identity in delta.dropped:
            self._pausing.pop(identity, None)
        for identity in (*delta.added, *delta.changed):
            row = self._context.store.get(identity)
            if row is None:
                continue
            self._pausing.pop(identity, None)
            if row.status == "waitingForPause":
                self._pausing[identity] = None
            if row.trigger == "cron" and (fire := cron_fire(row)) is not None:
                self._fired[fire[0]] = max(fire[1], self._fired.get(fire[0], 0.0))

    def found(self, trends: Trends, workflow: Workflow | None) -> list[Oddity]:
        """What looks odd, the worst first; what needs steps, only of instances read since they changed."""
        context, now = self._context, self._context.clock()
        active = context.store.active
        rows = [
            row for identity in self._pausing if identity in active and (row := context.store.get(identity))
        ]
        odd_rows = [
            odd_row(context.workflow, row, now=now, read_at=context.store.seen_at(row.id)) for row in rows
        ]
        found = worst_first([*(odd for odd in odd_rows if odd), *self._of_details(now)])
        self.suspects = list(dict.fromkeys(odd.id for odd in found))[:_MOST_SUSPECTS]
        found = [odd for odd in found if odd.read_at is not None and now - odd.read_at <= _FRESH]
        counts = trends.samples(context.workflow)
        for odd in (queue_pressure(context.workflow, counts), self._stalled(counts)):
            if odd is not None:
                found.append(odd)
        if workflow is not None:
            found += missed_fires(workflow, self._fired, now=now)
        return worst_first(found)

    def _stalled(self, counts: Sequence[tuple[float, Mapping[str, int]]]) -> Oddity | None:
        # Only the version that it waits to run says how many may, and that is known of what was read.
        queued = (
            read
            for identity, read in self._details.newest_first()
            if read.is_kept and read.status == "queued" and identity in self._context.store.active
        )
        first = next(queued, None)
        waiting = first.detail if first is not None else None
        if waiting is None:
            return None
        return queue_stalled(self._context.workflow, counts, self._details.allowed(waiting))

    def _of_details(self, now: float) -> Iterator[Oddity]:
        before, self._judged = self._judged, {}
        remaining, again = _AT_A_TIME, _AGAIN * max(1.0, len(before) / _AT_A_TIME)
        for identity, read in self._details.newest_first():
            if not read.is_kept or is_final(read.status) or identity not in self._context.store.active:
                continue
            judged = before.get(identity)
            fresh = judged is not None and judged.read is read
            if remaining > 0 and not (fresh and judged is not None and self._stands(judged, now, again)):
                remaining -= 1 if read.unpacked is not None else _PACKED
                found = self._judge(identity, read, now)
                judged, fresh = _Judged(read, now, self._details.times.learnt, found), True
            if judged is None or not fresh:
                continue
            self._judged[identity] = judged
            if judged.found and not self._details.moved_on(identity):
                yield from judged.found

    def _stands(self, judged: _Judged, now: float, again: float) -> bool:
        """Whether an earlier judgement is as good as one made now.

        What is told as odd is taken back with the answer that shows it to be usual, as when those that fail
        are read after those that passed.
        """
        learnt = self._details.times.learnt
        return now - judged.at < again and not (judged.found and judged.learnt != learnt)

    def _judge(self, identity: str, read: RowDetail, now: float) -> list[Oddity]:
        detail, read_at = read.detail, read.read_at
        if detail is None:
            return []
        found = odd_detail(detail, self._details.times, self._details.words(detail), read_at=read_at)
        why = self._details.why(identity, detail)
        if why is not None and why.looks_stuck:
            weight = _STUCK + (now - why.since if why.since is not None else 0.0)
            found.append(Oddity(self._context.workflow, identity, "stuck", why.sentence, weight, read_at))
        return found
