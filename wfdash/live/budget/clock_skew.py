"""Whether this machine's clock agrees with the server's: where it does not, no age on screen is true."""

from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from wfdash.api.http.limit_headers import parse_date
from wfdash.api.interface import Exchange

__all__ = ["Skew", "clock_skew"]

_WORRYING: Final = 10.0
"""Seconds: the ages in a table move by as much."""
_AGREEING: Final = 3
"""Answers of a dashboard, which has many."""
_STEADY: Final = 2.0
"""Seconds that what is said of the clock must differ from what was said: else each answer would move every
age."""
_NO_CLOCK: Final = 1e10
"""Seconds, three centuries; a machine that has lost its time begins at 1970."""


def clock_skew(exchange: Exchange) -> float | None:
    """Seconds this machine is ahead of the answer's Date, 0.0 within its resolution; None without a Date."""
    server = parse_date(exchange.server_date)
    # No clock is off by centuries: a server that says so has none, and no age goes by it.
    if server is None or abs(exchange.at - server) > _NO_CLOCK:
        return None
    # A Date header has whole seconds, and was written somewhere between request and answer.
    earliest, latest = exchange.at - server - 1, exchange.at + exchange.milliseconds / 1000 - server
    if earliest <= 0 <= latest:
        return 0.0
    return earliest if earliest > 0 else latest


class Skew:
    """Compares clocks over every exchange. `clock` is this machine's own.

    The last `agreeing` answers must all say it: one may have been under way while the machine slept.
    """

    def __init__(self, clock: Callable[[], float], *, agreeing: int = _AGREEING) -> None:
        self.seconds = 0.0
        """How far this machine is ahead, less than 0 behind; 0.0 while that is no worry."""
        self._clock = clock
        self._agreeing = agreeing
        self._last: deque[float] = deque(maxlen=agreeing)

    def server_time(self) -> float:
        """What the server's clock shows, by which every time in its answers is written."""
        return self._clock() - self.seconds

    def saw(self, exchange: Exchange) -> None:
        began = self._clock() - exchange.milliseconds / 1000
        found = clock_skew(replace(exchange, at=began))
        if found is None:
            return
        self._last.append(found)
        least = min(self._last, key=abs)
        # At the start no answer can have been under way while the machine slept: the first one tells it, or
        # what is asked by times would be asked by a wrong clock.
        agree = all(skew * least > 0 for skew in self._last)
        sure = least if agree and abs(least) > _WORRYING else 0.0
        # By less it would wander with each answer: a Date has whole seconds, and every age on screen moves
        # with it.
        if not sure or abs(sure - self.seconds) > _STEADY:
            self.seconds = sure
