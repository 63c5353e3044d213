"""Columns of blocks: exact to an eighth, a little is not nothing, and nothing is not unknown."""

import pytest

from wfdash.ui.widgets.bars import HOLLOW, NONE, UNKNOWN, ZERO, Bar, bar_lines, nice_top
from wfdash.ui.widgets.theme import ASCII


def test_heights_are_exact_to_an_eighth():
    lines = bar_lines([Bar(n / 16) for n in range(17)], 2, 1.0)
    assert lines == [" " * 9 + "▁▂▃▄▅▆▇█", ZERO + "▁▂▃▄▅▆▇█" + "█" * 8]


def test_band_is_shaded_above_its_middle():
    assert bar_lines([Bar(1.0, 3.0), Bar(2.0, 2.0), Bar(0.0, 4.0)], 4, 4.0) == ["  ░", "░ ░", "░█░", "██░"]


def test_little_nothing_and_unknown_differ():
    bars = [Bar(0.0001), Bar(0.0), Bar(mark=UNKNOWN), Bar(mark=NONE), Bar(None)]
    assert bar_lines(bars, 1, 1.0) == [f"▁{ZERO}{UNKNOWN}{NONE}{NONE}"]
    signs = "▁▂▃▄▅▆▇█░" + ZERO + UNKNOWN + HOLLOW
    assert all(sign.translate(ASCII).isascii() for sign in signs)
    assert len({sign.translate(ASCII) for sign in (ZERO, UNKNOWN, HOLLOW, "█", "░", "▁")}) == 6
    assert ZERO.translate(ASCII) not in {sign.translate(ASCII) for sign in "▁▂▃▄▅▆▇█░"}


def test_beyond_the_top_a_bar_is_full():
    assert bar_lines([Bar(9.0), Bar(0.1, 9.0)], 2, 1.0) == ["█░", "█▂"]
    assert bar_lines([Bar(3.0)], 2, 0.0) == [" ", "▁"]


@pytest.mark.parametrize(
    ("highest", "top"), [(0.0, 0.1), (0.1, 0.1), (0.3, 1.0), (1.5, 2.0), (21, 30), (4000, 5000)]
)
def test_top_is_a_round_number_above(highest, top):
    assert nice_top(highest, (0.1, 1.0)) == top
