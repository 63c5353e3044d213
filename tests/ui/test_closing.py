"""Pages that come and go while something still has them in hand."""

import asyncio

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.dashboard import drive, opened
from wfdash.live.polling.events import RecordChanged
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


def test_a_page_closed_before_it_was_up_is_no_fault():
    """As when what was typed ahead opens it and closes it: it looks for parts that will not come."""

    async def script(dashboard):
        app = dashboard.app
        for turns in range(4):
            app.pages.open("detail", "orders", "order-1")
            for _ in range(turns):
                await asyncio.sleep(0)
            await app.pop_screen()
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


def test_news_that_comes_after_the_screens_went_is_dropped():
    async def main():
        async with opened() as dashboard:
            app = dashboard.app
        assert app.screen_stack == []
        app.connection.bring(RecordChanged("too late"))
        app.notify("as late")
        assert app.pages.top is None

    simulate(main())


def test_work_in_the_background_ends_before_the_screens_go():
    screens = []

    async def main():
        async with opened() as dashboard:
            app = dashboard.app

            async def work():
                try:
                    await asyncio.Event().wait()
                finally:
                    screens.append(len(app.screen_stack))

            app.run_worker(work())
            await dashboard.settled()

    simulate(main())
    assert screens == [1]


def test_news_that_nobody_asked_for_covers_no_answer_to_a_key():
    async def script(dashboard):
        app = dashboard.app
        app.notify("answer to a key")
        app.connection.bring(RecordChanged("news of the record"))
        await dashboard.passes(1)
        assert "answer to a key" in dashboard.text
        await dashboard.until(lambda: "news of the record" in dashboard.text)

    drive(script)
