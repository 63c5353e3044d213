"""The record on the pages: a moment of it, in words that cannot be missed, and back to now."""

import asyncio
import re
import sqlite3
from email.utils import formatdate

import pytest

from tests.support.harness.dashboard import drive, shop_world
from wfdash.demo.http.api import create_app
from wfdash.live.feeds import filter_search
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


def test_a_record_is_searched_to_its_end(monkeypatch):
    """Nothing of it costs a request: nothing is counted for it and none is left out."""
    monkeypatch.setattr(filter_search, "MOST", 2)

    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await travel(dashboard, "<")
        await dashboard.press("filter.edit")
        await dashboard.type("step~nothing-like-it")
        await dashboard.until(lambda: app.context.session.poller.search.searched.over)
        searched = app.context.session.poller.search.searched
        assert searched.read == searched.candidates > 2
        rows_only = searched.rows_only
        assert 0 < rows_only < searched.read
        assert f" read {searched.read - rows_only} of {searched.read}" in dashboard.lines[1]
        assert f"{rows_only} were not read by then" in dashboard.lines[1]
        assert "for the rest" not in dashboard.lines[1]

    drive(script)


def test_a_failure_that_was_only_listed_has_no_cause():
    """Its row is all that a record has of it: that it failed for "Error" would be made up."""

    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await travel(dashboard, "<")
        await dashboard.press("workflows.open")
        await dashboard.until(lambda: "WHY IT FAILED" in dashboard.text)
        await dashboard.until(lambda: "reading the newest failures" not in dashboard.text)
        assert not re.search(r"\d of \d+ +Error *$", dashboard.text, re.MULTILINE)
        assert "none of its failures was read by then" in dashboard.text

    drive(script)


def test_a_record_offers_no_reading_of_what_was_only_listed():
    async def script(dashboard):
        await look_back_at_a_read_failure(dashboard)
        await dashboard.press("workflows.open")
        await dashboard.until(lambda: "1 of 1" in dashboard.text)
        await dashboard.passes(20)
        assert "WHY IT FAILED · 1 read by then, others not" in dashboard.text

    drive(script)


def test_a_moment_of_which_a_part_is_recorded_says_so():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await travel(dashboard, "<")
        for _ in range(20):  # to the first moment
            await dashboard.press("{")
        await dashboard.until(lambda: "recorded by then, of" in dashboard.text)
        recorded, of = re.search(r"([\d,]+) recorded by then, of ([\d,]+)", dashboard.text).groups()
        assert int(recorded.replace(",", "")) < int(of.replace(",", ""))
        await dashboard.press("history.open")
        await dashboard.until(lambda: "recorded without a gap" in dashboard.text)
        assert "rose" not in dashboard.text
        assert "is not recorded by then" in " ".join(dashboard.text.split())
        await dashboard.press("errors.open")
        await dashboard.until(lambda: "read 0 of 0" not in dashboard.text)
        assert "lately" not in dashboard.text
        assert "none stuck so far" not in dashboard.text
        await dashboard.press("workflows.open")
        await dashboard.until(lambda: re.search(r"the newest \d+ instances recorded by then", dashboard.text))

    drive(script, scenario="incident")


def test_messages_read_now_are_not_shown_in_the_record():
    """The record keeps no payloads: an error's text was in memory alone, and may be of later."""

    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.press("workflows.open")
        await dashboard.until(lambda: re.search(r"\d of \d+ +\w+Error: ", dashboard.text))
        assert "kind" not in dashboard.text.partition("WHY IT FAILED")[2]
        await dashboard.passes(30)
        await travel(dashboard, "<")
        await dashboard.until(lambda: "reading the newest failures" not in dashboard.text)
        said = dashboard.text.partition("WHY IT FAILED")[2]
        assert not re.search(r"Error: (?!not recorded)", said), said

    drive(script)


@pytest.mark.parametrize(
    ("filter", "words"),
    [
        ("params~nothing-like-it", "params are not recorded"),
        ("output~nothing-like-it", "outputs are not recorded"),
        ("any~nothing-like-it", "params, outputs and error messages are not recorded"),
        ("error~nothing-like-it", "error messages are not recorded"),
        ("-params~nothing-like-it", "params are not recorded"),
    ],
)
def test_what_a_record_left_out_is_said_not_denied(filter, words):
    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        for instance in list(app.session.poller.store.ids()):
            await app.session.api.get_instance("orders", instance)
        await dashboard.passes(120)
        await travel(dashboard, "<")
        await dashboard.press("filter.edit")
        await dashboard.type(filter)
        await dashboard.until(lambda: app.context.session.poller.search.searched.over)
        assert words in dashboard.lines[1]
        assert "opened" not in dashboard.lines[1]
        assert "[record] payloads = true keeps them" in dashboard.text
        assert app.context.session.poller.search.searched.unrecorded == words.partition(" are ")[0]

    drive(script)


def test_the_detail_is_as_it_was_read_then():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.press("row.open")
        await dashboard.passes(30)
        await travel(dashboard, "<")
        await dashboard.until(lambda: "not recorded" in dashboard.text)
        assert app.pages.place[1]
        await dashboard.press("layer.close")
        assert "RECORD" not in dashboard.lines[0]
        assert app.pages.place[1], "esc returned to now and closed nothing"

    drive(script)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("logs.open", "A record holds no console lines."),
        ("budget.open", "nothing is asked of the server for it"),
        ("journal.open", "not what was sent"),
        ("watched.open", "nothing in it can be watched"),
        ("instance.watch", "nothing in it can be watched"),
    ],
)
def test_what_a_record_does_not_hold_is_said_on_its_page(key, words):
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await travel(dashboard, "<")
        await dashboard.press(key)
        await dashboard.until(lambda: words in dashboard.text)
        assert not dashboard.app.context.shift.pins

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


def test_a_run_that_was_only_listed_is_compared_with_nothing():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        rows = list(app.context.session.poller.store)
        failed = next(row for row in rows if row.status == "errored")
        reads = app.context.session.reads
        await dashboard.passes(60)
        await travel(dashboard, "<")
        listed = app.context.past
        app.pages.show_instance("orders", failed.id)
        await dashboard.until(lambda: "its steps are not recorded by then" in dashboard.text)
        assert "ended without a step" not in dashboard.text
        await dashboard.press("detail.compare")
        await dashboard.until(lambda: "nothing of its steps is recorded by then" in dashboard.text)
        app.pages.close_all()
        app.travel.leave()
        await reads.instance("orders", failed.id)
        await dashboard.passes(5)
        app.pages.show_instance("orders", failed.id)
        await dashboard.settled()
        await travel(dashboard, "<")
        assert app.context.past > listed
        await dashboard.press("detail.compare")
        await dashboard.until(lambda: "of no complete run are the steps recorded by then" in dashboard.text)

    drive(script, size=(100, 30))


async def travel(dashboard, key):
    """Presses the key and waits for the thread that reads the record, which no clock moves."""
    app, before = dashboard.app, dashboard.app.context.past
    await dashboard.press(key)
    for _ in range(600):
        if app.context.past != before:
            break
        await asyncio.to_thread(lambda: None)
        await asyncio.sleep(0.1)
    assert app.context.past != before
    await dashboard.settled()


async def look_back_at_a_read_failure(dashboard):
    """A moment of the record at which one of those that failed had been read, and others only listed."""
    await dashboard.until(lambda: "errored" in dashboard.text)
    session = dashboard.app.context.session
    errored = next(row.id for row in session.poller.store if row.status == "errored")
    await session.reads.instance("orders", errored)
    await dashboard.passes(60)
    await travel(dashboard, "<")


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


def test_rows_of_a_record_are_never_called_new():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.press("move.last")
        await dashboard.passes(60)
        await travel(dashboard, "<")
        await dashboard.press("move.down", "move.down", "move.last")
        await dashboard.passes(20)
        assert not dashboard.app.root.rows.view.arrivals
        assert " new, n" not in dashboard.text

    drive(script, scenario="incident")


def test_failures_only_listed_are_told_beside_the_groups():
    async def script(dashboard):
        await look_back_at_a_read_failure(dashboard)
        await dashboard.press("errors.open")
        await dashboard.until(lambda: "listed as errored and not read by then" in dashboard.text)
        assert re.search(r"\d+ more w(?:as|ere) listed as errored and not read by then", dashboard.text)

    drive(script)


def test_pages_of_this_machine_are_empty_in_a_record():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await dashboard.press("instance.watch")
        await travel(dashboard, "<")
        await dashboard.press("budget.open")
        assert "nothing is asked of the server for it" in dashboard.text
        await dashboard.press("watched.open")
        assert "A record stands still: nothing in it can be watched." in dashboard.text
        assert "watched instances" in dashboard.lines[0]
        assert "watching" not in dashboard.text
        await dashboard.press("journal.open")
        assert "not what was sent" in dashboard.text
        assert dashboard.lines[0].strip().startswith("RECORD ")

    drive(script)
