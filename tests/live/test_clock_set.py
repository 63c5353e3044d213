"""A clock that is set while the dashboard runs: it goes on asking, and no age is told too low."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.clocks.simulated_time import simulate
from wfdash.api.errors import NotReached
from wfdash.api.interface import Exchange
from wfdash.live.actions.follow import Follower
from wfdash.live.actions.reread import Snapshot
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import Priority
from wfdash.live.budget.shared_counter import SharedCounter
from wfdash.live.polling.job import Job
from wfdash.live.polling.scheduler import Scheduler


class Asking(Job):
    def __init__(self):
        super().__init__(3.0)
        self.asked = 0

    async def ask(self):
        self.asked += 1


@pytest.mark.parametrize("by", [-2, -30, -100, -3600, 30, 86400])
def test_polls_go_on_at_their_pace_and_stay_fresh(by):
    async def script():
        loop, ahead, job = asyncio.get_running_loop(), 0.0, Asking()

        def clock():
            return loop.time() + ahead

        scheduler = Scheduler(
            lambda: [job], clock=clock, budget=Budget(clock=clock), settled=lambda settled: None
        )
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(31)
        before = job.asked
        ahead = by
        await asyncio.sleep(1.5)  # the clock is looked at each second
        age = clock() - job.freshness.answered_at
        await asyncio.sleep(28.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert before == 11
        assert 9 <= job.asked - before <= 12
        assert 0 <= age <= 4

    simulate(script())


class Clocks:
    """One that is set, and one that nobody sets."""

    def __init__(self):
        self.passed, self.ahead = 1_000.0, 1_800_000_000.0

    def wall(self):
        return self.passed + self.ahead

    def steady(self):
        return self.passed


def refused(retry_after):
    return Exchange(0.0, "list", "GET", "/", 429, 5.0, 0, "", "", "", retry_after, "")


@pytest.mark.parametrize("by", [-86400, -3600, -100, 100, 3600])
@pytest.mark.parametrize("shared", [False, True])
def test_a_rest_lasts_as_long_as_the_server_asked_for(by, shared, tmp_path):
    clocks = Clocks()

    def budget():
        counter = SharedCounter(tmp_path / "spent.json") if shared else None
        return Budget(clock=clocks.wall, steady=clocks.steady, counter=counter)

    budgets = [budget(), budget()]
    assert [each.take(Priority.VISIBLE) for each in budgets] == [0.0, 0.0]
    budgets[0].saw(refused(40.0))
    for each in budgets:
        each.take(Priority.VISIBLE)
    clocks.passed += 10
    clocks.ahead += by
    assert budgets[0].take(Priority.VISIBLE) == pytest.approx(30)
    assert budgets[0].frozen_until == pytest.approx(clocks.wall() + 30)
    assert budgets[1].take(Priority.VISIBLE) == pytest.approx(30 if shared else 0)
    clocks.passed += 31
    assert budgets[0].take(Priority.VISIBLE) == 0.0
    clocks.passed += 1
    budgets[0].saw(replace(refused(None), http=200))
    assert budgets[1].take(Priority.VISIBLE) == 0.0


@pytest.mark.parametrize("by", [-86400, -3600, -100, 100, 3600])
@pytest.mark.parametrize("shared", [False, True])
def test_what_the_server_said_is_left_holds_as_long_as_it_said(by, shared, tmp_path):
    clocks = Clocks()

    def budget():
        counter = SharedCounter(tmp_path / "spent.json") if shared else None
        return Budget(clock=clocks.wall, steady=clocks.steady, counter=counter)

    first, other = budget(), budget()
    answer = refused(None)
    first.saw(
        replace(answer, http=200, ratelimit='"default";r=900;t=40', ratelimit_policy='"default";q=1200')
    )
    for each in (first, other):
        each.take(Priority.VISIBLE)
    clocks.passed += 10
    clocks.ahead += by
    assert (first.server_left.remaining, first.server_left.reset) == (900, pytest.approx(30))
    assert (other.server_left == first.server_left) is shared
    clocks.passed += 31
    assert (first.server_left, other.server_left) == (None, None)


@pytest.mark.parametrize("by", [-3600, 3600])
def test_bucket_and_action_count_go_at_the_same_pace(by):
    clocks = Clocks()
    budget = Budget(clock=clocks.wall, steady=clocks.steady)
    while not budget.take(Priority.VISIBLE):
        pass
    spent = budget.meter
    clocks.ahead += by
    assert 0 < budget.take(Priority.VISIBLE) < 2
    assert budget.meter == spent
    clocks.passed += 316
    assert budget.take(Priority.FOREGROUND) == 0
    assert budget.meter[0] == 1


class Unreachable:
    async def read(self, identity, *, expect, max_age):
        raise NotReached("no route")


@pytest.mark.parametrize("by", [-3600, 3600])
def test_action_is_followed_to_its_deadline_whatever_the_clock(by):
    clocks, pauses = Clocks(), []

    async def sleep(seconds):
        clocks.passed += seconds
        clocks.ahead += by if not pauses else 0
        pauses.append(seconds)

    async def script():
        follower = Follower(Unreachable(), clocks.steady, sleep)
        before = Snapshot("running", 0.0, "")
        began = clocks.passed
        followed = await follower.follow(
            "a", "pause", before=before, answered="", on_status=lambda status: None
        )
        assert followed.outcome == "unknown"
        assert 60 <= clocks.passed - began < 62

    asyncio.run(script())
