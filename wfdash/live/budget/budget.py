"""Who may ask now: half of Cloudflare's 1200 requests per five minutes and user, less when it says so."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

from wfdash.api.http.limit_headers import RequestsLeft, parse_ratelimit, parse_retry_after
from wfdash.api.interface import Exchange

__all__ = ["WINDOW", "Budget", "Priority", "Spending"]

WINDOW = 300.0
"""Seconds over which Cloudflare counts."""
QUOTA = 1200
ACTIONS = 400
"""Requests a window for actions, their re-reads and their follow-up."""
KEPT = 200
_SCARCE = 0.25
"""Part of the user's quota below which only actions go."""
_SET = 1.0
"""Seconds by which a clock is set rather than slowed down."""
_LEAST_FREEZE, _MOST_FREEZE = 15.0, 300.0


class Priority(IntEnum):
    """Lower goes first. Each leaves so many tokens of a full burst to those before it."""

    ACTION = 0
    DETAIL = 1
    LIST = 2
    SWEEP = 3
    BACKGROUND = 4


_LEAVES = {Priority.DETAIL: 0.0, Priority.LIST: 1 / 15, Priority.SWEEP: 1 / 6, Priority.BACKGROUND: 1 / 6}
_LEAVES_LATE = {Priority.LIST: 0.0, Priority.SWEEP: 1 / 15, Priority.BACKGROUND: 1 / 15}
"""For what has waited so long that it would otherwise never have its turn."""


class Spending(Protocol):
    """What other processes on the same credential have spent."""

    frozen_until: float
    """Until when any of them was told to keep still."""

    def add(self, now: float, limit: int, left: float) -> None:
        """One more by this process, whose bucket of this limit holds so many tokens now."""

    def bucket(self, now: float, limit: int) -> tuple[float, float] | None:
        """(when, tokens) of a bucket of this limit when any process took from it last; None if none did."""

    def freeze(self, until: float) -> None:
        """Tell the other ones to keep still too."""

    def clock_set(self) -> None:
        """The clock was set: what any of them was told before says nothing now."""

    def others(self, now: float) -> int:
        """By the other ones over the last window."""

    def news(self, now: float) -> int:
        """By the other ones since this was asked last."""

    def history(self, now: float) -> list[tuple[float, int]]:
        """(when, how much) the other ones spent of the last window, oldest first; no news any more."""


class Budget:
    """A token bucket for reads and a count for actions.

    Rests and windows are kept on `steady`, which nobody sets: on a clock that is set back an hour, a rest of
    seconds would last an hour. `clock` tells epoch seconds, for the file that other processes read too.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        steady: Callable[[], float] | None = None,
        share: float = 0.5,
        spending: Spending | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.limit = max(20, round(QUOTA * share))
        self.burst = self.limit / 20
        self.rate = (self.limit - self.burst) / WINDOW
        self.requests: deque[Exchange] = deque(maxlen=KEPT)
        self.on_change: Callable[[], None] = lambda: None
        self._clock = clock
        self._steady = steady or clock
        self._frozen_until: float | None = None
        """While this is ahead, nothing is read: the server said so."""
        self._ahead = clock() - self._steady()
        """How far the clock is ahead of the steady one; it changes only where the clock is set."""
        self._chance = chance
        self._spending = spending
        self._filled_at = self._steady()
        self._reads: deque[float] = deque()
        self._actions: deque[float] = deque()
        self._kinds: deque[tuple[float, str]] = deque()
        self._left: RequestsLeft | None = None
        self._left_at = 0.0
        self._refusals = 0
        self._others = spending.others(clock()) if spending else 0
        self._tokens = self.burst
        if spending:
            self._share_bucket(spending)

    @property
    def frozen_until(self) -> float | None:
        """While this is ahead, in epoch seconds, nothing is read; None when nobody asked for it."""
        until = self._frozen_until
        return None if until is None else self._clock() + (until - self._steady())

    @property
    def meter(self) -> tuple[int, int]:
        """Reads spent in the last five minutes, other processes' included, and the limit."""
        now = self._steady()
        _forget(self._reads, now)
        return len(self._reads) + self._others, self.limit

    @property
    def actions(self) -> tuple[int, int]:
        """The same for actions."""
        _forget(self._actions, self._steady())
        return len(self._actions), ACTIONS

    @property
    def others(self) -> int:
        """What other processes on the same credential spent of it."""
        return self._others

    @property
    def left(self) -> RequestsLeft | None:
        """What the server said last of the user's whole quota, while that window runs."""
        if self._left and self._steady() > self._left_at + max(self._left.reset, 1.0):
            self._left = None
        return self._left

    @property
    def held_for(self) -> float:
        """Seconds for which nothing is read: the server said so, or hardly any of the quota is left."""
        now, left = self._steady(), self.left
        scarce = left is not None and left.fraction < _SCARCE
        reset = self._left_at + left.reset - now if left is not None and scarce else 0.0
        return max(0.0, (self._frozen_until or 0.0) - now, reset)

    @property
    def spent_by(self) -> list[tuple[str, int]]:
        """Requests of the last five minutes by kind, most first."""
        now = self._steady()
        while self._kinds and self._kinds[0][0] <= now - WINDOW:
            self._kinds.popleft()
        return Counter(kind for _, kind in self._kinds).most_common()

    def take(self, priority: Priority, *, late: bool = False) -> float:
        """Spend one read. 0 when it may go now, else the seconds after which to try again.

        What is `late` leaves less to those before it.
        """
        now = self._steady()
        self._read_shared(now)
        if self._frozen_until is not None:
            if now < self._frozen_until:
                return self._frozen_until - now
            self._frozen_until = None
        if wait := self._obey(priority, now):
            return wait
        self._fill(now)
        leaves = (_LEAVES_LATE if late else _LEAVES).get(priority, 0.0)
        needed = 1.0 + leaves * self.burst
        if self._tokens < needed:
            return max(0.02, (needed - self._tokens) / self.rate)
        self._tokens -= 1
        self._reads.append(now)
        _forget(self._reads, now)
        if self._spending:
            self._spending.add(self._epoch(now), self.limit, self._tokens)
        return 0.0

    async def acquire(self, priority: Priority = Priority.LIST) -> None:
        """Wait until one read may go, and spend it."""
        wait = self.take(priority)
        while wait:
            await asyncio.sleep(wait)
            wait = self.take(priority)

    async def acquire_action(self) -> None:
        """Wait until one request of an action may go, and spend it; a read freeze does not hold it."""
        while True:
            now = self._steady()
            _forget(self._actions, now)
            if len(self._actions) < ACTIONS:
                self._actions.append(now)
                return
            await asyncio.sleep(max(0.02, self._actions[0] + WINDOW - now))

    def saw(self, exchange: Exchange) -> None:
        """Learn from an answer; the client hands over every one."""
        now = self._steady()
        self.requests.append(exchange)
        self._kinds.append((now, exchange.kind))
        if left := parse_ratelimit(exchange.ratelimit, exchange.ratelimit_policy):
            self._left, self._left_at = left, now
        wait = parse_retry_after(exchange.retry_after, exchange.server_date, self._clock())
        if exchange.http == 429:
            self._refusals += 1
            wait = wait if wait is not None else self._guess()
        elif exchange.http is not None and exchange.http < 400:
            self._refusals = 0
        if wait is not None:
            until = now + min(max(wait, 1.0), 2 * WINDOW)
            self._frozen_until = max(until, self._frozen_until or 0.0)
            if self._spending:
                self._spending.freeze(self._epoch(self._frozen_until))
        self.on_change()

    def _guess(self) -> float:
        """Seconds to keep still when the server did not say: longer each time, never quite the same."""
        longest = min(_MOST_FREEZE, _LEAST_FREEZE * 2.0 ** min(self._refusals, 6))
        return float(longest * (0.5 + self._chance() / 2))

    def _obey(self, priority: Priority, now: float) -> float:
        left = self.left
        if left is None:
            return 0.0
        stopped = left.fraction < _SCARCE or (left.fraction < 0.5 and priority == Priority.BACKGROUND)
        return max(0.5, self._left_at + left.reset - now) if stopped else 0.0

    def _fill(self, now: float) -> None:
        self._tokens = min(self.burst, self._tokens + max(0.0, now - self._filled_at) * self.rate)
        self._filled_at = now

    def _epoch(self, at: float) -> float:
        """A time of the steady clock on the one that others read."""
        return self._clock() + (at - self._steady())

    def _share_bucket(self, spending: Spending) -> None:
        """Come to what the bucket holds now, had it been there while the other processes took from it."""
        now, epoch = self._filled_at, self._clock()
        history = spending.history(epoch)
        if bucket := spending.bucket(epoch, self.limit):
            self._filled_at, self._tokens = now - (epoch - bucket[0]), max(bucket[1], -self.burst)
            history = []
        for at, number in history:
            at = now - (epoch - at)
            self._filled_at = min(self._filled_at, at)
            self._fill(at)
            self._tokens -= number
        self._fill(now)

    def _read_shared(self, now: float) -> None:
        """Take in what the other processes spent and were told."""
        if self._spending is None:
            return
        epoch = self._clock()
        if abs(epoch - now - self._ahead) > _SET:
            self._ahead = epoch - now
            self._spending.clock_set()
        self._tokens -= self._spending.news(epoch)
        self._others = self._spending.others(epoch)
        until = now + (self._spending.frozen_until - epoch)
        if until > max(now, self._frozen_until or 0.0):
            self._frozen_until = until


def _forget(times: deque[float], now: float) -> None:
    while times and times[0] <= now - WINDOW:
        times.popleft()
