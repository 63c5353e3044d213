"""List rows counted over time: what a later answer says of an instance replaces the earlier."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from math import inf

from msgspec import Struct, field

from wfdash.core.history.bucket import Bucket, Tally, sum_of
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import ACTIVE, FINAL
from wfdash.core.model.times import AHEAD, CLOCKS, lasted

__all__ = ["SLICE", "History", "times_ahead"]

SLICE = 2_000
"""Rows between two breaths: some 3 ms, and 20 where each is of another version."""
_SUMMED = 5_000
"""Cells and durations that are summed up between two breaths."""
_MOMENTS = 8
"""From which the rest of a bucket is kept: as many workflows may keep what ended for another time."""
_NEVER = 1 << 62
"""The bucket of what is still so."""


class _Cell(Struct, eq=False, gc=False):
    """What came and ended of one version by one trigger in one bucket."""

    created: int = 0
    complete: int = 0
    errored: int = 0
    terminated: int = 0
    other: int = 0
    took: list[float] | None = None
    """Of those that ended and whose times say how long they ran; None before the first."""

    def ends(self, status: str, sign: int, took: float | None) -> None:
        """Counts an end in that status, or with `sign` -1 takes it away again."""
        if status == "complete":
            self.complete += sign
        elif status == "errored":
            self.errored += sign
        elif status == "terminated":
            self.terminated += sign
        else:
            self.other += sign
        if took is None:
            return
        if sign < 0:
            assert self.took is not None
            self.took.remove(took)
        elif self.took is None:
            self.took = [took]
        else:
            self.took.append(took)


_Cells = dict[int, _Cell]
"""By bucket: its start divided by the width."""
_Words = tuple[str, str]
"""The version and the trigger of a row."""


class _Sums(Struct):
    """What was counted by version, or by trigger, summed up for one span at a time."""

    word: int
    """Which of the two."""
    cells: defaultdict[str, list[_Cells]] = field(default_factory=lambda: defaultdict(list))
    first: float = -inf
    """The bucket from which on `sums` are."""
    last: float = inf
    """The bucket before which they are."""
    sums: dict[str, Tally] = field(default_factory=dict)
    """Missing where it has to be reckoned anew."""

    def missing(self, first: float, last: float, places: Mapping[int, Sequence[_Words]]) -> Iterator[int]:
        """Sums up what is missing between two buckets.

        Yields how many cells each sum took, to give way by.
        """
        for was, now in ((self.first, first), (self.last, last)):
            low, high = sorted((was, now))
            if low == high:
                continue
            for place, pairs in places.items():
                if low <= place < high:
                    for words in pairs:
                        self.sums.pop(words[self.word], None)
        self.first, self.last = first, last
        for name in [name for name in self.cells if name not in self.sums]:
            # Others may have asked from another bucket on since it gave way.
            within = [
                cell
                for cells in self.cells[name]
                for place, cell in cells.items()
                if self.first <= place < self.last
            ]
            self.sums[name] = _sum(within)
            yield 1 + len(within)


class History:
    """Instances by id, in buckets of `width` seconds at whole multiples of it in UTC.

    What lies before `since` or not before `until` counts only for what runs and is queued at a moment.
    """

    def __init__(self, width: float, *, since: float = -inf, until: float = inf) -> None:
        self.width, self.since, self.until = width, since, until
        self.undated = self.dated = 0
        """Ended instances whose row does not say when, and whose row does."""
        self.crossed = 0
        """Ended, as their rows say, before they began: in no duration."""
        self.uncreated = 0
        """Instances whose row does not say when they were created."""
        self.others: Counter[str] = Counter()
        """Ended ones by a status that is unknown here."""
        self.resumed = 0
        """Ended ones that began before an earlier end of theirs: restarted from a step, in no duration."""
        self._ends_before: dict[str, float] = {}
        self._rows: dict[str, Instance] = {}
        self._cells: dict[_Words, _Cells] = {}
        self._places: defaultdict[int, list[_Words]] = defaultdict(list)
        """Which have a cell in a bucket: of 10,000 versions hardly any."""
        self._versions, self._triggers = _Sums(0), _Sums(1)
        self._running: defaultdict[int, int] = defaultdict(int)
        self._queued: defaultdict[int, int] = defaultdict(int)
        """How many more are so at the end of a bucket than before it."""
        self._begun: dict[float, tuple[dict[str, _Cell], dict[str, _Cell]]] = {}
        """From a moment to the end of its bucket, by version and by trigger, since nothing was counted."""
        self._tallies: dict[int, Tally] = {}
        """Buckets that have been reckoned and not touched since."""

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Iterable[Instance]) -> None:
        """Counts rows; what was counted of one that is there already is taken out first."""
        for _ in self.take(rows):
            pass

    def take(self, rows: Iterable[Instance]) -> Iterator[None]:
        """Counts rows as `add` does and gives way after each slice, so that keys go on."""
        counted, rest = self._rows, iter(rows)
        while piece := {row.id: row for row in islice(rest, SLICE)}:
            self._count([counted[identity] for identity in piece if identity in counted], -1)
            counted.update(piece)
            self._count(piece.values(), 1)
            yield

    def had_ended(self, ends: Mapping[str, float]) -> None:
        """Takes in when instances that were restarted had ended last before, and counts them anew.

        A restart from a step leaves the first start in the row: until the end that it tells the instance lay
        errored for most of the time, and that is no time that anything took.
        """
        rows = [self._rows[identity] for identity in ends if identity in self._rows]
        # Taken out and counted again: what they took depends on the end that was not known before.
        self._count(rows, -1)
        for identity, at in ends.items():
            self._ends_before[identity] = max(at, self._ends_before.get(identity, at))
        self._count(rows, 1)

    def lacks_ends(self, *, local: bool) -> bool:
        """Whether the list does not say when instances ended; where some rows lack it the others count.

        A dev session's list says it of none: the few that were read have times, and would be all that ended.
        """
        return self.undated > (0 if local else self.dated)

    def drop(self, identities: Iterable[str]) -> None:
        """Takes instances out."""
        gone = [self._rows.pop(identity) for identity in set(identities) if identity in self._rows]
        self._count(gone, -1)

    def buckets(self, start: float, end: float) -> list[Bucket]:
        """The buckets from `start` to `end` without a gap; the first and the last one are cut there."""
        first, last = int(start // self.width), int(-(-end // self.width))
        begun = sum(more for place, more in self._running.items() if place < first)
        queued = sum(more for place, more in self._queued.items() if place < first)
        found: list[Bucket] = []
        for place in range(first, last):
            begun += self._running.get(place, 0)
            queued += self._queued.get(place, 0)
            tally = self._tally(place)
            found.append(
                Bucket.of(
                    tally,
                    start=max(start, place * self.width),
                    end=min(end, (place + 1) * self.width),
                    running=begun,
                    queued=queued,
                )
            )
        return found

    def versions(self, since: float = -inf, until: float = inf) -> Mapping[str, Tally]:
        """All that was counted from `since` to the end of the bucket of `until`, by version.

        "" where no server says it.
        """
        return self._by(0, since, until)

    def triggers(self, since: float = -inf, until: float = inf) -> Mapping[str, Tally]:
        """All that was counted in that time, by trigger; "" is the key where the server says none."""
        return self._by(1, since, until)

    def beyond(self, until: float) -> Tally:
        """What came and ended after the bucket of that moment: a server's clock may be ahead."""
        last = self._last(until)
        later = [place for place in self._places if place >= last]
        return _sum(self._cells[words][place] for place in later for words in self._places[place])

    def rest_of_bucket(self, since: float) -> Tally:
        """What came and ended from a moment to the end of its bucket."""
        return _sum(self._rest(since)[1].values())

    def reckon(self, start: float, end: float, since: float = -inf, until: float = inf) -> Iterator[None]:
        """Sums up ahead what will be asked for, and gives way in between: many versions are many sums."""
        places = range(int(start // self.width), int(-(-end // self.width)))
        summed = 0
        for cells in chain(
            (self._tally(place).ended for place in places),
            self._versions.missing(self._first(since), self._last(until), self._places),
            self._triggers.missing(self._first(since), self._last(until), self._places),
        ):
            summed += cells
            if summed >= _SUMMED:
                summed = 0
                yield

    def _by(self, number: int, since: float, until: float) -> Mapping[str, Tally]:
        part = (self._versions, self._triggers)[number]
        for _ in part.missing(self._first(since), self._last(until), self._places):
            pass
        found = {name: tally for name, tally in part.sums.items() if tally.created or tally.ended}
        # A bucket may be half a day wide: what it holds from then on is not left out.
        for name, cell in self._rest(since)[number].items():
            found[name] = sum_of((_sum([cell]), found.get(name, Tally())))
        return found

    def _rest(self, since: float) -> tuple[dict[str, _Cell], dict[str, _Cell]]:
        if since <= self.since or since in self._begun:
            return self._begun.get(since, ({}, {}))
        versions: defaultdict[str, _Cell] = defaultdict(_Cell)
        triggers: defaultdict[str, _Cell] = defaultdict(_Cell)
        end = min(self._first(since) * self.width, self.until)
        for row in self._rows.values() if end > since else ():
            created, ended, begun = row.created, row.ended, row.started
            of = None
            if created is not None and since <= created < end:
                of = versions[row.version], triggers[row.trigger]
                for cell in of:
                    cell.created += 1
            if ended is not None and since <= ended < end and row.is_over:
                is_crossed = created is not None and created > ended + CLOCKS
                is_resumed = begun is not None and begun <= self._ends_before.get(row.id, -inf)
                took = None if is_crossed or is_resumed else lasted(begun, ended)
                for cell in of or (versions[row.version], triggers[row.trigger]):
                    cell.ends(row.status, 1, took)
        if len(self._begun) >= _MOMENTS:
            self._begun.clear()
        self._begun[since] = versions, triggers
        return self._begun[since]

    def _first(self, since: float) -> float:
        return -(-since // self.width) if since > -inf else since

    def _last(self, until: float) -> float:
        return until // self.width + 1 if until < inf else until

    def _tally(self, place: int) -> Tally:
        tally = self._tallies.get(place)
        if tally is None:
            tally = self._tallies[place] = _sum(
                self._cells[words][place] for words in self._places.get(place, ())
            )
        return tally

    def _cell(self, words: _Words, place: int) -> _Cell:
        cell = self._cells[words][place] = _Cell()
        self._places[place].append(words)
        return cell

    def _cells_for(self, words: _Words) -> _Cells:
        """Begins with a version and trigger that nothing was counted of yet."""
        version, trigger = words
        cells = self._cells[words] = {}
        self._versions.cells[version].append(cells)
        self._triggers.cells[trigger].append(cells)
        return cells

    def _count(self, rows: Iterable[Instance], sign: int) -> None:
        """Adds rows to the counts (`sign` 1), or takes them out again (-1): a row is never edited."""
        width, until = self.width, self.until
        running, queued = self._running, self._queued
        self._begun.clear()
        for came, begun, ended in self._count_ends(rows, sign):
            started = ended
            if begun is not None and begun < until:
                started = came if begun < (came + 1) * width else min(ended, int(begun // width))
            # Most begin in the bucket they came in: then nothing is queued at its end.
            if started != came:
                queued[came] += sign
                queued[started] -= sign
            if started != ended:
                running[started] += sign
                running[ended] -= sign

    def _count_ends(self, rows: Iterable[Instance], sign: int) -> Iterator[tuple[int, float | None, int]]:
        """Counts what came and what ended, in its bucket.

        Yields, of each that was there at the end of a bucket, the one it came in, its start, and the one it
        ended in.
        """
        # One long loop over locals: 100,000 rows are counted at once when the page opens.
        width, since, until = self.width, self.since, self.until
        cells, of_versions, of_triggers = self._cells, self._versions.sums, self._triggers.sums
        tallies, resumed = self._tallies, self._ends_before
        for row in rows:
            status, created, ended, begun = row.status, row.created, row.ended, row.started
            final = status in FINAL
            if not final and ended is not None and status not in ACTIVE:
                final = True
                self.others[status] += sign
            if created is None and "\n" not in row.id:
                self.uncreated += sign
            if begun is None and not final and status != "queued":
                begun = created  # a dev session lists no start
            words = row.version, row.trigger
            of = cells.get(words)
            if of is None:
                of = self._cells_for(words)
            if of_versions:
                of_versions.pop(row.version, None)
            if of_triggers:
                of_triggers.pop(row.trigger, None)
            came = begun if created is None else created
            at = _NEVER if came is None else int(came // width)
            if created is not None and since <= created < until:
                (of.get(at) or self._cell(words, at)).created += sign
                if tallies:
                    tallies.pop(at, None)
            out = _NEVER
            if final:
                if ended is None:
                    self.undated += sign
                    continue
                self.dated += sign
                out = int(ended // width)
                took = lasted(begun, ended)
                if resumed and begun is not None and begun <= resumed.get(row.id, -inf):
                    self.resumed += sign
                    took = None
                elif (took is None and begun is not None) or (
                    created is not None and created > ended + CLOCKS
                ):
                    self.crossed += sign
                    took = None
                if since <= ended < until:
                    (of.get(out) or self._cell(words, out)).ends(status, sign, took)
                    if tallies:
                        tallies.pop(out, None)
                elif ended >= until:
                    out = _NEVER
            # Times that cross are taken as the same moment: nothing of it stood at the end of any bucket.
            if came is not None and came < until and at < out:
                yield at, begun, out


def _sum(cells: Iterable[_Cell]) -> Tally:
    """Adds cells up to one tally, with all their durations in order."""
    created = complete = errored = terminated = other = 0
    took: list[float] = []
    for cell in cells:
        created += cell.created
        complete += cell.complete
        errored += cell.errored
        terminated += cell.terminated
        other += cell.other
        if cell.took:
            took += cell.took
    took.sort()
    return Tally(created, complete, errored, terminated, took, other)


def times_ahead(rows: Iterable[Instance], now: float) -> int:
    """How many of these were created or ended after now: the server's clock is ahead, or its rows are."""
    return sum(max(row.created or 0.0, row.ended or 0.0) > now + AHEAD for row in rows)
