"""Instants: the API's ISO 8601 text to epoch seconds and back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from wfdash.core.model.json_values import number

__all__ = [
    "AHEAD",
    "CLOCKS",
    "DAY",
    "HOUR",
    "MINUTE",
    "SAME_END",
    "epoch_ms",
    "iso",
    "lasted",
    "parse_time",
    "parse_times",
    "seconds_of",
]

SAME_END: Final = 5.0
"""Seconds by which a list row's end and the instance's own may differ without a new run."""
MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0
CLOCKS: Final = 1.0
"""Seconds by which the times of one row may differ, as servers keep them by several clocks."""
AHEAD: Final = 60.0
"""Seconds by which a row may be ahead of this clock before that is told: two clocks are never quite alike."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = -62135596800.0
"""Epoch seconds of the year 1, before which a date cannot be written."""
_LATEST = 253402300799.999
"""The years 1 to 9999 in UTC, all that `iso` can write; an offset can point beyond them."""


def parse_time(value: object) -> float | None:
    """Epoch seconds of an API datetime, or None for anything that is not one.

    The API documents UTC without an offset and sends a trailing Z, with or without fractions; an offset is
    honoured when one comes, and text without either is read as UTC.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        # The reference says UTC where there is no offset.
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = moment.timestamp()
        return seconds if _EARLIEST <= seconds <= _LATEST else None
    except (ValueError, OverflowError):
        return None


def parse_times(values: Sequence[object]) -> list[float | None]:
    """`parse_time` of each, in half the time where all are as the API writes them or null."""
    # The steps of a large detail have some 60,000 times: by columns they take half as long as one by one.
    read = datetime.fromisoformat
    try:
        times = [(read(value) - _EPOCH).total_seconds() if value is not None else None for value in values]  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        return [parse_time(value) for value in values]
    return times if _are_writable(times) else [parse_time(value) for value in values]


def seconds_of(moments: Sequence[datetime | None]) -> list[float | None]:
    """Epoch seconds of each, None for what `parse_time` would not take."""
    times = [moment.timestamp() if moment is not None else None for moment in moments]
    if _are_writable(times):
        return times
    return [time if time is not None and _EARLIEST <= time <= _LATEST else None for time in times]


def _are_writable(times: Sequence[float | None]) -> bool:
    present = [time for time in times if time is not None]
    return not present or (min(present) >= _EARLIEST and max(present) <= _LATEST)


def lasted(start: float | None, end: float | None) -> float | None:
    """Seconds from one to the other; None where one is missing, or the end is dated before the start.

    Servers keep the two by clocks that may differ by less than CLOCKS.
    """
    if start is None or end is None or end < start - CLOCKS:
        return None
    return max(0.0, end - start)


def epoch_ms(value: object) -> float | None:
    """Epoch milliseconds; None for anything that is no such number, or lies where `iso` can write nothing."""
    at = number(value)
    return at if at is not None and _EARLIEST * 1000 <= at <= _LATEST * 1000 else None


def iso(seconds: float) -> str:
    """Epoch seconds as the API writes instants: UTC, milliseconds, Z."""
    moment = datetime.fromtimestamp(round(seconds * 1000) / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
