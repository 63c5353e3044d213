"""`B`: what is left, who spent it, what waits, and the last requests."""

from itertools import pairwise

from tests.support.harness.dashboard import drive
from wfdash.ui.pages.budget import RequestList
from wfdash.ui.widgets.status_line import StatusLine


def listed(d):
    table = d.app.screen.query_one(RequestList)
    return [table.row_key(index) for index in range(table.row_count())]


def hint(d):
    return d.app.screen.query_one("#titles", StatusLine).plain.partition("PATH")[2].strip()


def test_the_list_of_requests_stands_still_for_a_while():
    """And says how many came: each new one would move every line, and a thin connection pays for it."""

    async def script(d):
        await d.press("B")
        table = d.app.screen.query_one(RequestList)
        await d.until(lambda: table.row_count() >= table.page)
        seen = []
        for _ in range(50):
            await d.passes(1)
            seen.append(listed(d)[0])
        assert sum(a != b for a, b in pairwise(seen)) <= 1
        await d.until(lambda: "newer, g shows them" in hint(d))
        assert table.cursor == 0

    drive(script)


def test_g_lists_the_newest_requests():
    async def script(d):
        await d.press("B")
        await d.until(lambda: "newer" in hint(d))
        before = listed(d)[0]
        await d.press("g")
        assert listed(d)[0] != before
        assert hint(d) == ""

    drive(script)


def test_a_chosen_request_keeps_the_cursor():
    """While the list beneath it is drawn anew."""

    async def script(d):
        await d.press("B")
        table = d.app.screen.query_one(RequestList)
        await d.until(lambda: table.row_count() > 5)
        await d.press("j", "j")
        chosen, newest = table.cursor_key, listed(d)[0]
        await d.until(lambda: listed(d)[0] != newest)
        assert table.cursor_key == chosen

    drive(script)
