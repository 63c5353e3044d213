"""Cloudflare's global limit: 1200 requests per 5 minutes and user; whoever goes over is out for 5 minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from wfdash.demo.http.envelope import SimulatedAnswer, failure

__all__ = ["WINDOW", "RateLimit"]

WINDOW = 300.0
MESSAGE = "Please wait and consider throttling your request speed"


@dataclass(slots=True)
class _Spent:
    since: float
    requests: int = 0
    blocked_until: float = 0.0


class RateLimit:
    def __init__(self, clock: Callable[[], float], *, limit: int = 1200) -> None:
        self.clock = clock
        self.limit = limit
        self._users: dict[str, _Spent] = {}

    def count(self, user: str) -> tuple[dict[str, str], SimulatedAnswer | None]:
        """Counts one request: the headers of its answer, and the refusal when it is one too many."""
        now = self.clock()
        spent = self._users.setdefault(user, _Spent(now))
        if now - spent.since >= WINDOW:
            spent.since, spent.requests = now, 0
        spent.requests += 1
        if spent.requests > self.limit and now >= spent.blocked_until:
            spent.blocked_until = now + WINDOW
        left = max(0, self.limit - spent.requests)
        reset = max(0, ceil(spent.since + WINDOW - now))
        headers = {
            "ratelimit": f'"default";r={left};t={reset}',
            "ratelimit-policy": f'"default";q={self.limit};w={WINDOW:.0f}',
        }
        if now < spent.blocked_until:
            return headers, failure(429, 971, MESSAGE, retry_after=str(ceil(spent.blocked_until - now)))
        return headers, None
