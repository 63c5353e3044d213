"""What is stuck or odd is kept up as rows change and instances are read."""

import pytest

from wfdash.core.history.count_history import Trends
from wfdash.core.model.detail import read_detail
from wfdash.core.model.workflow import Workflow
from wfdash.core.why.context import WhyContext
from wfdash.live.feeds.anomalies import Anomalies
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.polling.context import FeedContext

BEGAN = 1_795_255_200.0
"""2026-11-21T10:00:00Z."""


class Quiet:
    local = False


class Kept:
    """Instances that run without an open step, and the anomalies among them."""

    def __init__(self, number):
        self.now = BEGAN + 3600
        self.context = FeedContext(Quiet(), lambda: self.now, lambda event: None, workflow="orders")
        self.details = RowDetails(
            self.context, lambda detail: WhyContext(), missed=lambda: (), opened=lambda: None
        )
        self.anomalies = Anomalies(self.context, self.details)
        for identity in map(str, range(number)):
            self.list(identity, "running")
            self.read(identity)

    def list(self, identity, status, **more):
        item = {"id": identity, "status": status, "created_on": "2026-11-21T10:00:00Z", **more}
        self.context.number += 1
        self.anomalies.follow(self.context.store.apply([item], seq=self.context.number, now=self.now))

    def read(self, identity, *steps):
        answer = {"status": "running", "start": "2026-11-21T10:00:00Z", "steps": list(steps)}
        self.details.remember(read_detail("orders", identity, answer))

    def found(self):
        return {(odd.id, odd.kind) for odd in self.anomalies.found(Trends(), None)}


def test_each_instance_that_was_read_has_its_turn():
    kept = Kept(450)
    assert [len(kept.found()) for _ in range(4)] == [200, 400, 450, 450]


def test_what_ended_or_was_read_again_is_odd_no_longer():
    kept = Kept(3)
    assert len(kept.found()) == 3
    kept.list("0", "complete")
    kept.read(
        "1",
        {"type": "sleep", "name": "nap-1", "start": "2026-11-21T10:59:00Z", "end": "2026-11-21T12:00:00Z"},
    )
    assert kept.found() == {("2", "stuck")}


def test_what_was_read_is_judged_again_as_time_goes_by():
    kept = Kept(0)
    kept.now = BEGAN + 60
    kept.list("0", "running")
    kept.read("0")
    assert kept.found() == set()
    kept.now = BEGAN + 3600
    assert kept.found() == set(), "the answer is an hour old"
    assert kept.anomalies.suspects == ["0"]
    kept.read("0")
    assert kept.found() == {("0", "stuck")}


def test_what_turns_out_to_be_usual_is_odd_no_longer():
    kept = Kept(0)
    charge = {"type": "step", "name": "charge-1", "start": "2026-11-21T10:59:00Z"}

    def ended(number, seconds):
        minutes, rest = divmod(seconds, 60)
        end = f"2026-11-21T10:{10 + minutes}:{rest:02d}Z"
        return {**charge, "start": "2026-11-21T10:10:00Z", "end": end, "success": seconds < 60}

    for number in range(6):
        kept.list(f"ended-{number}", "complete")
        kept.read(f"ended-{number}", ended(number, 2))
    kept.list("0", "running")
    kept.read("0", charge)
    assert kept.found() == {("0", "slow step")}
    for number in range(6, 20):
        kept.list(f"ended-{number}", "errored")
        kept.read(f"ended-{number}", ended(number, 102))
    assert kept.found() == set(), "most take longer, as was read a moment after"


@pytest.mark.parametrize(("after", "found"), [("waitingForPause", {("0", "pausing")}), ("paused", set())])
def test_a_pause_that_does_not_come_is_found_from_the_list(after, found):
    kept = Kept(0)
    kept.list("0", "waitingForPause", modified_on="2026-11-21T10:00:00Z")
    kept.list("0", after, modified_on="2026-11-21T10:00:00Z")
    assert kept.found() == found


def test_another_workflow_begins_without_any():
    kept = Kept(3)
    kept.found()
    kept.details.reset()
    kept.anomalies.reset()
    assert kept.found() == set()


@pytest.mark.parametrize(("read", "kinds"), [(False, set()), (True, {("", "queue")})])
def test_queue_beside_free_slots_is_told_by_its_limit(read, kinds):
    kept, trends = Kept(0), Trends()
    kept.details = RowDetails(
        kept.context, lambda detail: WhyContext(allowed=30), missed=lambda: (), opened=lambda: None
    )
    kept.anomalies = Anomalies(kept.context, kept.details)
    for minute in range(5):
        trends.saw([Workflow("orders", counts={"queued": 1, "running": 3})], kept.now + 60 * minute)
    kept.list("0", "queued")
    if read:
        kept.details.remember(read_detail("orders", "0", {"status": "queued", "steps": []}))
    assert {(odd.id, odd.kind) for odd in kept.anomalies.found(trends, None)} == kinds
