"""When a row on screen is read again, and what is said of it until then."""

import pytest
from msgspec.structs import replace

from wfdash.core.model.detail import read_detail
from wfdash.core.model.times import iso
from wfdash.core.why.context import WhyContext
from wfdash.core.why.session_times import SessionTimes
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.polling.context import FeedContext

NOW = 1_795_255_200.0
DELAY = 40


class Server:
    def __init__(self, local):
        self.local = local


class Row:
    """One running row whose step failed and is tried again 40 s after that."""

    def __init__(self, *, local=False):
        self.now = NOW
        self.context = FeedContext(Server(local), lambda: self.now, lambda event: None, workflow="orders")
        self.details = RowDetails(
            self.context, lambda detail: WhyContext(local=local), missed=lambda: (), opened=lambda: None
        )
        item = {"id": "a", "status": "running", "created_on": iso(NOW - 60)}
        self.context.store.apply([item], seq=1, now=NOW)
        self.details.wanted = ("a",)

    def read(self, at, failed_at, recorded_at=None):
        """With `recorded_at` the answer is a record's, of that moment."""
        self.now = at
        attempt = {"start": iso(failed_at - 1), "end": iso(failed_at), "success": False}
        step = {"type": "step", "name": "charge card-1", "start": iso(failed_at - 1), "attempts": [attempt]}
        step["config"] = {"retries": {"limit": 5, "delay": DELAY * 1000, "backoff": "constant"}}
        answer = {"status": "running", "start": iso(NOW - 60), "steps": [step]}
        self.details.remember(replace(read_detail("orders", "a", answer), read_at=recorded_at))

    def due(self):
        return self.details.due(self.now) - self.now


@pytest.mark.parametrize(
    ("read_after", "due"),
    [(10, DELAY - 10 + 0.5), (DELAY + 0.03, 5), (DELAY + 5, 5), (DELAY + 20, 20), (DELAY + 900, 60)],
)
def test_row_is_read_again_soon_after_its_moment(read_after, due):
    row = Row()
    row.read(NOW + read_after, NOW)
    assert row.due() == pytest.approx(due)


def test_row_of_a_session_that_wrote_nothing_is_not_read():
    """What it said holds until something is written; its cell is of now, and its moment has not come."""
    row = Row(local=True)
    row.read(NOW + 20, NOW)
    for passed in (30, 60, 900):
        row.now = NOW + passed
        row.context.session.wrote(passed - 10, row.now)
        assert row.due() > 0
        assert row.details.read_or_held_at("a") == row.now
        assert not row.details.why("a").short.startswith("earlier: ")
    row.now += 5
    row.context.session.wrote(1, row.now)
    assert row.due() <= 0
    assert row.details.read_or_held_at("a") == NOW + 20


def test_row_that_a_reload_cut_is_read_after_a_write():
    """Pause and resume wake it between two lists, which both say that it runs."""
    row = Row(local=True)
    row.details._why_context = lambda detail: WhyContext(
        local=True, session=SessionTimes(NOW + 300, NOW + 300)
    )
    row.read(NOW + 400, NOW)
    row.context.session.wrote(90, row.now)
    assert row.details.why("a").short == "cut by a reload"
    assert row.due() > 0
    row.now += 5
    row.context.session.wrote(1, row.now)
    assert row.due() <= 0


def test_cell_tells_what_was_once_its_moment_has_passed():
    row = Row()
    row.read(NOW + 1, NOW)
    row.now = NOW + DELAY + 3
    assert not row.details.why("a").short.startswith("earlier: ")
    row.now = NOW + DELAY + 30
    assert row.details.why("a").short == "earlier: charge card, retry in ~30s · attempt 1 of 6 failed"
    row.read(NOW + DELAY + 31, NOW)
    assert row.details.why("a").short == "charge card, retry was due 30s ago · attempt 1 of 6 failed"


@pytest.mark.parametrize("status", ["running", "errored"])
def test_what_a_record_holds_of_a_row_is_asked_for_once(status):
    row = Row()
    item = {"id": "a", "status": status, "created_on": iso(NOW - 60), "modified_on": iso(NOW)}
    row.context.store.apply([item], seq=2, now=NOW)
    row.read(NOW, NOW - 50, recorded_at=NOW - 49)
    assert row.due() > 0, "the clock of a record stands: it would be asked for ever"


def test_row_of_another_status_is_read_again_soon():
    row = Row(local=True)
    row.read(NOW, NOW - 1)
    item = {"id": "a", "status": "paused", "created_on": iso(NOW - 60)}
    row.context.store.apply([item], seq=2, now=NOW + 1)
    assert row.details.why("a") is None
    was = row.details.was("a")
    assert (was.short, was.past) == ("earlier: charge card, retry in ~30s · attempt 1 of 6 failed", True)
    assert was.aside == " · attempt 1 of 6 failed", "what goes first goes first of what was, too"
    assert row.due() == pytest.approx(5)


@pytest.mark.parametrize(
    ("status", "was"), [("waiting", "earlier: charge card"), ("complete", None), ("errored", "earlier: ")]
)
def test_row_that_changed_is_read_at_once_and_again_later(status, was):
    row = Row()
    listed = {"id": "a", "created_on": iso(NOW - 60), "modified_on": iso(NOW + 1)}
    row.read(NOW, NOW - 1)
    row.context.store.apply([{**listed, "status": status}], seq=2, now=NOW + 1)
    found = row.details.was("a")
    assert found is None if was is None else found.short.startswith(was)
    assert row.due() == pytest.approx(1)
    row.read(NOW + 2, NOW - 1)
    assert row.due() == pytest.approx(5), "its answer lags behind its row"


def test_row_of_a_quiet_session_rests_as_long_as_it_stood():
    row = Row(local=True)
    row.read(NOW + 30, NOW)
    fact = row.details.fact("a")
    fact.why = replace(fact.why, deadline=None)
    assert row.due() == pytest.approx(15)
    row.context.session.moved_at = NOW - 100
    assert row.due() == pytest.approx(30)
