"""The bottom line: what the keys do here and now, or for a while a word of what just happened.

Textual's Footer is not used: it makes a widget a key and leaks them all at every refresh of the bindings.
"""

from collections.abc import Sequence
from typing import Protocol

from rich.style import Style
from textual.binding import ActiveBinding
from textual.timer import Timer
from textual.widget import Widget

from wfdash.core.text.clean import clean
from wfdash.keymap.actions import BY_ID, KEY_BAR, Action, key_text, textual_action
from wfdash.ui.keys.bindings import labels_here, offers_here
from wfdash.ui.keys.text_field import as_field
from wfdash.ui.widgets.status_line import Pieces, StatusLine, length
from wfdash.ui.widgets.theme import BAD, PLAIN, STRONG, WARN, clicked

__all__ = ["KeyBar"]

_LAST = ("help.open",)
"""Shown however little room there is."""
_IN_RECORD = ("past.back", "past.forward", "layer.close")
_TONES = {"information": STRONG, "warning": WARN, "error": BAD}


class KeyStates(Protocol):
    """What the key bar asks the pages."""

    @property
    def at_root(self) -> bool: ...
    @property
    def in_ascii(self) -> bool:
        """Whether arrows are drawn as other keys' signs, so that keys need their names."""

    @property
    def in_record(self) -> bool:
        """Whether a moment of the record is shown, from which nothing can be sent."""

    @property
    def back_to(self) -> str:
        """Where `esc` leads from there, in a word; "" where it closes a layer as anywhere."""

    def why_off(self, action: str) -> str:
        """Why an action would do nothing now; "" when it is on."""


class KeyBar(StatusLine):
    """Draws the bindings of its screen that are in force and would do something now."""

    def __init__(self, pages: KeyStates) -> None:
        super().__init__()
        self._pages = pages
        self._notes: Pieces = ()
        self._said: Pieces = ()
        self._silence: Timer | None = None
        self.drawings = 0
        """How often it was drawn: what ticks draws it only where nothing else did."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.draw())

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def note(self, pieces: Pieces) -> None:
        """Sets what stands at the right: marks, arrivals."""
        self._notes = pieces
        self.draw()

    def say(self, text: str, severity: str = "information", seconds: float = 6.0) -> None:
        """Puts a sentence in place of the keys until it is read or a while has passed."""
        self._said = [(" ", PLAIN), (clean(text), _TONES.get(severity, PLAIN))]
        if self._silence is not None:
            self._silence.stop()
        # A sentence covers the keys, which help more than an old sentence does.
        self._silence = self.set_timer(seconds, self.hush)
        self.draw()

    @property
    def is_saying(self) -> bool:
        """Whether a sentence stands in place of the keys."""
        return bool(self._said)

    def hush(self) -> None:
        """Takes a sentence away and shows the keys again."""
        if self._said:
            self._said = ()
            self.draw()

    def on_click(self) -> None:
        """What was said has been read: what it covers can be clicked next."""
        self.hush()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        self.drawings += 1
        right = [*self._notes, (" ", PLAIN)] if self._notes else []
        if self._said:
            self.show(self._said, right)
            return
        self.show(self._keys(self.size.width - length(right) - 1), right)

    def _keys(self, room: int) -> Pieces:
        """As many keys with their words as fit, the one for help always among them."""
        # While one types, the keys of the page do nothing: what enter and esc do in the field is all that
        # counts.
        if of_field := _of_field(self.screen.focused):
            return of_field
        groups = self._groups()
        last = [pieces for name, pieces in groups if name in _LAST]
        room -= sum(map(length, last))
        shown: list[tuple[str, Style]] = []
        for name, pieces in groups:
            if name in _LAST:
                continue
            room -= length(pieces)
            if room < 0:
                break
            shown += pieces
        return [*shown, *(piece for pieces in last for piece in pieces)]

    def _groups(self) -> list[tuple[str, Pieces]]:
        """The actions that have a key here, each with its key and word as drawn, most needed first.

        What is off is left out however much room there is: grey passes for offered on many a terminal.
        """
        in_force: dict[str, ActiveBinding] = {}
        for active in self.screen.active_bindings.values():
            # Of several keys the one that the action's record names first is the one to tell.
            in_force.setdefault(active.binding.action, active)
        labels = labels_here(self.screen)
        groups: list[tuple[str, Pieces]] = []
        for action in self._offered():
            here = in_force.get(textual_action(action.id))
            # What would do nothing now is not told: the room is for keys that work.
            if here is None or self._only_closes(here, action.id) or self._pages.why_off(action.id):
                continue
            press = clicked("press", action.id)
            label = labels.get(action.id, action.label)
            if action.id == "layer.close" and self._pages.back_to:
                label = self._pages.back_to
            text: Pieces = [
                (f" {key_text(here.binding.key, ascii=self._pages.in_ascii)}", STRONG + press),
                (f" {label} ", PLAIN + press),
            ]
            groups.append((action.id, text))
        return groups

    def _offered(self) -> Sequence[Action]:
        """What the line tells of here, most needed first; of a record how to go through it, and no action."""
        in_record = self._pages.in_record
        first = (KEY_BAR[0], *(_IN_RECORD if in_record else ()), *offers_here(self.screen))
        every = map(BY_ID.__getitem__, dict.fromkeys((*first, *KEY_BAR)))
        # From a record nothing can be sent; its keys to go back and forth need the room.
        return [action for action in every if not (in_record and action.dangerous)]

    def _only_closes(self, here: ActiveBinding, action: str) -> bool:
        """Whether this is `q` on a page above others: there it goes back, as the key beside it says.

        A panel that binds it itself says in its own word what it does.
        """
        return action == "app.quit" and here.node is self.app and not self._pages.at_root


def _of_field(focused: Widget | None) -> Pieces:
    """The keys of the text field that is typed in, where it has some of its own."""
    if as_field(focused) is None:
        return []
    from wfdash.ui.widgets.field import Field

    if not isinstance(focused, Field) or not focused.keys:
        return []
    pairs = [((f" {key}", STRONG), (f" {word} ", PLAIN)) for key, word in focused.keys]
    return [
        *([(f" {focused.note} ", STRONG)] if focused.note else []),
        *(piece for pair in pairs for piece in pair),
    ]
