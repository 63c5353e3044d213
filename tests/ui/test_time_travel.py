"""The record on the pages: a moment of it, in words that cannot be missed, and back to now."""

import asyncio
import re
import sqlite3
from email.utils import formatdate

import pytest

from tests.support.harness.dashboard import drive, shop_world
from tests.ui.travels import travel
from wfdash.demo.http.api import create_app
from wfdash.live.records.record import schema


def test_keys_go_through_the_record_and_back_to_now():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await dashboard.press("move.down", "move.down")
        here = app.root.rows.instance
        live = app.context.session
        await travel(dashboard, "<")
        assert "RECORD " in dashboard.lines[0]
        assert " ago" in dashboard.lines[0]
        first = app.context.past
        await travel(dashboard, "<")
        assert app.context.past < first
        await dashboard.until(lambda: app.root.rows.instance == here)
        await dashboard.press("instance.terminate")
        assert "terminate: read-only: nothing can be sent from a record" in dashboard.lines[-1]
        assert len(app.screen_stack) == 1
        await travel(dashboard, ">")
        assert app.context.past == first
        await dashboard.press("layer.close")
        assert app.context.past is None
        assert app.context.session is live
        assert "RECORD" not in dashboard.lines[0]
        await dashboard.until(lambda: app.root.rows.instance == here)

    drive(script)


def test_record_that_takes_long_to_read_says_so_and_can_be_left():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        opened, goes_on = app.travel._open, asyncio.Event()

        async def late():
            await goes_on.wait()
            return await opened()

        app.travel._open = late
        await dashboard.press("<")
        await dashboard.passes(1)
        assert "reading the record … esc stops" in dashboard.lines[-1]
        await dashboard.passes(20)  # it goes on being said
        assert "reading the record" in dashboard.lines[-1]
        await dashboard.press("layer.close")
        goes_on.set()
        await dashboard.passes(10)
        assert app.context.past is None
        assert "reading the record" not in dashboard.lines[-1]
        await travel(dashboard, "<")
        assert "reading the record" not in dashboard.lines[-1]

    drive(script)


class HourBehind:
    """The simulator on a machine whose clock is an hour behind this one's, as its answers say."""

    def __init__(self):
        self.app = None

    def clock(self):
        return asyncio.get_running_loop().time() - 3600

    async def __call__(self, scope, receive, send):
        self.app = self.app or create_app(shop_world(self.clock))

        async def dated(message):
            if message["type"] == "http.response.start":
                date = formatdate(self.clock(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await self.app(scope, receive, dated)


def test_what_came_before_the_clock_was_known_is_dated_right():
    server = HourBehind()

    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(30)
        assert "clock 1h ahead" in dashboard.lines[0].replace("60m", "1h").replace("59m", "1h")
        reader = dashboard.app.session.recorder.read()
        # A Date tells whole seconds.
        assert server.clock() - 40 < reader.first < reader.last < server.clock() + 3
        reader.close()
        await travel(dashboard, "<")
        assert re.search(r"RECORD [0-9:]+( \(\d of \d\))?, \d+ m?s ago", dashboard.lines[0])

    drive(script, serve=server)


def test_a_record_that_cannot_be_kept_is_said_in_its_own_words(monkeypatch):
    def refusing(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = 1")
        return connection

    monkeypatch.setattr(schema, "_connect", refusing)

    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.until(lambda: "its file is read-only" in dashboard.text)
        await dashboard.passes(60)
        assert "its file is read-only" not in dashboard.text
        await dashboard.press("<")
        await dashboard.until(lambda: "its file is read-only" in dashboard.text)
        assert dashboard.lines[-1].startswith(" the record is not kept: its file is read-only")

    drive(script)


def test_escape_undoes_a_filter_and_stays_at_the_moment():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await travel(dashboard, "<")
        moment = dashboard.app.context.past
        await dashboard.press("filter.edit")
        await dashboard.type("params~Z")
        await dashboard.press("layer.close")
        assert dashboard.app.context.past == moment
        assert "/ no filter" in dashboard.text
        await dashboard.press("layer.close")
        assert dashboard.app.context.past is None

    drive(script)


def test_escape_in_a_replay_returns_to_its_end():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await travel(dashboard, "<")
        reader = app.travel._replayed = app.travel._reader
        await travel(dashboard, "{")
        assert app.context.past < reader.last
        await dashboard.press("layer.close")
        assert app.context.past == reader.last
        assert app.pages.place[0] == "orders"
        assert not app.travel.leave(), "at the end esc closes what is open"

    drive(script)


def test_the_key_bar_of_a_record_tells_how_to_leave_it():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        assert "p pause" in dashboard.lines[-1]
        await travel(dashboard, "<")
        await dashboard.until(lambda: "esc now" in dashboard.lines[-1])
        for hint in ("< earlier", "> later"):
            assert hint in dashboard.lines[-1]
        for sent in ("pause", "resume", "terminate", "restart", "redrive"):
            assert sent not in dashboard.lines[-1]
        await dashboard.press("layer.close")
        await dashboard.until(lambda: "p pause" in dashboard.lines[-1])
        assert "< earlier" not in dashboard.lines[-1]

    drive(script)


@pytest.mark.parametrize("page", ["errors.open", "budget.open", "journal.open"])
def test_keys_of_a_record_go_with_it_from_every_page(page):
    """At once: with the next tick a second later they would be those of a moment that was left."""

    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await dashboard.press(page)
        await travel(dashboard, "<")
        await dashboard.until(lambda: "esc now" in dashboard.lines[-1])
        await dashboard.press("layer.close")
        assert dashboard.app.context.past is None
        assert "< earlier" not in dashboard.lines[-1]

    drive(script)


def test_read_only_that_is_set_in_a_record_holds_at_now():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await travel(dashboard, "<")
        await dashboard.press("profile.open", "r")
        await dashboard.press("layer.close")
        await dashboard.until(lambda: dashboard.app.context.past is None)
        await dashboard.press("instance.restart")
        assert len(dashboard.app.screen_stack) == 1
        assert "read-only" in dashboard.lines[-1]
        assert dashboard.app.context.session.operator.guard.read_only

    drive(script, demo=False)


def test_no_prompt_of_now_opens_while_a_moment_is_looked_for():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        dashboard.app.action_past_step(-1)
        dashboard.app.action_write("instance.restart")
        await dashboard.until(lambda: dashboard.app.context.past is not None)
        await dashboard.settled()
        assert len(dashboard.app.screen_stack) == 1
        assert "RECORD " in dashboard.lines[0]

    drive(script)


def test_esc_calls_off_a_moment_that_is_looked_for():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        dashboard.app.action_past_step(-1)
        dashboard.app.action_layer_close()
        await dashboard.passes(5)
        assert dashboard.app.context.past is None
        assert "RECORD " not in dashboard.lines[0]
        await dashboard.press("instance.restart")
        await dashboard.until(lambda: len(dashboard.app.screen_stack) == 2)

    drive(script)


def test_times_of_now_follow_a_change_made_in_a_record():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        live = dashboard.app.context.session
        before = live.poller.row_details.utc
        await travel(dashboard, "<")
        await dashboard.press("time.zone")
        assert live.poller.row_details.utc is not before

    drive(script)
