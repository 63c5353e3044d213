"""Long reads that somebody waits for beside screens, a recorder and actions: many mixes on simulated time."""

import asyncio
import random
from itertools import pairwise

import pytest

from tests.support.clocks.simulated_time import simulate
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import ACTIONS, QUOTA, WINDOW, Priority
from wfdash.live.budget.shared_counter import SharedCounter
from wfdash.live.polling.job import Job
from wfdash.live.polling.scheduler import Scheduler

LONGEST_STILL = 6.0
"""Seconds between two reads of those that somebody waits for."""
LONGEST_UNREAD = 15.0
"""Seconds for which what is on a screen stays unread, where a window runs short."""
ANSWER = 0.25
"""Seconds that an answer is expected to take before there was one."""
SPARED = 30.0
"""Seconds in which a process reads one thing by itself all the same."""


class Reads(Job):
    """Asks for one thing again and again; each answer takes `latency`."""

    def __init__(self, seen, purpose, priority, *, interval=1.0, on_screen=False, latency=0.1, number=None):
        super().__init__(interval)
        self.seen, self.purpose, self.latency, self.left = seen, purpose, latency, number
        self.in_turn = self.out_of_turn = priority
        self.on_screen, self.patience = on_screen, min(interval, 5.0)
        self.times = []
        self.done = asyncio.Event()

    def due(self, now):
        return super().due(now) if self.left != 0 else None

    def pace(self, took):
        return self.interval if self.left is None else 0.0

    async def ask(self):
        now = asyncio.get_running_loop().time()
        self.left = self.left and self.left - 1
        self.times.append(now)
        self.seen.append((now, self.in_turn))
        await asyncio.sleep(self.latency)
        if self.left == 0:
            self.done.set()


class Mix:
    """Processes on one credential; `seen` is what the server sees, with what it was for."""

    def __init__(self, path, chance):
        self.path, self.chance = path, chance
        self.seen, self.running = [], []
        self.shown, self.unseen = [], []

    @property
    def now(self):
        return asyncio.get_running_loop().time()

    def budget(self):
        return Budget(clock=asyncio.get_running_loop().time, counter=SharedCounter(self.path))

    def process(self, *jobs, unattended=False):
        """Runs these as a watcher does; their budget."""
        budget = self.budget()
        scheduler = Scheduler(
            lambda: jobs,
            clock=asyncio.get_running_loop().time,
            budget=budget,
            settled=lambda job: None,
            unattended=unattended,
        )
        self.running.append(asyncio.create_task(scheduler.run()))
        return budget

    def screen(self):
        shown = [
            Reads(self.seen, "list", Priority.VISIBLE, interval=3.0, on_screen=True),
            Reads(self.seen, "open instance", Priority.VISIBLE, interval=5.0, on_screen=True),
        ]
        self.shown += shown
        self.process(*shown, *self.by_itself())

    def recorder(self):
        jobs = self.by_itself()
        self.process(Reads(self.seen, "list", Priority.ROWS, interval=3.0), *jobs, unattended=True)

    def by_itself(self):
        """What nobody looks at, and what always wants more."""
        jobs = [Reads(self.seen, each.name, each) for each in (Priority.ROWS, Priority.SWEEP)]
        self.unseen += jobs
        return jobs

    def search(self, number):
        """A long read in a process of its own."""
        job = Reads(
            self.seen,
            "filter",
            Priority.FOREGROUND,
            latency=self.chance.choice([0.02, 0.1, 0.4]),
            number=number,
        )
        self.process(job)
        return job

    async def act(self):
        """An action, which goes at once whatever else is wanted."""
        began = self.now
        await self.budget().acquire_action()
        assert self.now - began < 1.0
        self.seen.append((self.now, Priority.ACTION))

    def close(self):
        for task in self.running:
            task.cancel()


def fullest(times):
    """Requests in the fullest window of five minutes."""
    last = most = 0
    for first, start in enumerate(times):
        while last < len(times) and times[last] < start + WINDOW:
            last += 1
        most = max(most, last - first)
    return most


@pytest.mark.parametrize("seed", range(50))
def test_long_reads_go_on_before_what_nobody_waits_for(tmp_path, seed):
    chance = random.Random(seed)

    async def main():
        mix = Mix(tmp_path / "requests.json", chance)
        screens = chance.randint(0, 4)
        for _ in range(screens):
            mix.screen()
        for _ in range(chance.randint(0, 2)):
            mix.recorder()
        before = mix.search(chance.choice([0, 60, 400]))
        await asyncio.sleep(chance.choice([5, 60, 200]))
        before.left = 0
        began = mix.now
        searches = [mix.search(1000) for _ in range(chance.randint(1, 2))]
        for _ in range(chance.randint(7, 13)):
            await asyncio.sleep(chance.uniform(0.0, 10.0))
            for _ in range(chance.choice([0, 1, 5])):
                await mix.act()
        ended = mix.now
        mix.close()
        times = sorted(at for each in searches for at in each.times)
        assert max(later - earlier for earlier, later in pairwise([began, *times, ended])) <= LONGEST_STILL
        for each in mix.shown:
            apart = [began, *(at for at in each.times if at > began), ended]
            assert max(later - earlier for earlier, later in pairwise(apart)) <= LONGEST_UNREAD
        unseen = [at for each in mix.unseen for at in each.times if at > began + 0.5]
        processes = len(mix.unseen) // 2
        assert len(unseen) <= processes * ((ended - began) / SPARED + 1), "the rest yields at once"
        reads = sorted(at for at, priority in mix.seen if priority)
        assert fullest(reads) <= QUOTA - ACTIONS
        assert fullest(sorted(at for at, _ in mix.seen)) <= QUOTA

    simulate(main())


@pytest.mark.parametrize("number", [40, 200, 900])
@pytest.mark.parametrize(("screens", "warm"), [(0, 5), (3, 5), (3, 150), (3, 400), (1, 90)])
def test_told_time_of_a_long_read_is_what_it_takes(tmp_path, screens, warm, number):
    async def main():
        mix = Mix(tmp_path / "requests.json", random.Random(1))
        for _ in range(screens):
            mix.screen()
        mix.recorder()
        await asyncio.sleep(warm)
        job = Reads(mix.seen, "filter", Priority.FOREGROUND, latency=ANSWER, number=number)
        began, outlook = mix.now, mix.process(job).reads_take(number)
        await job.done.wait()
        took = mix.now - began
        mix.close()
        assert took / 1.35 - 10 <= outlook.seconds <= 1.35 * took + 10
        assert bool(outlook.slow) is (took > 2 * number * ANSWER + 5)

    simulate(main())
