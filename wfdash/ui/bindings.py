"""The registry of actions as Textual bindings, and the keys as they are in force."""

from textual.binding import Binding, BindingType

from wfdash.keymap import ACTIONS, KEY_BAR, Action, action_method

__all__ = ["bindings"]


def bindings(*wanted: str) -> list[BindingType]:
    """Bindings of the actions named, for the class that has their methods; `move.` means all of `move.*`."""
    chosen = [action for action in ACTIONS if any(_names(one, action) for one in wanted)]
    return [
        Binding(
            ",".join("comma" if key == "," else key for key in action.keys),
            action_method(action.id).removeprefix("action_"),
            action.label,
            show=action.id in KEY_BAR,
            id=action.id,
        )
        for action in chosen
    ]


def _names(wanted: str, action: Action) -> bool:
    return action.id.startswith(wanted) if wanted.endswith(".") else action.id == wanted
