"""Ages, durations, instants, sizes and counts in words. Durations are cut, never rounded."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil

__all__ = [
    "age",
    "brief",
    "clock",
    "count",
    "counted",
    "estimated",
    "filled",
    "listed",
    "percent",
    "short_version",
    "size",
    "spoken",
    "took_words",
]

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_GRAIN = 1e-6
"""Two instants 0.9 s apart are a hair less than that as floats: without it they would be cut to 899 ms."""
_FOREVER = 1e11
"""Seconds beyond which a number is no duration any more (over 3,000 years)."""


def brief(seconds: float) -> str:
    """A duration for cells, to two units: `3h59m`, `48s`, `2d4h`, `340ms`. A negative one is `0s`."""
    return "".join(f"{number}{unit}" for number, unit in _parts(seconds)) or "?"


def spoken(seconds: float) -> str:
    """A duration for sentences, to two units: `3 h 59 m`, `48 s`."""
    return " ".join(f"{number} {unit}" for number, unit in _parts(seconds)) or "unknown"


def estimated(seconds: float) -> str:
    """A time that something is thought to take, or is waited for: up to a whole second, `1 s` at the least.

    Nobody waits by the millisecond, and no estimate is good to one.
    """
    return spoken(max(1, ceil(seconds - _GRAIN)) if seconds < _FOREVER else seconds)


def age(seconds: float) -> str:
    """An age for cells that must not repaint each second: steps of 10 s, of a minute, then of a day.

    One below nothing, of what another clock says, is the least there is.

    `<10s`, `10s`, `40s`, `4m`, `3h12m`, `2d`.
    """
    if not seconds < _FOREVER:
        return "?"
    if seconds < 10:
        return "<10s"
    if seconds < 60:
        return f"{int(seconds) // 10 * 10}s"
    if seconds < 86400:
        return brief(int(seconds) // 60 * 60)
    return f"{int(seconds) // 86400}d"


def clock(
    at: float, *, utc: bool = True, now: float | None = None, zone: bool = False, seconds: bool = True
) -> str:
    """An instant: `14:02:11` on the day of `now`, `Tue 09:00` within six days of it, else `2026-11-20 14:02`.

    Without `now` it is the time of day, without `seconds` to the minute. `zone` adds the word where the time
    stands alone.
    """
    try:
        moment = _moment(at, utc)
        today = moment if now is None else _moment(now, utc)
    except (ValueError, OverflowError, OSError):
        return "?"
    if moment.date() == today.date():
        text = f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}"
    elif abs((moment.date() - today.date()).days) <= 6:
        text = f"{_DAYS[moment.weekday()]} {moment:%H:%M}"
    else:
        text = f"{moment.year:04d}-{moment:%m-%d %H:%M}"
    return f"{text} {'UTC' if utc else moment.tzname() or 'local'}" if zone else text


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def size(n: int) -> str:
    """Bytes, in decimal units: `1.2 MB`."""
    from humanize import naturalsize

    return naturalsize(n)


def count(n: int) -> str:
    """`12,431`."""
    return f"{n:,}"


def counted(n: int, singular: str, plural: str = "") -> str:
    """`1 row`, `12,431 rows`; with `plural` where an s is not enough: `2 retries`."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def percent(share: float) -> str:
    """`38 %`; a little is not nothing and nearly all is not all: `0.4 %`, `99.6 %`."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        return f"{min(max(share * 100, 0.1), 99.9):.1f} %"
    return f"{share * 100:.0f} %"


def filled(part: int, full: int) -> str:
    """`38 %` of what fills up, in steps that are seldom taken: `100 %` only once it is full."""
    return f"{max(1, part * 100 // full) if part > 0 else 0} %"


def took_words(half: str, most: str, mark: str = "") -> str:
    """What p50 and p95 mean, in the same words wherever they stand on screen; `mark` stands for the first."""
    return f"half took {half} or less{mark}, 95 of 100 {most} or less"


def listed(names: Sequence[str], most: int) -> str:
    """`a, b, c`, and `, ...` behind the first `most` of more."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def _moment(at: float, utc: bool) -> datetime:
    moment = datetime.fromtimestamp(at, UTC)
    return moment if utc else moment.astimezone()


def _parts(seconds: float) -> list[tuple[int, str]]:
    """The largest unit and the next one below it, cut; the second left out when it is nothing."""
    if not seconds < _FOREVER:
        return []
    if seconds <= 0:
        return [(0, "s")]
    seconds += _GRAIN
    if seconds < 1:
        return [(int(seconds * 1000), "ms")]
    remaining = int(seconds)
    for index, (length, unit) in enumerate(_UNITS):
        if remaining < length:
            continue
        parts = [(remaining // length, unit)]
        if index + 1 < len(_UNITS):
            length_below, unit_below = _UNITS[index + 1]
            if below := remaining % length // length_below:
                parts.append((below, unit_below))
        return parts
    return [(0, "s")]


def short_version(version: str) -> str:
    """The first block of a version's uuid, as deploys are spoken of."""
    return version.split("-", 1)[0][:8]
