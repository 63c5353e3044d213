"""What is written of a screen that is painted again."""

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from wfdash.ui.terminal.drawn import DrawnScreen

FIRST, SECOND = object(), object()
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
    assert "order-2 errored" in again
    assert "order-1" not in again


def test_change_of_cells_is_remembered(drawn):
    cells = change(1, 8, "errored", len(LINES[1]))
    assert drawn.narrowed(FIRST, cells) is not None
    assert drawn.narrowed(FIRST, cells) is None
    assert drawn.narrowed(FIRST, frame(LINES[0], "order-2 errored")) is None
    assert drawn.narrowed(FIRST, change(1, 8, "errored", len(LINES[1]), bold=True)) is not None
    assert LINES[1] in written(drawn.narrowed(FIRST, frame(*LINES)))


@pytest.mark.parametrize(
    "lost",
    [
        DrawnScreen.forget,
        lambda drawn: drawn.resized(Size(99, 9)),
        lambda drawn: drawn.narrowed(SECOND, frame(*LINES)),
        lambda drawn: drawn.narrowed(SECOND, change(0, 0, "panel", len(LINES[0]))),
    ],
    ids=["lent", "resized", "another screen", "a panel over it"],
)
def test_screen_is_written_whole_where_it_may_be_another(drawn, lost):
    lost(drawn)
    assert has_all_lines(drawn.narrowed(FIRST, frame(*LINES)))


def test_resize_to_the_same_size_forgets_nothing(drawn):
    drawn.resized(Size(len(LINES[0]), 2))
    assert drawn.narrowed(FIRST, frame(*LINES)) is None
