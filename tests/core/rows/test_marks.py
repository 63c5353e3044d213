"""Marks: ids, one set for each list, and never anything that was not marked."""

from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.rows.marks import Marks

ORDER = [f"o-{number}" for number in range(10)]


def extend(marks, cursor, order=ORDER):
    marks.extend(order, lambda given: order.index(given) if given in order else None, cursor)


def test_nothing_marked_is_nothing():
    assert Marks().ids == ()


def test_toggle_marks_and_unmarks_in_order():
    marks = Marks()
    assert marks.toggle("b")
    assert marks.toggle("a")
    assert marks.ids == ("b", "a")
    assert not marks.toggle("b")
    assert marks.ids == ("a",)


def test_each_list_has_its_own_marks():
    marks = Marks()
    marks.show("orders", "status:errored")
    marks.mark(["a", "b"])
    marks.show("orders", "")
    assert marks.ids == ()
    marks.show("billing", "status:errored")
    assert marks.ids == ()
    marks.show("orders", "status:errored")
    assert marks.ids == ("a", "b")


def test_range_follows_the_cursor_and_keeps_earlier_marks():
    marks = Marks()
    marks.toggle("o-9")
    marks.begin_range("o-2")
    extend(marks, "o-5")
    assert set(marks.ids) == {"o-9", "o-2", "o-3", "o-4", "o-5"}
    extend(marks, "o-1")
    assert set(marks.ids) == {"o-9", "o-1", "o-2"}
    marks.end_range()
    extend(marks, "o-8")
    assert set(marks.ids) == {"o-9", "o-1", "o-2"}


def test_a_range_whose_anchor_left_the_list_ends():
    marks = Marks()
    marks.begin_range("o-2")
    extend(marks, "o-4")
    extend(marks, "o-9", [each for each in ORDER if each != "o-2"])
    assert set(marks.ids) == {"o-2", "o-3", "o-4"}
    assert not marks.in_range


@given(st.lists(st.tuples(st.sampled_from(["toggle", "range", "move", "end", "show"]), st.integers(0, 9))))
def test_nothing_is_marked_but_what_was_toggled_or_passed_over(moves):
    marks = Marks()
    touched: dict[tuple[str, str], set[str]] = {}
    place = 0
    for move, number in moves:
        touch = touched.setdefault(marks.scope, set())
        if move == "toggle":
            marks.toggle(ORDER[number])
            touch.add(ORDER[number])
        elif move == "range":
            place = number
            marks.begin_range(ORDER[number])
            touch.add(ORDER[number])
        elif move == "move" and marks.in_range:
            extend(marks, ORDER[number])
            touch.update(ORDER[min(place, number) : max(place, number) + 1])
        elif move == "end":
            marks.end_range()
        elif move == "show":
            marks.show("orders", str(number % 2))
        assert set(marks.ids) <= touched.setdefault(marks.scope, set())
