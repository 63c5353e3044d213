"""A word that is typed where there is no field for it: its letters are no keys."""

from collections.abc import Callable
from typing import Final

from textual.events import Key
from textual.screen import Screen

from wfdash.ui.keys.key_names import KeyNames
from wfdash.ui.keys.text_field import as_field

__all__ = ["LostWords"]

_APART: Final = 1.0
"""Seconds between two keys after which the second one begins something new."""


class LostWords:
    """Asked of each key before it is acted on, by the screen that it would act on.

    `/params~lis` on a page without a filter would open logs and history and ask for a pause: whoever types a
    word looks at its end.
    """

    def __init__(self, keys: KeyNames, clock: Callable[[], float]) -> None:
        self._keys, self._clock = keys, clock
        self._typed_at = float("-inf")
        """When the last key of such a word came."""

    def takes(self, key: Key, screen: Screen[object]) -> bool:
        """Whether the key is of such a word, and must do nothing."""
        if screen.is_modal or as_field(screen.focused) is not None:
            self._typed_at = float("-inf")
            return False
        now = self._clock()
        if 0 <= now - self._typed_at < _APART:
            is_of_word = key.is_printable or key.key == "backspace"
            self._typed_at = now if is_of_word else float("-inf")
            return is_of_word or key.key == "enter"
        if self._keys.opens_field(key.key) and key.key not in screen.active_bindings:
            self._typed_at = now
        return False
