"""Where a key works that has no meaning on the page on top, so that none is dead without a word."""

from collections.abc import Mapping

from textual.keys import _character_to_key

from wfdash.keymap.actions import ACTIONS, Action, key_text, split_keys
from wfdash.keymap.scopes import SCOPES

__all__ = ["works_elsewhere"]

_OF_SOME = [action for action in ACTIONS if action.scope not in ("app", "table", "field")]
"""What is not on every page; held down, a key that moves in a table must cost nothing here."""


def works_elsewhere(key: str, remapped: Mapping[str, str]) -> str:
    """`= (compare) works in an open instance`, of a key as Textual calls it; "" where it has no action.

    Only of keys that print something and belong to some pages: an arrow that leads nowhere needs no word.
    """
    found = [
        (action, text) for action in _OF_SOME for text in _texts(action, remapped) if _named(text) == key
    ]
    if not found:
        return ""
    shown = key_text(found[0][1])
    # One key may do one thing on one page and another elsewhere.
    parts = [f"({action.label}) works in {SCOPES[action.scope].works_in}" for action, _ in found]
    return f"{shown} {', '.join(parts)}"


def _texts(action: Action, remapped: Mapping[str, str]) -> list[str]:
    keys = split_keys(remapped[action.id]) if action.id in remapped else action.keys
    return [key for key in keys if len(key) == 1 or key == "space"]


def _named(key: str) -> str:
    return _character_to_key(key) if len(key) == 1 else key
