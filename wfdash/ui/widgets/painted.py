"""What was painted of a widget, kept until it is to be painted again.

Textual asks for all lines of whatever a frame touches, of each container the blank ones too, and passes each
through all filters: where two digits differ at the ends of a screen that was most of what drawing it cost.
"""

from textual.containers import Horizontal, Vertical
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Across", "PaintKept", "Stack"]


class PaintKept(Widget):
    """A widget without border and padding that makes only the lines that are to be painted.

    Stands behind another base class, for Textual styles by the first alone.
    """

    _paint_kept: tuple[Region, Size, list[Strip]] | None = None
    """Of which part, of which size, and what the terminal was given of it."""
    _lines_to_paint: frozenset[int] = frozenset()
    """The lines of it that are to be painted since."""

    def _set_dirty(self, *regions: Region) -> None:
        if not regions:
            self._paint_kept = None
        elif self._paint_kept is not None:
            self._lines_to_paint |= {y for region in regions for y in region.line_range}
        super()._set_dirty(*regions)

    def notify_style_update(self) -> None:
        self._paint_kept = None
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Renders as Textual does, and takes lines from the last time that are as they were."""
        size, before = self.outer_size, self._paint_kept
        if before is None or before[:2] != (crop, size):
            lines = super().render_lines(crop)
        elif not self._lines_to_paint:
            return before[2]
        else:
            lines = list(before[2])
            for y in self._lines_to_paint:
                if crop.y <= y < crop.bottom:
                    line = Region(crop.x, y, crop.width, 1)
                    lines[y - crop.y : y - crop.y + 1] = super().render_lines(line)
        self._paint_kept, self._lines_to_paint = (crop, size, lines), frozenset()
        return lines


class Across(Horizontal, PaintKept):
    """Holds widgets side by side."""


class Stack(Vertical, PaintKept):
    """Holds widgets one below the other."""
