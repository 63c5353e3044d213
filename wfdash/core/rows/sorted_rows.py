"""Rows sorted by a key, found, put in and taken out by it: what a view stands on."""

import gc
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from wfdash.core.model.instance import Instance
from wfdash.core.rows.order import Order

__all__ = ["SLICE", "Arrangement"]

SLICE = 2000
"""Rows that are matched or sorted before other work gets its turn: a few milliseconds."""
_MANY = 0.1
"""Share of the rows from which all of them are filtered or sorted anew: each single move shifts the tail of a
list."""
_SAMPLES = 20
"""Rows looked at for each heap, to make the heaps of about one size."""
_STRIDE = 7_368_787
"""A prime, so that no pattern in the rows is met at every step."""
_Heap = list[tuple[tuple[Any, ...], Instance]]
_first = itemgetter(0)


class Arrangement:
    """Rows by an order's key, ascending: `base` is every row, `shown` those that match.

    A row stands where its key was when it was put in, so it must not be edited while it is here.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.key = order.key()
        self.base: list[Instance] = []
        self.shown: list[Instance] = []
        self.placed: dict[str, Instance] = {}

    def sort(self, rows: Sequence[Instance]) -> Iterator[list[Instance]]:
        """Fills an empty `base`: yields between slices, at first nothing, then the rows from the top.

        `base` is there once all are through. The garbage collector rests meanwhile: it would walk all the
        keys at once, and none is garbage.
        """
        collects = gc.isenabled()
        gc.disable()
        try:
            yield from self._sort(rows)
        finally:
            if collects:
                gc.enable()

    def _sort(self, rows: Sequence[Instance]) -> Iterator[list[Instance]]:
        """Sorts by dealing rows into small heaps: the top rows are in order long before the last."""
        key = self.key
        bounds = self._bounds(rows)
        heaps: list[_Heap] = [[] for _ in range(len(bounds) + 1)]
        every = iter(rows)
        while part := [(key(row), row) for row in islice(every, SLICE)]:
            for keyed in part:
                heaps[bisect_right(bounds, keyed[0])].append(keyed)
            yield []
        parts: list[list[Instance]] = []
        heaps = heaps if self.order.reverse else heaps[::-1]
        while heaps:
            heap = heaps.pop()
            heap.sort(key=_first, reverse=self.order.reverse)
            parts.append([row for _, row in heap])
            self.placed.update((row.id, row) for row in parts[-1])
            yield parts[-1]
        base = list(chain.from_iterable(parts))
        self.base = base[::-1] if self.order.reverse else base

    def _bounds(self, rows: Sequence[Instance]) -> list[tuple[Any, ...]]:
        """Keys between which there are about SLICE rows each."""
        number = len(rows) // SLICE
        sample = sorted(self.key(rows[at * _STRIDE % len(rows)]) for at in range(number * _SAMPLES))
        return [sample[len(sample) * heap // (number + 1)] for heap in range(1, number + 1)]

    def slices(self, *, shown: bool) -> Iterator[list[Instance]]:
        """Every row from the top of the table, or every one that is shown, SLICE at a time."""
        these = self.shown if shown else self.base
        rows = reversed(these) if self.order.reverse else iter(these)
        while part := list(islice(rows, SLICE)):
            yield part

    def turned(self, index: int) -> int:
        """A position from the top as an index into `shown`, and back."""
        return len(self.shown) - 1 - index if self.order.reverse else index

    def index(self, rows: list[Instance], row: Instance) -> int | None:
        """The index of exactly this row object; None where it is not among `rows`."""
        at = bisect_left(rows, self.key(row), key=self.key)
        # Keys may be equal between versions of one row, so it must be the very object.
        return at if at < len(rows) and rows[at] is row else None

    def swap(self, old: Instance, new: Instance, matches: bool) -> bool:
        """Puts a row in the place of another when the order allows; False when it must move."""
        if self.key(old) != self.key(new):
            return False
        at = self.index(self.shown, old)
        if (at is not None) != matches:
            return False
        if at is not None:
            self.shown[at] = new
        index = self.index(self.base, old)
        if index is not None:
            self.base[index] = new
        self.placed[new.id] = new
        return True

    def remove(self, rows: list[Instance]) -> None:
        """Takes row objects out; one that is not here is passed over."""
        for row in rows:
            self.placed.pop(row.id, None)
        # Each single removal moves the tail of a list: many at once are filtered in one pass.
        if len(rows) > max(20, len(self.base) * _MANY):
            out = {id(row) for row in rows}
            self.base = [row for row in self.base if id(row) not in out]
            self.shown = [row for row in self.shown if id(row) not in out]
            return
        for row in rows:
            for where in (self.base, self.shown):
                if (at := self.index(where, row)) is not None:
                    del where[at]

    def insert(self, rows: list[Instance], matching: list[Instance]) -> None:
        """Puts rows in; `matching` are those of them to show."""
        for row in rows:
            self.placed[row.id] = row
        self._insert(self.base, rows)
        self._insert(self.shown, matching)

    def _insert(self, where: list[Instance], rows: list[Instance]) -> None:
        key = self.key
        rows = sorted(rows, key=key)
        # Timsort on two sorted runs beats inserting one by one.
        if len(rows) > len(where) * _MANY:
            where += rows
            where.sort(key=key)
            return
        end = len(where)
        while rows:
            at = bisect_left(where, key(rows[-1]), hi=end, key=key)
            first = bisect_left(rows, key(where[at - 1]), key=key) if at else 0
            where[at:at] = rows[first:]
            del rows[first:]
            end = at
