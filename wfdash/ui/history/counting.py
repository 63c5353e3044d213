"""The rows that the page rests on, counted as they come, and how far back nothing is missing."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Final

from msgspec import Struct

from wfdash.api.interface import Version
from wfdash.core.history.analytics import Analytics
from wfdash.core.history.bucket import Bucket, Tally, sum_of
from wfdash.core.history.earlier_runs import EarlierRuns, earlier_run, last_ends
from wfdash.core.history.frame import Frame
from wfdash.core.history.history import History
from wfdash.core.history.retention import Edge, Kept, kept
from wfdash.core.history.sentence import OddTimes, read_within
from wfdash.core.model.instance import Instance

__all__ = ["EarlierHistory", "LoadedHistory"]

_BEHIND: Final = 90.0
"""Seconds by which what has not ended may be behind: it is listed in turn."""
_MOST_PASSED: Final = 5_000
"""Rows from before all that was shown that are kept: then they go together."""
_FEW: Final = 3
"""Open ones that may have been read longer ago in any case: they change no rate by much."""
_FEW_OF_ENDED: Final = 0.2
"""Those that may be further behind, alone or beside so many that ended, without changing a rate much."""


class EarlierHistory(Struct, frozen=True):
    """What a page had read when it was closed; the next one shows it with its age until it has read anew."""

    workflow: str
    of_all: bool
    loaded: "LoadedHistory"
    at: float
    """When the oldest of its rows was read, epoch seconds."""
    span: int
    total: int | None = None
    """How many there were by then."""

    def is_of(self, workflow: str) -> bool:
        """Whether it is what a page of this one opens with."""
        return self.of_all or self.workflow == workflow


class LoadedHistory:
    """Counts rows from anywhere; those below the floor wait until all around them are loaded too."""

    def __init__(self, frame: Frame, *, local: bool, retention: float | None) -> None:
        self.frame = frame
        self.local, self.retention = local, retention
        self.rows: dict[str, Instance] = {}
        self._runs = EarlierRuns()
        self.analytics: Analytics | None = None
        """Counts from before what rows tell, where the token may read them."""
        self.refusal = ""
        """Why there are none, in a sentence."""
        self.floor: float | None = None
        self.until = inf
        """From here on rows are missing again: it was closed then. The bucket that filled stays as it was."""
        self.is_short = False
        """Whether rows of what is framed are still to be read: of any stretch only those are known that ended
        soon after they were created."""
        self.partial = False
        """Whether a record holds only a part of what is older than the floor."""
        self.oldest: float | None = None
        """The earliest creation taken in, epoch seconds."""
        self.versions: Mapping[str, Version] = {}
        self.deploys_from = inf
        """Which deploys there were before that was not read."""
        self.kept_by: dict[str, tuple[float | None, list[object]]] = {}
        """Of all workflows how long each keeps what ended: by the config, and by each version of it."""
        self._kept_times: tuple[tuple[object, object], Mapping[str, Kept]] | None = None
        self.history = History(frame.width, since=frame.start)
        self._counting: list[Instance] | None = None
        """Rows that came while all are counted anew."""
        self.seen_at: Callable[[str], float | None] | None = None
        """When a row that has not ended was answered last by what follows them; None where nothing does."""
        self._open: dict[str, float] = {}
        """Rows that had not ended when they were taken in, and when that was answered, 0 for not known."""
        self._answered: tuple[float, list[float]] = 0.0, []
        self._reach = 0.0
        """Seconds from now to the earliest moment that was framed."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def earlier(self) -> dict[str, Instance]:
        """Runs of instances that were restarted since: seen here, or told by the record or the journal."""
        return self._runs.runs

    @property
    def deployed(self) -> dict[str, float]:
        return {v.id: v.created for v in self.versions.values() if v.created is not None}

    def add(self, rows: Iterable[Instance], *, walked: bool = False, at: float = 0.0) -> None:
        """Takes rows in; those that no walk of the list brought, only where all of their age is loaded.

        Errored ones are also looked for by other pages, and alone they would fail at 100 %.
        """
        taken = [row for row in rows if walked or row.id in self.rows or self._is_covered(row)]
        runs = (earlier_run(self.rows[row.id], row) for row in taken if row.id in self.rows)
        self.add_runs({run.id: run for run in runs if run is not None})
        self.rows.update((row.id, row) for row in taken)
        for row in taken:
            if row.is_over:
                self._open.pop(row.id, None)
            else:
                self._open[row.id] = row.seen or at
        created = [row.created for row in taken if row.created is not None]
        if created:
            self.oldest = min(created) if self.oldest is None else min(self.oldest, *created)
        self._count(taken)

    def add_runs(self, runs: Mapping[str, Instance]) -> None:
        """Takes in runs that are no rows of the list any more."""
        if fresh := self._runs.add(runs.values()):
            self.history.had_ended(last_ends(fresh))
            self._count(fresh)

    def _count(self, rows: list[Instance]) -> None:
        self.history.add(rows)
        if self._counting is not None:
            self._counting += rows

    def _is_covered(self, row: Instance) -> bool:
        return self.floor is not None and row.created is not None and row.created >= self.floor

    async def show(self, frame: Frame, now: float) -> None:
        """Counts anew for another frame, in slices."""
        self._reach = max(self._reach, now - frame.start)
        if (frame.width, frame.start) != (self.frame.width, self.frame.start):
            history = History(frame.width, since=frame.start)
            # Rows come while all are counted anew, and each slice gives way: they are kept here, or the new
            # count would lack them.
            self._counting = []
            history.had_ended(last_ends(self.earlier.values()))
            for _ in history.take([*self.rows.values(), *self.earlier.values()]):
                await asyncio.sleep(0)
            await self._sum_up(history, frame, now)
            history.had_ended(last_ends(self.earlier.values()))
            history.add(self._counting)
            self._counting, self.history = None, history
        self.frame = frame

    def forget_passed(self, frame: Frame, now: float) -> bool:
        """Forgets rows that have passed out of all that was framed, for a page that stays open for weeks.

        To be asked before another stretch is shown, and not while rows are read further back: where any go,
        the floor is above what was read.
        """
        self._reach = max(self._reach, now - min(frame.start, self.frame.start))
        edge = now - self._reach
        if self.floor is None or self.floor >= edge:
            return False
        passed = [
            row.id
            for row in self.rows.values()
            if row.is_over and (row.created or 0.0) < edge and (row.ended or 0.0) < edge
        ]
        if len(passed) < _MOST_PASSED:
            return False
        for identity in passed:
            del self.rows[identity]
        self._runs.forget_before(edge)
        self.floor = edge
        return True

    async def sum_up(self, now: float) -> None:
        """Reckons ahead what the next drawing asks for, in slices."""
        await self._sum_up(self.history, self.frame, now)

    async def _sum_up(self, history: History, frame: Frame, now: float) -> None:
        for _ in history.reckon(frame.start, frame.end, self.kept_from(now), now):
            await asyncio.sleep(0)

    @property
    def _kept(self) -> Mapping[str, Kept]:
        """How long what ended is kept: of each of all workflows, or of this one under ""."""
        # A drawing asks hundreds of times, of up to a hundred versions; what they say changes at a deploy.
        of = self.versions, self.kept_by
        if self._kept_times is None or any(a is not b for a, b in zip(of, self._kept_times[0], strict=True)):
            if self.kept_by and not self.local:
                found = {
                    name: kept(configured=configured, defaults=defaults)
                    for name, (configured, defaults) in self.kept_by.items()
                }
            else:
                defaults = [version.default_retention for version in self.versions.values()]
                found = {"": kept(configured=self.retention, defaults=defaults, local=self.local)}
            self._kept_times = of, found
        return self._kept_times[1]

    def edge(self, now: float) -> Edge:
        # Counted together they are told as far back as the one that keeps what ended the shortest.
        edges = [each.edge(now) for each in self._kept.values()]
        return Edge(max(each.success for each in edges), max(each.error for each in edges))

    @property
    def lacks_ends(self) -> bool:
        """Whether the list does not say when instances ended."""
        return self.history.lacks_ends(local=self.local)

    def odd_times(self, now: float) -> OddTimes:
        """How many rows are left out of the charts, or of parts of them, for what they say of their times."""
        history, later = self.history, self.history.beyond(now)
        ahead, undated = max(later.created, later.ended), 0 if self.lacks_ends else history.undated
        return OddTimes(ahead, history.crossed, undated, history.uncreated, history.resumed, history.others)

    def is_seen(self, bucket: Bucket, now: float) -> bool:
        """Whether all that happened in it is loaded, and none of it erased; or it is counted elsewhere."""
        if bucket.counted or bucket.rows_from is not None:
            return True
        if self.lacks_ends or self.floor is None:
            return False
        loaded = bucket.start >= max(self.edge(now).both, self.floor) and bucket.start < self.until
        return loaded and self.is_answered(bucket, now)

    def is_answered(self, bucket: Bucket, now: float) -> bool:
        """Whether it is known how all that may have ended in this bucket ended, save for a few.

        Errored ones are listed by themselves for other pages: what completed beside them is met later, and
        of a stretch that few have been answered since nearly all would fail.
        """
        behind = bisect_left(self._answers(now), min(bucket.end, now, self.until) - _BEHIND)
        return behind <= max(_FEW, bucket.sample * _FEW_OF_ENDED)

    def counted_until(self, now: float) -> float:
        """Up to when all that is shown is counted, by rows or by analytics; now where nothing is."""
        seen = next((each for each in reversed(self.buckets(now)) if self.is_seen(each, now)), None)
        if seen is None:
            return now
        return min(now, seen.end, inf if seen.counted else self.until)

    def has_unread(self, now: float) -> bool:
        """Whether any that may have ended in what is counted by rows was not read since.

        Too few of them to change a rate are enough to make a count of what ended too low.
        """
        oldest = self._oldest_answer(now)
        of_rows = [each for each in self.buckets(now) if not each.counted and self.is_seen(each, now)]
        if oldest is None or not of_rows:
            return False
        return oldest < min(of_rows[-1].end, now, self.until) - _BEHIND

    def behind(self, now: float) -> str:
        """A clause on how old the rows are of those that go on: what has ended since is in no count."""
        return "" if self.local else read_within(self._oldest_answer(now), min(now, self.until))

    def _oldest_answer(self, now: float) -> float | None:
        """When the open instance was answered whose answer is the oldest; None for no open one."""
        return next(iter(self._answers(now) or sorted(filter(None, self._open.values()))), None)

    @property
    def open_ids(self) -> Sequence[str]:
        """Ids that had not ended when they were taken in."""
        return list(self._open)

    def _answers(self, now: float) -> list[float]:
        """When each open instance was answered last, ascending."""
        if (seen_at := self.seen_at) is None:
            return []
        if self._answered[0] != (second := now // 1.0):
            self._answered = second, sorted(max(at, seen_at(of) or 0.0) for of, at in self._open.items())
        return self._answered[1]

    def answered_until(self, now: float) -> float:
        """Up to when it is known how all of them ended."""
        right = min(self.frame.end, _above(now, self.frame))
        for bucket in reversed(self.history.buckets(self.frame.start, right)):
            if self.is_answered(bucket, now):
                return min(now, self.until, bucket.end)
        return self.frame.start

    def buckets(self, now: float) -> list[Bucket]:
        """The buckets of the frame, with counts of analytics where rows do not tell."""
        found = self.history.buckets(self.frame.start, min(self.frame.end, _above(now, self.frame)))
        if self.lacks_ends:
            return found
        found = [self._kept_part(bucket, now) for bucket in found]
        if self.analytics is None:
            return found
        analytics = self.analytics
        # While more is read what is counted of a stretch grows, and beside it all would seem to fall.
        return [
            bucket if self.is_seen(bucket, now) and not self.is_short else analytics.in_place_of(bucket)
            for bucket in found
        ]

    def _kept_part(self, bucket: Bucket, now: float) -> Bucket:
        """A bucket across the edge: rows for what is kept of it, analytics for the rest."""
        edge, analytics = self.kept_from(now), self.analytics
        if not bucket.start < edge < bucket.end or self.floor is None or self.floor > edge:
            return bucket
        rows_from, counts = None, Tally()
        if analytics is not None:
            at = -(-edge // analytics.grain) * analytics.grain
            if at >= bucket.end and (counted := analytics.in_place_of(bucket)).counted:
                return counted
            before = analytics.between(bucket.start, at) if at < bucket.end else None
            if before is not None:
                edge, rows_from, counts = at, at, before
        tally = sum_of((self.history.rest_of_bucket(edge), counts))
        return Bucket.of(
            tally,
            start=edge if rows_from is None else bucket.start,
            end=bucket.end,
            running=bucket.running,
            queued=bucket.queued,
            sampled=1.0 if rows_from is None or analytics is None else analytics.sampled,
            rows_from=rows_from,
        )

    def kept_from(self, now: float, workflow: str = "") -> float:
        """When the edge of retention is, at a full minute, so that counts stand still for as long."""
        found = self._kept[workflow].edge(now) if workflow in self._kept else self.edge(now)
        return -(-found.both // 60.0) * 60.0 if found.both > -inf else -inf

    def versions_since(self, now: float) -> dict[str, tuple[Tally, float]]:
        """The tally of each version, or workflow, and from when on: nothing of it is erased after that."""
        if not self.kept_by:
            since = self.kept_from(now)
            return {name: (tally, since) for name, tally in self.history.versions(since, now).items()}
        since_of = {name: max(self.kept_from(now, name), self.frame.start) for name in self.kept_by}
        found: dict[str, tuple[Tally, float]] = {}
        for since in set(since_of.values()):
            tallies = self.history.versions(since, now)
            found |= {name: (tallies[name], since) for name in tallies if since_of.get(name) == since}
        return found

    def total(self, now: float) -> Tally:
        """The tally of all that the charts show; of what was erased, the counts of analytics."""
        if self.lacks_ends or (self.floor is None and self.analytics is None):
            return Tally(sum(tally.created for tally in self.history.versions(until=now).values()))
        return sum_of(bucket for bucket in self.buckets(now) if self.is_seen(bucket, now))

    def ended_in(self, bucket: Bucket) -> list[Instance]:
        """The rows that ended in the bucket, and earlier runs of those that were restarted since."""
        return [
            row
            for row in (*self.rows.values(), *self.earlier.values())
            if row.ended is not None and bucket.start <= row.ended < bucket.end and row.is_over
        ]

    @property
    def ended_at_some_time(self) -> int:
        """How many of those loaded have ended where the list tells no times of ends; else 0."""
        # The few that were read have times: alone they would be all that ended.
        return sum(row.is_over for row in self.rows.values()) if self.lacks_ends else 0

    def sees_all(self, now: float) -> bool:
        """Whether all that happened in what is shown is counted, and none of it erased."""
        return all(self.is_seen(bucket, now) for bucket in self.buckets(now))

    def has_counts(self, now: float) -> bool:
        """Whether analytics counted anything of what is shown."""
        return any(bucket.created or bucket.ended for bucket in self.buckets(now) if bucket.counted)

    def seconds(self, now: float) -> float:
        """How long a stretch the numbers are of."""
        oldest, counted = self.oldest, [b.start for b in self.buckets(now) if b.counted and b.created]
        if counted:
            return self.counted_until(now) - counted[0]
        start = max(self.frame.start, self.edge(now).both)
        if self.floor is not None:
            start = max(start, self.floor)
        return self.counted_until(now) - max(start, oldest if oldest is not None else start)

    @property
    def nothing(self) -> str:
        """Why there is nothing to draw."""
        if self.lacks_ends:
            return "this server's list does not say when an instance ended: only what was created is counted"
        return "no instance is loaded of this time"


def _above(now: float, frame: Frame) -> float:
    return (now // frame.width + 1) * frame.width
