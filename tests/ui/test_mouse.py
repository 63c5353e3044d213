"""What the mouse changes of the rules: nothing moves from under it, and nothing is confirmed by it."""

from importlib import import_module

from tests.support.harness.dashboard import drive
from wfdash.ui.navigation import _PAGES
from wfdash.ui.widgets.line_table import LineTable


def test_rows_wait_while_the_mouse_moves_over_them():
    async def script(d):
        table, before = d.app.root.table, d.app.root.table.row_key(0)
        assert table.cursor == 0
        for second in range(200):
            await d.pilot.hover(offset=(20, 10 + second % 2))
            await d.passes(1)
            if d.app.root.rows.view.arrivals:
                break
        assert d.app.root.rows.view.arrivals
        assert table.row_key(0) == before
        assert "new, n" in d.lines[-1]
        await d.passes(5)
        assert not d.app.root.rows.view.arrivals
        assert table.row_key(0) != before

    drive(script, mouse=True)


def test_what_has_arrived_is_clicked_to_be_shown():
    async def script(d):
        await d.press("j")
        while "new, n" not in d.lines[-1]:
            await d.press("j")  # 30 seconds without a key, and they would come in unasked
            await d.passes(1)
        await d.pilot.click(offset=(d.lines[-1].index("new, n"), 39))
        await d.until(lambda: not d.app.root.rows.view.arrivals, seconds=5)

    drive(script, mouse=True)


def test_a_click_while_a_sentence_stands_there_presses_nothing():
    async def script(d):
        place = (d.lines[-1].index("E errors"), 39)
        d.app.notify("something was said")
        await d.pilot.click(offset=place)
        await d.settled()
        assert d.app.screen is d.app.root

    drive(script, mouse=True)


def test_click_on_a_sentence_takes_it_away():
    """Else what the bottom line offers cannot be clicked for as long as the sentence stands."""

    async def script(d):
        place = (d.lines[-1].index("E errors"), 39)
        d.app.notify("something was said")
        await d.pilot.click(offset=place)
        await d.settled()
        assert "something" not in d.lines[-1]
        await d.pilot.click(offset=(d.lines[-1].index("E errors"), 39))
        await d.until(lambda: d.app.pages.opened_by == "errors.open")

    drive(script, mouse=True)


def test_click_on_a_count_of_all_workflows_says_what_it_does():
    async def script(d):
        await d.press("workflows.open")
        await d.until(lambda: "✗" in d.lines[0])
        await d.pilot.click(offset=(d.lines[0].index("✗"), 0))
        await d.settled()
        assert "a status filters the list of one workflow: enter opens it" in d.lines[-1]

    drive(script, mouse=True)


def test_an_action_that_is_off_is_left_out_of_the_bar():
    async def script(d):
        await d.press("/", *"status:complete", "enter")
        await d.until(lambda: "✓ complete" in d.text)
        assert "p pause" not in d.lines[-1]
        await d.press("p")
        await d.passes(1)
        assert "esc cancel" in d.text
        assert "y pause" not in d.text

    drive(script, mouse=True)


def test_palette_click_on_a_choice_keeps_the_field():
    async def script(d):
        await d.press("palette.open")
        await d.type("budget")
        await d.pilot.click(offset=(30, d.lines.index(d.line("The request budget"))), times=2)
        await d.settled()
        await d.passes(1)
        assert "request budget" in d.lines[0]

    drive(script, mouse=True)


def test_click_on_a_title_that_does_not_sort_says_so():
    """Titles look alike on all pages, and in the list they sort."""

    async def script(d):
        async def click(title):
            lines = d.lines
            place = next(number for number, line in enumerate(lines) if title in line)
            await d.pilot.click(offset=(lines[place].index(title), place))
            await d.settled()

        await click("BLOCKED ON")
        assert "rows are not sorted by this column" in d.lines[-1]
        await click("AGE")
        assert "sorted by created" in d.lines[-1]
        await d.press("w")
        await d.until(lambda: "FAILED IN" in d.text)
        await click("FAILED IN")
        assert "the unusual stand first" in d.lines[-1]

    drive(script, mouse=True, size=(140, 40))


def test_table_with_titles_says_in_which_order_it_stands():
    """Else a click on a title is answered by nothing."""
    for module, _ in _PAGES.values():
        import_module(module)
    found, tables = [LineTable], set()
    while found:
        kind = found.pop()
        found += kind.__subclasses__()
        if not kind.__subclasses__():
            tables.add(kind)
    own = {table for table in tables if table.header_line is not LineTable.header_line}
    assert own
    assert {table.__name__ for table in own if not table.in_order} <= {"OddTable"}
