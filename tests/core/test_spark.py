"""One cell a value: nothing is blank, anything is seen, the highest is full."""

from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.spark import spark


def test_it_reads_as_drawn():
    assert spark([0, 1, 4, 8]) == " ▁▄█"
    assert spark([]) == ""
    assert spark([0, 0]) == "  "


@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_one_cell_a_value_and_none_above_zero_is_lost(values):
    drawn = spark(values)
    assert len(drawn) == len(values)
    assert [bar == " " for bar in drawn] == [value == 0 for value in values]
