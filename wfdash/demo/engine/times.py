"""Instants and durations as the Workflows API writes and reads them."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

__all__ = ["instant", "iso", "milliseconds", "seconds"]

_UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
    "month": 2_592_000,
    "year": 31_536_000,
}
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week|month|year)s?\s*$")


@lru_cache(8192)
def iso(at: float) -> str:
    """Epoch seconds as UTC with milliseconds and Z."""
    # Kept: each list answer tells the same moments of a hundred rows again.
    moment = datetime.fromtimestamp(round(at * 1000) / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def instant(text: str) -> float:
    """Epoch seconds of a full ISO 8601 instant in UTC; ValueError for a date, no offset or another one."""
    if "T" not in text:
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() != timedelta():
        raise ValueError(text)
    return moment.timestamp()


@lru_cache(1024)
def seconds(duration: str | float) -> float:
    """A workflow's duration ("10 seconds", or milliseconds) in seconds; ValueError when it is neither."""
    if not isinstance(duration, str):
        if duration < 0:
            raise ValueError(duration)
        return duration / 1000
    found = _DURATION.match(duration)
    if not found:
        raise ValueError(duration)
    return float(found[1]) * _UNITS[found[2]]


def milliseconds(duration: str | float) -> int:
    return round(seconds(duration) * 1000)
