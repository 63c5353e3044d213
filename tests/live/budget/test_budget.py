"""The budget: how much may go in any window, in which order, and what stops it."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clocks.simulated_time import EPOCH, simulate
from wfdash.api.http.limit_headers import parse_ratelimit, parse_retry_after
from wfdash.api.interface import Exchange
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.headroom import LONG_PACE, MOST, headroom, is_ample, pace_of_screens
from wfdash.live.budget.ledger import (
    ACTIONS,
    QUOTA,
    SLOT,
    WINDOW,
    Priority,
    RequestLedger,
    ServerLeft,
    Spender,
)
from wfdash.live.budget.shared_counter import SharedCounter
from wfdash.live.polling.job import Job
from wfdash.live.polling.scheduler import Scheduler

READS = [Priority.FOREGROUND, Priority.VISIBLE, Priority.ROWS, Priority.SWEEP, Priority.BACKGROUND]
BY_ITSELF = READS[1:]


class Clock:
    def __init__(self):
        self.now = EPOCH

    def __call__(self):
        return self.now


def answered(http=200, *, ratelimit="", policy="", retry_after=None, kind="list", at=EPOCH, method="GET"):
    return Exchange(at, kind, method, "/x", http, 12.0, 100, "ray", ratelimit, policy, retry_after, "")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 20), st.sampled_from(BY_ITSELF)), max_size=400))
def test_no_window_holds_more_than_the_limit(steps):
    clock = Clock()
    budget = Budget(clock=clock)
    taken = []
    for pause, priority in steps:
        clock.now += pause
        while not budget.take(priority):
            taken.append(clock.now)
    for start in taken:
        assert sum(start <= at < start + WINDOW for at in taken) <= 600


def test_the_wait_it_names_is_enough():
    clock = Clock()
    budget = Budget(clock=clock)
    while not budget.take(Priority.SWEEP):
        pass
    clock.now += budget.take(Priority.SWEEP) + 1e-6
    assert budget.take(Priority.SWEEP) == 0


def test_something_is_always_left_for_the_more_urgent():
    budget = Budget(clock=Clock())
    while not budget.take(Priority.BACKGROUND):
        pass
    assert budget.take(Priority.VISIBLE) == 0
    while not budget.take(Priority.VISIBLE):
        pass
    assert budget.take(Priority.FOREGROUND) == 0


def test_what_is_tidied_up_without_asking_is_counted():
    budget = Budget(clock=Clock())
    said = {"ratelimit": '"default";r=1000;t=40', "policy": '"default";q=1200;w=300'}
    budget.saw(answered(kind="tail", method="POST", **said))
    assert budget.meter[0] == 0, "what asked for its turn is not counted twice"
    budget.saw(answered(kind="tail", method="DELETE", **said))
    assert budget.meter[0] == 1
    assert budget.server_left.remaining == 1000, "the server has counted it already"


def test_the_share_sets_the_limit():
    budget = Budget(clock=Clock(), share=0.25)
    assert budget.meter == (0, 300)
    budget.take(Priority.VISIBLE)
    assert budget.meter == (1, 300)


@pytest.mark.parametrize(
    ("left", "may"),
    [(900, READS), (599, READS[:4]), (470, READS[:2]), (407, READS[:1]), (400, [])],
)
def test_what_is_left_of_the_quota_decides_who_may(left, may):
    clock = Clock()
    budget = Budget(clock=clock)
    budget.saw(answered(ratelimit=f'"default";r={left};t=40', policy='"default";q=1200;w=300'))
    assert [each for each in reversed(READS) if not budget.take(each)] == may[::-1]
    clock.now += 41.0
    assert budget.server_left is None
    assert budget.take(Priority.BACKGROUND) == 0


def test_requests_of_others_are_what_the_server_counts_more():
    clock = Clock()
    budget = Budget(clock=clock)
    for _ in range(10):
        assert not budget.take(Priority.FOREGROUND)
    budget.saw(answered(ratelimit='"default";r=1190;t=40', policy='"default";q=1200;w=300'))
    assert budget.elsewhere == 0
    budget.saw(answered(ratelimit='"default";r=900;t=40', policy='"default";q=1200;w=300'))
    assert not budget.take(Priority.FOREGROUND)
    assert budget.elsewhere == 290
    clock.now += 60
    assert budget.elsewhere == 0


def test_it_tells_for_how_long_nothing_is_read():
    clock = Clock()
    budget = Budget(clock=clock)
    assert budget.held_for == 0
    budget.saw(answered(ratelimit='"default";r=401;t=40', policy='"default";q=1200;w=300'))
    assert budget.held_for == 0
    budget.saw(answered(ratelimit='"default";r=400;t=40', policy='"default";q=1200;w=300'))
    assert budget.held_for == 40
    clock.now += 15
    assert budget.held_for == budget.take(Priority.FOREGROUND) == 25
    clock.now += 24.9
    assert budget.held_for == budget.take(Priority.FOREGROUND) == 0.5, "two clocks tell of one moment"
    clock.now -= 24.9
    budget.saw(answered(429, retry_after=120.0))
    assert budget.held_for == 120
    clock.now += 120
    assert budget.held_for == 0


def test_refusal_freezes_reads_as_long_as_it_says_not_actions():
    async def refused():
        loop = asyncio.get_running_loop()
        budget = Budget(clock=loop.time)
        budget.saw(answered(429, retry_after=120.0))
        assert budget.frozen_until == loop.time() + 120
        assert budget.take(Priority.FOREGROUND) == pytest.approx(120)
        before = loop.time()
        await budget.acquire_action()
        assert loop.time() == before
        await budget.acquire(Priority.FOREGROUND)
        assert loop.time() == pytest.approx(before + 120, abs=0.1)
        assert budget.frozen_until is None

    simulate(refused())


def test_refusals_without_a_time_wait_longer_each_time():
    clock = Clock()
    waits = []
    budget = Budget(clock=clock, chance=lambda: 1.0)
    for _ in range(6):
        budget.saw(answered(429))
        waits.append(budget.frozen_until - clock.now)
        clock.now = budget.frozen_until + 1
    assert waits == sorted(waits)
    assert waits[0] >= 15
    assert waits[-1] == 300
    budget.saw(answered(200))
    budget.saw(answered(429))
    assert budget.frozen_until - clock.now == waits[0]


@pytest.mark.parametrize(("chance", "rests"), [(0.0, 15), (0.5, 22.5), (1.0, 30)])
def test_guessed_pause_is_never_the_same_in_two_processes(chance, rests):
    """Or all would come back in one moment, and be refused together again."""
    budget = Budget(clock=Clock(), chance=lambda: chance)
    budget.saw(answered(429))
    assert budget.held_for == rests


@pytest.mark.parametrize("moved", [2.5, -2.5, 3600.0, -3600.0])
def test_clock_that_is_set_makes_no_wait_longer(moved):
    clock, steady = Clock(), Clock()
    budget = Budget(clock=clock, steady=steady)
    budget.saw(answered(429, retry_after=120.0))
    assert budget.take(Priority.VISIBLE, "list") == 120
    assert [waiting.since for waiting in budget.waiting] == [EPOCH]
    clock.now += moved
    assert not budget.slow("list")
    assert budget.take(Priority.VISIBLE, "list") == 120
    assert [waiting.since for waiting in budget.waiting] == [clock.now]


def test_refusals_of_one_moment_are_one_refusal():
    clock = Clock()
    budget = Budget(clock=clock, chance=lambda: 1.0)
    for _ in range(9):
        budget.saw(answered(429))
        clock.now += 0.01
    assert budget.held_for <= 30
    clock.now += 31
    budget.saw(answered(429))
    assert budget.held_for == 60


@pytest.mark.parametrize("retry_after", [0.0, 0.4])
def test_pause_of_no_time_grows_while_it_is_refused(retry_after):
    clock = Clock()
    budget, rests = Budget(clock=clock, chance=lambda: 1.0), []
    for _ in range(4):
        budget.saw(answered(429, retry_after=retry_after))
        rests.append(budget.held_for)
        assert budget.rest_is_guessed
        clock.now += budget.held_for + 1
    assert rests == [2, 4, 8, 16]
    budget.saw(answered(200))
    budget.saw(answered(429, retry_after=retry_after))
    assert budget.held_for == 2


def test_guessed_pause_ends_with_an_answer(tmp_path):
    """What went before it may still be answered, and shows nothing."""
    clock = Clock()
    path = tmp_path / "spent.json"
    first, second, third = (Budget(clock=clock, counter=SharedCounter(path)) for _ in range(3))
    first.saw(answered(429))
    clock.now += 0.005
    first.saw(answered(200))
    assert first.frozen_until is not None
    clock.now += 2
    assert second.rest_is_guessed
    assert third.frozen_until is not None
    second.saw(answered(200, method="PATCH"))
    assert second.frozen_until is None
    clock.now += 1
    assert third.take(Priority.FOREGROUND) == 0
    assert first.frozen_until is None
    assert first.take(Priority.FOREGROUND) == second.take(Priority.FOREGROUND) == 0


def test_pause_that_was_told_outlasts_what_is_answered_in_it():
    clock = Clock()
    budget = Budget(clock=clock)
    budget.saw(answered(429, retry_after=30.0))
    clock.now += 2
    budget.saw(answered(200, method="PATCH"))
    assert budget.held_for == 28
    assert not budget.rest_is_guessed


@pytest.mark.parametrize("answer", [200, 404, 403, 429, None])
def test_one_read_goes_first_after_a_pause(tmp_path, answer):
    clock = Clock()
    budgets = [Budget(clock=clock, counter=SharedCounter(tmp_path / "spent.json")) for _ in range(3)]
    budgets[0].saw(answered(429, retry_after=20.0))
    clock.now += 20.1
    assert sum(not budget.take(priority) for budget in budgets for priority in READS) == 1
    clock.now += 1
    if answer:
        budgets[1].saw(answered(answer))
    else:
        clock.now += 5  # the one that went may have been stopped
    went = sum(not budget.take(Priority.FOREGROUND) for budget in budgets)
    assert went == {200: 3, 404: 3, None: 1}.get(answer, 0)


def test_actions_have_a_count_of_their_own():
    async def many():
        loop = asyncio.get_running_loop()
        budget = Budget(clock=loop.time)
        before = loop.time()
        for _ in range(ACTIONS):
            await budget.acquire_action()
        assert loop.time() == before
        await budget.acquire_action()
        assert before + WINDOW <= loop.time() <= before + WINDOW + 16
        assert budget.meter[0] == 0

    simulate(many())


def test_the_last_200_requests_are_kept():
    budget = Budget(clock=Clock())
    for number in range(300):
        budget.saw(answered(kind="get" if number % 3 else "list"))
    assert len(budget.requests) == 200


@pytest.mark.parametrize(
    ("ratelimit", "policy", "expected"),
    [
        ('"default";r=50;t=30', '"default";q=100;w=60', (50, 100, 30)),
        ('"a";r=50;t=30, "b";r=4;t=9', '"b";q=10;w=1, "a";q=100;w=60', (4, 10, 9)),
        ("default;r=7;t=3", "", (7, 1200, 3)),
        ('"default"; t=30; r=50', '"default"; w=60; q=200', (50, 200, 30)),
    ],
)
def test_rate_limit_headers(ratelimit, policy, expected):
    left = parse_ratelimit(ratelimit, policy)
    assert (left.remaining, left.quota, left.reset) == expected


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_survived(left, other):
    parse_ratelimit(left, other)
    wait = parse_retry_after(left, other, EPOCH)
    assert wait is None or wait >= 0


def test_retry_after_may_be_a_date():
    assert parse_retry_after("Fri, 15 Jan 2027 08:02:00 GMT", "", EPOCH) == 120
    assert parse_retry_after("Fri, 15 Jan 2027 07:02:00 GMT", "", EPOCH) == 0


def test_processes_share_one_bucket(tmp_path):
    clock, path = Clock(), tmp_path / "spent.json"
    budgets = [Budget(clock=clock, counter=SharedCounter(path)) for _ in range(3)]
    taken = []
    for _ in range(1200):
        clock.now += 0.5
        taken += [clock.now for budget in budgets if not budget.take(Priority.VISIBLE)]
    for start in taken:
        assert sum(start <= at < start + WINDOW for at in taken) <= 600 + 3
    assert sum(at >= taken[-1] - WINDOW for at in taken) > 500
    assert abs(budgets[0].meter[0] - sum(at > clock.now - WINDOW for at in taken)) < 30


def test_a_process_that_starts_late_finds_what_was_spent(tmp_path):
    clock, path = Clock(), tmp_path / "spent.json"
    first = Budget(clock=clock, counter=SharedCounter(path))
    while clock.now < EPOCH + 280:
        clock.now += 0.25
        first.take(Priority.VISIBLE)
    late = Budget(clock=clock, counter=SharedCounter(path))
    assert late.meter[0] > 500


def test_late_process_is_not_held_by_old_spending(tmp_path):
    clock, path = Clock(), tmp_path / "spent.json"
    for _ in range(90):
        clock.now += 2
        subject = Budget(clock=clock, counter=SharedCounter(path))
        assert subject.take(Priority.VISIBLE) == 0
    assert Budget(clock=clock, counter=SharedCounter(path)).meter[0] == 90


def test_processes_find_the_bucket_as_the_others_left_it(tmp_path):
    clock, path = Clock(), tmp_path / "spent.json"
    first = SharedCounter(path)
    subject = Budget(clock=clock, counter=first)
    while not subject.take(Priority.VISIBLE):
        pass
    late = Budget(clock=clock, counter=SharedCounter(path))
    assert 0 < late.take(Priority.VISIBLE) <= 3 * WINDOW / 570
    clock.now += 15
    assert late.take(Priority.VISIBLE) == 0


def test_processes_share_the_first_burst_and_what_follows(tmp_path):
    clock, path = Clock(), tmp_path / "spent.json"
    budgets = [Budget(clock=clock, counter=SharedCounter(path)) for _ in range(3)]
    taken = [0, 0, 0]
    for turn in range(600):
        for number, each in enumerate(budgets):
            taken[number] += each.take(Priority.SWEEP) == 0
        if turn == 60:
            assert sum(taken) <= 25 + 6 * 570 / WINDOW + 3
            assert max(taken) - min(taken) <= 3
        clock.now += 0.1
    assert max(taken) - min(taken) <= 4, taken


def test_third_process_finds_exactly_what_two_others_left(tmp_path):
    clock, path = Clock(), tmp_path / "spent.json"
    first, second = (Budget(clock=clock, counter=SharedCounter(path)) for _ in range(2))
    for each in (first,) * 6 + (second,) * 5 + (first,) * 4:
        assert each.take(Priority.VISIBLE) == 0
    third = Budget(clock=clock, counter=SharedCounter(path))
    while not third.take(Priority.VISIBLE, late=True):
        pass
    assert third.meter[0] == 30


def test_a_bucket_that_cannot_be_is_not_believed(tmp_path):
    clock, path = Clock(), tmp_path / "spent.json"
    for left in (-1e9, 1e9, float("nan")):
        path.write_text(json.dumps({"buckets": {"600": {"at": EPOCH, "tokens": left}}}))
        subject = Budget(clock=clock, counter=SharedCounter(path))
        assert subject.take(Priority.VISIBLE) < 30
        while not subject.take(Priority.VISIBLE):
            assert subject.meter[0] <= 30


def test_what_waited_long_leaves_less_to_others():
    budget = Budget(clock=Clock())
    while not budget.take(Priority.SWEEP):
        pass
    while not budget.take(Priority.SWEEP, late=True):
        pass
    assert budget.take(Priority.VISIBLE) > 0
    while not budget.take(Priority.VISIBLE, late=True):
        pass
    assert budget.meter[0] == 30


def test_a_freeze_is_told_to_the_other_processes(tmp_path):
    clock, path = Clock(), tmp_path / "spent.json"
    first, other = (Budget(clock=clock, counter=SharedCounter(path)) for _ in range(2))
    first.saw(answered(429, retry_after=100.0))
    first.take(Priority.VISIBLE)
    clock.now += 2
    assert other.take(Priority.VISIBLE) == pytest.approx(98)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 250), st.sampled_from([0.0, 15.0, 90.0])), min_size=1, max_size=4),
    st.integers(2, 700),
)
def test_the_time_that_is_promised_is_the_time_it_takes(bursts, number):
    """What was spent in a burst comes back in a burst: 5 minutes later, not a little each second."""

    async def main():
        loop = asyncio.get_running_loop()
        budget = Budget(clock=loop.time)
        for many, pause in bursts:
            for _ in range(many):
                await budget.acquire_action()
                await budget.acquire_detail()
            await asyncio.sleep(pause)
        promised, began = budget.in_turn_take(number), loop.time()
        for _ in range(number):
            await budget.acquire_detail()
            await budget.acquire_action()
        took = loop.time() - began
        assert promised - 2 * SLOT <= took <= promised + 2 * SLOT, (promised, took)

    simulate(main())


@pytest.mark.parametrize(("left", "began"), [(1176, 24.0), (1090, None)])
def test_count_that_differs_from_the_servers_is_explained(left, began):
    """The server counts a window from its beginning, wfdash any five minutes."""
    budget = Budget(clock=lambda: EPOCH)
    for _ in range(100):
        budget.take(Priority.FOREGROUND, "list")
    budget.saw(answered(ratelimit=f'"default";r={left};t=276', policy='"default";q=1200;w=300'))
    assert budget.server_began == began


def test_read_of_more_than_a_window_says_that_it_is():
    """However little went before: `slow: 1 of 800 reads went` would be no reason."""
    budget = Budget(clock=lambda: EPOCH)
    budget.take(Priority.FOREGROUND, "list")
    budget.saw(answered())
    assert budget.reads_take(1001, "list").slow == "800 reads go in 5 minutes"
    assert not budget.reads_take(100, "list").slow


@pytest.mark.parametrize(("takes", "held"), [(0.1, 1.0), (4.0, 5.0)])
def test_background_waits_for_the_answer_in_front(tmp_path, takes, held):
    clock = Clock()
    front, behind = (Budget(clock=clock, counter=SharedCounter(tmp_path / "spent.json")) for _ in range(2))
    front.saw(Exchange(EPOCH, "list", "GET", "/x", 200, 1000 * takes, 100, "", "", "", None, ""))
    assert not front.take(Priority.FOREGROUND, "list")
    clock.now += held
    assert behind.take(Priority.SWEEP, "sweep")
    clock.now += 2
    assert not behind.take(Priority.SWEEP, "sweep")


@pytest.mark.parametrize(
    ("policy", "began"),
    [
        ('"a";q=100;w=60', 30),
        ('"a";q=100;w=300', 270),
        ('"a";q=100;w=30', 0),
        # It ends after it is over: one of the two numbers is wrong.
        ('"a";q=100;w=20', None),
    ],
)
def test_window_of_the_server_is_as_long_as_it_says(policy, began):
    budget = Budget(clock=Clock())
    for _ in range(60):
        budget.take(Priority.FOREGROUND)
    budget.saw(answered(ratelimit='"a";r=99;t=30', policy=policy))
    assert budget.server_began == began


def test_screen_without_an_open_instance_is_left_less(tmp_path):
    """What is kept for screens to the end of a window is what a search beside them cannot have."""
    clock = Clock()
    budgets = [Budget(clock=clock, counter=SharedCounter(tmp_path / "spent.json")) for _ in range(2)]
    for budget in budgets:
        assert not budget.take(Priority.VISIBLE, "list")
    lists_alone = pace_of_screens(budgets[0]._look(), clock.now)
    assert not budgets[0].take(Priority.ROWS, "open instance")
    clock.now += 1
    assert lists_alone < pace_of_screens(budgets[1]._look(), clock.now) < 2 * 0.35


@given(
    free=st.integers(0, MOST),
    apart=st.lists(st.integers(-30, 0), min_size=1, max_size=4),
    left=st.none() | st.tuples(st.integers(0, QUOTA), st.floats(0, WINDOW)),
    kept=st.sampled_from([0, 10, 40, 160]),
    beside=st.floats(0, MOST / WINDOW / 2),
    wanted=st.integers(1, 1000),
)
def test_ample_room_lasts_however_it_is_looked_at(free, apart, left, kept, beside, wanted):
    spender = Spender("dashboard")
    for number in range(MOST - kept - free):
        spender.add(READS[number % 2], "list", EPOCH + apart[number % len(apart)] * SLOT)
    ledger = RequestLedger({"1-a": spender})
    if left is not None:
        ledger.server_left = ServerLeft(left[0], QUOTA, EPOCH + left[1], EPOCH, 0)
    if is_ample(ledger, beside, EPOCH, kept=kept):
        room = headroom(ledger, EPOCH, kept=kept)
        assert room.lasts(beside, float("inf"), rest=LONG_PACE) >= 1
        assert room.lasts(beside, wanted) >= 1


class Counted(SharedCounter):
    """Counts how often the file is opened."""

    opened = 0

    def _opened(self):
        self.opened += 1
        return super()._opened()


class Asked(Job):
    async def ask(self):
        await asyncio.sleep(1.0)


@pytest.mark.parametrize("jobs", [1, 6])
def test_all_that_is_due_is_decided_with_one_look(tmp_path, jobs):
    """Also all that is refused, and asks again at each look."""

    async def main():
        clock = asyncio.get_running_loop().time
        counter = Counted(tmp_path / "spent.json")
        budget = Budget(clock=clock, counter=counter)
        while not budget.take(Priority.BACKGROUND):
            pass
        due = [Asked(1.0) for _ in range(jobs)]
        for each in due:
            each.in_turn = each.out_of_turn = Priority.BACKGROUND
        counter.opened, looks = 0, []

        def looked():
            looks.append(clock())
            return due

        scheduler = Scheduler(looked, clock=clock, budget=budget, settled=lambda job: None)
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(0.4)
        assert all(each.waits_since for each in due)
        assert counter.opened == len(looks) > 0
        running.cancel()

    simulate(main())
