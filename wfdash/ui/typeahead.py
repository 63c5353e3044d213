"""Keeps what is typed right after a key that opens a text field, until the field is there to take it.

Textual hands a key to whatever has the focus when it arrives: the letters after `/` on a slow link come in
one read with it, and would each act on the table.
"""

from typing import TYPE_CHECKING, Final

from textual.events import Key, Paste
from textual.widgets import Input

from wfdash.keymap import action_method

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["OPENERS", "TypeAhead"]

OPENERS: Final = ("filter.edit", "goto.open", "palette.open", "note.write", "view.save")
"""The actions after which a person types."""
_METHODS = frozenset(action_method(action).removeprefix("action_") for action in OPENERS)
_LOOK = 0.02
"""Seconds between two looks whether the field is there."""
_PATIENCE = 50
"""Looks after which no field is expected any more: what was kept is then dropped, never acted on."""


class TypeAhead:
    """The app shows it every key and paste that was not handed on yet."""

    def __init__(self, app: "WfdashApp") -> None:
        self._app = app
        self._kept: list[Key | Paste] = []
        self._looks = 0

    def keeps(self, event: Key | Paste) -> bool:
        """Whether this one waits for a field; it is handed on by itself once the field is there."""
        if self._looks:
            self._kept.append(event)
            return True
        if isinstance(event, Key) and self._opens(event):
            self._looks = 1
            self._app.set_timer(_LOOK, self._look)
        return False

    def _opens(self, event: Key) -> bool:
        if isinstance(self._app.focused, Input):
            return False
        active = self._app.screen.active_bindings.get(event.key)
        return active is not None and active.enabled and active.binding.action in _METHODS

    async def _look(self) -> None:
        if isinstance(self._app.focused, Input):
            kept, self._kept, self._looks = self._kept, [], 0
            for event in kept:
                await self._app.hand_on(event)
        elif self._looks < _PATIENCE:
            self._looks += 1
            self._app.set_timer(_LOOK, self._look)
        else:
            self._kept, self._looks = [], 0
