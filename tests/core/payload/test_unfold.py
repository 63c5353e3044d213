"""What of a value is unfolded where there is room for some of it."""

from wfdash.core.payload.unfold import unfolded_within, value_rows

ORDER = {"id": "order-1", "lines": [{"sku": "mug"}, {"sku": "pen"}], "raw": '{"seat": "12A"}'}


def test_outer_levels_are_unfolded_before_inner_ones():
    assert unfolded_within(ORDER, 3) == {()}
    assert unfolded_within(ORDER, 5) == {(), ("lines",)}
    assert unfolded_within(ORDER, 6) == {(), ("lines",), ("raw",)}
    assert unfolded_within(ORDER, 99) == {(), ("lines",), ("raw",), ("lines", 0), ("lines", 1)}


def test_what_is_wanted_first_is_unfolded_without_room():
    assert unfolded_within(ORDER, 0, first=[("lines",)]) == {("lines",)}


def test_rows_of_a_value_fill_the_room_and_no_more():
    assert value_rows(ORDER, 3) == [
        (1, "id", '"order-1"'),
        (1, "lines", '[{"sku": "mug"}, {"sku": "pen"}]'),
        (1, "raw", '{"seat": "12A"}'),
    ]
    shown = value_rows(ORDER, 99)
    assert (1, "raw", "") in shown
    assert (2, "seat", '"12A"') in shown
    assert not any(label == "(as text)" for _, label, _ in shown)
    assert len(value_rows(list(range(10_000)), 7)) == 7


def test_text_that_holds_json_is_shown_as_that():
    assert value_rows('{"seat": "12A"}', 5) == [(1, "seat", '"12A"')]
    assert value_rows("plain", 5) == [(0, "", '"plain"')]
