"""The keys of actions as they are in force, in the words that a person knows them by."""

from collections.abc import Callable, Sequence

from wfdash.config.settings import Settings
from wfdash.keymap.actions import BY_ID, key_text, split_keys

__all__ = ["KeyNames"]


class KeyNames:
    """Follows the settings; without any, the keys of the registry are in force."""

    def __init__(self, settings: Callable[[], Settings] = Settings) -> None:
        self._settings = settings

    def key_of(self, action: str) -> str:
        """The first key of an action as it is in force."""
        return key_text(self._keys_in_force(action)[0], ascii=self._settings().ascii)

    def keys_of(self, action: str) -> str:
        """The keys of an action as they are in force."""
        return " ".join(key_text(key, ascii=self._settings().ascii) for key in self._keys_in_force(action))

    def _keys_in_force(self, action: str) -> Sequence[str]:
        remapped = self._settings().keys.get(action)
        return split_keys(remapped) if remapped else BY_ID[action].keys
