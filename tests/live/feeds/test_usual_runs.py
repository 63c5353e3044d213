"""When the past runs are read that an open instance is held against."""

import asyncio

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import asked, stage
from wfdash.core.history.usual_run import LEAST_SAMPLES
from wfdash.core.model.detail import read_detail
from wfdash.live.feeds.usual_runs import UsualRuns
from wfdash.live.polling.context import FeedContext


def test_usual_runs_are_read_seconds_after_an_opening():
    async def story():
        async with stage("incident") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 300)
            rows = list(poller.store)
            opened = next(row.id for row in rows if row.status == "waiting" and row.version)
            # None of them tells of a success, and there are more than the budget reads in a minute.
            poller.want([row.id for row in rows if row.status == "waiting"])
            await on.until(lambda: poller.row_details.progress[0] > 60)
            poller.open(opened)
            await on.until(lambda: (state := poller.detail(opened)) is not None and state.detail)
            detail = poller.detail(opened).detail

            def samples():
                usual = poller.usual_run(detail)
                return len(usual.samples) if usual is not None else 0

            await on.until(lambda: samples() >= LEAST_SAMPLES, within=30)

    simulate(story())


def first_reads(on, ids):
    """When each of these instances was read for the first time."""
    reads = {}
    for request in asked(on, "/instances/"):
        reads.setdefault(request.path.rpartition("/")[2], request.at)
    return [at for identity, at in reads.items() if identity in ids]


def test_usual_runs_wait_for_unread_rows_beside_the_detail():
    async def story():
        async with stage("incident") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: any(row.status == "complete" for row in poller.store))
            waiting = [row.id for row in poller.store if row.status == "waiting" and row.version][:30]
            complete = {row.id for row in poller.store if row.status == "complete"}
            poller.want(waiting)
            poller.open(waiting[0], beside=True)
            await on.until(lambda: first_reads(on, complete))
            assert len(first_reads(on, waiting)) == 30
            assert max(first_reads(on, waiting)) <= min(first_reads(on, complete))

    simulate(story())


def test_usual_runs_are_looked_for_once_a_second(monkeypatch):
    """The poller's turns are some ten a second, and each look goes through all rows that are loaded."""
    looks = []
    next_run = UsualRuns._next
    monkeypatch.setattr(UsualRuns, "_next", lambda self, now: looks.append(now) or next_run(self, now))

    async def story():
        async with stage("incident") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 300)
            waiting = [row.id for row in poller.store if row.status == "waiting"]
            poller.want(waiting)
            poller.open(waiting[0])
            await on.until(lambda: poller.detail(waiting[0]) is not None)
            looks.clear()
            on.unreachable = True
            await asyncio.sleep(20)
            assert 0 < len(looks) <= 21

    simulate(story())


def test_runs_of_versions_long_gone_are_forgotten():
    runs = UsualRuns(FeedContext(None, float, print), opened=lambda: None, waits=lambda: False)
    for version in range(30):
        for number in range(70):
            answer = {"status": "complete", "versionId": f"v{version}", "steps": []}
            runs.learn(read_detail("orders", f"i{number}", answer))
    assert [*runs._runs] == [f"v{version}" for version in range(22, 30)]
    assert {len(each) for each in runs._runs.values()} == {60}
