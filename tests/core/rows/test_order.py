"""TOOK is sorted and filtered by as it is shown, and statuses with what is worst first."""

import pytest

from wfdash.core.filter.query import parse
from wfdash.core.model.times import iso
from wfdash.core.rows.order import Order
from wfdash.core.rows.store import GONE, Store
from wfdash.core.rows.view import TableView

NOW = 1.8e9


def item(identity, status, started, ended=None):
    times = {"started_on": started and iso(NOW - started), "ended_on": ended and iso(NOW - ended)}
    return {"id": identity, "status": status, "created_on": iso(NOW - 5000), **times}


def stored():
    store = Store()
    rows = [
        item("short run", "running", 10),
        item("long run", "running", 900),
        item("soon gone", "running", 20),
        item("ended", "complete", 100, 70),
        item("ended untold", "complete", 100),
        item("not begun", "queued", None),
    ]
    store.apply(rows, seq=1, now=NOW)
    return store


@pytest.mark.parametrize("reverse", [False, True])
def test_status_that_came_after_this_version_sorts_first(reverse):
    """Nobody knows how bad it is: whoever looks for trouble has to see it."""
    store = Store()
    statuses = ["complete", "running", "hibernating", "errored", "paused", "terminated", "queued"]
    store.apply([item(status, status, 10) for status in statuses], seq=1, now=NOW)
    view = TableView(store, order=Order("status", reverse), clock=lambda: NOW)
    worst = view.ids()[::-1] if reverse else view.ids()
    assert worst[:2] == ["hibernating", "errored"]
    assert worst[-1] == "complete"


def test_what_is_gone_stands_until_rows_may_move():
    store = stored()
    view = TableView(store, order=Order("took"), clock=lambda: NOW)
    running = ["long run", "soon gone", "short run"]
    untold = ["not begun", "ended untold"]
    assert view.ids() == [*running, "ended", *untold]
    view.update(store.doubt(["soon gone"], GONE), hold=True)
    assert view.ids() == [*running, "ended", *untold]
    assert view.ghosts == {"soon gone"}
    view.settle()
    assert view.ids() == ["long run", "short run", "ended", *untold]


def test_what_is_gone_does_not_grow_into_a_filter():
    store = stored()
    store.doubt(["soon gone"], GONE)
    matches = parse("dur>1m").matcher(NOW + 3600)
    assert [row.id for row in store if matches(row)] == ["short run", "long run"]
