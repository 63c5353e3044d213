"""A frame cropped on both sides shows what Textual's own would, for less."""

import asyncio

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.drivers.headless_driver import HeadlessDriver
from textual.strip import Strip
from textual.widgets import Static

from wfdash.ui.terminal.rendering import NarrowUpdate, TerminalApp

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


class Written(HeadlessDriver):
    """A terminal that keeps what is written to it."""

    is_headless = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sequences = ""

    def write(self, data):
        self.sequences += data


class TwoLines(TerminalApp):
    def get_driver_class(self):
        return Written

    def compose(self):
        yield Static("first", id="first")
        yield Static("second", id="second")


def test_frame_that_was_dropped_in_a_batch_is_made_up_for():
    async def script(pilot):
        app, screen = pilot.app, pilot.app.screen
        await pilot.pause()
        with app.batch_update():
            app.query_one("#first", Static).update("lost?")
            screen._compositor.update_widgets({app.query_one("#first")})
            screen._compositor_refresh()
        app.query_one("#second", Static).update("other")
        await pilot.pause()
        terminal = pyte.Screen(20, 4)
        pyte.Stream(terminal).feed(app._driver.sequences.replace("\n", "\r\n"))
        app.exit([line.rstrip() for line in terminal.display[:2]])

    lines = asyncio.run(TwoLines().run_async(size=(20, 4), auto_pilot=script))
    assert lines == ["lost?", "other"]
