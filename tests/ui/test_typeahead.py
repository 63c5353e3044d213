"""What is typed right after a key that opens a field goes into the field, however fast it comes."""

from textual.events import Key, Paste

from tests.support.dashboard import drive


def burst(app, keys):
    """All at once, as a slow link delivers them."""
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))


def test_a_filter_typed_in_one_read_is_a_filter():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.down")
        under = app.root.table.instance
        burst(app, ["slash", *"order-81"])
        await dashboard.until(lambda: app.root.filter_line.query_now.text == "order-81")
        assert not app.root.marks.ids
        assert app.root.table.order.column == "created"
        assert len(app.screen_stack) == 1
        assert under is not None

    drive(script)


def test_a_place_typed_in_one_read_is_gone_to():
    async def script(dashboard):
        app = dashboard.app
        burst(app, ["colon", *"refunds", "enter"])
        await dashboard.until(lambda: app.root.workflow == "refunds")

    drive(script)


def test_a_paste_behind_the_key_goes_into_the_field():
    async def script(dashboard):
        app = dashboard.app
        burst(app, ["slash"])
        app.post_message(Paste("order-8"))
        await dashboard.until(lambda: app.root.filter_line.query_now.text == "order-8")

    drive(script)


def test_keys_behind_g_in_one_read_go_on_from_the_first_row():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.last")
        burst(app, ["g", "j", "j"])
        await dashboard.settled()
        assert app.root.table.cursor == 2

    drive(script)
