"""The view against the naive way: filter everything, sort everything."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdash.core.filter.query import parse
from wfdash.core.model.status import STATUSES
from wfdash.core.model.times import iso
from wfdash.core.rows.order import SORT_VALUES, Order
from wfdash.core.rows.store import Store
from wfdash.core.rows.view import TableView

NOW = 1.8e9


def clock():
    return NOW


def naive(store, query, order):
    key = order.key()
    rows = [row for identity in store.ids() if query.match(row := store.get(identity), NOW)]
    return [row.id for row in sorted(rows, key=key, reverse=order.reverse)]


def item(number, status="running", created=0, modified=0):
    return {
        "id": f"i{number}",
        "status": status,
        "created_on": iso(NOW - created),
        "modified_on": None if modified is None else iso(NOW - modified),
    }


ITEMS = st.builds(
    item,
    st.integers(0, 60),
    st.sampled_from([*STATUSES, "brandNew"]),
    st.integers(0, 20),
    st.none() | st.integers(0, 20),
)
PAGES = st.lists(st.lists(ITEMS, max_size=30), max_size=8)
QUERIES = st.sampled_from(["", "status:running", "i1", "status:errored,queued 2", "-status:running"]).map(
    parse
)
ORDERS = st.builds(Order, st.sampled_from(sorted(SORT_VALUES)), st.booleans())


def test_row_that_was_created_anew_waits_to_be_moved():
    store = Store()
    view = TableView(store, parse(""), Order("created", True), clock=clock)
    view.update(store.apply([item(1, created=30), item(2, created=20)], seq=1, now=NOW))
    assert (view.ids(), view.waits) == (["i2", "i1"], False)
    view.update(store.apply([item(1, created=10)], seq=2, now=NOW), hold=True)
    assert (view.ids(), view.arrivals, view.waits) == (["i2", "i1"], set(), True)
    view.settle(ghosts=True)
    assert (view.ids(), view.waits) == (["i1", "i2"], False)


def test_ghost_that_stands_waits_for_nothing():
    store = Store()
    view = TableView(store, parse("status:running"), Order("created", True), clock=clock)
    view.update(store.apply([item(1), item(2)], seq=1, now=NOW))
    view.update(store.apply([item(1, "complete")], seq=2, now=NOW), ghosts=True)
    assert (view.ghosts, view.waits) == ({"i1"}, False)


@settings(deadline=None, max_examples=50)
@given(PAGES, QUERIES, ORDERS)
def test_follows_any_pages(pages, query, order):
    store = Store()
    view = TableView(store, query, order, clock=clock)
    for seq, page in enumerate(pages):
        view.update(store.apply(page, seq=seq, now=NOW))
        assert view.ids() == naive(store, query, order)
        assert [view.index_of(each) for each in view.ids()] == list(range(len(view)))
        assert all(view.index_of(each) is None for each in set(store.ids()) - set(view.ids()))
    assert view.ids() == TableView(store, query, order, clock=clock).ids()


@settings(deadline=None, max_examples=50)
@given(PAGES, QUERIES, ORDERS, st.integers(0, 7))
def test_held_rows_stand_still_until_they_are_settled(pages, query, order, settled):
    store = Store()
    view = TableView(store, query, order, clock=clock)
    for seq, page in enumerate(pages):
        stood = view.ids()
        view.update(store.apply(page, seq=seq, now=NOW), hold=True)
        assert view.ids() == stood
        truth = set(naive(store, query, order))
        assert view.arrivals == truth - set(stood)
        assert view.ghosts == set(stood) - truth
        if seq == settled:
            view.settle()
            assert view.ids() == naive(store, query, order)
            assert not view.arrivals | view.ghosts
    view.settle()
    assert view.ids() == naive(store, query, order)


@settings(deadline=None, max_examples=50)
@given(st.lists(ITEMS, max_size=60), QUERIES, ORDERS, st.lists(ITEMS, max_size=10))
def test_another_query_and_order_while_rows_change(first, query, order, later):
    async def change():
        store = Store()
        view = TableView(store, clock=clock)
        view.update(store.apply(first, seq=1, now=NOW))
        asked = asyncio.gather(view.set_query(query), view.set_order(order))
        await asyncio.sleep(0)
        view.update(store.apply(later, seq=2, now=NOW))
        assert (await asked)[-1]
        assert view.ids() == naive(store, query, order)
        assert not view.building

    asyncio.run(change())


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.lists(ITEMS, max_size=20),
            st.sampled_from(["", "i", "i1", "i12", "i1 status:running", "status:running", "i2 age>5s"]),
            st.booleans(),
        ),
        max_size=6,
    ),
    ORDERS,
)
def test_a_letter_more_shows_what_a_new_look_would(typed, order):
    """Whatever came in between, let in or held, and however many letters go again."""

    async def change():
        store = Store()
        view = TableView(store, order=order, clock=clock)
        for seq, (page, text, hold) in enumerate(typed):
            view.update(store.apply(page, seq=seq, now=NOW), hold=hold)
            assert await view.set_query(parse(text))
            assert view.ids() == naive(store, parse(text), order)

    asyncio.run(change())


def test_letter_more_on_a_filter_that_moves_looks_at_all():
    """What did not match a moment ago may match now: it is not among what was shown for fewer letters."""
    now = [NOW]

    async def change():
        store = Store()
        view = TableView(store, clock=lambda: now[0])
        view.update(store.apply([item(1, created=50), item(2, created=100)], seq=1, now=NOW))
        assert await view.set_query(parse("before:60s"))
        assert view.ids() == ["i2"]
        now[0] += 30
        assert await view.set_query(parse("before:60s i"))
        assert set(view.ids()) == {"i1", "i2"}

    asyncio.run(change())


def test_the_newer_query_takes_over_from_the_older():
    async def change():
        store = Store()
        view = TableView(store, clock=clock)
        view.update(store.apply([item(number) for number in range(9000)], seq=1, now=NOW))
        done = await asyncio.gather(view.set_query(parse("i1")), view.set_query(parse("i12")))
        assert done == [False, True]
        assert view.ids() == naive(store, parse("i12"), Order())

    asyncio.run(change())


def test_the_first_rows_are_drawn_before_all_are_matched():
    async def change():
        store = Store()
        view = TableView(store, clock=clock)
        view.update(store.apply([item(number, created=number) for number in range(9000)], seq=1, now=NOW))
        seen = []
        assert await view.set_query(parse("i1"), progress=lambda: seen.append(view.ids(0, 3)))
        assert seen == [["i1", "i10", "i11"]]

    asyncio.run(change())


def of(number):
    """A row in a pattern: every tenth one errored."""
    return item(number, "errored" if number % 10 == 0 else "complete", created=number % 700)


def test_the_first_rows_are_drawn_before_all_are_sorted():
    async def change(order):
        store = Store()
        view = TableView(store, clock=clock)
        view.update(store.apply(map(of, range(9000)), seq=1, now=NOW))
        seen = []
        assert await view.set_order(order, progress=lambda: seen.append(view.ids()))
        wanted = naive(store, parse(""), order)
        assert view.ids() == wanted
        (first,) = seen
        assert 0 < len(first) < 9000
        assert first == wanted[: len(first)]
        assert all(view.index_of(each) == index for index, each in enumerate(wanted))

    for order in (Order("status", False), Order("status"), Order("id", False), Order("created")):
        asyncio.run(change(order))


@pytest.mark.parametrize("turns", [1, 6])
def test_a_sort_that_is_given_up_leaves_the_rows_whole(turns):
    async def change():
        store = Store()
        view = TableView(store, clock=clock)
        view.update(store.apply(map(of, range(9000)), seq=1, now=NOW))
        sorting = asyncio.create_task(view.set_order(Order("status", False)))
        for _ in range(turns):
            await asyncio.sleep(0)
        sorting.cancel()
        await asyncio.gather(sorting, return_exceptions=True)
        assert sorting.cancelled()
        view.update(store.apply([of(9000)], seq=2, now=NOW))
        assert view.ids() == naive(store, parse(""), Order())
        assert await view.set_order(Order("id", False))
        assert view.ids() == naive(store, parse(""), Order("id", False))

    asyncio.run(change())


def test_a_change_that_keeps_its_place_is_not_moved_or_lost():
    store = Store()
    view = TableView(store, clock=clock)
    view.update(store.apply([item(1), item(2, created=5)], seq=1, now=NOW))
    view.update(store.apply([item(2, "errored", created=5)], seq=2, now=NOW))
    assert view.ids() == ["i1", "i2"]
    assert view.row(1).status == "errored"


@given(PAGES, QUERIES, ORDERS)
def test_ghosts_stand_while_arrivals_go_in(pages, query, order):
    store = Store()
    view = TableView(store, query, order, clock=clock)
    for seq, page in enumerate(pages):
        stood = set(view.ids())
        view.update(store.apply(page, seq=seq, now=NOW), ghosts=True)
        truth = set(naive(store, query, order))
        assert set(view.ids()) == truth | stood
        assert view.ghosts == stood - truth
    view.settle()
    assert view.ids() == naive(store, query, order)


@given(PAGES, QUERIES, ORDERS)
def test_dismissed_ghosts_return_when_they_match_again(pages, query, order):
    store = Store()
    view = TableView(store, query, order, clock=clock)
    for seq, page in enumerate(pages):
        view.update(store.apply(page, seq=seq, now=NOW), hold=True)
        stood, arrivals = view.ids(), set(view.arrivals)
        view.dismiss()
        truth = set(naive(store, query, order))
        assert view.ids() == [each for each in stood if each in truth]
        assert view.arrivals == arrivals
    view.settle()
    assert view.ids() == naive(store, query, order)


@given(PAGES, QUERIES, ORDERS, st.integers(0, 30))
def test_rows_below_the_screen_come_in_without_moving_it(pages, query, order, bottom):
    store = Store()
    view = TableView(store, query, order, clock=clock)
    half = len(pages) // 2
    for seq, page in enumerate(pages[:half]):
        view.update(store.apply(page, seq=seq, now=NOW))
    for seq, page in enumerate(pages[half:], half):
        view.update(store.apply(page, seq=seq, now=NOW), hold=True, ghosts=True)
        before = view.ids(0, bottom + 1)
        view.settle_below(bottom)
        assert view.ids(0, len(before)) == before
    view.settle()
    assert view.ids() == naive(store, query, order)


def test_rows_that_do_not_match_wait_for_no_quiet_moment():
    store = Store()
    view = TableView(store, parse("status:running"), clock=clock)
    view.update(store.apply([item(n, created=n) for n in range(3)], seq=1, now=NOW))
    older = [item(n, "complete", created=n) for n in range(10, 300)]
    view.update(store.apply([*older, item(300, created=300)], seq=2, now=NOW), hold=True)
    view.settle_below(2)
    assert view.ids() == ["i0", "i1", "i2", "i300"]
    moved, insert = [], view._rows.insert
    view._rows.insert = lambda rows, matching: moved.extend(rows) or insert(rows, matching)
    view.settle()
    assert moved == []
    view.update(store.apply([item(20, created=20)], seq=3, now=NOW))
    assert view.ids() == ["i0", "i1", "i2", "i20", "i300"]


def test_older_rows_come_in_under_a_cursor_at_the_end():
    store = Store()
    view = TableView(store, clock=clock)
    view.update(store.apply([item(n, created=n) for n in range(3)], seq=1, now=NOW))
    view.update(store.apply([item(n, created=n - 5) for n in (3, 9)], seq=2, now=NOW), hold=True)
    view.settle_below(2)
    assert view.ids() == ["i0", "i1", "i2", "i9"]
    assert view.arrivals == {"i3"}
