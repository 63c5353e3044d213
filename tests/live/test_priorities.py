"""What is asked before what, and that putting it in order changes nothing by itself."""

import pytest

from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.job import Job
from wfdash.live.priorities import Feeds, order

NOW = 1_700_000_000.0


class Server:
    local = False


@pytest.fixture
def feeds():
    context = FeedContext(Server(), lambda: NOW, lambda event: None, workflow="orders")
    rows = [{"id": identity, "status": "running", "created_on": "2026-11-21T10:00:00Z"} for identity in "ab"]
    context.store.apply(rows, seq=1, now=NOW)
    return Feeds(context, 3.0)


def before(feeds, first, second):
    jobs = list(order(feeds, NOW))
    return jobs.index(first) < jobs.index(second)


def test_order_holds_every_feed_that_asks_and_each_once(feeds):
    jobs = order(feeds, NOW)
    asking = {job for job in vars(feeds).values() if isinstance(job, Job)}
    assert set(jobs) == asking | set(feeds.error_samples.beside)
    assert len(set(jobs)) == len(jobs)


def test_open_detail_goes_before_the_list_until_that_is_late(feeds):
    assert before(feeds, feeds.detail, feeds.newest)
    feeds.newest.waits_since = NOW - feeds.newest.patience - 1
    assert before(feeds, feeds.newest, feeds.detail)


def test_rows_that_were_never_read_go_before_the_sweep(feeds):
    assert before(feeds, feeds.sweep, feeds.row_details)
    feeds.row_details.wanted = ("a",)
    assert before(feeds, feeds.row_details, feeds.sweep)


def test_row_that_the_sweep_missed_goes_before_the_next_sweep(feeds):
    feeds.row_details.watched = ("b",)
    feeds.sweep.missed = {"b"}
    assert feeds.row_details.urgent == "b"
    assert before(feeds, feeds.row_details, feeds.sweep)


def test_order_changes_no_feed(feeds):
    feeds.newest.complete_at = 7
    feeds.row_details.wanted = ("a",)
    state = [vars(job).copy() for job in order(feeds, NOW)]
    assert [vars(job) for job in order(feeds, NOW)] == state
