"""What the rate-limit headers of an answer say: how much of the window is left, and how long to wait."""

import re
from email.utils import parsedate_to_datetime

from msgspec import Struct

__all__ = ["RequestsLeft", "parse_ratelimit", "parse_retry_after"]

_ITEM = re.compile(r'\s*(?:"([^"]*)"|([^;,"]+))((?:\s*;[^,"]*)?)')
_NUMBER = re.compile(r"\b([rtqw])\s*=\s*(\d{1,15}(?:\.\d{1,6})?)")
USUAL_QUOTA = 1200.0


class RequestsLeft(Struct, frozen=True):
    """The tightest window: `remaining` of `quota` requests until `reset` seconds from the answer."""

    remaining: float
    quota: float
    reset: float

    @property
    def fraction(self) -> float:
        return self.remaining / self.quota if self.quota > 0 else 0.0


def parse_ratelimit(ratelimit: str, policy: str) -> RequestsLeft | None:
    """Read `Ratelimit` and `Ratelimit-Policy`; the smallest `r` counts. None when unreadable."""
    quotas = {name: numbers["q"] for name, numbers in _items(policy) if "q" in numbers}
    windows = [
        RequestsLeft(numbers["r"], quotas.get(name, USUAL_QUOTA), numbers.get("t", 0.0))
        for name, numbers in _items(ratelimit)
        if "r" in numbers
    ]
    return min(windows, key=lambda left: left.remaining, default=None)


def parse_retry_after(value: str, now: float) -> float | None:
    """Seconds to wait: a number, or an HTTP date against `now`. None for anything else."""
    text = value.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None


def _items(header: str) -> list[tuple[str, dict[str, float]]]:
    return [
        (quoted or bare.strip(), {name: float(number) for name, number in _NUMBER.findall(parameters)})
        for quoted, bare, parameters in _ITEM.findall(header)
    ]
