"""Saved views, by number key and from the screen as it is."""

import pytest

from tests.support.harness.dashboard import drive
from wfdash.config.schema import SavedView
from wfdash.core.rows.order import SORT_VALUES, Order
from wfdash.ui.instances.columns import SORTS, order_of, sort_of

VIEWS = (SavedView("late", "1", filter="status:errored", sort="-took"), SavedView("all", "2"))


def test_a_number_key_puts_a_view_in_force():
    async def script(d):
        await d.press("1")
        assert "status:errored" in d.lines[1]
        assert d.app.root.rows.order == Order("took", True)
        await d.press("2")
        assert "no filter" in d.lines[1]
        assert d.app.root.rows.order == Order()
        await d.press("7")
        assert "there is no view 7" in d.lines[-1]

    drive(script, views=VIEWS)


def test_the_default_view_is_in_force_from_the_start():
    async def script(d):
        assert "status:paused" in d.lines[1]

    drive(script, views=(SavedView("mine", filter="status:paused", default=True, workflow="orders"),))


def test_views_stand_beside_the_filter_with_their_counts():
    async def script(d):
        await d.until(lambda: "2 all 150" in d.lines[1], 15)
        statuses = d.app.session.poller.store.statuses
        assert f"1 late {statuses['errored']}" in d.lines[1]
        assert "elsewhere" not in d.lines[1]

    drive(script, views=(*VIEWS, SavedView("elsewhere", "3", workflow="refunds")))


def test_count_of_the_view_in_force_is_of_the_rows_shown():
    async def script(d):
        await d.passes(6)
        await d.press("1")
        d.app.root.views.counts.by_name = {"late": 0, "all": 150}
        d.app.root.draw()
        await d.settled()
        assert f"1 late {len(d.app.root.rows.view)} " in d.lines[1]
        assert "2 all 150" in d.lines[1]

    drive(script, views=VIEWS)


def test_views_make_way_where_there_is_no_room():
    async def script(d):
        await d.passes(2)
        assert "loaded" in d.lines[1]
        assert "x" * 60 not in d.lines[1]

    drive(script, views=(SavedView("x" * 60, "1"),), size=(80, 24))


def test_each_workflow_begins_with_its_default_view():
    async def script(d):
        assert "no filter" in d.lines[1]
        d.app.pages.show_workflow("refunds")
        await d.settled()
        assert "status:paused" in d.lines[1]

    drive(script, views=(SavedView("mine", filter="status:paused", default=True, workflow="refunds"),))


def test_command_line_filter_goes_before_the_default_view():
    async def script(d):
        assert "status:errored" in d.lines[1]

    drive(script, filter="status:errored", views=(SavedView("mine", filter="status:paused", default=True),))


def test_saving_a_view_writes_it_under_the_next_free_number(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("# mine\n")

    async def script(d):
        await d.until(lambda: "off: [record] on = false" in d.text)  # at a first start, over the bottom line
        await d.press("filter.edit")
        await d.type("status:paused")
        await d.press("enter", "sort.next", "view.save")
        await d.type("on hold")
        await d.press("enter")
        assert "saved on hold under 3" in d.lines[-1]
        await d.press("2")
        await d.press("3")
        assert "status:paused" in d.lines[1]
        assert d.app.root.rows.order.column == "status"

    drive(script, views=VIEWS, demo=False, config_path=path)
    text = path.read_text()
    assert text.startswith("# mine")
    assert 'filter = "status:paused"' in text


@pytest.mark.parametrize("order", [Order(name, way) for name in SORTS for way in (True, False)])
def test_an_order_survives_being_written_down(order):
    assert order.column in SORT_VALUES
    assert order_of(sort_of(order)) == order
