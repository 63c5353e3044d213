"""Several processes on one credential, on simulated time: who goes first, and what the server ever sees."""

import random

import pytest

from tests.support.clocks.simulated_time import EPOCH
from wfdash.api.interface import Exchange
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import ACTIONS, QUOTA, WINDOW, Priority
from wfdash.live.budget.shared_counter import SharedCounter

BY_ITSELF = [Priority.VISIBLE, Priority.ROWS, Priority.SWEEP, Priority.BACKGROUND]


class Clock:
    now = EPOCH

    def __call__(self):
        return self.now


class Processes:
    """Dashboards that read what they may, and whoever asks beside them; `seen` is what the server sees."""

    def __init__(self, path, dashboards=2):
        self.clock = Clock()
        self.path = path
        self.dashboards = [self.process() for _ in range(dashboards)]
        self.seen = []

    def process(self):
        return Budget(clock=self.clock, counter=SharedCounter(self.path))

    def take(self, budget, priority):
        wait = budget.take(priority, priority.name)
        if not wait:
            self.seen.append((self.clock.now, priority))
        return wait

    def act(self, budget):
        with pytest.raises(StopIteration):
            budget.acquire_action().send(None)
        self.seen.append((self.clock.now, Priority.ACTION))

    def passes(self, seconds, chance):
        """The dashboards go on meanwhile."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += 0.25
            for budget in self.dashboards:
                self.take(budget, chance.choice(BY_ITSELF))

    def most_reads(self):
        """Reads in the fullest window of five minutes."""
        reads = [at for at, priority in self.seen if priority]
        return max(sum(start <= at < start + WINDOW for at in reads) for start in reads[::7])


def until_read(processes, budget, number):
    """Seconds until so many were read in the foreground, where each answer takes a tenth of one."""
    began = processes.clock.now
    while number:
        if wait := processes.take(budget, Priority.FOREGROUND):
            processes.passes(max(0.25, min(wait, 1.0)), random.Random(1))
        else:
            number -= 1
            processes.clock.now += 0.1
    return processes.clock.now - began


@pytest.mark.parametrize(("reads", "most"), [(14, 2 * 1.4), (50, 8.0)])
def test_what_a_person_waits_for_is_not_behind_two_dashboards(tmp_path, reads, most):
    processes = Processes(tmp_path / "requests.json")
    processes.passes(WINDOW, random.Random(1))
    assert until_read(processes, processes.process(), reads) <= most


def test_background_yields_at_once_in_every_process(tmp_path):
    processes = Processes(tmp_path / "requests.json")
    asks = processes.process()
    assert processes.take(asks, Priority.FOREGROUND) == 0
    for budget in processes.dashboards:
        assert all(budget.take(priority, "sweep") > 0 for priority in BY_ITSELF)
        assert "goes first" in budget.slow("sweep", after=0.0)
        assert budget.take(Priority.FOREGROUND) == 0
        budget.answered()
    asks.answered()
    assert all(budget.take(Priority.SWEEP) == 0 for budget in processes.dashboards)


def test_action_goes_at_once_beside_three_long_reads(tmp_path):
    processes = Processes(tmp_path / "requests.json")
    readers = [processes.process() for _ in range(3)]
    for budget in readers:
        while not processes.take(budget, Priority.FOREGROUND):
            pass
    assert all(processes.take(budget, Priority.FOREGROUND) for budget in readers), "long ones have had theirs"
    acting = processes.process()
    for _ in range(ACTIONS):
        processes.act(acting)
    assert len(processes.seen) <= QUOTA


@pytest.mark.parametrize("seed", range(30))
def test_processes_of_any_mix_keep_the_reserve_and_every_pause(tmp_path, seed):
    chance = random.Random(seed)
    processes = Processes(tmp_path / "requests.json", dashboards=chance.randint(1, 3))
    readers = [processes.process() for _ in range(3)]
    acting = processes.process()
    for _ in range(chance.randint(12, 24)):
        for budget in readers:
            for _ in range(chance.randint(0, 40)):
                processes.take(budget, Priority.FOREGROUND)
        for _ in range(chance.choice([0, 0, 3])):
            processes.act(acting)
        processes.passes(chance.choice([0.5, 3, 9]), chance)
        if chance.random() < 0.05:
            answer = chance.choice(readers)
            answer.saw(Exchange(0.0, "list", "GET", "/", 429, 5.0, 0, "", "", "", 12.0, ""))
            before = len(processes.seen)
            processes.passes(11, chance)
            assert all(budget.take(Priority.FOREGROUND) > 0 for budget in readers)
            processes.act(acting)
            assert len(processes.seen) == before + 1, "nothing but actions while the server rests"
    assert processes.most_reads() <= QUOTA - ACTIONS
