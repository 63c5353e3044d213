"""What may stand behind an option: numbers, times, and texts that are there."""

import re
from argparse import Action, ArgumentError, ArgumentParser, ArgumentTypeError, Namespace
from typing import Any

from wfdash.core.text.durations import parse_duration

__all__ = ["Filled", "Once", "duration", "integer", "interval", "ordinal", "port", "span"]


def integer(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ArgumentTypeError(f"{text!a} is not a whole number, 0 or more")
    return int(text)


def ordinal(text: str) -> int:
    number = integer(text)
    if not number:
        raise ArgumentTypeError("it counts from 1")
    return number


def port(text: str) -> int:
    number = integer(text)
    if number > 65535:
        raise ArgumentTypeError(f"{text} is not a port")
    return number


def interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 1 <= seconds <= 300:
        raise ArgumentTypeError(f"{text!a} is not 1 to 300 seconds")
    return seconds


def duration(text: str) -> float:
    """Parses a duration to seconds; a bare number is seconds."""
    found = parse_duration(f"{text}s" if text[-1:].isdecimal() else text)
    if found is None:
        raise ArgumentTypeError(f"{text!a} is not a duration; write 90s, 10m, 2h or 1d")
    return found


def span(text: str) -> float:
    """Parses seconds above none: what looks back over nothing, or ends as it begins, is a slip.

    With a unit: `--for 8` is meant for hours, and who comes back to a record of eight seconds has lost them.
    """
    seconds = duration(text)
    if seconds <= 0:
        raise ArgumentTypeError(f"{text!a} is zero; write 90s, 10m, 2h or 1d")
    if text[-1:].isdecimal():
        raise ArgumentTypeError(f"{text!a} has no unit; write 90s, 10m, 2h or 1d")
    return seconds


class Filled(Action):
    """An option that refuses an empty text: `-w "$NAME"` with NAME unset must not act somewhere else."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if isinstance(values, list):
            values = "--"  # `--instance=--`: before 3.13 argparse drops it and leaves an empty list
        if not values.strip():
            raise ArgumentError(self, "its value is empty")
        setattr(namespace, self.dest, values)


class Once(Filled):
    """An option that refuses a second value, which would silently take the place of the first."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest) not in (self.default, values):
            raise ArgumentError(self, "it was given twice")
        super().__call__(parser, namespace, values, option_string)
