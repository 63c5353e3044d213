"""Checks a remapping of keys: unknown actions, keys no terminal sends, clashes."""

from collections.abc import Mapping
from difflib import SequenceMatcher

from wfdash.keymap.actions import ACTIONS, BY_ID, Action, split_keys
from wfdash.keymap.scopes import SCOPES

__all__ = ["check_keymap", "is_key", "keys_in_force"]

_NAMED_KEYS = {
    "backspace", "delete", "down", "end", "enter", "escape", "home", "insert", "left", "pagedown", "pageup",
    "right", "space", "tab", "up", *(f"f{n}" for n in range(1, 25)),
}  # fmt: skip


def check_keymap(keys: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is wrong with a remapping (action id -> key, or keys with commas): action id and sentence each."""
    faults = []
    for action_id, key in keys.items():
        if action_id not in BY_ID:
            near = _nearest(action_id)
            faults.append((action_id, f'there is no action "{action_id}"; the nearest one is "{near}".'))
        elif wrong := [key for key in split_keys(key) if not is_key(key)]:
            faults.append(
                (action_id, f'{action_id}: "{wrong[0]}" is not a key, such as "p", "f5" or "ctrl+p".')
            )
    # Clashes are looked for among names that exist and keys that can come: one mistake is told once.
    if faults:
        return faults
    final = keys_in_force(keys)
    # Only what was remapped is looked at: of the defaults no two that can meet share a key.
    for action_id in keys:
        for other in ACTIONS:
            meets = other.scope in SCOPES[BY_ID[action_id].scope].meets
            both = set(final[other.id]) & set(final[action_id])
            if other.id != action_id and meets and both:
                words = f'{action_id}: the key "{min(both)}" is that of {other.id} too; give that another.'
                faults.append((action_id, words))
    return faults


def keys_in_force(keys: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The keys of each action, remapped ones as they are now."""
    return {
        action.id: tuple(split_keys(keys[action.id])) if action.id in keys else action.keys
        for action in ACTIONS
    }


def _nearest(name: str) -> str:
    """The action that was most likely meant, by its id or by the word after the dot: `puase` is a pause."""

    def likeness(action: Action) -> float:
        words = (action.id, action.id.rpartition(".")[2], action.label)
        return max(SequenceMatcher(None, name.lower(), word.lower()).ratio() for word in words)

    return max(ACTIONS, key=likeness).id


def is_key(key: str) -> bool:
    """Whether a terminal can send it: a printable character or a named key, with modifiers or without."""
    *modifiers, last = key.split("+") if len(key) > 1 and not key.endswith("+") else [key]
    if not set(modifiers) <= {"ctrl", "alt", "shift"} or len(set(modifiers)) != len(modifiers):
        return False
    # Textual calls a blank `space`: as a character it would be bound to a key that never comes.
    return last in _NAMED_KEYS or (len(last) == 1 and last.isprintable() and last != " ")
