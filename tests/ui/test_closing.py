"""Pages that come and go while something still has them in hand."""

import pytest

from tests.support.harness.dashboard import drive
from wfdash.ui.widgets.field import Field

PAGES = ["workflows.open", "errors.open", "history.open", "watched.open", "budget.open", "journal.open",
         "instance.send_event", "export.menu", "copy.menu", "instance.create", "note.write",
         "help.open", "row.open"]  # fmt: skip


def test_a_panel_takes_off_itself_alone_and_once():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("workflows.open", "export.menu")
        menu = app.screen
        app.pages.open("help", {})
        assert not menu.close(), "another one is on top"
        app.pop_screen()
        await dashboard.settled()
        assert app.screen is menu
        assert menu.close()
        assert not menu.close()
        await dashboard.settled()
        assert len(app.screen_stack) == 2

    drive(script)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_has_lost_its_parts_is_not_drawn(page):
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.down", page)
        leaving = app.screen
        assert leaving is not app.root
        removed = app.pop_screen()
        leaving.on_resize() if hasattr(leaving, "on_resize") else leaving.on_mount()
        await removed
        await dashboard.settled()
        assert app.screen is app.root

    drive(script)


def test_closed_palette_asks_nothing_of_the_page_under_it():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("palette.open")
        palette = app.screen
        field = palette.query_one(Field)
        app.pop_screen()
        assert not palette.is_ready
        palette.on_input_changed(Field.Changed(field, "typed"))
        await dashboard.settled()
        assert app.screen is app.root

    drive(script)


@pytest.mark.parametrize("page", ["workflows", "errors", "watched", "budget", "journal"])
def test_a_page_that_has_no_parts_yet_can_be_asked_what_is_off(page):
    async def script(dashboard):
        app = dashboard.app
        app.pages.open(page)
        assert app.pages.why_off("row.open") == ""
        await dashboard.settled()

    drive(script)
