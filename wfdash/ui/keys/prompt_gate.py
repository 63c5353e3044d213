"""Keeps keys typed ahead away from a prompt: all are dropped until it could have been read."""

from collections import deque
from collections.abc import Callable
from typing import Final

from textual.events import Event, Key, Paste
from textual.keys import _character_to_key

__all__ = ["ALONE", "HOLD", "KeyGate", "bare", "event_time"]

HOLD: Final = 0.3
"""Seconds a prompt has been on screen before any key but esc reaches it."""
ALONE: Final = 0.1
"""Seconds before and after a key in which another one makes it no confirmation."""
_FORGOTTEN: Final = 2.0
"""Seconds after which a gate that no prompt followed is open again."""
_REMEMBERED: Final = 32
"""Arrivals looked back at."""


def event_time() -> float:
    """The time now, on the clock by which events are stamped when they arrive."""
    return Event().time


def bare(key: Key) -> str:
    """The character, of a key pressed with nothing else and made in no other way; "" for any other key."""
    character = key.character if key.is_printable else None
    return character if character and key.key == _character_to_key(character) else ""


class KeyGate:
    """Decides about every key and paste, before anything else does, whether it may reach anything."""

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
        self._prompting = self._leaving = False
        self._arrivals: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def closed(self) -> bool:
        return self._closed_at is not None

    def close(self, *, prompting: bool = False) -> None:
        """Drops keys from now on; with `prompting` the prompt is there and only has to be painted."""
        self._closed_at, self._shown_at = self.now(), None
        self._prompting, self._leaving = prompting, False

    def shown(self) -> None:
        """Starts the HOLD seconds after which a painted prompt takes keys."""
        if self._closed_at is not None:
            self._shown_at = self.now()

    def open(self) -> None:
        """Lets keys in again: there is no prompt after all."""
        self._closed_at = self._shown_at = None
        self._prompting = self._leaving = False

    def leave(self) -> None:
        """Drops keys for HOLD seconds after a prompt: one on its heels was meant for it."""
        self._closed_at = self._shown_at = self.now()
        self._prompting, self._leaving = False, True

    def note(self, event: Event) -> None:
        """Notes when a key or paste arrived, whatever becomes of it."""
        # Dropped keys count too: a y in the middle of a burst is an accident, whatever became of its
        # neighbours.
        self._arrivals.append(self.stamp(event))

    def alone(self, at: float) -> bool:
        """Whether the key that arrived then is the only one from shortly before it until now."""
        return sum(arrival > at - ALONE for arrival in self._arrivals) <= 1

    def drops(self, event: Event) -> bool:
        """Whether this event must not reach anything. What arrived while it was closed stays dropped."""
        if self._closed_at is None or not isinstance(event, Key | Paste):
            return False
        # The way out is always open.
        if isinstance(event, Key) and event.key == "escape" and not self._leaving:
            return False
        if self._shown_at is None:
            # Not every action key opens a prompt: a gate that waits for one that never comes must not swallow
            # keys for ever.
            if self._prompting or self.stamp(event) - self._closed_at <= _FORGOTTEN:
                return True
        elif self.stamp(event) < self._shown_at + HOLD:
            return True
        self.open()
        return False
