"""What each page says of a moment of the record, and that it was not recorded where it was not."""

import re

import pytest

from tests.support.harness.dashboard import drive
from tests.ui.travels import look_back_at_a_read_failure, travel
from wfdash.demo.engine import verbs
from wfdash.live.feeds.search import filter_search


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
        await dashboard.until(lambda: re.search(r"newest \d+ instances recorded by then", dashboard.text))

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


LEFT_OUT = {
    "params~nothing-like-it": "params are not recorded",
    "error~nothing-like-it": "error messages are not recorded",
    "output~nothing-like-it": "outputs are not recorded",
    "any~nothing-like-it": "params, outputs and error messages are not recorded",
    "-params~nothing-like-it": "params are not recorded",
}


def test_what_a_record_left_out_is_said_not_denied():
    """All of them at one moment, because to record what they search is what takes time."""

    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        for instance in list(app.session.poller.store.ids()):
            await app.session.api.get_instance("orders", instance)
        await dashboard.passes(120)
        await travel(dashboard, "<")
        for filter, words in LEFT_OUT.items():
            await dashboard.press("filter.edit", "ctrl+u")
            await dashboard.type(filter)
            await dashboard.until(lambda: app.context.session.poller.search.searched.over)
            assert words in dashboard.lines[1], filter
            assert "opened" not in dashboard.lines[1]
            assert "[record] payloads = true keeps them" in dashboard.text
            unrecorded = app.context.session.poller.search.searched.unrecorded
            assert unrecorded == words.partition(" are ")[0]
            await dashboard.press("enter")

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


NOT_HELD = {
    "logs.open": "A record holds no console lines.",
    "budget.open": "nothing is asked of the server for it",
    "journal.open": "not what was sent",
    "watched.open": "nothing in it can be watched",
    "instance.watch": "nothing in it can be watched",
}


def test_what_a_record_does_not_hold_is_said_on_its_page():
    async def script(dashboard):
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        await travel(dashboard, "<")
        for key, words in NOT_HELD.items():
            await dashboard.press(key)
            await dashboard.until(lambda words=words: words in dashboard.text)
            assert not dashboard.app.context.shift.pins
            dashboard.app.pages.close_all()
            await dashboard.settled()

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


@pytest.mark.parametrize("page", ["history.open", "workflows.open"])
def test_restarts_that_a_record_holds_are_counted_in_it(page):
    """The last row of an instance tells its last run alone; the rows before it are in the same file."""

    async def script(dashboard):
        app = dashboard.app
        await dashboard.until(lambda: "waiting" in dashboard.text)
        await dashboard.passes(60)
        restarted_at = app.context.clock()
        newest = [row.id for row in app.session.poller.store if row.status == "errored"][:3]
        every = dashboard.world.workflows["orders"].walk(newest_first=True)
        for instance in [each for each in every if each.id in newest]:
            verbs.restart(dashboard.world, instance)
        await dashboard.passes(30)
        await travel(dashboard, "<")
        await dashboard.press(page)
        screen = app.screen

        def earlier():
            if page == "history.open":
                return screen.loaded.earlier if screen.loaded is not None else {}
            of = screen.poller.workflow_rows.of.get("orders")
            return of.earlier.runs if of is not None else {}

        await dashboard.until(lambda: {key.partition("\n")[0] for key in earlier()} == set(newest))
        if page == "history.open":
            await dashboard.until(lambda: "with 3 earlier" in dashboard.text)
            # Before them nothing had been restarted.
            while app.context.past > restarted_at:
                await travel(dashboard, "{")
            await dashboard.until(lambda: "as they stood then" in dashboard.text)
            assert not earlier()

    drive(script)
