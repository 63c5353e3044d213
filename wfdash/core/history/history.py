"""List rows counted over time: what a later answer says of an instance replaces the earlier."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from math import inf

from msgspec import Struct, field

from wfdash.core.history.bucket import Bucket, Tally
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import FINAL

__all__ = ["SLICE", "History"]

SLICE = 4_000
"""Rows between two breaths: some 6 ms."""
_NEVER = 1 << 62
"""The bucket of what is still so."""


class _Group(Struct):
    """What came and ended of one version by one trigger, by bucket."""

    created: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    took: dict[str, defaultdict[int, list[float | None]]] = field(
        default_factory=lambda: {status: defaultdict(list) for status in FINAL}
    )
    """By final status, the durations; None where the times do not say."""

    def places(self) -> set[int]:
        """The buckets in which something came or ended."""
        return set(self.created).union(*self.took.values())


class History:
    """Instances by id, in buckets of `width` seconds at whole multiples of it in UTC.

    What lies before `since` or not before `until` counts only for what runs and is queued at a moment.
    """

    def __init__(self, width: float, *, since: float = -inf, until: float = inf) -> None:
        self.width, self.since, self.until = width, since, until
        self.undated = 0
        """Ended instances whose row does not say when."""
        self._rows: dict[str, Instance] = {}
        self._groups: dict[tuple[str, str], _Group] = {}
        self._running: defaultdict[int, int] = defaultdict(int)
        self._queued: defaultdict[int, int] = defaultdict(int)
        """How many more are so at the end of a bucket than before it."""
        self._tallies: dict[int, Tally] = {}
        """Buckets that have been reckoned and not touched since."""
        self._sums: dict[tuple[int, float], Mapping[str, Tally]] = {}
        """By version (0) and by trigger (1) from a bucket on, since nothing was counted."""

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Iterable[Instance]) -> None:
        """Counts rows; what was counted of one that is there already is taken out first."""
        for _ in self.take(rows):
            pass

    def take(self, rows: Iterable[Instance]) -> Iterator[None]:
        """Counts rows as `add` does and gives way after each slice, so that keys go on."""
        counted, left = self._rows, iter(rows)
        while piece := {row.id: row for row in islice(left, SLICE)}:
            self._count([counted[identity] for identity in piece if identity in counted], -1)
            counted.update(piece)
            self._count(piece.values(), 1)
            yield

    def drop(self, identities: Iterable[str]) -> None:
        """Takes instances out."""
        gone = [self._rows.pop(identity) for identity in set(identities) if identity in self._rows]
        self._count(gone, -1)

    def buckets(self, start: float, end: float) -> list[Bucket]:
        """Those from `start` to `end` without a gap; the first and the last are cut there."""
        first, last = int(start // self.width), int(-(-end // self.width))
        begun = sum(more for place, more in self._running.items() if place < first)
        queued = sum(more for place, more in self._queued.items() if place < first)
        found: list[Bucket] = []
        for place in range(first, last):
            begun += self._running.get(place, 0)
            queued += self._queued.get(place, 0)
            tally = self._tally(place)
            found.append(
                Bucket(
                    tally.created,
                    tally.complete,
                    tally.errored,
                    tally.terminated,
                    tally.took,
                    start=max(start, place * self.width),
                    end=min(end, (place + 1) * self.width),
                    running=begun,
                    queued=queued,
                )
            )
        return found

    def versions(self, since: float = -inf) -> Mapping[str, Tally]:
        """All that was counted in whole buckets from `since` on, by version; "" where no server says it."""
        return self._by(0, since)

    def triggers(self, since: float = -inf) -> Mapping[str, Tally]:
        """The same by trigger; "" where the server does not say it."""
        return self._by(1, since)

    def version_tallies(self, version: str) -> Mapping[int, Tally]:
        """Of one version, by bucket: the number of a bucket is its start divided by `width`."""
        groups = [group for (name, _), group in self._groups.items() if name == version]
        return {
            place: _sum([(place, group) for group in groups])
            for place in set().union(*(group.places() for group in groups))
        }

    def _by(self, part: int, since: float) -> Mapping[str, Tally]:
        first = -(-since // self.width) if since > -inf else since
        if (part, first) not in self._sums:
            pairs: dict[str, list[tuple[int, _Group]]] = defaultdict(list)
            for key, group in self._groups.items():
                pairs[key[part]] += [(place, group) for place in group.places() if place >= first]
            sums = {name: _sum(of) for name, of in pairs.items()}
            self._sums[part, first] = {
                name: tally for name, tally in sums.items() if tally.created or tally.ended
            }
        return self._sums[part, first]

    def _tally(self, place: int) -> Tally:
        tally = self._tallies.get(place)
        if tally is None:
            tally = self._tallies[place] = _sum([(place, group) for group in self._groups.values()])
        return tally

    def _count(self, rows: Iterable[Instance], sign: int) -> None:
        """Adds what rows say, or takes exactly that away again: rows are never edited."""
        # One long loop over locals: 100,000 rows are counted at once when the page opens.
        width, since, until, groups = self.width, self.since, self.until, self._groups
        running, queued, tallies = self._running, self._queued, self._tallies
        self._sums.clear()
        for row in rows:
            status, created, ended = row.status, row.created, row.ended
            final = status in FINAL
            begun = row.started
            if begun is None and not final and status != "queued":
                begun = created  # a dev session lists no start
            group = groups.get((row.version, row.trigger))
            if group is None:
                group = groups[row.version, row.trigger] = _Group()
            came = begun if created is None else created
            at = _NEVER if came is None else int(came // width)
            if created is not None and since <= created < until:
                group.created[at] += sign
                tallies.pop(at, None)
            out = _NEVER
            if final:
                if ended is None:
                    self.undated += sign
                    continue
                out = int(ended // width)
                if since <= ended < until:
                    took = None if begun is None or ended < begun else ended - begun
                    if sign > 0:
                        group.took[status][out].append(took)
                    else:
                        group.took[status][out].remove(took)
                    tallies.pop(out, None)
                elif ended >= until:
                    out = _NEVER
            # From here on what stood at the end of buckets. Times that cross are taken as the same moment.
            if came is None or came >= until:
                continue
            if out < at:
                out = at
            left = out
            if begun is not None and begun < until:
                left = min(out, max(at, int(begun // width)))
            # Most begin in the bucket they came in: then nothing is queued at its end.
            if left != at:
                queued[at] += sign
                queued[left] -= sign
            if left != out:
                running[left] += sign
                running[out] -= sign


def _sum(pairs: Iterable[tuple[int, _Group]]) -> Tally:
    """What these groups have in these buckets, in one."""
    created, numbers = 0, Counter[str]()
    took: list[float] = []
    for place, group in pairs:
        created += group.created.get(place, 0)
        for status, places in group.took.items():
            if durations := places.get(place):
                numbers[status] += len(durations)
                took += [duration for duration in durations if duration is not None]
    took.sort()
    return Tally(created, numbers["complete"], numbers["errored"], numbers["terminated"], took)
