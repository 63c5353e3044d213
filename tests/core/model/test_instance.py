"""Rows of the list as they are read."""

from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.model.instance import Instance

VALUES = st.sampled_from([None, "", 7, "soon", "2026-11-30T09:46:00.123Z", "2026-11-30T09:46:00", [], "x"])
ITEMS = st.lists(st.dictionaries(st.sampled_from(["id", "created_on", "status", "ended_on"]), VALUES))


@given(ITEMS)
def test_creation_times_are_those_of_the_rows(items):
    assert Instance.created_times(items) == [row.created for row in Instance.from_items(items)]
