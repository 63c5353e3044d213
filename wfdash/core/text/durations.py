"""Durations as people write them, on the command line, in the config and in filters: one grammar for all."""

import re
from typing import Final

__all__ = ["parse_duration"]

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART: Final = r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([smhdw])"
_DURATION: Final = rf"{_PART}(?: ?{_PART})*"
_LONGEST: Final = 64
"""Characters: what is longer is no duration, and would be matched against the grammar for long."""


def parse_duration(text: str) -> float | None:
    """Seconds of `90s`, `10m`, `1h30m`, `7 d` or `2W`; None for anything else.

    What the API writes ("30 seconds") is read by `model.retry.duration`.
    """
    text = text.strip()
    if len(text) > _LONGEST or not re.fullmatch(_DURATION, text, re.IGNORECASE):
        return None
    return sum(
        float(number) * _UNITS[unit.lower()] for number, unit in re.findall(_PART, text, re.IGNORECASE)
    )
