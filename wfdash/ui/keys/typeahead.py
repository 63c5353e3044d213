"""Keeps what is typed behind a key until that key has been done, so that each acts on what the last one left.

Textual hands a key to whatever has the focus when it arrives, and what it asks for is done further up, later:
keys that come in one read with it, as on a slow link, would all act on the page that it leaves.

A word that is typed where no field opens is lost: its letters are no keys.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from textual.app import App
from textual.events import Key, Paste
from textual.message_pump import MessagePump
from textual.screen import Screen

from wfdash.keymap.actions import ACTIONS, textual_action
from wfdash.ui.keys.bindings import bound
from wfdash.ui.keys.prompt_gate import KeyGate
from wfdash.ui.keys.text_field import as_field

__all__ = ["LostWords", "TypeAhead", "as_enter"]

_OPENING = frozenset(textual_action(action.id) for action in ACTIONS if action.takes_text)
_STAYING = frozenset(textual_action(action.id) for action in ACTIONS if action.id.startswith("move."))
"""What leads nowhere else on a page: held down, these come thirty times a second."""
_APART: Final = 1.0
"""Seconds between two keys after which the second one begins something new."""
_LOOK = 0.02
"""Seconds between two looks whether what is waited for is there."""
_FOR_A_FIELD = 50
"""Looks after which it is not expected any more: not every action that opens a field does so everywhere."""
_FOR_A_PAGE = 500
"""The same of what surely comes, on a busy machine late: a page, its rows in order."""
_FORGOTTEN = 30.0
"""Seconds, more than all looks take: then news of it was lost, and the keyboard must not be lost with it."""
_ROUNDS = 3
"""How often news may go up from a field to the app: the key, what it submits, that the field was left."""

_Then = Callable[[], Awaitable[None]]


class TypeAhead:
    """Takes every key and paste, and hands each on once the one before has had its effect."""

    def __init__(
        self,
        app: App[Any],
        gate: KeyGate,
        *,
        hand_on: Callable[[Key | Paste], Awaitable[None]],
        arranging: Callable[[], bool],
        dropped: Callable[[Key | Paste], None],
    ) -> None:
        """`hand_on` lets a key have its way; `arranging` is whether rows are being put in order meanwhile.

        `dropped` hears of each that the gate keeps away.
        """
        self._app, self._gate = app, gate
        self._give, self._arranging, self._dropped = hand_on, arranging, dropped
        self._kept: list[Key | Paste] = []
        self._holding = False
        self._since = 0.0
        """When the key was handed on that is waited for, on the clock by which events are stamped."""

    async def take(self, event: Key | Paste) -> None:
        """Hands a key on, now or once what came before it was done."""
        self._gate.note(event)
        # News can be lost with a widget that is taken down on the way; a dead keyboard would be worse than a
        # key out of turn.
        if self._holding and self._gate.stamp(event) - self._since > _FORGOTTEN:
            self._kept, self._holding = [], False
        if self._holding:
            self._kept.append(event)
        elif self._gate.drops(event):
            self._dropped(event)
        else:
            await self._hand_on(event)

    async def _hand_on(self, event: Key | Paste) -> None:
        field = self._app.focused
        if isinstance(event, Paste):
            await self._give(event)
            return
        typing, screen = as_field(field) is not None, self._app.screen
        action = "" if typing else bound(screen, event.key)
        # Letters in a field and held arrows lead nowhere: waiting behind each would make typing and scrolling
        # lag.
        if event.is_printable if typing else action in _STAYING and not screen.is_modal:
            await self._give(event)
            return
        self._holding, self._since = True, self._gate.now()
        # A queue is first in, first out: when our call comes up in each of them, all that the key set going
        # has been handled.
        way = [*(field or screen).ancestors_with_self] * (_ROUNDS if typing else 1)
        await self._give(event)
        # On a slow link the letters of a filter come in one read with its slash: each would act on the table.
        if action in _OPENING:
            self._look_again(lambda: as_field(self._app.focused) is not None, self._go_on, _FOR_A_FIELD)
        else:
            self._app.call_later(self._climb, iter(way), partial(self._arrive, screen))

    async def _climb(self, way: Iterator[MessagePump], then: _Then) -> None:
        """Calls `then` once every pump from the key's place to the app has handled what was queued before."""
        for stop in way:
            if stop.call_later(self._climb, way, then):
                return
        await then()

    async def _arrive(self, before: MessagePump) -> None:
        """Waits for the page that the key led to, and for what it puts the focus on."""
        screen = self._app.screen
        if screen is before:
            await self._rest()
        else:
            self._app.call_later(self._look, lambda: self._app.screen.is_mounted, self._settle)

    async def _settle(self) -> None:
        self._app.call_later(self._climb, iter([self._app.screen, self._app]), self._rest)

    async def _rest(self) -> None:
        self._app.call_later(self._look, self._arranged, self._go_on)

    def _arranged(self) -> bool:
        return not self._arranging()

    async def _look(self, there: Callable[[], bool], then: _Then, looks: int = _FOR_A_PAGE) -> None:
        if there():
            await then()
        elif looks:
            self._look_again(there, then, looks - 1)
        # The page never came, so nobody knows what the keys behind it were meant for.
        else:  # what was kept is dropped, never acted on
            self._kept, self._holding = [], False

    def _look_again(self, there: Callable[[], bool], then: _Then, looks: int) -> None:
        self._app.set_timer(_LOOK, partial(self._look, there, then, looks))

    async def _go_on(self) -> None:
        """Hands on what was kept, until one key has to be waited for in turn."""
        self._holding = False
        while self._kept and not self._holding:
            event = self._kept.pop(0)
            if self._gate.drops(event):
                self._dropped(event)
            else:
                await self._hand_on(event)


_LINE_FEED = "ctrl+j"


def as_enter(event: Key, keys: Mapping[str, str]) -> Key:
    """The key itself, unless it is a line feed that no action of `keys` has been given."""
    if event.key != _LINE_FEED or any(_LINE_FEED in given.split(",") for given in keys.values()):
        return event
    enter = Key("enter", "\r")
    enter.time = event.time
    return enter


class LostWords:
    """Swallows keys of a word that was typed where no field is, before the screen acts on them.

    `/params~lis` on a page without a filter would open logs and history and ask for a pause: whoever types a
    word looks at its end.
    """

    def __init__(self, opens_field: Callable[[str], bool], clock: Callable[[], float]) -> None:
        self._opens_field, self._clock = opens_field, clock
        self._typed_at = float("-inf")
        """When the last key of such a word came."""

    def takes(self, key: Key, screen: Screen[object]) -> bool:
        """Whether the key is of such a word, and must do nothing."""
        if screen.is_modal or as_field(screen.focused) is not None:
            self._typed_at = float("-inf")
            return False
        now = self._clock()
        if 0 <= now - self._typed_at < _APART:
            is_of_word = key.is_printable or key.key == "backspace"
            self._typed_at = now if is_of_word else float("-inf")
            return is_of_word or key.key == "enter"
        if self._opens_field(key.key) and key.key not in screen.active_bindings:
            self._typed_at = now
        return False
