"""What a person does in a shift, over and over: opens pages, filters, acts, resizes, suspends."""

import random
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from tests.support.harness.act import ALONE
from tests.support.harness.pty import PATIENCE, Terminal

__all__ = ["Person"]

_PAGES = ("enter", "E", "H", "B", "J", "X", "F", "w", "P", "?", "y", "e", "l", "i", "N")
_FILTERS = ("status:errored", "status:waiting", "order-81", "since:1h", "x:y")
_TRIES = 6
_ROOT = re.compile(r"STATUS +ID")
_SIZE = (140, 40)
_SIZES = tuple((columns, lines) for columns in (20, 61, 80, 132, 220) for lines in (5, 15, 24, 70))
"""Few, in any order: a size never seen before fills the bounded caches of Textual's layout, and for hours."""


class Person:
    """Each of `habits` begins and ends on the table."""

    def __init__(self, shell: Terminal, chance: random.Random) -> None:
        self._shell, self._chance = shell, chance
        self.habits: tuple[Callable[[], None], ...] = (
            self.look_around,
            self.look_into_an_instance,
            self.filter,
            self.act,
            self.change_the_size,
            self.suspend,
            self.stand_still,
            self.leave_a_prompt,
        )

    def look_around(self) -> None:
        for page in _PAGES:
            self._press(page, "j", "tab", "k")
            self._home()

    def look_into_an_instance(self) -> None:
        self._press(*"jjj"[: self._chance.randrange(4)], "enter", "enter", "]", "enter", "/")
        self._shell.type("order")
        self._press("enter", "escape", "escape", ".", ",", "=", "x", "f")
        self._home()

    def filter(self) -> None:
        self._press("/")
        self._shell.type(
            self._chance.choice(["status:errored", "status:waiting", "order-81", "since:1h", "x:y"])
        )
        self._press("enter", "g", "G", "ctrl+d", "V", "k", "V", "escape")
        self._home()
        self._press("/", "ctrl+u", "enter")
        self._home()

    def act(self) -> None:
        """Pauses or resumes what stands under the cursor, by a y that comes alone."""
        self._press("g", *"jjjjj"[: self._chance.randrange(6)], self._chance.choice("prs"))
        self._shell.watch(1)
        self._press("y")
        self._shell.watch(ALONE)
        self._home()

    def leave_a_prompt(self) -> None:
        self._press("*", "t", "escape", "escape", "c", "escape", "v", "escape")
        self._home()

    def change_the_size(self) -> None:
        for _ in range(40):
            self._shell.resize(*self._chance.choice(_SIZES))
            self._shell.watch(0.02)
        self._shell.resize(*_SIZE)
        self._home()

    def suspend(self) -> None:
        """Presses again where nothing stops: a key that was read together with the esc before is dropped."""
        for _ in range(_TRIES):
            self._shell.watch(1)
            self._shell.press("ctrl+z")
            with suppress(AssertionError):
                self._shell.wait_stopped(5)
                break
        self._go_on()
        self._home()

    def stand_still(self) -> None:
        self._shell.signal(signal.SIGSTOP)
        self._shell.wait_stopped()
        time.sleep(1)
        self._shell.foreground()
        self._home()

    def _press(self, *keys: str) -> None:
        for key in keys:
            self._go_on()
            self._shell.press(key)
            self._shell.watch(0.15)

    def _go_on(self) -> None:
        """Types `fg` where it is stopped: on a busy machine one ctrl+z of several is acted on much later."""
        while any(event.startswith("stopped") for event in self._shell.events):
            self._shell.foreground()
            self._shell.watch(1)

    def _home(self) -> None:
        """Back on the table, however many layers stand over it."""
        for _ in range(12):
            self._press("escape")
            if _ROOT.search(self._shell.screen.text) and "escape" not in self._shell.screen.rows[-1]:
                break
        self._press("escape")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not _ROOT.search(self._shell.screen.text):
            self._go_on()
            self._shell.watch(0.2)
        self._shell.wait_for(_ROOT)
