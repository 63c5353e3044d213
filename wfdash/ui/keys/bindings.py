"""The registry of actions as Textual bindings, and the keys as they are in force."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any

from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from wfdash.keymap.actions import ACTIONS, KEY_BAR, Action, textual_action

__all__ = ["bindings", "bound", "labels_here", "offers_here"]


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


def labels_here(screen: Screen[Any]) -> Mapping[str, str]:
    """Words for actions that do something else here than elsewhere.

    Those of the pane that has the keys go before those of its screen.
    """
    return ChainMap(*(dict(getattr(node, "labels", {})) for node in _with_keys(screen)))


def offers_here(screen: Screen[Any]) -> Sequence[str]:
    """The actions to tell of right after `enter`: those of the pane that has the keys, else of the screen."""
    return next((offers for node in _with_keys(screen) if (offers := getattr(node, "offers", ()))), ())


def _with_keys(screen: Screen[Any]) -> Sequence[DOMNode]:
    return screen.focused.ancestors_with_self if screen.focused is not None else [screen]


def _names(wanted: str, action: Action) -> bool:
    return action.id.startswith(wanted) if wanted.endswith(".") else action.id == wanted
