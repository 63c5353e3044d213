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
    """Makes new instances at the pace at which the old ones end."""

    world: World
    workflow: SimulatedWorkflow
    tracks: list[Track]
    rng: Random
    pace: float
    number: int

    def instance(self, created: float, lived: Track) -> SimulatedInstance:
        self.number += 1
        version = self.workflow.current
        instance = SimulatedInstance(
            f"order-{self.number:06d}", self.workflow, 0, lived.seed, version, created, "binding"
        )
        instance.track = lived
        instance.queued = created
        age = self.world.time - created
        if age >= lived.length:
            instance.status, instance.mark = lived.end, len(lived.changes)
            instance.started = created + QUEUED
            instance.ended = instance.modified = created + lived.length
        self.workflow.add(instance)
        if 0 < age < lived.length:
            instance.advance(self.world.time)
        return instance

    def arrive(self, at: float) -> None:
        instance = self.instance(at, self.rng.choice(self.tracks))
        self.world.reschedule(instance)
        self.world.at(at + self.rng.expovariate(self.pace), self.arrive)


def populate(world: World, workflow: SimulatedWorkflow, *, now: float, total: int, active: int) -> None:
    """Fills a workflow so that `active` live now and stay about as many."""
    rng = Random(world.seed)
    index = workflow.current.index
    tracks = [track(workflow.writer, rng.getrandbits(31), version=index) for _ in range(LIVES)]
    tracks = [track for track in tracks if track.length < DAY]
    mean = sum(track.length for track in tracks) / len(tracks)
    crowd = _Crowd(world, workflow, tracks, rng, active / mean, 0)
    longest = max(track.length for track in tracks)
    recent = min(total, round(crowd.pace * longest))
    ages = sorted((rng.uniform(longest, PAST) for _ in range(total - recent)), reverse=True)
    ages += sorted((rng.uniform(0, longest) for _ in range(recent)), reverse=True)
    instances = [crowd.instance(now - age, rng.choice(tracks)) for age in ages]
    world.adopt([instance for instance in instances if not instance.final])
    world.at(
        now + workflow.retention.success - PAST, lambda at: world.adopt([m for m in instances if m.final])
    )
    world.at(now + rng.expovariate(crowd.pace), crowd.arrive)
