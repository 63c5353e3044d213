"""What is written of a screen that is painted again."""

import random
from typing import NamedTuple

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from wfdash.ui.terminal.drawn import DrawnScreen


class Page(NamedTuple):
    """As much of a screen as is looked at; each is its own."""

    name: str
    is_modal: bool = False


FIRST, SECOND, PANEL = Page("first"), Page("second"), Page("panel", is_modal=True)
LINES = ("order-1 running", "order-2 waiting")


def frame(*lines):
    """A whole screen, each line in two pieces as widgets side by side leave it."""
    strips = [[Strip([Segment(line[:4])]), Strip([Segment(line[4:])])] for line in lines]
    return LayoutUpdate(strips, Region(0, 0, len(lines[0]), len(lines)))


def change(y, x, text, width, **style):
    """So many cells of one line, of a widget that is as wide as the screen."""
    strip = Strip([Segment(" " * x), Segment(text, Style(**style) if style else None)])
    strip = strip.adjust_cell_length(width)
    return ChopsUpdate([{0: strip}] * 2, [(y, x, x + len(text))], [[width]] * 2)


def written(update):
    return "" if update is None else update.render_segments(Console())


def has_all_lines(update):
    text = written(update)
    return all(line in text for line in LINES)


@pytest.fixture
def drawn():
    subject = DrawnScreen()
    assert has_all_lines(subject.narrowed(FIRST, frame(*LINES)))
    return subject


def test_screen_painted_again_writes_the_lines_that_differ(drawn):
    assert drawn.narrowed(FIRST, frame(*LINES)) is None
    again = written(drawn.narrowed(FIRST, frame(LINES[0], "order-2 errored")))
    assert "errored" in again
    assert "order" not in again


def test_change_of_cells_is_remembered(drawn):
    cells = change(1, 8, "errored", len(LINES[1]))
    assert drawn.narrowed(FIRST, cells) is not None
    assert drawn.narrowed(FIRST, cells) is None
    assert drawn.narrowed(FIRST, frame(LINES[0], "order-2 errored")) is None
    assert drawn.narrowed(FIRST, change(1, 8, "errored", len(LINES[1]), bold=True)) is not None
    assert "waiting" in written(drawn.narrowed(FIRST, frame(*LINES)))


WIDTH, HEIGHT = 60, 4
_TEXTS = ("order-8812", " " * 8, " " * 30, "  ", "charge card: 決済エラー", "≈3h≈", "▇▇░·", "é", "0s")
_STYLES = tuple(
    Style.parse(each) for each in ("none", "dim", "bold red", "reverse", "on blue", "underline", "on default")
)


def line_of(luck):
    pieces = [Segment(luck.choice(_TEXTS), luck.choice(_STYLES)) for _ in range(luck.randrange(9))]
    return Strip(pieces).adjust_cell_length(WIDTH, luck.choice((_STYLES[0], _STYLES[4])))


def cells_of(screen):
    """What stands in each cell and how; a blank is as good as any other that has the same ground."""
    cells = [screen.buffer[y][x] for y in range(HEIGHT) for x in range(WIDTH)]
    return [
        (cell.data, cell.bg, cell.reverse, cell.underscore, cell.data != " " and (cell.fg, cell.bold))
        for cell in cells
    ]


def on_terminal(sequences):
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(screen).feed(sequences.replace("\n", "\r\n"))
    return cells_of(screen)


@pytest.mark.parametrize("seed", range(40))
def test_terminal_shows_what_textual_painted(seed):
    """Whole screens, cells and blanks, in turn: the last state written at once shows the same."""
    luck, drawn, sequences = random.Random(seed), DrawnScreen(), ""
    lines = []
    for _ in range(6):
        if lines and luck.random() < 0.5:
            y = luck.randrange(HEIGHT)
            lines[y] = line_of(luck)
            update = ChopsUpdate([{0: line} for line in lines], [(y, 0, WIDTH)], [[WIDTH]] * HEIGHT)
        else:
            lines = [line_of(luck) for _ in range(HEIGHT)]
            update = LayoutUpdate([[line] for line in lines], Region(0, 0, WIDTH, HEIGHT))
            screen = luck.choice((FIRST, FIRST, SECOND, PANEL))
        sequences += written(drawn.narrowed(screen, update))
    plain = "\n".join(f"\x1b[{y + 1};1H" + line.render(Console()) for y, line in enumerate(lines))
    assert on_terminal(sequences) == on_terminal(plain)


def test_blank_cells_cost_nothing():
    """Of a line most of which is blank only the text is written, be the line new or not."""
    blank, text = " " * 120, "reads 4"
    drawn = DrawnScreen()
    assert len(written(drawn.narrowed(FIRST, frame(text + blank, blank + text)))) < 60
    assert len(written(drawn.narrowed(FIRST, frame(" " * 127, text + blank)))) < 60


@pytest.mark.parametrize(
    "lost",
    [
        DrawnScreen.forget,
        lambda drawn: drawn.resized(Size(99, 9)),
        lambda drawn: drawn.resized(Size(len(LINES[0]), 2)),
        lambda drawn: drawn.narrowed(SECOND, frame(*LINES)),
    ],
    ids=["lent", "resized", "resized there and back", "another page"],
)
def test_screen_is_written_whole_where_it_may_be_another(drawn, lost):
    lost(drawn)
    assert has_all_lines(drawn.narrowed(FIRST, frame(*LINES)))


@pytest.mark.parametrize(
    ("screen", "lines", "lost"),
    [
        (FIRST, ("another size", "of less width"), None),
        (PANEL, (*LINES, "order-3 running"), None),
        (FIRST, LINES, DrawnScreen.forget),
        (SECOND, LINES, None),
    ],
    ids=["wider", "higher, as a panel left it", "lent", "of another page"],
)
def test_cells_of_what_does_not_stand_there_lack_the_rest(drawn, screen, lines, lost):
    """A frame that was dropped is never painted again: cells came for a line that was not there."""
    y = len(lines) - 1
    update = ChopsUpdate(
        [{0: Strip([Segment(line)])} for line in lines], [(y, 0, 3)], [[len(line)] for line in lines]
    )
    fits = change(1, 0, "order", len(LINES[1]))
    assert not drawn.lacks(FIRST, fits)
    if lost:
        lost(drawn)
    assert drawn.lacks(screen, update)
    assert not drawn.lacks(screen, frame(*lines))


def test_panel_over_a_page_writes_what_it_changes(drawn):
    opened = written(drawn.narrowed(PANEL, frame(LINES[0], "pause order-2 ?")))
    assert "pause order-2" in opened
    assert LINES[0] not in opened
    assert drawn.narrowed(PANEL, change(1, 14, "!", len(LINES[1]))) is not None
    closed = written(drawn.narrowed(FIRST, frame(*LINES)))
    assert "order-2" in closed
    assert LINES[0] not in closed
