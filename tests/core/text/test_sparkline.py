"""One cell a value, in a scale of its own or one for several."""

from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.text.sparkline import amounts


def test_it_reads_as_drawn():
    assert amounts([0, 1, 4, 8]) == " ▁▄█"
    assert amounts([]) == ""
    assert amounts([0, 0]) == "  "


@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_one_cell_a_value_and_none_above_zero_is_lost(values):
    drawn = amounts(values)
    assert len(drawn) == len(values)
    assert [bar == " " for bar in drawn] == [value == 0 for value in values]


def test_several_share_one_scale():
    assert amounts([1, 2], 8.0) == "▁▂"
    assert amounts([8, 9], 8.0) == "██"
