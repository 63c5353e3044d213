"""The values of options: numbers, ports, spans of time. What is wrong with one is raised with the reason."""

import re
from argparse import Action, ArgumentError, ArgumentParser, ArgumentTypeError, Namespace
from typing import Any

__all__ = ["Filled", "Once", "duration", "interval", "ordinal", "port", "whole"]


def whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ArgumentTypeError(f"{text!a} is not a whole number, 0 or more")
    return int(text)


def ordinal(text: str) -> int:
    number = whole(text)
    if not number:
        raise ArgumentTypeError("it counts from 1")
    return number


def port(text: str) -> int:
    number = whole(text)
    if number > 65535:
        raise ArgumentTypeError(f"{text} is no port")
    return number


def interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 1 <= seconds <= 300:
        raise ArgumentTypeError(f"{text!a} is not 1 to 300 seconds")
    return seconds


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)", text)
    if not found:
        raise ArgumentTypeError(f"{text!a} is no duration; write 90s, 10m, 2h or 1d")
    return float(found[1]) * _UNITS[found[2]]


class Filled(Action):
    """A text that is there: `-w "$NAME"` with an unset NAME must not act somewhere else."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if not values.strip():
            raise ArgumentError(self, "its value is empty")
        setattr(namespace, self.dest, values)


class Once(Filled):
    """An option whose second value would silently drop the first."""

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
