"""A panel over the lower half of the screen, so that the rows it is about stay visible."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.style import Style
from textual.app import ComposeResult
from textual.events import Key, Paste
from textual.geometry import Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from wfdash.core.text.clean import cells
from wfdash.core.text.words import count
from wfdash.ui.base.beneath import LayeredScreen
from wfdash.ui.base.screen import ReadyScreen
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET

__all__ = ["SHARE", "LowerHalf", "Panel", "foot_lines", "name_dropped", "scrolled"]

_LEAST = 10
"""Lines of a panel at least, so that a question and its keys have room."""
SHARE = 0.5
_APART = 4
"""Cells between two keys of a foot."""
_LOOK = 0.05
"""Seconds between two looks whether the terminal has taken what was drawn."""


def foot_lines(keys: Sequence[Pieces], width: int) -> list[Pieces]:
    """Keys, each with its words, on as many lines as they take: no way out may be cut off."""
    lines: list[list[tuple[str, Style]]] = []
    taken = width
    for key in keys:
        wide = sum(cells(text) for text, _ in key)
        if taken + _APART + wide > width:
            lines.append([(" ", PLAIN), *key])
            taken = 1 + wide
        else:
            lines[-1] += [(" " * _APART, PLAIN), *key]
            taken += _APART + wide
    return list(lines)


def scrolled(top: int, end: int, number: int) -> Pieces:
    """A line that says which lines of a long list are shown, and the keys for the others."""
    return [(f"   {top + 1} to {end} of {count(number)}, up and down for the others", QUIET)]


class Panel(Widget):
    """Lines under a rule, which says in word, shape and colour how much is at stake."""

    # No line until it has some: as high as the screen, it was a blank page for a moment in place of the rows.
    DEFAULT_CSS = "Panel { width: 1fr; height: 0; background: transparent; }"

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Pieces] = []
        self._most = 0
        self.share = SHARE
        """How much of the screen it takes at most."""
        self._stake = ""
        self._grave = False

    def warn(self, stake: str, *, grave: bool) -> None:
        """Writes the title into the rule; where it is `grave` the rule is heavy and red."""
        if (stake, grave) != (self._stake, self._grave):
            self._stake, self._grave = stake, grave
            self.refresh()

    def show(self, lines: list[Pieces]) -> None:
        """Draws these lines; nothing is written when nothing differs. It grows up to half of the screen."""
        if lines != self.lines:
            self.lines = lines
            # It never shrinks: a panel that changes its height moves what is about to be read or answered.
            self._most = max(self._most, len(lines) + 2)
            self.styles.height = max(_LEAST, min(self._most, int(self.app.size.height * self.share)))
            self.refresh()

    @property
    def plain(self) -> str:
        """The panel as text."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.lines)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            # In shape as well as in colour, for screens without colours and people who do not see red.
            dash, style = ("━", BAD) if self._grave else ("─", QUIET)
            stake = f"{dash * 2} {self._stake} " if self._stake else ""
            return strip_of([(stake + dash * max(0, width - cells(stake)), style)], width)
        line: Pieces = self.lines[y - 1] if y - 1 < len(self.lines) else []
        return strip_of([*line, ("", Style.null())], width)


class LowerHalf(ReadyScreen, LayeredScreen, inherit_bindings=False):
    """A panel that takes every key itself, so that palette, views and quit are off while it is open."""

    DEFAULT_CSS = """
    LowerHalf { background: transparent; align: left bottom; }
    LowerHalf Panel { dock: bottom; background: ansi_default; }
    """

    _laid_out_for: Size | None = None
    came_early: Callable[[Key], None] = staticmethod(lambda key: None)
    """Is called with a key that was dropped since what it answers could not have been read yet."""

    def compose(self) -> ComposeResult:
        yield Panel()

    def on_resize(self) -> None:
        """Holds keys back again: a panel that is laid out anew was not read yet."""
        # The first layout is no change; every later one puts the question where a y was not aimed at.
        if self._laid_out_for not in (None, self.app.size):
            self.hold()
        self._laid_out_for = self.app.size

    @property
    def panel(self) -> Panel:
        return self.query_one(Panel)

    def hold(self) -> None:
        """Drops keys until what is shown now has been on the screen for as long as reading it takes."""
        self.context.gate.close(prompting=True)
        # A prompt counts as shown once it is painted: keys that were typed before that were meant for
        # something else.
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        if self.context.terminal.is_drawn():
            self.context.gate.shown()
        else:
            # Painted is not yet seen: on a slow link the question may still wait to be written.
            self.set_timer(_LOOK, self._painted)

    def came_alone(self, event: Key) -> bool:
        """Whether no other key came close to this one, be it still on its way here."""
        gate = self.context.gate
        # The gate knows of keys that have arrived; the terminal, of those that are read and not handed on
        # yet.
        return gate.alone(gate.stamp(event)) and self.context.terminal.came_alone(event)

    @property
    def room(self) -> tuple[int, int]:
        """Width and lines for text."""
        height = max(_LEAST, int(self.app.size.height * self.panel.share))
        return self.app.size.width, height - 1


def name_dropped(event: Key | Paste, screen: Screen[Any]) -> None:
    """Lets a prompt say that this key came before it could be read; elsewhere there is nothing to say."""
    if isinstance(event, Key) and isinstance(screen, LowerHalf):
        screen.came_early(event)
