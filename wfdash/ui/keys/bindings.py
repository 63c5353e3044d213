"""The registry of actions as Textual bindings, and the keys as they are in force."""

from typing import Any

from textual.binding import Binding, BindingType
from textual.screen import Screen

from wfdash.keymap.actions import ACTIONS, KEY_BAR, Action, textual_action

__all__ = ["bindings", "bound"]


def bindings(*wanted: str, scope: str = "") -> list[BindingType]:
    """Bindings of the actions named, for the class that has their methods; `move.` means all of `move.*`.

    With `scope` also of every action that is live there and belongs to no page of its own: a new one needs
    its record and its method, and no list.
    """
    chosen = [
        action
        for action in ACTIONS
        if any(_names(name, action) for name in wanted)
        # What writes is bound where there is something to write about.
        or (action.scope == scope and not action.by_page and not action.dangerous)
    ]
    return [
        Binding(
            ",".join("comma" if key == "," else key for key in action.keys),
            textual_action(action.id),
            action.label,
            show=action.id in KEY_BAR,
            id=action.id,
        )
        for action in chosen
    ]


def bound(screen: Screen[Any], key: str) -> str:
    """The action that a key has on this screen now, as Textual calls it; "" for none."""
    active = screen.active_bindings.get(key)
    return active.binding.action if active is not None and active.enabled else ""


def _names(wanted: str, action: Action) -> bool:
    return action.id.startswith(wanted) if wanted.endswith(".") else action.id == wanted
