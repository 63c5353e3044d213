"""One owner of filter, order and marks: what is drawn, asked and acted on follow it."""

from tests.support.harness.dashboard import drive
from wfdash.config.schema import SavedView


def shown(d):
    return [d.app.root.rows.view.row(index) for index in range(len(d.app.root.rows.view))]


def test_a_view_sorts_the_rows_that_its_filter_leaves():
    async def script(d):
        await d.press("1")
        rows = shown(d)
        assert rows
        assert {row.status for row in rows} == {"waiting"}
        assert [row.id for row in rows] == sorted(row.id for row in rows)

    drive(script, views=(SavedView("by name", "1", filter="status:waiting", sort="id"),))


def test_a_workflow_opened_behind_a_typed_filter_is_listed():
    async def script(d):
        await d.press("filter.edit", *"status:paused")
        await d.press("enter")
        d.app.pages.show_workflow("refunds")
        d.server.state.requests.clear()
        await d.passes(2)
        lists = [request.path for request in d.server.state.requests if "/instances?" in request.path]
        assert lists
        assert all("/workflows/refunds/" in path for path in lists)
        assert "no filter" in d.lines[1]

    drive(script)


def test_a_view_of_another_workflow_brings_its_own_filter():
    async def script(d):
        await d.press("filter.edit", *"status:paused", "enter")
        await d.press("1")
        assert d.app.root.rows.workflow == "refunds"
        assert "status:errored" in d.lines[1]
        assert d.app.session.poller.workflow == "refunds"

    drive(script, views=(SavedView("bad", "1", workflow="refunds", filter="status:errored"),))


def test_list_keys_work_with_the_focus_in_the_detail():
    async def script(d):
        await d.passes(1)
        await d.press("pane.next")
        assert d.app.root.beside.timeline.has_focus
        first = d.app.root.rows.instance
        await d.press("mark.toggle")
        assert d.app.root.rows.marks.ids == (first,)
        await d.press("sort.next")
        assert "sorted by status" in d.lines[-1]
        await d.press("filter.edit", *"marked", "enter")
        assert [row.id for row in shown(d)] == [first]

    drive(script)


def test_the_detail_beside_is_of_the_polled_instance():
    async def script(d):
        await d.press("move.down")
        await d.passes(1)
        root = d.app.root
        assert d.app.session.poller.opened == root.rows.instance
        await d.press("row.open", "instance.next")
        await d.press("layer.close")
        assert d.app.session.poller.opened == root.rows.instance
        assert root.rows.instance in d.text[d.text.index("│") :]

    drive(script)


def test_an_ended_row_without_the_column_says_how_long_it_took():
    async def script(d):
        await d.press("filter.edit", *"status:complete", "enter")
        await d.passes(1)
        heading = next(line for line in d.lines if "BLOCKED ON" in line)
        assert "TOOK" not in heading
        first = next(line for line in d.lines if "✓ complete" in line)
        assert first[heading.index("BLOCKED ON") :].startswith("took ")

    drive(script)


def test_marks_set_elsewhere_are_in_force_in_the_list_shown():
    async def script(d):
        await d.passes(1)
        rows, listing = d.app.root.rows, d.app.pages.listing
        other = next(row.id for row in shown(d) if row.status != "waiting")
        await d.press("filter.edit", *"status:waiting", "enter")
        first, second = [row.id for row in shown(d)][:2]
        assert listing.mark_later(rows.workflow, [second]) == f"1 marked in the list of {rows.workflow}"
        await d.passes(1)
        assert [row.id for row in rows.targets()] == [second]
        assert "1 marked" in d.text
        assert "status:waiting" in d.lines[1]

        words = listing.mark_later(rows.workflow, [other])
        assert words.startswith(f"2 marked in the list of {rows.workflow}, the filter put away: status:w")
        await d.passes(1)
        assert "no filter" in d.lines[1]
        assert {row.id for row in rows.targets()} == {second, other} <= {row.id for row in shown(d)}

        await d.press("filter.edit", *"status:waiting", "enter")
        assert not rows.marks.ids, "what went along to the whole list is not left behind"
        assert listing.mark_later(rows.workflow, [first], alone=True).startswith("1 marked")
        assert [row.id for row in rows.targets()] == [first]

    drive(script)
