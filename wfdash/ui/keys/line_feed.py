"""A line feed is enter: the terminal makes one of what was typed before the dashboard took it over."""

from collections.abc import Mapping

from textual.events import Key

__all__ = ["as_enter"]

_LINE_FEED = "ctrl+j"


def as_enter(event: Key, keys: Mapping[str, str]) -> Key:
    """The key itself, unless it is a line feed that no action of `keys` has been given."""
    if event.key != _LINE_FEED or any(_LINE_FEED in given.split(",") for given in keys.values()):
        return event
    enter = Key("enter", "\r")
    enter.time = event.time
    return enter
