"""The main screen over the simulator: what it says, and that nothing moves under the hand."""

import asyncio
import re

import pytest
from textual.events import Key

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.dashboard import drive, opened
from wfdash.api.interface import NewInstance
from wfdash.core.rows.store import GONE
from wfdash.demo.engine.world import build
from wfdash.ui.actions.keys import WRITING
from wfdash.ui.base.screen import GLANCE


async def arrive(d, *ids, workflow="orders"):
    """New instances, listed by the next poll."""
    for identity in ids:
        await d.app.session.api.create_instance(workflow, NewInstance(identity))
    await d.until(lambda: all(identity in d.app.session.poller.store for identity in ids))


async def change(d, verb, instance):
    await d.app.session.api.change_status("orders", instance, verb)
    before = d.app.session.poller.store.get(instance).status
    await d.until(lambda: d.app.session.poller.store.get(instance).status != before)


def row(d, instance):
    """The line of an instance in the table."""
    return next((line[:66] for line in d.lines[3:] if instance in line[:66]), None)


def first_id(d):
    return d.app.root.table.row_key(0)


def test_rows_counts_and_freshness_are_on_screen():
    async def script(d):
        assert "DEMO calm" in d.lines[0]
        assert "orders" in d.lines[0]
        assert "✓ 88" in d.lines[0]
        assert "as of" in d.lines[0]
        assert "budget" in d.lines[0]
        assert d.lines[2].split()[:3] == ["STATUS", "ID", "AGE▾"]
        assert first_id(d) in d.lines[3]

    drive(script)


@pytest.mark.parametrize(
    ("columns", "titles", "shown"), [(33, "STATUS ID AGE▾", "◌ waiting"), (21, "ID AGE▾", "◌")]
)
def test_status_is_a_glyph_where_the_id_needs_the_room(columns, titles, shown):
    async def script(d):
        assert d.lines[2].split() == titles.split()
        rows = [d.app.root.rows.view.row(index) for index in range(10)]
        waiting = next(each.id for each in rows if each.status == "waiting")
        assert re.search(rf"{shown} +{waiting} ", d.line(waiting))
        assert all(each.id in line for each, line in zip(rows, d.lines[3:], strict=False))

    drive(script, size=(columns, 24))


def test_top_line_words_stay_however_small_the_numbers():
    async def script(d):
        assert re.search(r"as of (?:\d+ s|now) +· next \d+ s +· budget \d+ % used", d.lines[0])
        assert re.search(r" [\d,]+ of [\d,]+ loaded( · \d+ of \d+ rows read)?$", d.lines[1])
        await d.press("filter.edit")
        await d.type("status:errored")
        await d.press("enter")
        wanted = re.compile(
            r" \d+ match · [\d,]+ of [\d,]+ loaded · server filters: status · 5 match on the server$"
        )
        await d.until(lambda: wanted.search(d.lines[1]))

    drive(script)


def test_rows_on_screen_are_counted_until_all_are_read():
    async def script(d):
        d.server.state.latency = 0.5
        counts = set()
        await d.press(*["move.half_down"] * 4)

        def read():
            assert "read" not in d.lines[2], "no column can cut the number"
            if found := re.search(r"(\d+) of (\d+) rows read", d.lines[1]):
                counts.add(found[1])
            return counts and "rows read" not in d.text

        await d.until(read)
        assert len(counts) > 3

    drive(script, size=(110, 24))


def test_what_a_row_is_blocked_on_tells_its_age_once_it_is_old():
    async def script(d):
        poller = d.app.session.poller
        await d.until(
            lambda: (
                poller.row_details.progress[1]
                and poller.row_details.progress[0] == poller.row_details.progress[1]
            )
        )
        await d.passes(100)
        assert not any("ago" in line and "read" in line for line in d.lines[3:23])
        await d.press("poll.freeze")
        await d.passes(130)
        aged = [line for line in d.lines[3:23] if " · read 2m ago" in line]
        assert len(aged) > 5
        assert not any("errored" in line for line in aged), "what ended stays true"

    drive(script, size=(110, 24))


def test_expired_row_says_no_more_than_its_last_answer():
    async def script(d):
        table, store = d.app.root.table, d.app.session.poller.store
        chosen = next(identity for identity in table.view.ids() if store.get(identity).status == "waiting")
        table.move_to_key(chosen)
        await d.until(lambda: "waiting for event" in d.text and "left" in row(d, chosen))
        d.world.workflows["orders"].forget(d.world.workflows["orders"].by_id[chosen])
        await d.until(lambda: store.note(chosen) == GONE)
        await d.passes(2)
        (lasted,) = re.findall(r"\S+\+", row(d, chosen))
        (found,) = [line.partition("│")[2] for line in d.lines if "so far" in line]
        assert "was waiting" in row(d, chosen)
        await d.passes(130)
        assert "? gone" in row(d, chosen)
        assert "was waiting" in row(d, chosen)
        assert lasted in row(d, chosen)
        assert found in d.text
        assert "final, read" not in d.text

    drive(script, size=(200, 40))


def test_cursor_stays_on_its_instance_as_rows_move():
    async def script(d):
        await d.press("j", "j", "j")
        table = d.app.root.table
        chosen = table.instance
        await arrive(d, "late-1", "late-2")
        assert table.instance == chosen
        await d.press("sort.next")
        assert table.instance == chosen
        await d.press("sort.reverse")
        assert table.instance == chosen
        await d.press("rows.arrived")
        assert table.instance == chosen
        assert table.index_of("late-1") is not None

    drive(script)


def test_arrivals_wait_for_the_key_while_a_hand_is_on_the_keys():
    async def script(d):
        await d.press("j")
        await arrive(d, "late-1")
        assert d.app.root.table.index_of("late-1") is None
        assert "1 new, n" in d.lines[-1]
        await d.press("n")
        assert "late-1" in d.lines[3]
        assert " new, n" not in d.lines[-1]

    drive(script)


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


@pytest.mark.parametrize("key", ["n", "g", "escape"])
def test_each_key_that_lets_arrivals_in_does(key):
    async def script(d):
        await d.press("j")
        await arrive(d, "late-1")
        await d.press(key)
        assert d.app.root.table.index_of("late-1") == 0

    drive(script)


def test_arrivals_go_in_at_once_at_the_first_row():
    async def script(d):
        await d.press("j", "k")
        chosen = d.app.root.table.instance
        await arrive(d, "late-1")
        assert "late-1" in d.lines[3]
        assert d.app.root.table.instance == chosen

    drive(script)


@pytest.mark.parametrize("by", ["filter typed", "page above"])
def test_arrivals_go_in_at_once_to_a_list_just_opened(by):
    async def script(d):
        await d.press("j", "j")
        if by == "filter typed":
            await d.press("/")
            await d.type(" ")
            await d.press("enter")
        else:
            await d.press("H")
            d.app.root.rows.filter_by("age<30d")
            await d.press("escape")
        assert d.app.root.table.cursor > 0
        await arrive(d, "late-1")
        assert d.app.root.table.index_of("late-1") is not None
        await d.press("j")
        await arrive(d, "late-2")
        assert d.app.root.table.index_of("late-2") is None

    drive(script)


def test_arrivals_go_in_after_thirty_seconds_without_a_key():
    async def script(d):
        await d.press("j")
        await arrive(d, "late-1")
        assert d.app.root.table.index_of("late-1") is None
        await d.passes(31)
        assert d.app.root.table.index_of("late-1") is not None

    drive(script)


def test_row_that_leaves_is_a_ghost_until_the_next_key():
    async def script(d):
        await d.press("j", "j")
        table = d.app.root.table
        chosen = table.instance
        await change(d, "terminate", chosen)
        assert table.is_ghost(chosen)
        assert row(d, chosen)
        assert d.app.root.targets() == []
        await d.press("j")
        assert row(d, chosen) is None
        assert table.instance != chosen

    drive(script, filter="status:waiting")


def test_a_row_the_persons_own_filter_drops_just_goes():
    async def script(d):
        table = d.app.root.table
        await d.press("/")
        await d.type("status:errored")
        assert table.view.ghosts == set()
        assert {table.view.row(index).status for index in range(len(table.view))} == {"errored"}
        assert "of 215 loaded" in d.lines[1] or "loaded" in d.lines[1]
        await d.press("enter")
        assert "status:errored" in d.lines[1]
        await d.press("escape")
        assert "no filter" in d.lines[1]

    drive(script)


def test_filter_applies_as_typed_and_esc_takes_it_back():
    async def script(d):
        target = d.app.root.table.row_key(7)
        await d.press("/")
        await d.type(target[-3:])
        assert all(target[-3:] in d.app.root.table.row_key(i) for i in range(d.app.root.table.row_count()))
        await d.press("escape")
        assert "no filter" in d.lines[1]
        assert d.app.root.table.row_count() > 100

    drive(script)


def test_unreadable_filter_says_so_and_keeps_the_last():
    async def script(d):
        await d.press("/")
        await d.type("status:errored")
        count = d.app.root.table.row_count()
        await d.type(" (")
        assert d.app.root.table.row_count() == count
        assert "the list still shows status:errored" in d.lines[2]

    drive(script)


def test_the_filter_offers_how_its_last_word_goes_on():
    async def script(d):
        await d.press("/")
        await d.type("status:err")
        assert "status:errored" in d.lines[1]
        await d.press("right")
        assert d.app.root.rows.query.text == "status:errored"

    drive(script)


def test_a_filter_without_a_match_says_what_to_do():
    async def script(d):
        await d.press("/")
        await d.type("nothinglikethis")
        assert "matches nothinglikethis" in d.text
        assert "esc clears the filter" in d.text

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


def test_changed_rows_carry_a_mark_until_the_next_poll():
    async def script(d):
        waiting = next(
            d.app.root.rows.view.row(i).id
            for i in range(30)
            if d.app.root.rows.view.row(i).status == "waiting"
        )
        await change(d, "terminate", waiting)
        assert "•" in row(d, waiting)
        await d.passes(7)
        assert "•" not in row(d, waiting)

    drive(script)


def test_q_and_ctrl_c_at_the_root_leave_with_zero():
    for key in ("q", "ctrl+c"):

        async def script(d, key=key):
            await d.press(key)
            assert d.app.return_code == 0

        drive(script)


def test_moving_goes_to_both_ends_and_half_pages():
    async def script(d):
        table = d.app.root.table
        await d.press("ctrl+d")
        assert table.cursor == table.page // 2
        await d.press("G")
        assert table.cursor == table.row_count() - 1
        await d.press("ctrl+u")
        assert table.cursor == table.row_count() - 1 - table.page // 2
        await d.press("g")
        assert table.cursor == 0

    drive(script)


def test_older_rows_are_asked_for_when_the_end_comes_near():
    async def script(d):
        loaded = d.app.root.table.row_count()
        await d.press("G")
        await d.until(lambda: d.app.root.table.row_count() > loaded)

    drive(script)


def test_workflow_without_a_script_offers_no_create():
    async def main():
        world = build("calm", clock=asyncio.get_running_loop().time)
        async with opened(world=world, workflow="legacy-import") as d:
            await d.until(lambda: "Its Worker script was deleted: it cannot run." in d.text)
            assert "c creates one" not in d.text

    simulate(main())


def test_deleted_row_goes_at_the_next_key():
    async def script(d):
        table, store, orders = d.app.root.table, d.app.session.poller.store, d.world.workflows["orders"]
        waiting = [identity for identity in table.view.ids() if store.get(identity).status == "waiting"][:2]
        table.move_to_key(waiting[0])
        orders.forget(orders.by_id[waiting[0]])
        await d.until(lambda: store.note(waiting[0]) == GONE)
        assert row(d, waiting[0])
        await d.press("k")
        await d.until(lambda: waiting[0] not in table.view.ids())
        table.move_to_key(waiting[1])
        await d.press("instance.pause")
        orders.forget(orders.by_id[waiting[1]])
        await d.until(lambda: "was waiting, now deleted or expired: nothing sent" in d.text)

    drive(script, size=(140, 40))


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
