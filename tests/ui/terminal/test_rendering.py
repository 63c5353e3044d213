"""A frame cropped on both sides shows what Textual's own would, for less."""

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from wfdash.ui.terminal.rendering import NarrowUpdate

WIDTH, HEIGHT, DIVIDE = 40, 4, 17
STYLES = st.sampled_from(["red", "bold", "reverse", "none"])
PIECES = st.lists(st.tuples(st.text("ab 日é", max_size=9), STYLES), max_size=6)
LINES = st.lists(st.tuples(PIECES, PIECES), min_size=HEIGHT, max_size=HEIGHT)


def drawn(sequences):
    """The cells of a terminal that was sent these."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(screen).feed(sequences)
    rows = [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]
    return [[(cell.data, cell.fg, cell.bold, cell.reverse) for cell in row] for row in rows]


def strip(pieces, width):
    segments = [Segment(text, Style.parse(style)) for text, style in pieces]
    return Strip(segments).adjust_cell_length(width, Style.null())


@given(LINES, st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, WIDTH))
def test_cropped_frame_keeps_marked_cells_right(lines, y, left, width):
    chops = [{0: strip(each, DIVIDE), DIVIDE: strip(other, WIDTH - DIVIDE)} for each, other in lines]
    ends = [[DIVIDE, WIDTH]] * HEIGHT
    right = min(WIDTH, left + width)
    console = Console(color_system="standard", force_terminal=True)
    full = drawn(ChopsUpdate(chops, [(y, 0, WIDTH)], ends).render_segments(console))
    update = NarrowUpdate.of(ChopsUpdate(chops, [(y, left, right)], ends))
    part, empty = drawn(update.render_segments(console)), drawn("")
    for x in range(WIDTH):
        wide = full[y][x][0] in ("日", "")
        if left <= x < right and not (wide and (x in (left, right - 1))):
            assert part[y][x] == full[y][x]
        elif not left <= x < right:
            assert part[y][x] == empty[y][x]
