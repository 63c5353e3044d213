"""Is a remapping of keys one that works? Unknown actions, keys no terminal sends, and clashes are told."""

from collections.abc import Mapping
from difflib import get_close_matches

from wfdash.keymap import ACTIONS, BY_ID

__all__ = ["check_keymap"]

_NAMED_KEYS = {
    "backspace", "delete", "down", "end", "enter", "escape", "home", "insert", "left", "pagedown", "pageup",
    "right", "space", "tab", "up", *(f"f{n}" for n in range(1, 25)),
}  # fmt: skip
_OVERLAP = {
    "app": {"app", "table", "detail", "timeline", "instance"},
    "table": {"app", "table", "instance"},
    "detail": {"app", "detail", "timeline", "instance"},
    "timeline": {"app", "detail", "timeline", "instance"},
    "instance": {"app", "table", "detail", "timeline", "instance"},
}


def check_keymap(keys: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is wrong with a remapping (action id -> key): the action id and a sentence each."""
    faults = []
    for action_id, key in keys.items():
        if action_id not in BY_ID:
            close = get_close_matches(action_id, list(BY_ID), n=1, cutoff=0.0)[0]
            faults.append((action_id, f'there is no action "{action_id}"; the nearest one is "{close}".'))
        elif not _is_key(key):
            faults.append((action_id, f'{action_id}: "{key}" is no key, such as "p", "f5" or "ctrl+p".'))
    if faults:
        return faults
    final = {action.id: (keys[action.id],) if action.id in keys else action.keys for action in ACTIONS}
    for action_id in keys:
        for other in ACTIONS:
            meets = other.scope in _OVERLAP.get(BY_ID[action_id].scope, ())
            if other.id != action_id and meets and set(final[other.id]) & set(final[action_id]):
                words = (
                    f'{action_id}: the key "{keys[action_id]}" is that of {other.id} too; give that another.'
                )
                faults.append((action_id, words))
    return faults


def _is_key(key: str) -> bool:
    """Whether a terminal can send it: a printable character or a named key, with modifiers or without."""
    *modifiers, last = key.split("+") if len(key) > 1 and not key.endswith("+") else [key]
    if not set(modifiers) <= {"ctrl", "alt", "shift"} or len(set(modifiers)) != len(modifiers):
        return False
    return last in _NAMED_KEYS or (len(last) == 1 and last.isprintable() and last != " ")
