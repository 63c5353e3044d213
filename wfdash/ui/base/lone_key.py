"""A key that sends something counts only where no other came close, and what it answers was on the screen."""

from collections.abc import Callable
from functools import partial

from textual.events import Key
from textual.geometry import Size
from textual.timer import Timer

from wfdash.core.text.clean import clean
from wfdash.ui.base.dialog import LowerHalf
from wfdash.ui.keys.prompt_gate import ALONE, bare

__all__ = ["LoneKey"]

_PASTING = "a paste has begun and not ended: esc, or wait half a minute"
_NOT_SEEN = "the terminal has not taken what was drawn last: press it again"
_RESIZED = "the terminal changed its size meanwhile: press it again"


class LoneKey:
    """Holds a key back until it is certain that no other one came right behind it."""

    def __init__(self, screen: LowerHalf, say: Callable[[str], None]) -> None:
        """`say` shows why a key did nothing; "" takes that away."""
        self._screen, self._say = screen, say
        # A key that is lost without a word is pressed again and again, or is thought to have been done.
        screen.came_early = self._refuse_early
        self._pending: Timer | None = None
        self._waiting = ""
        """The character that waits, or waited last."""

    def take(self, event: Key, then: Callable[[], None]) -> None:
        """Calls `then` once it is certain that this key came alone; else says why nothing is done."""
        self._waiting = event.character or ""
        if self._screen.came_alone(event):
            # A key behind it may be on its way here still: a burst looks like a lone key at its beginning.
            taken = partial(self._taken, event, then, self._screen.app.size)
            self._pending = self._screen.set_timer(ALONE, taken)
        else:
            self._say(self._why_not)

    def cancel(self) -> bool:
        """Takes back a key that is held; whether there was one."""
        if self._pending is None:
            return False
        self._pending.stop()
        self._pending = None
        return True

    def crowded(self) -> bool:
        """Whether this key is not alone, as in a paste or behind another.

        A held one is taken back and why is said.
        """
        pasting = self._screen.context.terminal.pasting
        if (waited := self.cancel()) or pasting:
            self._say(self._why_not)
        return waited or pasting

    def _taken(self, event: Key, then: Callable[[], None], size: Size) -> None:
        self._pending = None
        if not self._screen.on_top:
            return
        self._say("")
        if not self._screen.came_alone(event):
            self._say(self._why_not)
        elif not self._screen.context.terminal.is_drawn():
            self._say(_NOT_SEEN)
        elif self._screen.app.size != size:  # a resize that came right before the key is heard of after it
            self._say(_RESIZED)
        elif self._screen.context.gate.closed:  # drawn anew since, be it for a size that was known by then
            self._refuse_early(event)
        else:
            then()

    def _refuse_early(self, event: Key) -> None:
        if character := bare(event):
            self._say(f"{clean(character)} came before this could be read: press it again")

    @property
    def _why_not(self) -> str:
        # A paste is ended by the clock where its end never comes; a line that stalled sends its rest later.
        if self._screen.context.terminal.pasting:
            return _PASTING
        return f"typed too fast: press {self._waiting} again"
