"""What the lines of a widget were last asked to show: a repaint is of the cells that differ from it."""

from collections.abc import Callable, Iterable

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from wfdash.ui.widgets.covered import is_covered
from wfdash.ui.widgets.strips import changed_spans

__all__ = ["DrawnLines"]


class DrawnLines:
    """Keeps each line as it was asked for until it is asked for again; `draw` makes it as it is now.

    Textual paints later than it was asked to, and only the regions it was asked for. A line drawn anew at
    that moment could differ elsewhere too: those cells would be taken for painted, and keep on the terminal
    what stood there before.
    """

    def __init__(self, draw: Callable[[int], Strip]) -> None:
        self._draw = draw
        self.strips: dict[int, Strip] = {}
        """Line to what the terminal shows there once all that was asked for is painted."""

    def strip(self, y: int) -> Strip:
        """The line as it was asked for; as it is now, when it never was."""
        strip = self.strips.get(y)
        if strip is None:
            strip = self.strips[y] = self._draw(y)
        return strip

    def changes(self, lines: Iterable[int]) -> list[Region]:
        """Draws these lines anew: what must be painted for them. One that was never painted needs nothing."""
        regions: list[Region] = []
        for y in lines:
            before = self.strips.get(y)
            if before is None:
                continue
            # Over SSH a row costs what of it differs: a digit of an age is ten bytes, the row 150.
            after = self._draw(y)
            if spans := changed_spans(before, after):
                self.strips[y] = after
                regions.extend(Region(start, y, end - start, 1) for start, end in spans)
        return regions

    def repaint(self, widget: Widget, lines: Iterable[int]) -> None:
        """Has the widget, whose lines these are, paint what differs by now, unless nobody can see it."""
        # Anything that refreshes below the top screen makes Textual repaint all of the top.
        if self.strips and not is_covered(widget) and (regions := self.changes(lines)):
            widget.refresh(*regions)

    def forget(self) -> None:
        """All of the widget is to be painted: each line as it is then."""
        self.strips.clear()
