"""Each key acts on what the one before it left, however fast they come."""

from textual.events import Key, Paste

from tests.support.harness.dashboard import drive

NAMED = {"space": " ", "left_curly_bracket": "{"}


def burst(app, keys):
    """All at once, as a slow link delivers them."""
    for key in keys:
        app.post_message(Key(key, NAMED.get(key, key if len(key) == 1 else None)))


def test_a_filter_typed_in_one_read_is_a_filter():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.down")
        under = app.root.table.instance
        burst(app, ["slash", *"order-81"])
        await dashboard.until(lambda: app.root.rows.query.text == "order-81")
        assert not app.root.rows.marks.ids
        assert app.root.rows.order.column == "created"
        assert len(app.screen_stack) == 1
        assert under is not None

    drive(script)


def test_a_place_typed_in_one_read_is_gone_to():
    async def script(dashboard):
        app = dashboard.app
        burst(app, ["colon", *"refunds", "enter"])
        await dashboard.until(lambda: app.root.rows.workflow == "refunds")

    drive(script)


def test_a_paste_behind_the_key_goes_into_the_field():
    async def script(dashboard):
        app = dashboard.app
        burst(app, ["slash"])
        app.post_message(Paste("order-8"))
        await dashboard.until(lambda: app.root.rows.query.text == "order-8")

    drive(script)


def test_keys_behind_g_in_one_read_go_on_from_the_first_row():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.last")
        burst(app, ["g", "j", "j"])
        await dashboard.settled()
        assert app.root.table.cursor == 2

    drive(script)


def test_keys_behind_the_enter_of_a_filter_act_on_what_it_shows():
    async def script(dashboard):
        app = dashboard.app
        wanted = app.root.table.row_key(20)
        burst(app, ["slash", *wanted, "enter", "space", "t"])
        await dashboard.until(lambda: "terminate  " in dashboard.text)
        assert app.root.rows.query.text == wanted
        assert list(app.root.rows.marks.ids) == [wanted]
        assert app.screen.plan.targets[0].id == wanted

    drive(script)


def test_keys_behind_the_enter_of_a_place_are_no_part_of_it():
    async def script(dashboard):
        app = dashboard.app
        burst(app, ["colon", *"refunds", "enter", "u"])
        await dashboard.until(lambda: app.root.rows.workflow == "refunds")
        assert not app.context.utc

    drive(script)


def test_keys_behind_a_tab_go_into_the_next_field():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("instance.create")
        burst(app, ["tab", "left_curly_bracket", "tab", "x"])
        await dashboard.settled()
        assert app.screen.value("params") == "{"

    drive(script)


def test_a_line_feed_is_enter_unless_an_action_has_it():
    """Before the dashboard takes the terminal over, that makes line feeds of what enter sends."""

    async def script(dashboard):
        burst(dashboard.app, ["slash", *"order-8", "ctrl+j", "u"])
        await dashboard.until(lambda: not dashboard.app.context.utc)
        assert dashboard.app.root.rows.query.text == "order-8"

    async def taken(dashboard):
        burst(dashboard.app, ["ctrl+j"])
        await dashboard.until(lambda: not dashboard.app.context.utc)

    drive(script)
    drive(taken, keys={"time.zone": "ctrl+j"})


def test_key_without_news_does_not_hold_the_keyboard():
    async def script(dashboard):
        app = dashboard.app
        app.ahead._climb = lost
        burst(app, ["u"])
        await dashboard.settled()
        del app.ahead._climb
        burst(app, ["w"])
        await dashboard.settled()
        assert len(app.screen_stack) == 1, "kept behind the lost one"
        app.context.gate.stamp = lambda event: event.time + 31
        burst(app, ["j", "j"])
        await dashboard.settled()
        assert app.root.table.cursor == 2

    async def lost(*_):
        pass

    drive(script)


def test_a_key_behind_one_that_opens_a_menu_chooses_from_it():
    async def script(dashboard):
        await dashboard.press("move.down")
        burst(dashboard.app, ["y", "i"])
        await dashboard.until(lambda: "to the terminal" in dashboard.text)
        assert len(dashboard.app.screen_stack) == 1

    drive(script)


def test_keys_behind_one_that_opens_a_page_act_on_that_page():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.down")
        under = app.root.table.cursor
        burst(app, ["w", "j", "j", "k", "escape", "j"])
        await dashboard.until(lambda: app.root.table.cursor == under + 1)
        assert len(app.screen_stack) == 1
        burst(app, ["w", "G", "enter"])
        await dashboard.until(lambda: app.root.rows.workflow == "refunds")

    drive(script)


def test_keys_behind_one_that_opens_an_instance_act_on_that():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.down")
        under, opened = app.root.table.cursor, app.root.table.instance
        burst(app, ["enter", "j", "enter", "q", "q", "j"])
        await dashboard.until(lambda: app.root.table.cursor == under + 1)
        assert opened != app.root.table.instance
        assert len(app.screen_stack) == 1

    drive(script)


def test_menu_entry_is_taken_once_and_later_keys_go_beneath(tmp_path, monkeypatch):
    """j is an entry of that menu, and a move elsewhere."""
    monkeypatch.chdir(tmp_path)

    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.down")
        under = app.root.table.cursor
        burst(app, ["e", "j", "j", "j"])
        await dashboard.until(lambda: list(tmp_path.glob("*.json")))
        assert app.root.table.cursor == under + 2
        assert len(app.screen_stack) == 1

    drive(script)


def test_enter_behind_a_panel_takes_its_first_entry(tmp_path, monkeypatch):
    """It was lost: the entries were filled in a frame later."""
    monkeypatch.chdir(tmp_path)

    async def script(dashboard):
        app = dashboard.app
        before = app.rendering.theme
        burst(app, ["D", "enter", "escape"])
        await dashboard.until(lambda: app.rendering.theme != before)
        await dashboard.until(lambda: len(app.screen_stack) == 1)
        burst(app, ["e", "enter"])
        await dashboard.until(lambda: list(tmp_path.iterdir()))

    drive(script)


def test_keys_wait_for_rows_that_a_busy_machine_puts_in_order(monkeypatch):
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("move.down")
        under, ready = app.root.table.cursor, app.context.clock() + 5
        monkeypatch.setattr(type(app.root), "arranging", property(lambda screen: app.context.clock() < ready))
        burst(app, ["z", "j"])
        await dashboard.until(lambda: app.root.table.cursor == under + 1, seconds=9)
        assert app.context.clock() >= ready

    drive(script)
