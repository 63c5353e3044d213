"""No row moves under the hand: arrivals wait, what left stands, the cursor is on its instance."""

import asyncio

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import drive, opened
from tests.ui.instances.list_steps import arrive, change, row
from wfdash.core.rows.store import GONE


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


def test_what_is_read_while_at_the_last_row_has_no_gaps():
    """An old row that still waits is known before those between: they were held as new, and left gaps."""

    async def script(d):
        await d.press("G")
        await d.until(lambda: d.app.session.poller.history.complete)
        await d.passes(1)
        table, view = d.app.root.table, d.app.root.rows.view
        assert len(view.arrivals) < 5, "what came since"
        assert table.cursor >= len(view) - 3, "older rows may have come under it"
        created = [view.row(number).created for number in range(len(view))]
        assert created == sorted(created, reverse=True)

    in_incident(script)


def test_rows_that_are_read_late_are_not_called_new():
    async def script(d):
        await d.press("o", "j", "j")
        d.app.session.poller.load_more()
        await d.until(lambda: d.app.root.rows.view.arrivals, 20)
        assert " more, n" in d.lines[-1]
        assert " new, n" not in d.lines[-1]

    in_incident(script)


def in_incident(script):
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=(80, 24)) as dashboard:
            await dashboard.until(lambda: dashboard.app.root.table.row_count() > 50)
            await script(dashboard)

    simulate(main())


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
        assert chosen in table.view.ghosts
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
