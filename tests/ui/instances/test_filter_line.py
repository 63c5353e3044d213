"""Typing a filter: what it may become, what is wrong with it, what was read for it, and `marked`."""

import re

import pytest

from tests.support.harness.dashboard import drive
from wfdash.live.budget.ledger import Priority
from wfdash.live.feeds.search import filter_search as search


def test_term_that_needs_details_says_how_far_it_searched():
    async def script(d):
        await d.press("filter.edit", "right")
        await d.type(" step~charge")
        await d.press("enter")
        assert "opened" in d.lines[1]
        await d.until(lambda: not d.app.session.poller.search.busy, 400)
        view, poller = d.app.root.rows.view, d.app.session.poller
        assert len(view) > 0
        assert all(
            any("charge" in step for step in poller.row_details.read[identity].steps)
            for identity in view.ids()
        )
        searched = poller.search.searched
        assert f"opened {searched.read} of {searched.candidates}" in d.lines[1]
        assert "stops" not in d.lines[1]

    drive(script, filter="status:errored")


def test_counts_keep_their_place_while_a_filter_is_typed():
    async def script(d):
        status = d.app.root.filter_line.query_one("#filter-status")
        await d.press("filter.edit")
        await d.type("order-8")
        wide = status.size.width
        places = {line.rstrip()[-5:] for line in (d.lines[1],)}
        for letter in "0zz":
            await d.type(letter)
            assert status.size.width == wide
            places.add(d.lines[1].rstrip()[-5:])
        assert len(places) == 1
        await d.press("layer.close", "filter.edit")
        await d.type("order-8" * 20)
        assert d.app.root.filter_line.field.size.width >= 24

    drive(script)


def test_nothing_is_said_not_to_match_that_was_not_read_yet(monkeypatch):
    monkeypatch.setattr(search, "MOST", 5)

    async def script(d):
        poller, table = d.app.session.poller, d.app.root.table
        await d.until(lambda: poller.search.searched.over)
        await d.passes(1)
        left = poller.search.searched.candidates - 5
        assert table.message.startswith("None of the 5 instances read so far matches step~zzz.\n")
        assert f"{left} may match; ctrl+r reads on." in table.message

    drive(script, filter="step~zzz")


def test_a_search_that_stops_short_says_so_and_goes_on_by_a_key(monkeypatch):
    monkeypatch.setattr(search, "MOST", 5)

    async def script(d):
        await d.until(lambda: d.app.session.poller.search.searched.over)
        await d.passes(1)
        assert "the newest · ctrl+r searches on" in d.lines[1]
        assert re.search(r"· about [0-9hms ]+ for [\d,]+ more", d.lines[1])
        searched = d.app.session.poller.search.searched
        await d.press("poll.now")
        await d.until(lambda: d.app.session.poller.search.searched.read == searched.read + 5)

    drive(script, filter="step~charge")


def test_search_that_stopped_short_says_so_at_80_columns(monkeypatch):
    """Without it nothing found among 5 looked like nothing found at all."""
    monkeypatch.setattr(search, "MOST", 5)

    async def script(d):
        await d.until(lambda: d.app.session.poller.search.searched.over)
        await d.until(lambda: re.search(r"0 match · opened 5 of \d+ · ctrl\+r searches on", d.lines[1]))

    drive(script, filter="step~zzz", size=(80, 24))


def test_a_search_says_what_it_costs_and_what_stops_it():
    words = r"opened [\d,]+ of these [\d,]+ · esc stops · about [0-9hms ]+"

    async def script(d):
        d.server.state.latency = 5.0
        await d.press("filter.edit")
        await d.type("params~zzz")
        await d.press("enter")
        await d.until(lambda: re.search(words, d.lines[1]))
        await d.press("layer.close")
        assert "params~zzz" in d.lines[1], "the first stops the reading"
        assert "esc stops" not in d.lines[1]
        await d.press("layer.close")
        assert d.app.session.poller.search.searched is None

    drive(script)


def test_search_that_ended_rests_under_another_page():
    """Rows that come meanwhile are looked at for who sees the list, and for nobody else."""

    async def script(d):
        poller = d.app.session.poller
        await d.until(lambda: poller.search.searched and poller.search.searched.over)
        spent = d.app.session.budget.spenders[0][1]
        await d.press("budget.open")
        await d.passes(2)
        before = [spent.spent_on(each, "filter") for each in Priority]
        loaded = len(poller.store)
        await d.until(lambda: len(poller.store) > loaded + 1, 400)
        assert [spent.spent_on(each, "filter") for each in Priority] == before
        assert poller.search.searched.unread
        await d.press("layer.close")
        await d.until(lambda: not poller.search.searched.unread)

    drive(script, filter="params~zzz")


def test_typing_says_what_the_reading_costs_and_enter_begins_it():
    def is_read(asked):
        return asked.method == "GET" and "/instances/" in asked.path

    async def script(d):
        poller = d.app.session.poller
        await d.press("filter.edit")
        await d.type("params~zzz")
        await d.until(lambda: "unread" in d.lines[1])
        before = sum(map(is_read, d.server.state.requests))
        await d.passes(5)
        assert sum(map(is_read, d.server.state.requests)) == before
        unread = poller.search.searched.unread
        cost = rf"{unread:,} unread: about [0-9hms ]+ · enter reads "
        assert re.search(cost, d.lines[1])
        assert f"{unread:,} may match; enter reads" in d.app.root.table.message
        await d.press("enter")
        await d.until(lambda: re.search(r"opened [1-9]", d.lines[1]))

    drive(script)


def test_no_match_is_never_said_bare_while_rows_are_loading():
    async def script(d):
        seen = []

        def over():
            seen.append((d.app.root.table.message, d.app.session.poller.history.complete))
            return seen[-1][0].startswith("No id of")

        await d.until(over)
        loading = [message for message, complete in seen if message and not complete]
        assert any(
            re.search(r"^No match in [\d,]+ of [\d,]+ so far, still loading", each) for each in loading
        )
        assert not any(each.startswith(("None of", "No id of")) for each in loading)
        assert seen[-1][1], "all there are were loaded"
        loaded = len(d.app.session.poller.store)
        assert seen[-1][0].startswith(f"No id of the {loaded:,} instances loaded has nothing-like-it in it.")

    drive(script, filter="nothing-like-it", scenario="incident")


def test_marked_filter_lists_marks_of_the_filter_before():
    async def script(d):
        await d.press("mark.toggle", "mark.toggle")
        marked = set(d.app.root.rows.marks.ids)
        await d.press("filter.edit")
        await d.type("marked")
        await d.press("enter")
        assert set(d.app.root.rows.view.ids()) == marked
        assert {row.id for row in d.app.root.targets()} == marked
        await d.press("mark.toggle")
        assert len(d.app.root.rows.view) == 1
        await d.press("escape")
        assert len(d.app.root.rows.marks) == 0

    drive(script)


def test_completions_are_shown_and_taken():
    async def script(d):
        await d.press("filter.edit")
        assert "status:" in d.lines[2]
        assert "marked" in d.lines[2]
        await d.type("sta")
        assert d.lines[2].strip() == "tab status:"
        await d.press("tab")
        assert d.app.root.filter_line.field.value == "status:"
        every = d.app.root.rows.view.ids()
        assert "tab status:queued  status:running" in d.lines[2]
        await d.type("err")
        assert "tab status:errored" in d.lines[2]
        assert d.app.root.rows.view.ids() == every, "half a word takes no row away"
        await d.press("right")
        assert d.app.root.filter_line.field.value == "status:errored"
        await d.press("enter")
        assert "status:errored" in d.lines[1]
        assert "STATUS" in d.lines[2]

    drive(script)


def test_bad_filter_points_at_the_fault_and_keeps_the_last():
    async def script(d):
        await d.press("filter.edit", "right")
        await d.type(" sttus")
        before = d.app.root.rows.view.ids()
        await d.type(":x")
        aid = d.lines[2]
        assert aid.index("^") == d.lines[1].index("sttus:x")
        assert "did you mean status?" in aid
        assert "the list still shows status:errored sttus" in aid
        assert d.app.root.rows.view.ids() == before
        await d.press("enter")
        assert d.app.root.filter_line.editing, "what was typed is not dropped for another filter"
        await d.press("escape")
        assert d.app.root.rows.query.text == "status:errored"

    drive(script, filter="status:errored")


def test_enter_does_not_leave_a_filter_that_lacks_its_value():
    async def script(d):
        await d.press("filter.edit", "right")
        await d.type(" age>")
        assert d.lines[2].strip().startswith("tab age>10m")
        assert d.app.root.rows.query.text == "status:errored "
        await d.press("enter")
        assert d.app.root.filter_line.editing
        assert "^ age> needs a value" in d.lines[2]

    drive(script, filter="status:errored")


def test_values_of_a_field_come_from_rows_and_details():
    async def script(d):
        await d.press("filter.edit")
        versions = {row.version[:8] for row in d.app.session.poller.store}
        await d.type("version:")
        await d.press("tab")
        assert d.app.root.rows.query.text.removeprefix("version:") in versions
        await d.type(" step~char")
        await d.press("enter")
        await d.until(lambda: "charge card" in str(d.app.session.poller.row_details.read))
        await d.press("filter.edit", "right")
        await d.type("g")
        await d.press("tab")
        assert d.app.root.filter_line.field.value.endswith(' step~"charge card"')

    drive(script)


def test_a_status_nobody_knows_is_doubted():
    async def script(d):
        await d.press("filter.edit")
        await d.type("status:errord")
        assert "no status errord is known; did you mean errored? there are queued," in d.lines[2]
        assert "no status errord is known" in d.lines[1]
        await d.press("enter")
        assert len(d.app.root.rows.view) == 0

    drive(script)


@pytest.mark.parametrize(("width", "length"), [(80, 30), (80, 70), (140, 60), (140, 200)])
def test_the_caret_stands_under_the_fault_wherever_that_is(width, length):
    async def script(d):
        await d.press("filter.edit", "right")
        await d.type(" " + "a" * length + " age>%")
        assert d.lines[1][d.lines[2].index("^")] == "%"
        assert "not a duration" in d.lines[2]

    drive(script, filter="status:errored", size=(width, 24))


def test_terms_sent_to_the_api_differ_from_those_applied_here():
    async def script(d):
        assert "server filters: status" in d.lines[1]
        assert "wfdash filters: id" in d.lines[1]

    drive(script, filter="status:errored order")


def test_a_field_that_is_none_has_no_part_applied_here():
    async def script(d):
        await d.press("filter.edit")
        await d.type("foo:bar")
        assert "there is no field foo" in d.lines[2]
        assert "filters:" not in d.lines[1]

    drive(script, size=(140, 24))


def test_a_long_filter_leaves_room_for_what_it_matched():
    async def script(d):
        assert "loaded" in d.lines[1]
        assert "…" in d.lines[1]

    drive(
        script,
        filter='status:errored version:0123abcd step~"charge card" error~"card declined"',
        size=(80, 24),
    )


def test_next_workflow_begins_without_the_last_filter():
    async def script(d):
        await d.press("workflows.open", "j", "enter")
        await d.until(lambda: "refunds has no instances" in d.text)
        assert "no filter" in d.lines[1]
        assert not d.app.session.poller.search.searched

    drive(script, filter="status:errored step~charge")


def test_filter_given_before_a_workflow_goes_into_the_first():
    async def script(d):
        await d.press("enter")
        await d.until(lambda: d.app.root.rows.workflow and "loaded" in d.lines[1])
        assert "status:errored" in d.lines[1]

    drive(script, workflow="", filter="status:errored")


def test_typing_replaces_the_filter_and_an_arrow_edits_it():
    async def script(d):
        await d.press("filter.edit")
        await d.type("status:complete")
        await d.press("enter")
        assert d.app.root.rows.query.text == "status:complete"
        await d.press("filter.edit", "right")
        await d.type(",waiting")
        await d.press("enter")
        assert d.app.root.rows.query.text == "status:complete,waiting"

    drive(script, filter="status:errored")


def test_esc_stops_the_search_before_it_clears_the_filter():
    async def script(d):
        d.server.state.latency = 0.5
        await d.press("/", *"step~reserve status:complete", "enter")
        await d.until(lambda: "esc stops" in d.lines[1])
        await d.press("escape")
        assert "step~reserve" in d.lines[1]
        await d.until(lambda: "ctrl+r searches on" in d.lines[1])
        await d.press("escape")
        assert "no filter" in d.lines[1]

    drive(script, size=(140, 40))


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "running"])
def test_esc_out_of_typing_leaves_the_search_as_it_was(monkeypatch, ended):
    """Back to the filter that was in force is no wish to read on for it: its search goes on or rests."""
    monkeypatch.setattr(search, "MOST", 20)

    async def script(d):
        found, latency = d.app.session.poller.search, 0.0 if ended else 0.5
        d.server.state.latency = latency
        await d.press("/", *"params~zzz")
        await d.until(lambda: found.searched and not found.searched.looking)
        before = found.searched.read
        await d.press("enter")
        await d.until(lambda: found.searched.over if ended else found.searched.since > 3)
        await d.passes(1)
        await d.press("/")
        await d.type("x")
        read = found._allowance.spent
        await d.passes(5)
        assert found._allowance.spent == read, "a letter reads nothing"
        await d.press("escape")
        await d.passes(1 if ended else 30)
        assert "params~zzz" in d.lines[1]
        assert found.searched.over
        assert found.searched.read == before + 20, "as many as were to be read, and no more"
        assert "searches on" in d.lines[1]

    drive(script, size=(140, 40))


def test_search_stopped_before_it_read_says_how_to_go_on():
    async def script(d):
        poller = d.app.session.poller
        d.server.state.latency = 5.0
        await d.press("/", *"params~zzz", "enter", "escape")
        assert poller.search.searched.since == 0
        assert "ctrl+r searches on" in d.lines[1]
        assert "enter reads" not in d.text

    drive(script, size=(140, 40))


def test_esc_stops_the_search_before_marks_and_rows_that_wait():
    """As its line says, whatever else esc would take away."""

    async def script(d):
        d.server.state.latency = 0.5
        await d.press("/", *"params~cus", "enter")
        await d.until(lambda: "esc stops" in d.lines[1] and d.app.root.table.row_count() > 2)
        await d.press("space", "escape")
        assert d.app.root.rows.marks.ids
        assert d.app.session.poller.search.searched.over
        d.app.root.rows.settle()
        await d.press("escape")
        assert not d.app.root.rows.marks.ids
        assert "params~cus" in d.lines[1]

    drive(script, size=(140, 40))


def test_what_is_typed_stands_whole_where_counts_can_give_way():
    text = 'status:errored error~"connect timeout 10.0.0.7"'

    async def script(d):
        await d.press("/")
        await d.type(text)
        assert text in d.lines[1]
        assert "unread" in d.lines[1], "and the most needed of the rest"
        await d.press("escape")
        await d.until(lambda: "loaded" in d.lines[1])

    drive(script, size=(80, 24))


def test_filter_typed_before_a_workflow_is_there_is_not_lost():
    """The list of workflows comes when the typing is over, and what is opened there has the filter."""

    async def script(d):
        app = d.app
        app.pages.close_all()
        app.root.filter_line.edit()
        await d.type("order-80")
        await d.passes(3)
        assert app.root.filter_line.editing
        await d.press("enter")
        await d.until(lambda: app.pages.opened_by == "workflows.open")
        assert "the filter is put on the workflow that you open: order-80" in d.lines[-1]
        await d.until(lambda: app.screen.chosen_workflow())
        await d.press("enter")
        await d.until(lambda: app.root.rows.workflow and "loaded" in d.lines[1])
        assert app.root.rows.query.text == ("order-80")

    drive(script, workflow="", size=(80, 24))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=str)
def test_esc_is_never_said_to_stop_what_it_does_not(size):
    """While a filter is typed it undoes the typing, as the bottom line says."""

    async def script(d):
        d.server.state.latency = 0.5
        await d.press("/", *"params~zzz", "enter")
        await d.until(lambda: "esc stops" in d.lines[1])
        d.server.state.latency = 30.0
        await d.passes(1)
        await d.press("/")
        assert "esc undo" in d.lines[-1]
        assert "opened" in d.lines[1]
        assert "stops" not in d.text
        await d.press("escape")
        assert "esc stops" in d.lines[1]

    drive(script, size=size)


def test_what_is_found_after_a_key_is_counted_and_shown(monkeypatch):
    """On another row than the first too: one who has it searched on waits for what that finds."""
    monkeypatch.setattr(search, "MOST", 20)

    async def script(d):
        poller, rows = d.app.session.poller, d.app.root.rows
        await d.press("/", *"params~cus", "enter")
        await d.until(lambda: poller.search.searched.over)
        await d.press("j", "j", "ctrl+r")
        await d.until(lambda: poller.search.searched.since == 20)
        await d.until(lambda: rows.table.row_count() > 30)
        d.server.state.latency = 0.2
        await d.press("ctrl+r", "j")
        await d.until(lambda: len(rows.view.arrivals) > 10)
        await d.until(lambda: poller.search.searched.over)
        assert rows.view.arrivals
        assert f"{len(rows.view) + len(rows.view.arrivals)} match" in d.lines[1]

    drive(script, size=(80, 24))


def test_refresh_of_another_page_reads_nothing_for_the_filter(monkeypatch):
    monkeypatch.setattr(search, "MOST", 20)

    async def script(d):
        found = d.app.session.poller.search
        await d.press("/", *"params~zzz", "enter")
        await d.until(lambda: found.searched.over)
        await d.press("budget.open", "poll.now")
        await d.passes(10)
        assert found._allowance.allowed == 20
        await d.press("escape", "poll.now")
        assert found._allowance.allowed > 20

    drive(script, size=(80, 24))


def test_marking_what_was_found_says_others_may_match(monkeypatch):
    monkeypatch.setattr(search, "MOST", 20)

    async def script(d):
        found = d.app.session.poller.search
        await d.press("/", *"params~cus", "enter")
        await d.until(lambda: found.searched.over and len(d.app.root.rows.view) > 10)
        await d.press("mark.all")
        await d.until(lambda: "that may match were opened" in d.text)
        await d.passes(1)
        await d.press("o")
        listed = len(d.app.root.rows.marks.ids)
        said = rf"marked {listed} found so far: \d+ of \d+ are opened, others may match"
        await d.until(lambda: re.search(said, d.lines[-1]), 5)

    drive(script, size=(80, 24))
