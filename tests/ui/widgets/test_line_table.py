"""The table under every list: what it repaints, and where its cursor stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip

from tests.support.clocks.simulated_time import simulate
from wfdash.core.text.clean import cells
from wfdash.ui.widgets.line_table import LineTable
from wfdash.ui.widgets.strips import changed_spans, strip_of

STYLES = st.sampled_from([Style(), Style(bold=True), Style(color="red"), Style(reverse=True)])
PIECES = st.lists(st.tuples(st.text("ab …✗界e\u0301", max_size=12), STYLES), max_size=6)


def cells_of(strip):
    """What stands in each cell; text with wide characters as one unit over its cells."""
    found = []
    for text, style, _ in strip:
        single_each = all(cells(character) == 1 for character in text)
        found += [(c, style) for c in text] if single_each else [(text, style)] * cells(text)
    return found


@given(PIECES, PIECES)
def test_the_changed_spans_are_all_that_differs(before, after):
    old, new = strip_of(before, 40), strip_of(after, 40)
    spans = changed_spans(old, new)
    inside = {x for start, end in spans for x in range(start, end)}
    differing = {
        x for x, (each, other) in enumerate(zip(cells_of(old), cells_of(new), strict=True)) if each != other
    }
    assert differing <= inside
    assert all(start in differing and end - 1 in differing for start, end in spans)


def test_equal_strips_have_no_changed_span():
    built = [("a", Style(bold=True)), ("bc", Style())]
    assert changed_spans(strip_of(built, 9), strip_of(built, 9)) == []
    assert changed_spans(Strip([Segment("ab")]), Strip([Segment("a"), Segment("b")])) == []


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("abcdef", 4, "abc…"), ("abc ", 3, "abc"), ("東京東京", 5, "東京…"), ("東京東京", 4, "東 …")],
)
def test_what_does_not_fit_in_a_strip_ends_in_a_mark(text, width, shown):
    strip = strip_of([(text, Style())], width)
    assert (strip.text, strip.cell_length) == (shown, width)


def test_cursor_row_is_one_bar_with_a_patch_of_each_colour():
    red, reverse = Style(color="red"), Style(reverse=True)
    strip = strip_of(
        [(" 1  ", Style()), ("  52 % ", red), ("▃ ▇ ", red), ("end", Style(bold=True))], 30, reverse
    )
    assert all(style.reverse for _, style, _ in strip)
    assert [text for text, style, _ in strip if style.color] == ["52 %"]


class Numbers(LineTable):
    def __init__(self, rows):
        super().__init__()
        self.rows = rows

    def row_count(self):
        return len(self.rows)

    def row_key(self, index):
        return self.rows[index]

    def index_of(self, key):
        return self.rows.index(key) if key in self.rows else None

    def render_row(self, index, width, cursor):
        return strip_of([(str(self.rows[index]), Style())], width, Style(reverse=True) if cursor else None)


def shown(rows, script, size=(20, 10)):
    """Run `script(table, pilot)` over a mounted table."""

    async def main():
        table = Numbers(rows)

        class Host(App[None]):
            def compose(self):
                yield table

        async with Host().run_test(size=size) as pilot:
            table.focus()
            await pilot.pause()
            await script(table, pilot)

    simulate(main())


@given(
    st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=40),
    st.lists(st.lists(st.integers(0, 60), unique=True, max_size=40), min_size=1, max_size=4),
    st.integers(0, 39),
)
def test_cursor_follows_its_key_through_any_change(rows, changes, at):
    table = Numbers(rows)
    table.repaint = lambda: None
    table.post_message = lambda message: True
    table.move_to(at)
    for changed in changes:
        before = table.cursor_key
        table.rows = changed
        table.rows_changed()
        if before in changed:
            assert table.cursor_key == before
            assert changed[table.cursor] == before
        elif changed:
            assert changed[table.cursor] == table.cursor_key
        else:
            assert table.cursor_key is None


def test_rows_above_that_change_leave_the_cursor_on_its_line():
    async def script(table, pilot):
        table.move_to(30)
        table.move_to(25)
        line = table.cursor - table.first
        table.rows = [-1, -2, *table.rows]
        table.rows_changed()
        assert (table.cursor_key, table.cursor - table.first) == (25, line)
        table.rows = table.rows[5:]
        table.rows_changed()
        assert (table.cursor_key, table.cursor - table.first) == (25, line)

    shown(list(range(100)), script)


def test_table_at_its_top_stays_there_to_show_arrivals():
    async def script(table, pilot):
        table.move_to(3)
        table.rows = [-1, *table.rows]
        table.rows_changed()
        assert (table.first, table.cursor_key, table.cursor) == (0, 3, 4)

    shown(list(range(100)), script)


def test_nothing_is_asked_to_be_repainted_when_nothing_differs():
    async def script(table, pilot):
        asked = []
        table.refresh = lambda *regions, **options: asked.append(regions)
        table.repaint()
        table.refresh_rows(range(5))
        table.rows_changed()
        assert asked == []
        table.rows[4] = 41
        table.repaint()
        assert [(region.x, region.y, region.width) for region in asked[0]] == [(1, 4, 1)]

    shown(list(range(100)), script)


def test_a_table_smaller_than_a_line_draws_without_fault():
    async def script(table, pilot):
        for size in ((1, 1), (3, 200), (400, 2), (20, 10)):
            await pilot.resize_terminal(*size)
            table.move(7)
            await pilot.pause()

    shown(list(range(30)), script, size=(1, 1))
