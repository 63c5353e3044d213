"""The rows of a store that match a query, in an order, kept up to date a change at a time."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Set

from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import Query
from wfdash.core.model.instance import Instance
from wfdash.core.rows.order import Order
from wfdash.core.rows.sorted_rows import Arrangement
from wfdash.core.rows.store import Delta, Store

__all__ = ["TableView"]


class TableView:
    """The rows that match, by position from the top; each stands where it belonged when it was placed.

    With `hold`, nothing moves: arrivals wait, rows that no longer match stay as ghosts, until `settle`.
    With `ghosts` arrivals go in at once, and only what left still stands.
    A new view takes in a large store at once; `set_query` and `set_order` let other work have its turns.
    """

    def __init__(
        self,
        store: Store,
        query: Query | None = None,
        order: Order | None = None,
        *,
        clock: Callable[[], float],
        context: Callable[[], MatchContext] | None = None,
    ) -> None:
        self.query = query
        self.order = order or Order()
        self._store = store
        self._clock = clock
        self._context = context
        self._rows = Arrangement(self.order)
        self._pending: dict[str, None] = {}
        self._arrivals: set[str] = set()
        self._ghosts: set[str] = set()
        self._stands_for: Query | None = None
        """The filter that all of what is shown was found for; None for none, or while that is not all yet."""
        self._turn = 0
        self._building = False
        for _ in self._rebuild():
            pass

    def __len__(self) -> int:
        return len(self._rows.shown)

    def __getitem__(self, position: int) -> str:
        return self._rows.shown[self._rows.turned(position)].id

    @property
    def matched(self) -> int:
        """How many rows are shown, ghosts among them."""
        return len(self._rows.shown)

    @property
    def arrivals(self) -> set[str]:
        """Ids that match but wait for `settle`; not to be changed."""
        return self._arrivals

    @property
    def waits(self) -> bool:
        """Whether rows wait for `settle`: to come in, or to move from where they stand."""
        return any(identity not in self._ghosts for identity in self._pending)

    @property
    def ghosts(self) -> set[str]:
        """Ids that stand although they match no longer; not to be changed."""
        return self._ghosts

    @property
    def building(self) -> bool:
        """Whether a new query or order is still being worked through."""
        return self._building

    def row(self, position: int) -> Instance:
        """The row at a position, as told last; of one that is gone, as it was told before."""
        placed = self._rows.shown[self._rows.turned(position)]
        return self._store.get(placed.id) or placed

    def ids(self, start: int = 0, stop: int | None = None) -> list[str]:
        """The ids from one position up to another, from the top."""
        return [self[position] for position in range(*slice(start, stop).indices(len(self)))]

    def index_of(self, identity: str) -> int | None:
        placed = self._rows.placed.get(identity)
        index = None if placed is None else self._rows.index(self._rows.shown, placed)
        return None if index is None else self._rows.turned(index)

    def count_missing(self, identities: Iterable[str]) -> int:
        """How many of these ids have no row here; of many in one pass, where `index_of` searches for each."""
        shown = {row.id for row in self._rows.shown}
        return sum(1 for identity in identities if identity not in shown)

    def update(self, delta: Delta, *, hold: bool = False, ghosts: bool = False) -> None:
        """Follows a change of the store. Every delta must come by here."""
        touched = dict.fromkeys((*delta.added, *delta.changed, *delta.dropped))
        self._pending.update(touched)
        test = self._test()
        for identity in touched:
            self._weigh(identity, test)
        if not hold:
            self.settle(ghosts=ghosts)

    def settle(self, *, ghosts: bool = False) -> None:
        """Puts every row where it belongs now: arrivals in, and ghosts out unless they are to stand."""
        if self._building:
            return
        pending, self._pending = self._pending, {}
        self._arrivals = set()
        standing = self._ghosts if ghosts else set()
        self._ghosts = standing
        test = self._test()
        leaving, entering, matching = [], [], []
        for identity in pending:
            # What moved while it stands as a ghost moves when it goes.
            if identity in standing:
                self._pending[identity] = None
                continue
            row, placed = self._store.get(identity), self._rows.placed.get(identity)
            matches = row is not None and (test is None or test(row))
            if row and placed and self._rows.swap(placed, row, matches):
                continue
            if placed:
                leaving.append(placed)
            if row:
                entering.append(row)
            if row and matches:
                matching.append(row)
        self._rows.remove(leaving)
        self._rows.insert(entering, matching)

    def settle_below(self, position: int) -> None:
        """Lets those arrivals in that belong under the row at `position`: nothing down to it moves."""
        if self._building:
            return
        self._take_in_unshown()
        if not self._arrivals:
            return
        rows = self._rows
        # Compared by the key, so that nothing that stands on the screen is asked again where it belongs.
        bound = rows.key(rows.shown[rows.turned(min(position, len(self) - 1))]) if len(self) else None
        under: list[Instance] = []
        for identity in self._arrivals:
            row = self._store.get(identity)
            if row is None or identity in rows.placed:
                continue
            key = rows.key(row)
            if bound is None or (key < bound if rows.order.reverse else key > bound):
                under.append(row)
        for row in under:
            self._arrivals.discard(row.id)
            self._pending.pop(row.id, None)
        rows.insert(under, list(under))

    def _take_in_unshown(self) -> None:
        """Puts rows that are new and do not match where they belong, for nobody sees them.

        While a list is read on thousands of them would wait for a quiet moment, and hold the loop then.
        """
        new = [each for each in self._pending if each not in self._arrivals and each not in self._rows.placed]
        self._rows.insert([row for identity in new if (row := self._store.get(identity))], [])
        for identity in new:
            del self._pending[identity]

    def dismiss(self) -> None:
        """Lets the ghosts go; arrivals keep waiting."""
        if self._building:
            return
        leaving = [placed for identity in self._ghosts if (placed := self._rows.placed.get(identity))]
        entering = [row for identity in self._ghosts if (row := self._store.get(identity))]
        for identity in self._ghosts:
            self._pending.pop(identity, None)
        self._ghosts = set()
        self._rows.remove(leaving)
        self._rows.insert(entering, [])

    async def set_query(self, query: Query | None, progress: Callable[[], None] | None = None) -> bool:
        """Shows what matches another query. False when a newer call took over before this one was through.

        `progress` is called once the first rows are in place and can be drawn.
        """
        self.query = query
        return await self._build(progress)

    async def set_order(self, order: Order, progress: Callable[[], None] | None = None) -> bool:
        """Sorts by another order. False when a newer call took over before this one was through."""
        self.order = order
        return await self._build(progress)

    async def _build(self, progress: Callable[[], None] | None) -> bool:
        self._turn += 1
        turn, before = self._turn, self._rows
        try:
            for drawable in self._rebuild():
                if drawable and progress:
                    progress()
                # A turn for keys and drawing between slices of a few milliseconds.
                await asyncio.sleep(0)
                # A person types faster than 100,000 rows are matched: the newest query wins.
                if turn != self._turn:
                    return False
        finally:
            if turn == self._turn and self._building:
                self._building, self._rows = False, before  # it was cancelled
        return True

    def _rebuild(self) -> Iterator[bool]:
        """Sorts and filters anew in slices; yields True once, when the first rows are in place."""
        self._building = True
        rows = self._rows
        parts = rows.slices(shown=self._is_among_shown())
        self._stands_for = None
        if rows.order != self.order or not rows.base:
            rows = Arrangement(self.order)
            parts = rows.sort(list(self._store))
        shown: list[Instance] = []
        test = self._test()
        drawn = False
        for part in parts:
            shown += part if test is None else filter(test, part)
            if part and not drawn:
                drawn = True
                self._show(rows, shown)
                yield True
            else:
                yield False
        self._show(rows, shown)
        self._building = False
        self._stands_for = self.query
        if len(rows.placed) < len(self._store):
            self._pending.update(
                (identity, None) for identity in self._store.ids() if identity not in rows.placed
            )
        self.settle()

    def _is_among_shown(self) -> bool:
        """Whether what matches now is among what is shown, or waits to be: a letter more was typed."""
        before, query = self._stands_for, self.query
        if before is None or query is None or query == before or query.moves:
            return False
        # Of what only the record tells nothing stands there for a filter that does not ask for it.
        return query.seeks == before.seeks and query.narrows(before)

    def _show(self, rows: Arrangement, shown: list[Instance]) -> None:
        rows.shown = shown[::-1] if rows.order.reverse else list(shown)
        self._rows = rows

    def _test(self) -> Callable[[Instance], bool] | None:
        """Whether a row matches now, which nothing does that is gone; None when every one does.

        What only the record tells of was looked for, and is shown to whoever looks for it.
        """
        gone: Set[str] = self._store.gone if self.query and self.query.seeks else self._store.lost
        if not self.query:
            return (lambda row: row.id not in gone) if gone else None
        # A row that left its status keeps it until it is read: it must not count, nor be marked, for it.
        if departed := self._store.departed_for(self.query.statuses):
            gone = gone | departed
        matches = self.query.matcher(self._clock(), self._context() if self._context else None)
        return (lambda row: row.id not in gone and matches(row)) if gone else matches

    def _weigh(self, identity: str, test: Callable[[Instance], bool] | None) -> None:
        """Notes whether a row is to come in or to go once rows may move."""
        row, placed = self._store.get(identity), self._rows.placed.get(identity)
        matches = row is not None and (test is None or test(row))
        stands = placed is not None and self._rows.index(self._rows.shown, placed) is not None
        for group, belongs in (
            (self._arrivals, matches and not stands),
            (self._ghosts, stands and not matches),
        ):
            if belongs:
                group.add(identity)
            else:
                group.discard(identity)
