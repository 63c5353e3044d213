"""What lies under a panel, line by line: a line that is as it was stays as it was drawn."""

from collections.abc import Sequence
from operator import is_
from typing import Any

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

__all__ = ["Beneath", "LayeredScreen"]


class LayeredScreen(ModalScreen[None], inherit_bindings=False):
    """A screen over another one that stays in sight."""

    _beneath: "Beneath | None" = None

    def render(self) -> Any:  # Textual takes a Visual too, and says so only of other widgets
        drawn = super().render()
        # A tint over it would be Textual's to mix.
        if not isinstance(drawn, BackgroundScreen) or drawn.color.a:
            return drawn
        if self._beneath is None or self._beneath.screen is not drawn.screen:
            self._beneath = Beneath(drawn.screen)
        return self._beneath


class Beneath(Visual):
    """The screen under a panel, without what a click on it would do.

    Textual takes all of it apart and puts it together again each time a row of it changes: a quarter of what
    an open prompt computes.
    """

    def __init__(self, screen: Screen[Any]) -> None:
        self.screen = screen
        self._style: Style | None = None
        self._lines: list[tuple[list[Strip], Strip]] = []

    def render_strips(self, width: int, height: int | None, style: Style, options: object) -> list[Strip]:
        if style != self._style:  # another theme
            self._style, self._lines = style, []
        compositor = self.screen._compositor
        drawn = compositor._render_chops(compositor.size.region, lambda y: True)
        lines = [[*filter(None, pieces.values())] for pieces in drawn[:height]]
        self._lines = [self._line(y, pieces, style.rich_style) for y, pieces in enumerate(lines)]
        return [line.crop(0, width) for _, line in self._lines]

    def _line(self, y: int, pieces: list[Strip], style: RichStyle) -> tuple[list[Strip], Strip]:
        if y < len(self._lines):
            before = self._lines[y]
            if len(before[0]) == len(pieces) and all(map(is_, before[0], pieces)):
                return before
        return pieces, _without_clicks(pieces, style)

    def get_optimal_width(self, rules: object, container_width: int) -> int:
        return container_width

    def get_height(self, rules: object, width: int) -> int:
        return self.screen.size.height


def _without_clicks(pieces: Sequence[Strip], base: RichStyle) -> Strip:
    return Strip(
        [
            Segment(text, base if style is None else base + style.clear_meta_and_links(), control)
            for piece in pieces
            for text, style, control in piece
        ],
        sum(piece.cell_length for piece in pieces),
    )
