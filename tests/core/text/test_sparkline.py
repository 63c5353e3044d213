"""One cell a value, in both scales."""

from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.text.sparkline import amounts, moves


def test_it_reads_as_drawn():
    assert amounts([0, 1, 4, 8]) == " ▁▄█"
    assert amounts([]) == ""
    assert amounts([0, 0]) == "  "


@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_one_cell_a_value_and_none_above_zero_is_lost(values):
    drawn = amounts(values)
    assert len(drawn) == len(values)
    assert [bar == " " for bar in drawn] == [value == 0 for value in values]


def test_moves_are_seen_however_high_they_are():
    assert moves([], 3) == ""
    assert moves([5, 5], 3) == "▁▁"
    assert moves([1000, 1001, 1007], 3) == "▁▂█"
    assert moves(list(range(50)), 4) == "▁▃▅█"
