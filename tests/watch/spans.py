"""Durations and instants as the screen words them, read back as the seconds that they may stand for."""

import re
from datetime import UTC, datetime

__all__ = [
    "AGE",
    "CLOCK",
    "SPOKEN",
    "Slack",
    "age_span",
    "brief_span",
    "iso_of",
    "near",
    "seconds_of",
    "spoken_span",
    "worded_clock",
]

AGE = r"(?:<10s|\d+[smhd](?:\d+[smhd])?)"
"""What a cell says: `<10s`, `40s`, `3h12m`."""
SPOKEN = r"(?:\d+ (?:ms|[smhd])(?: \d+ (?:ms|[smhd]))?)"
"""What a sentence says: `48 s`, `3 h 12 m`."""
CLOCK = r"(?:\d\d:\d\d:\d\d|\w{3} \d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d)"

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SMALLER = {"ms": 0.001, "s": 1.0, "m": 1.0, "h": 60.0, "d": 3600.0}
"""Of a number that stands alone: what the second unit, left out since it was 0, counts in."""
_PART = re.compile(r"(\d+) ?(ms|[smhd])")


class Slack:
    """By how many seconds what is drawn each second may be off, and come later than it was answered."""

    seconds = 3.0


def near(value: float, span: tuple[float, float]) -> bool:
    """Whether a duration is in the span, or as good as."""
    return span[0] - Slack.seconds <= value < span[1] + Slack.seconds


def seconds_of(at: str | None) -> float | None:
    """An instant of the API as epoch seconds."""
    return None if at is None else datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()


def iso_of(at: float) -> str:
    """The same the other way."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age_span(text: str) -> tuple[float, float]:
    """From and below how many seconds an age in a cell stands for: it moves in steps."""
    if text == "<10s":
        return 0.0, 10.0
    least, unit = _parts(text)
    return least, least + {"s": 10.0, "m": 60.0, "h": 60.0, "d": 86400.0}[unit]


def brief_span(text: str) -> tuple[float, float]:
    """The same of a duration in a cell, to two units: `23h58m`, `740ms`."""
    return spoken_span(text)


def spoken_span(text: str) -> tuple[float, float]:
    """The same of a duration in a sentence, which is cut to two units."""
    least, unit = _parts(text)
    several = len(_PART.findall(text)) > 1
    return least, least + (_UNITS[unit] if several else _SMALLER[unit])


def worded_clock(at: float, now: float) -> str:
    """An instant as the screen words it, in UTC."""
    moment, today = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(now, UTC)
    days = abs((moment.date() - today.date()).days)
    form = "%H:%M:%S" if not days else "%a %H:%M" if days <= 6 else "%Y-%m-%d %H:%M"
    return moment.strftime(form)


def _parts(text: str) -> tuple[float, str]:
    parts = _PART.findall(text)
    return sum(int(number) * _UNITS[unit] for number, unit in parts), parts[-1][1]
