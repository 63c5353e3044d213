"""Strips: making them from styled cells, and painting of a line only the cells that differ."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import compress, count, repeat
from operator import ne
from typing import Final, Self

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from wfdash.ui.widgets.covered import is_covered
from wfdash.ui.widgets.painted import PaintKept

__all__ = ["DrawnLines", "LinesWidget", "blank", "changed_spans", "strip_of"]

# A run of equal cells shorter than this between two changed ones is repainted too: moving the terminal's
# cursor and setting the style again takes about as many bytes.
_GAP = 8
STRONG = Style(bold=True)
_BARS: Final = re.compile("[\u2580-\u259f]")


def blank(width: int, style: Style | None = None) -> Strip:
    """`width` spaces: since Textual 6 a missing tail no longer takes the background."""
    return Strip([Segment(" " * width, style or Style.null())], width)


def strip_of(pieces: Iterable[tuple[str, Style]], width: int, over: Style | None = None) -> Strip:
    """Styled pieces of cleaned text as a strip of exactly `width` cells; `over` is laid over every style.

    One that reverses turns what has a colour into a patch of it. Text that does not fit ends in `…`.
    """
    if over and over.reverse:
        segments = [segment for text, style in pieces if text for segment in _reversed(text, style, over)]
    else:
        segments = [Segment(text, style + over if over else style) for text, style in pieces if text]
    strip = Strip(segments)
    if strip.cell_length > width > 0 and strip.crop(width).text.strip():
        strip = _cut(strip, width)
    return strip.adjust_cell_length(width, over or Style.null())


def _reversed(text: str, style: Style, over: Style) -> Iterator[Segment]:
    """Coloured text keeps its colour as the ground of its letters alone, without the blanks around them."""
    if not style.color or _BARS.search(text):
        # Bars on a patch of their colour would show as filled what is empty.
        yield Segment(text, over + STRONG if style.bold else over)
        return
    letters = text.strip(" ")
    before, _, after = text.partition(letters) if letters else (text, "", "")
    for part, laid in ((before, over), (letters, style + over + STRONG), (after, over)):
        if part:
            yield Segment(part, laid)


def _cut(strip: Strip, width: int) -> Strip:
    kept = strip.crop(0, width - 1)
    style = next((style for _, style, _ in reversed([*kept])), None)
    return Strip([*kept, Segment("…", style)])


def changed_spans(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """Where `new` differs from `old`, as (start, end) in cells, near ones joined."""
    if old is new or old == new:
        return []
    before, after = _cells(old), _cells(new)
    length = max(len(before), len(after))
    if len(before) != len(after):
        return [(0, length)]
    spans: list[tuple[int, int]] = []
    for x in compress(count(), map(ne, before, after)):
        if spans and x - spans[-1][1] < _GAP:
            spans[-1] = (spans[-1][0], x + 1)
        else:
            spans.append((x, x + 1))
    return spans


def _cells(strip: Strip) -> list[tuple[str | tuple[str, int], Style | None]]:
    """One entry a cell. Text with wide or joined characters counts as one unit, by number of its cells."""
    cells: list[tuple[str | tuple[str, int], Style | None]] = []
    for text, style, _ in strip:
        if text.isascii() or _is_narrow(text):
            cells.extend(zip(text, repeat(style)))
        else:
            # Numbered, for the same text some cells further on is another picture.
            cells.extend(((text, number), style) for number in range(cell_len(text)))
    return cells


@lru_cache(1000)
def _is_narrow(text: str) -> bool:
    return all(cell_len(character) == 1 for character in text)


class DrawnLines:
    """Keeps each line as it was asked for last, to repaint only the cells that differ.

    `now` gives what makes a line as it is now: called once a turn, it finds once what all lines share.

    Textual paints later than it was asked to, and only the regions it was asked for. A line drawn anew at
    that moment could differ elsewhere too: those cells would be taken for painted, and keep on the terminal
    what stood there before.
    """

    def __init__(self, now: Callable[[], Callable[[int], Strip]]) -> None:
        self._now = now
        self.strips: dict[int, Strip] = {}
        """Line to what the terminal shows there once all that was asked for is painted."""

    def strip(self, y: int) -> Strip:
        """The line as it was asked for; as it is now, when it never was."""
        strip = self.strips.get(y)
        if strip is None:
            strip = self.strips[y] = self._now()(y)
        return strip

    def changes(self, lines: Iterable[int]) -> list[Region]:
        """Draws these lines anew: what must be painted for them. One that was never painted needs nothing."""
        regions: list[Region] = []
        draw = self._now()
        for y in lines:
            before = self.strips.get(y)
            if before is None:
                continue
            # Over SSH a row costs what of it differs: a digit of an age is ten bytes, the row 150.
            after = draw(y)
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
        """Forgets every line, so that all of the widget is painted, each line as it is then."""
        self.strips.clear()


class LinesWidget(PaintKept):
    """A widget of lines kept as they were asked for; a subclass says in `lines_now` how they are now.

    It has no border and no padding.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self._drawn = DrawnLines(self.lines_now)
        super().__init__(id=id, classes=classes)

    def lines_now(self) -> Callable[[int], Strip]:
        """Finds what all lines share, and returns what draws one of them."""
        raise NotImplementedError

    def refresh(self, *regions: Region, **options: bool) -> Self:
        if not regions:
            self._drawn.forget()
        return super().refresh(*regions, **options)

    def render_line(self, y: int) -> Strip:
        return self._drawn.strip(y)
