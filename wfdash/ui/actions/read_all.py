"""Asks whether what was read of a choice is meant, or all of it; then reads all of it while one looks on."""

import asyncio
from collections import deque
from collections.abc import Callable
from statistics import median

from rich.style import Style
from textual import events

from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import count, counted, estimated
from wfdash.live.reads.remainder import Remainder
from wfdash.ui.base.dialog import LowerHalf
from wfdash.ui.context import Context
from wfdash.ui.keys.prompt_gate import bare
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, PLAIN, QUIET, STRONG, WARN

__all__ = ["ReadAllScreen"]

_STEP = 0.1
"""Seconds between two looks whether the next page may be asked for."""
_LATE, _FEW = 20, 3
"""Reads that tell how long one takes now: the last so many, once there are a few."""
_STANDS = 1.0
"""Seconds for which a time that was told stands: to foresee the window ten times a second is dear."""


class ReadAllScreen(LowerHalf):
    """Asks whether to read all of a choice, and reads it. It sends nothing: a prompt follows, or marks."""

    def __init__(self, context: Context, what: str, rest: Remainder, then: Callable[[], None]) -> None:
        """`what` is about to be done, and `then` does it, to what was read until then."""
        super().__init__(context)
        self._what, self._rest, self._then = what, rest, then
        self._begun = self._over = False
        self._last: tuple[float, int] | None = None
        """When the last read was in, and how many were left then."""
        self._was_held = False
        """Whether the next one had to wait for room since: then it does not tell how long one takes."""
        self._took: deque[float] = deque(maxlen=_LATE)
        self._left: tuple[float, float] | None = None
        """When the time that is left was told, and what it was."""
        self._untaken = ""
        """The last key that came while all of it was read, as it is written."""

    def on_mount(self) -> None:
        read, of = self._rest.progress
        if read >= of and self._rest.requests <= 1:
            self._begin()  # only the sign that there is no more is missing: that is no question
        self.draw()
        self.set_interval(_STEP, self._go_on)

    def on_resize(self) -> None:
        self.draw()

    def _go_on(self) -> None:
        """Reads on, and goes further once there is no more."""
        if self._begun and self.on_top and not self._over:
            if not self._rest.missing:
                self._finish()
                return
            # One page at a time, as the budget has room: reading ends with the panel.
            self._rest.read_on()
            self._clock_reads()
        self.draw()

    def draw(self) -> None:
        if self.is_ready:
            self.panel.show(self._lines())

    def _lines(self) -> list[Pieces]:
        width, rest = self.room[0], self._rest
        lines: list[Pieces] = [
            [(f" {self._what} ", Style(reverse=True, bold=True)), (f" {rest.question}", PLAIN)],
            [],
        ]
        if self._begun:
            return [*lines, *self._reading(width)]
        missing = f"{count(rest.missing)} more to read first"
        lines += [
            [
                ("   a", ACCENT),
                (f"  all of them: {missing}, about {counted(rest.requests, 'request')}", PLAIN),
            ],
            [("   o", ACCENT), (f"  only {rest.these}", PLAIN)],
            [],
            [(" esc", STRONG), (" cancel", PLAIN)],
        ]
        return lines

    def _reading(self, width: int) -> list[Pieces]:
        read, of = self._rest.progress
        outlook = f", about {estimated(self._time_left())} left" if of > read else ""
        trouble = clean(self._rest.trouble)
        return [
            [(f"   reading {count(read)} of {count(of)}{outlook}", PLAIN)],
            [(f"   {fit(trouble, max(8, width - 4))}".rstrip(), WARN)],
            [(f"   {clean(self._untaken)} is not taken before all is read", WARN)] if self._untaken else [],
            [(" esc", STRONG), (" stop", PLAIN), ("    nothing is sent yet", QUIET)],
        ]

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.close()
        elif self._over or self._begun:
            # Reading may take minutes: a key that acted at the end of it would surprise, one that is lost
            # without a word does so too.
            self._untaken = bare(event) or event.key
            self.draw()
        elif bare(event) == "o":
            self._finish()
        elif bare(event) == "a":
            self._begin()
            self._go_on()

    def _begin(self) -> None:
        self._begun = True

    def _clock_reads(self) -> None:
        """Sees how long reads take that go one after the other; the window may hold some back for minutes."""
        now, remaining = asyncio.get_running_loop().time(), self._rest.requests
        self._was_held = self._was_held or self._rest.held
        if self._last is None or remaining < self._last[1]:
            if self._last is not None and not self._was_held:
                self._took.append((now - self._last[0]) / (self._last[1] - remaining))
            self._last, self._was_held = (now, remaining), False

    def _time_left(self) -> float:
        """Seconds until all is read: as long as late reads took, and as the window has room for them."""
        now = asyncio.get_running_loop().time()
        if self._left is None or now - self._left[0] >= _STANDS:
            each = median(self._took) if len(self._took) >= _FEW else None
            self._left = now, self._rest.takes(each)
        return self._left[1]

    def _finish(self) -> None:
        """Goes further once the screens have the rows that were read last, for what they show is taken.

        The news of these are told at the end of this turn, and then wait in the queue of the app.
        """
        self._over = True
        asyncio.get_running_loop().call_soon(self.app.call_later, self._go_further)

    def _go_further(self) -> None:
        if self.close():
            self._then()
            # A prompt says itself what it takes.
            if self._untaken and not isinstance(self.app.screen, LowerHalf):
                self.context.notify(
                    f"all is read; {clean(self._untaken)} came too early: press it again", severity="warning"
                )

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
