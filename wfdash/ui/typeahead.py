"""Keeps what is typed right after a key that opens or leaves a text field, until that has been done.

Textual hands a key to whatever has the focus when it arrives: the letters after `/` on a slow link come in
one read with it, and would each act on the table; those after a filter's `enter` would be typed into it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.events import Key, Paste
from textual.message_pump import MessagePump
from textual.widgets import Input

from wfdash.keymap import action_method

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["OPENERS", "TypeAhead"]

OPENERS: Final = ("filter.edit", "goto.open", "palette.open", "note.write", "view.save")
"""The actions after which a person types."""
_METHODS = frozenset(action_method(action).removeprefix("action_") for action in OPENERS)
_LOOK = 0.02
"""Seconds between two looks whether what is waited for is there."""
_PATIENCE = 50
"""Looks after which it is not expected any more."""
_ROUNDS = 3
"""How often news may go up from the field to the app: the key, what it submits, that the field was left."""


class TypeAhead:
    """The app shows it every key and paste that was not handed on yet."""

    def __init__(self, app: "WfdashApp") -> None:
        self._app = app
        self._kept: list[Key | Paste] = []
        self._holding = False

    def keeps(self, event: Key | Paste) -> bool:
        """Whether this one waits for those before it; it is handed on by itself after them."""
        if self._holding:
            self._kept.append(event)
            return True
        field = self._app.focused
        if isinstance(event, Paste):
            return False
        if not isinstance(field, Input):
            if self._opens(event):
                self._holding = True
                self._look_again(lambda: isinstance(self._app.focused, Input))
        elif not event.is_printable:
            self._holding = True
            self._app.call_later(self._climb, iter([*field.ancestors_with_self] * _ROUNDS))
        return False

    def _opens(self, event: Key) -> bool:
        active = self._app.screen.active_bindings.get(event.key)
        return active is not None and active.enabled and active.binding.action in _METHODS

    async def _climb(self, way: Iterator[MessagePump]) -> None:
        """Stand in each queue behind the news of the key: at the end of the way all of it was heard."""
        for stop in way:
            if stop.call_later(self._climb, way):
                return
        await self._look(lambda: self._app.top is None or not self._app.top.arranging)

    async def _look(self, there: Callable[[], bool], looks: int = 0) -> None:
        if there():
            await self._hand_on()
        elif looks < _PATIENCE:
            self._look_again(there, looks + 1)
        else:  # what was kept is dropped, never acted on
            self._kept, self._holding = [], False

    def _look_again(self, there: Callable[[], bool], looks: int = 1) -> None:
        self._app.set_timer(_LOOK, partial(self._look, there, looks))

    async def _hand_on(self) -> None:
        """Until one of them has to be waited for in turn."""
        kept, self._kept, self._holding = self._kept, [], False
        while kept and not self._holding:
            event = kept.pop(0)
            if not self._app.gate.drops(event) and not self.keeps(event):
                await self._app.hand_on(event)
        self._kept[:0] = kept
