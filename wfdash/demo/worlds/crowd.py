"""The largest world: many instances that share a few lives, told in full only when somebody looks."""

from dataclasses import dataclass
from random import Random

from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.workflow import DAY, SimulatedWorkflow
from wfdash.demo.engine.world import World
from wfdash.demo.worlds.track import QUEUED, Track, track

__all__ = ["populate"]

LIVES = 160
PAST = 4 * DAY


@dataclass(slots=True, eq=False)
class _Crowd:
    """New instances at the pace at which the old ones end."""

    world: World
    workflow: SimulatedWorkflow
    tracks: list[Track]
    rng: Random
    pace: float
    number: int

    def one(self, created: float, lived: Track) -> SimulatedInstance:
        self.number += 1
        version = self.workflow.current
        one = SimulatedInstance(
            f"order-{self.number:06d}", self.workflow, 0, lived.seed, version, created, "binding"
        )
        one.track = lived
        one.queued = created
        age = self.world.time - created
        if age >= lived.length:
            one.status, one.mark = lived.end, len(lived.changes)
            one.started = created + QUEUED
            one.ended = one.modified = created + lived.length
        self.workflow.add(one)
        if 0 < age < lived.length:
            one.advance(self.world.time)
        return one

    def arrive(self, at: float) -> None:
        one = self.one(at, self.rng.choice(self.tracks))
        self.world.reschedule(one)
        self.world.at(at + self.rng.expovariate(self.pace), self.arrive)


def populate(world: World, workflow: SimulatedWorkflow, *, now: float, total: int, active: int) -> None:
    """Fill a workflow so that `active` live now and stay about as many."""
    rng = Random(world.seed)
    index = workflow.current.index
    tracks = [track(workflow.writer, rng.getrandbits(31), version=index) for _ in range(LIVES)]
    tracks = [one for one in tracks if one.length < DAY]
    mean = sum(one.length for one in tracks) / len(tracks)
    crowd = _Crowd(world, workflow, tracks, rng, active / mean, 0)
    longest = max(one.length for one in tracks)
    recent = min(total, round(crowd.pace * longest))
    ages = sorted((rng.uniform(longest, PAST) for _ in range(total - recent)), reverse=True)
    ages += sorted((rng.uniform(0, longest) for _ in range(recent)), reverse=True)
    made = [crowd.one(now - age, rng.choice(tracks)) for age in ages]
    world.adopt([one for one in made if not one.final])
    world.at(now + workflow.retention.success - PAST, lambda at: world.adopt([m for m in made if m.final]))
    world.at(now + rng.expovariate(crowd.pace), crowd.arrive)
