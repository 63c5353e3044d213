"""When rows may move: never under a hand that is about to press a key."""

from collections.abc import Collection
from typing import Any

from textual.screen import Screen
from textual.timer import Timer

from wfdash.core.model.status import is_final
from wfdash.core.rows.order import Order
from wfdash.core.rows.store import Delta
from wfdash.ui.context import Context
from wfdash.ui.instances.rows import InstanceRows

__all__ = ["RowMoves"]

IDLE = 30.0
"""Seconds without a key after which rows may move again."""
POINTING = 3.0
"""Seconds since the mouse moved in which no row may move from under it."""
NEAR_END = 50
"""Rows left below the screen at which older ones are asked for."""
_GATHERED = 0.05
"""Seconds in which what was read is gathered: each time the rows on screen are laid out anew."""
_SETTLED = 0.05
"""Seconds a key needs to be acted on: only then may the ghosts go, so that it is not acted on another row."""


class RowMoves:
    """Moves rows for what the store and the clock bring, and tells the poller which are looked at."""

    def __init__(self, context: Context, host: Screen[Any], rows: InstanceRows) -> None:
        self._context, self._host, self._rows = context, host, rows
        self._read: set[str] = set()
        self._gathering: Timer | None = None

    def take_in(self, delta: Delta) -> None:
        """Moves rows by a change of the store, or holds them."""
        self._rows.table.note_changes(delta.changed)
        self._move(delta)

    def take_in_details(self, instances: Collection[str]) -> None:
        """Filters and draws anew the instances that were read, where the filter asks what only reading tells.

        Out of the record hundreds come one after the other: what comes right after the first waits a little.
        """
        self._read.update(instances)
        if self._gathering is None:
            self._take_in_read()

    def _take_in_read(self) -> None:
        instances, self._read, self._gathering = self._read, set(), None
        if not instances:
            return
        self._gathering = self._host.set_timer(_GATHERED, self._take_in_read)
        rows, poller = self._rows, self._rows.poller
        # The store says nothing of what is in an instance, so its delta does not tell that the filter's
        # answer changed.
        if rows.query.needs_details and poller is not None:
            self._move(Delta(changed=tuple(each for each in instances if each in poller.store)))
        shown = rows.table.on_screen()
        rows.table.refresh_rows(index for index in shown if rows.table.row_key(index) in instances)

    def _move(self, delta: Delta) -> None:
        rows, table = self._rows, self._rows.table
        if rows.poller is None or rows.view is None:
            return
        held = self._held()
        rows.view.update(delta, hold=held, ghosts=True)
        if held:
            # What comes in below the screen moves nothing that anybody sees.
            rows.view.settle_below(table.on_screen().stop - 1)
        table.rows_changed()
        if rows.awaited in delta.added:
            rows.put_cursor(rows.awaited)

    def tick(self) -> None:
        """Lets in what waited, once no key was pressed for a while."""
        rows, view = self._rows, self._rows.view
        if rows.poller is not None:
            rows.table.forget_changes(rows.poller.newest.freshness.answered_at)
        # Not arrivals alone: an id that was created anew stood at its old place for good.
        if view is not None and view.waits and not self._held():
            view.settle(ghosts=True)
            rows.table.rows_changed()

    def _held(self) -> bool:
        """Whether rows must stand still: a hand is on the mouse, or on the keys and not on the first row."""
        context, now = self._context, self._context.clock()
        if context.past is not None:  # its clock stands, and nothing in it is new
            return False
        pointed, pressed = now - context.last_pointed_at, now - context.last_key_at
        if 0 <= pointed < POINTING:  # less than nothing: the clock was set back
            return True
        if self._rows.untouched:
            return False
        if self._at_end():
            return False
        return self._rows.table.cursor > 0 and (0 <= pointed < IDLE or 0 <= pressed < IDLE)

    def _at_end(self) -> bool:
        """Whether the cursor was taken to the last row: older ones that come belong below it, without gaps.

        Not while a range reaches to it, which would take in rows that nobody saw.
        """
        view, rows = self._rows.view, self._rows
        last = view is not None and rows.table.cursor == len(view) - 1
        return last and not rows.marks.in_range

    def dismiss_ghosts(self) -> None:
        """Takes the ghosts away once the key that was just pressed has been acted on."""
        if self._rows.view is not None and self._rows.view.ghosts:
            # The key that was just pressed may be about the ghost under the cursor: it is acted on first.
            self._host.set_timer(_SETTLED, self._rows.drop_ghosts)

    def want(self) -> None:
        """Tells the poller which rows are looked at."""
        poller, view, shown = self._rows.poller, self._rows.view, self._rows.table.on_screen()
        if poller is None or view is None:
            return
        rows = [view.row(index) for index in shown]
        as_listed = not self._rows.query and self._rows.order == Order()
        poller.newest.looked_at = shown.stop + len(view.arrivals) if as_listed else 0
        # What ended well has nothing left to say; of what failed the cause is wanted.
        read = [row.id for row in rows if not is_final(row.status) or row.status == "errored"]
        poller.want(read, [row.id for row in rows])
        # Not while a search reads or is about to: each page of rows would give it more to read.
        searches = poller.search.busy or poller.search.waits
        if shown.stop > len(view) - NEAR_END and not poller.history.complete and not searches:
            poller.load_more()
