"""What the jobs of one poller share: whom to ask, about which workflow, and where the answers go."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, field

from wfdash.api.interface import Workflows
from wfdash.core.filter.query import Query
from wfdash.core.rows.contiguous_range import ContiguousRange
from wfdash.core.rows.store import Delta, Store
from wfdash.live.polling.events import Update
from wfdash.live.polling.refusals import Refusals
from wfdash.live.polling.session_watch import SessionWatch

__all__ = ["FeedContext"]

_NUMBERS = 500
"""Requests of which is known when they were asked: more than go in the seconds that matter."""
_CLOCKS = 2.0
"""Seconds by which the clocks of two processes may differ that each reckon by the server's."""


class FeedContext(Struct):
    """What all feeds of a watcher share: the client, the rows, and how one tells what it learnt.

    The other feeds hear of it at once (`heed`), the pages at the end of the turn (`draw`).
    """

    api: Workflows
    clock: Callable[[], float]
    draw: Callable[[Update], None]
    """Called with all that the feeds learnt within one turn of the loop: each page draws at every update."""
    workflow: str = ""
    query: Query | None = None
    store: Store = field(default_factory=Store)
    contiguous: ContiguousRange = field(default_factory=ContiguousRange)
    retention: Mapping[str, float] = field(default_factory=dict)
    """Seconds a finished instance is kept, by workflow, where the config says."""
    session: SessionWatch = field(default_factory=SessionWatch)
    refusals: Refusals = field(default_factory=Refusals)
    shared: Path | None = None
    """The file that the processes share; what they read together lies beside it."""
    number: int = 0
    """Of the request asked last."""
    arrived: int = 0
    """Rows that came by themselves, without those that are not kept any more."""
    kept_above: float = float("-inf")
    """Creation of the newest row that is not kept any more: what is listed from there on was there before."""
    _asked: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_NUMBERS))
    """When each of the last ones was, with its number."""
    heed: Callable[[Update], None] | None = None
    """Called at once with what one feed learnt, for all the others."""
    _pending: Update | None = None
    """What goes out at the end of this turn."""

    @property
    def local(self) -> bool:
        return self.api.local

    def next_number(self) -> int:
        self.number += 1
        self._asked.append((self.clock(), self.number))
        return self.number

    def number_at(self, moment: float) -> int:
        """A request number for what another process asked then; what was surely asked here later wins."""
        before = [number for at, number in self._asked if at <= moment - _CLOCKS]
        return max(before, default=0)

    def tell(self, delta: Delta) -> None:
        # A dev session is asked more rarely while nothing moves in it: each list wakes every object of its
        # own.
        if delta and self.local:
            rows = (self.store.get(identity) for identity in (*delta.added, *delta.changed))
            self.session.saw([row for row in rows if row is not None], self.clock())
            self.session.let_go(delta.dropped)
        if delta:
            self.notify(Update(delta=delta))

    def notify(self, update: Update) -> None:
        """Tells the other feeds of an update at once, and the screens at the end of this turn of the loop."""
        if self.heed is not None:
            self.heed(update)
        if self._pending is None:
            self._pending = update
            asyncio.get_running_loop().call_soon(self._flush)
        else:
            self._pending = self._pending.merged(update)

    def _flush(self) -> None:
        update, self._pending = self._pending, None
        if update is not None:
            self.draw(update)

    def leave_rows(self) -> None:
        """Starts with no rows, and drops what this turn brought of the workflow that is left."""
        self.store, self.contiguous = Store(), ContiguousRange()
        self.arrived, self.kept_above = 0, float("-inf")
        if self._pending is not None:
            self._pending = Update(watched=self._pending.watched)
        self.session.reset()
