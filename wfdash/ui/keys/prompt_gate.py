"""Keeps keys typed ahead away from a prompt: all are dropped until it could have been read."""

from collections.abc import Callable
from typing import Final

from textual.events import Event, Key, Paste

__all__ = ["HOLD", "KeyGate", "event_time"]

HOLD: Final = 0.3
"""Seconds a prompt has been on screen before any key but esc reaches it."""
_FORGOTTEN: Final = 2.0
"""Seconds after which a gate that no prompt followed is open again."""


def event_time() -> float:
    """Now, on the clock by which events are stamped when they arrive."""
    return Event().time


class KeyGate:
    """The app asks it about every key and paste before anything else does."""

    def __init__(
        self,
        now: Callable[[], float] = event_time,
        stamp: Callable[[Event], float] = lambda event: event.time,
    ) -> None:
        self.now = now
        self.stamp = stamp
        """When an event arrived, on the same clock as `now`."""
        self._closed_at: float | None = None
        self._shown_at: float | None = None

    @property
    def closed(self) -> bool:
        return self._closed_at is not None

    def close(self) -> None:
        """An action key was pressed."""
        self._closed_at, self._shown_at = self.now(), None

    def shown(self) -> None:
        """The prompt is painted: it opens HOLD seconds from now."""
        if self._closed_at is not None:
            self._shown_at = self.now()

    def open(self) -> None:
        """There is no prompt after all, or it is gone."""
        self._closed_at = self._shown_at = None

    def drops(self, event: Event) -> bool:
        """Whether this event must not reach anything. What arrived while it was closed stays dropped."""
        if self._closed_at is None or not isinstance(event, Key | Paste):
            return False
        if isinstance(event, Key) and event.key == "escape":
            return False
        if self._shown_at is None:
            if self.stamp(event) - self._closed_at <= _FORGOTTEN:
                return True
        elif self.stamp(event) < self._shown_at + HOLD:
            return True
        self.open()
        return False
