"""What stands on the terminal, so that a screen that is painted anew writes only the lines that differ."""

from collections.abc import Sequence

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.screen import Screen
from textual.strip import Strip

__all__ = ["DrawnScreen"]


class DrawnScreen:
    """The lines of the screen that was painted last.

    Textual paints a screen that comes up twice: once for its layout and once more because it came up. Another
    screen is written from the first line to the last, which puts right whatever else wrote to the terminal.
    """

    def __init__(self) -> None:
        self._screen: Screen[object] | None = None
        self._size = Size(0, 0)
        self._lines: list[Strip] = []

    def forget(self) -> None:
        """What the terminal shows is not known any more."""
        self._screen = None

    def resized(self, size: Size) -> None:
        """A terminal that changes its size may move its lines about."""
        if size != self._size:
            self.forget()

    def narrowed(self, screen: Screen[object], update: CompositorUpdate) -> CompositorUpdate | None:
        """What of this update is to be written; remembers all of it."""
        if isinstance(update, LayoutUpdate):
            return self._narrowed(screen, update)
        if isinstance(update, ChopsUpdate) and screen is self._screen:
            return self._splice(update)
        if screen is not self._screen:
            self.forget()
        return update

    def _narrowed(self, screen: Screen[object], update: LayoutUpdate) -> CompositorUpdate | None:
        lines = [Strip.join(strips).simplify() for strips in update.strips]
        before = self._lines if screen is self._screen and update.region.size == self._size else None
        self._screen, self._size, self._lines = screen, update.region.size, lines
        changed = [(y, line) for y, line in enumerate(lines) if before is None or line != before[y]]
        return LinesUpdate(changed) if changed else None

    def _splice(self, update: ChopsUpdate) -> CompositorUpdate | None:
        changed = []
        for y, left, right in update.spans:
            before = line = self._lines[y]
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items()):
                start, stop = max(x, left), min(end, right)
                if strip is not None and start < stop:
                    new = strip.crop(start - x, stop - x)
                    line = Strip.join((line.crop(0, start), new, line.crop(stop)))
            self._lines[y] = line.simplify()
            if self._lines[y] != before:
                changed.append((y, left, right))
        return ChopsUpdate(update.chops, changed, update.chop_ends) if changed else None


class LinesUpdate(CompositorUpdate):
    """Lines from their first cell to the last."""

    def __init__(self, lines: Sequence[tuple[int, Strip]]) -> None:
        self._lines = lines

    def render_segments(self, console: Console) -> str:
        """The control sequences and text for the terminal."""
        # With line ends between, as Textual has them: a stream to a terminal gathers what has none.
        move_to = Control.move_to
        return "\n".join(move_to(0, y).segment.text + line.render(console) for y, line in self._lines)
