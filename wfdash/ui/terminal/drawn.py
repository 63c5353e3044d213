"""What stands on the terminal, so that a screen that is painted anew writes only the cells that differ."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.screen import Screen
from textual.strip import Strip

from wfdash.ui.widgets.strips import changed_spans

__all__ = ["DrawnScreen"]

_ERASE_LINE, _ERASE_REST = "\x1b[2K", "\x1b[K"
_SELECTED = Style(reverse=True)
_ATTRIBUTES = ("bold", "dim", "italic", "underline", "blink", "reverse", "strike")
_GAPS = re.compile(r"( {8,})")
"""Blanks long enough for moving over them to take fewer bytes than writing them."""


class DrawnScreen:
    """Remembers the lines that were painted last, to write only what differs.

    Textual paints a screen that comes up twice: once for its layout and once more because it came up. Another
    page is written from the first line to the last, which puts right whatever else wrote to the terminal. A
    prompt or panel writes only what it changes: over a slow link a page takes a third of a second.
    """

    def __init__(self) -> None:
        self._screen: Screen[object] | None = None
        self._size = Size(0, 0)
        self._lines: list[Strip] = []
        self.marked: Sequence[tuple[int, int, int]] = ()
        """Line, first cell and the cell behind the last of what is selected."""
        self._unmarked: Sequence[tuple[int, int, int]] = ()

    def mark(self, spans: Sequence[tuple[int, int, int]]) -> None:
        """Selects these cells in place of those selected before."""
        self._unmarked, self.marked = (*self._unmarked, *self.marked), spans

    def marking(self) -> CompositorUpdate | None:
        """The update that shows what is selected, and shows no more what was."""
        there = len(self._lines) if self._screen is not None else 0
        cells = [Cells(y, left, right, self._lines[y]) for y, left, right in self._unmarked if y < there]
        cells += [
            Cells(y, left, right, self._lines[y].apply_style(_SELECTED))
            for y, left, right in self.marked
            if y < there
        ]
        self._unmarked = ()
        return _changed(cells)

    def marked_text(self) -> str:
        """The selected lines as text, without the blanks at their ends."""
        there = len(self._lines) if self._screen is not None else 0
        return "\n".join(
            self._lines[y].crop(left, right).text.rstrip() for y, left, right in self.marked if y < there
        )

    def forget(self) -> None:
        """Forgets what the terminal shows: it is not known any more."""
        self._screen = None

    def resized(self, size: Size) -> bool:
        """Notes that the terminal changed its size; whether it has the size again that was painted for.

        One that shrinks and grows back before the program looks lost what did not fit, and nothing is laid
        out anew for the size that it has as before.
        """
        self.forget()
        return size == self._size

    def lacks(self, screen: Screen[object], update: CompositorUpdate) -> bool:
        """Whether this update changes a part of what does not stand on the terminal: all is to be painted.

        A frame that Textual drops, or one of the size before that came late in a storm of resizes, is never
        painted again: what followed was written over what had been there, or beyond its last line.
        """
        if not isinstance(update, ChopsUpdate):
            return False
        size = Size(update.chop_ends[0][-1] if update.chop_ends else 0, len(update.chops))
        return size != self._size or not self._stands_under(screen)

    def narrowed(self, screen: Screen[object], update: CompositorUpdate) -> CompositorUpdate | None:
        """What of this update is to be written; remembers all of it."""
        if isinstance(update, LayoutUpdate):
            return self._narrowed(screen, update)
        if isinstance(update, ChopsUpdate):
            self._screen = screen
            return self._splice(update)
        if not self._stands_under(screen):
            self.forget()
        return update

    def _stands_under(self, screen: Screen[object]) -> bool:
        """Whether what stands on the terminal is what this screen is painted over."""
        if self._screen is None:
            return False
        return screen is self._screen or screen.is_modal or self._screen.is_modal

    def _narrowed(self, screen: Screen[object], update: LayoutUpdate) -> CompositorUpdate | None:
        lines = [_as_drawn(Strip.join(strips)) for strips in update.strips]
        same = self._stands_under(screen) and update.region.size == self._size
        before, self._lines = self._lines, lines
        self._screen, self._size = screen, update.region.size
        if not same:
            return CellsUpdate([Cells(y, 0, None, line) for y, line in enumerate(lines)])
        return _changed([cells for y, line in enumerate(lines) for cells in _differences(y, before[y], line)])

    def _splice(self, update: ChopsUpdate) -> CompositorUpdate | None:
        before = {y: self._lines[y] for y, _, _ in update.spans}
        for y, left, right in update.spans:
            line = self._lines[y]
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items()):
                start, stop = max(x, left), min(end, right)
                if strip is not None and start < stop:
                    new = strip.crop(start - x, stop - x)
                    line = Strip.join((line.crop(0, start), new, line.crop(stop)))
            self._lines[y] = _as_drawn(line)
        return _changed(
            [cells for y, line in before.items() for cells in _differences(y, line, self._lines[y])]
        )


class Cells(Struct, frozen=True):
    """Cells from `start` to `end` of a line that are to be written; None means the whole line anew."""

    y: int
    start: int
    end: int | None
    line: Strip


def _as_drawn(line: Strip) -> Strip:
    """The line with the colours that the terminal gets: under a prompt Textual names the usual ones too."""
    segments = [Segment(text, style and _style_drawn(style)) for text, style, _ in line]
    return Strip(segments, line.cell_length).simplify()


@lru_cache(1024)
def _style_drawn(style: Style) -> Style:
    ink, ground = (
        None if colour is None or colour.is_default else colour for colour in (style.color, style.bgcolor)
    )
    if not style.meta and (ink, ground) == (style.color, style.bgcolor):
        return style
    shape = Style.parse(" ".join(name for name in _ATTRIBUTES if getattr(style, name)))
    return Style.from_color(ink, ground) + Style(link=style.link) + shape


def _differences(y: int, before: Strip, line: Strip) -> Iterator[Cells]:
    for start, end in changed_spans(before, line):
        yield Cells(y, start, end, line)


def _changed(cells: Sequence[Cells]) -> CompositorUpdate | None:
    return CellsUpdate(cells) if cells else None


class CellsUpdate(CompositorUpdate):
    """An update of parts of lines. Long blanks are erased, not written: they are most of a large screen."""

    def __init__(self, cells: Sequence[Cells]) -> None:
        self._cells = cells

    def render_segments(self, console: Console) -> str:
        """The control sequences and text for the terminal."""
        colours = console._color_system or ColorSystem.TRUECOLOR
        sequences: list[str] = []
        for number, cells in enumerate(self._cells, 1):
            sequences.append(_sequences(cells, colours))
            # With line ends between, as Textual has them: a stream to a terminal gathers what has none. After
            # the last line one would scroll it.
            following = self._cells[number].y if number < len(self._cells) else 0
            sequences.append("\n" if following > cells.y else "")
        return "".join(sequences)


def _sequences(cells: Cells, colours: ColorSystem) -> str:
    at, width, anew = cells.start, cells.line.cell_length, cells.end is None
    sequences = [Control.move_to(at, cells.y).segment.text, _ERASE_LINE if anew else ""]
    there = True
    for run, style in _runs(cells.line if anew else cells.line.crop(at, cells.end)):
        length = cell_len(run)
        if style is not None or not anew:
            # By column: a character before it that the terminal draws wider moves nothing behind the blank.
            sequences.append("" if there else f"\x1b[{at + 1}G")
        if style is not None:
            sequences.append(Strip.render_style(style, run, colours))
        elif not anew:
            sequences.append(_ERASE_REST if at + length >= width else f"\x1b[{length}X")
        there = style is not None
        at += length
    return "".join(sequences)


def _runs(part: Strip) -> Iterator[tuple[str, Style | None]]:
    """Splits a part of a line into styled text and, as None, long blanks on the plain ground."""
    for text, style, _ in part:
        if style is not None and (_has_ground(style) or style.underline or style.strike):
            yield text, style
            continue
        for run in filter(None, _GAPS.split(text)):
            yield run, None if _GAPS.fullmatch(run) else style or Style.null()


def _has_ground(style: Style) -> bool:
    """Whether a blank in it is a patch of colour."""
    return bool(style.reverse) or (style.bgcolor is not None and not style.bgcolor.is_default)
