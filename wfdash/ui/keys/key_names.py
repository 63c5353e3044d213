"""The keys of actions as they are in force, in the words that a person knows them by."""

from collections.abc import Callable, Sequence

from textual.keys import _character_to_key

from wfdash.config.settings import Settings
from wfdash.keymap.actions import ACTIONS, BY_ID, key_text, split_keys
from wfdash.keymap.scopes import SCOPES

__all__ = ["KeyNames"]

_OF_SOME = [action for action in ACTIONS if action.scope not in ("app", "table", "field")]
"""What is not on every page; held down, a key that moves in a table must cost nothing to look up."""
_TAKING_TEXT = [action.id for action in ACTIONS if action.takes_text]


class KeyNames:
    """Names the keys of actions by the settings, or by the registry where they set none."""

    def __init__(self, settings: Callable[[], Settings] = Settings) -> None:
        self._settings = settings

    def key_of(self, action: str) -> str:
        """The first key of an action as it is in force."""
        return key_text(self._keys_in_force(action)[0], ascii=self._settings().ascii)

    def keys_of(self, action: str) -> str:
        """The keys of an action as they are in force."""
        return " ".join(key_text(key, ascii=self._settings().ascii) for key in self._keys_in_force(action))

    def elsewhere(self, key: str) -> str:
        """`= (compare) works in an open instance`, of a key as Textual calls it; "" where it has no action.

        Only of keys that print something, or after which one types, and that belong to some pages: an arrow
        that leads nowhere needs no word.
        """
        # One key may do one thing on one page and another elsewhere.
        works: dict[str, list[str]] = {}
        shown = ""
        for action in _OF_SOME:
            for text in self._keys_in_force(action.id):
                typed = len(text) == 1 or text == "space" or action.takes_text
                if typed and _as_textual(text) == key:
                    works.setdefault(action.label, []).append(SCOPES[action.scope].works_in)
                    shown = key_text(text)
        said = [f"({label}) works in {' and '.join(places)}" for label, places in works.items()]
        return f"{shown} {', '.join(said)}" if said else ""

    def opens_field(self, key: str) -> bool:
        """Whether a person types after this key, on the pages where it does something."""
        return any(
            _as_textual(text) == key for action in _TAKING_TEXT for text in self._keys_in_force(action)
        )

    def _keys_in_force(self, action: str) -> Sequence[str]:
        remapped = self._settings().keys.get(action)
        return split_keys(remapped) if remapped else BY_ID[action].keys


def _as_textual(text: str) -> str:
    """The name that Textual has for a key: `slash` for `/`."""
    return _character_to_key(text) if len(text) == 1 else text
