"""Marks are ids: a range follows the cursor, and what is not listed is counted."""

from textual.events import Key

from tests.support.harness.dashboard import drive
from tests.ui.instances.list_steps import arrive
from wfdash.core.rows.store import GONE
from wfdash.ui.actions.keys import WRITING
from wfdash.ui.base.screen import GLANCE


def test_marking_all_counts_matches_not_listed_yet():
    async def script(d):
        await d.press("j")
        await arrive(d, "late-1")
        listed = len(d.app.root.rows.view)
        await d.press("mark.all")
        assert f"marked {listed}; n shows 1 more that match" in d.lines[-1]
        assert "late-1" not in d.app.root.rows.marks.ids
        await d.press("n", "mark.all")
        assert f"marked all {listed + 1} that match" in d.lines[-1]

    drive(script)


def test_marks_are_ids_and_those_not_listed_are_counted():
    async def script(d):
        root = d.app.root
        await d.press("space", "space")
        marked = list(root.rows.marks.ids)
        assert [row.id for row in root.targets()] == marked
        assert "2 marked" in d.lines[-1]
        await d.press("sort.reverse")
        assert list(root.rows.marks.ids) == marked
        await d.press("n", "escape")
        assert not root.rows.marks

    drive(script)


def test_the_marked_and_the_watched_are_read_first():
    async def script(d):
        root = d.app.root
        await d.press("instance.watch", "j", "space")
        (pin,), (marked,) = d.app.context.shift.pins, root.rows.marks.ids
        assert pin.id != marked
        assert list(d.app.session.poller.row_details.watched) == [marked, pin.id]
        await d.press("w", "enter")
        assert list(d.app.session.poller.row_details.watched) == [marked, pin.id]

    drive(script)


def test_a_range_follows_the_cursor():
    async def script(d):
        root = d.app.root
        await d.press("j", "V", "j", "j")
        assert list(root.rows.marks.ids) == root.rows.view.ids(1, 4)
        await d.press("V", "j")
        assert len(root.rows.marks) == 3

    drive(script)


def test_a_range_typed_in_one_burst_marks_all_of_it():
    """As a slow link delivers it: the keys come before the messages of the moves."""

    async def script(d):
        root = d.app.root
        for key in ("V", "ctrl+d", "V"):
            d.app.post_message(Key(key, "V" if key == "V" else None))
        await d.until(lambda: root.rows.marks.ids and not root.rows.marks.in_range)
        assert list(root.rows.marks.ids) == root.rows.view.ids(0, root.table.page // 2 + 1)

    drive(script)


def test_a_marked_row_that_was_deleted_is_skipped():
    async def script(d):
        table, store, orders = d.app.root.table, d.app.session.poller.store, d.world.workflows["orders"]
        waiting = [each for each in table.view.ids() if store.get(each).status == "waiting"][:3]
        for each in waiting:
            table.move_to_key(each)
            await d.press("mark.toggle")
        orders.forget(orders.by_id[waiting[0]])
        await d.until(lambda: store.note(waiting[0]) == GONE)
        await d.press("instance.pause")
        await d.until(lambda: "pause  2 instances of 3 chosen" in d.text)
        assert "1 skipped: deleted or expired" in d.text

    drive(script, size=(140, 40))


def test_drawing_beside_many_marks_looks_at_few_rows(monkeypatch):
    async def script(d):
        rows = d.app.root.rows
        rows.marks.mark(row.id for row in rows.poller.store)
        rows.marks.mark(f"order-gone-{number}" for number in range(3000))
        rows.marks_changed()
        await d.settled()
        looked = []
        get = rows.poller.store.get
        monkeypatch.setattr(
            rows.poller.store, "get", lambda identity: looked.append(identity) or get(identity)
        )
        d.app.root.key_bar.draw()
        assert len(looked) <= GLANCE * len(WRITING)
        assert "(3,000 not listed)" in d.lines[-1]
        assert len(rows.targets()) == len(rows.poller.store)

    drive(script, workflow="orders")
