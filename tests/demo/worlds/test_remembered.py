"""A world whose lives were told before is the one that tells them anew, and stays apart from the others."""

from itertools import islice

import pytest

from tests.support.fakes import worlds
from wfdash.demo.engine import verbs, world
from wfdash.demo.engine.program import ALWAYS, All, Do, StepFailure
from wfdash.demo.engine.workflow import SimulatedWorkflow
from wfdash.demo.http.render import detail, row

START = 1_795_000_000.0


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


def seen(of):
    """All that a client could read of it."""
    return {
        workflow.name: (workflow.counts, [(row(each), detail(each)) for each in workflow.order])
        for workflow in of.workflows.values()
    }


def last_step(instance):
    steps = [entry for entry in instance.run.entries if entry.kind == "step"]
    return verbs.From(steps[-1].plain, sum(step.plain == steps[-1].plain for step in steps))


@pytest.mark.parametrize("name", ["calm", "incident", "half-fixed-deploy"])
def test_remembered_world_is_the_world_told_anew(name):
    clocks = [Clock() for _ in range(3)]
    built = [
        make(name, clock=clock) for make, clock in zip((world.build, worlds.build, worlds.build), clocks)
    ]
    assert seen(built[0]) == seen(built[1]) == seen(built[2])
    shared = [each.run for each in built[2].workflows[next(iter(built[2].workflows))].order]
    assert sum(run in [life.run for life in worlds._lives.values()] for run in shared) > 100
    for of, clock in zip(built, clocks):
        first = next(iter(of.workflows.values()))
        for errored in list(islice(first.walk(newest_first=True, status="errored"), 20)):
            verbs.restart(of, errored, last_step(errored))
        clock.now += 900
        of.look()
    assert seen(built[0]) == seen(built[1]) == seen(built[2])


def split(story):
    gone = StepFailure("Error", "it is gone", fatal=True)
    yield All([Do("slow", takes=60.0), Do("broken", takes=1.0, fails=ALWAYS, error=gone)])


def test_restart_leaves_the_log_of_the_run_before():
    """Other worlds have it too: what was cut goes on in a log of its own."""
    clock = Clock()
    of = world.World(clock=clock)
    workflow = of.add_workflow(SimulatedWorkflow("split", split, "script", "Split", START))
    instance = of.create(workflow, "a")
    clock.now += 30
    of.look()
    before, shown = instance.run, detail(instance)
    verbs.restart(of, instance, verbs.From("broken"))
    clock.now += 30
    of.look()
    restarted, instance.run = instance.run, before
    assert len(restarted.entries) == 2
    assert [entry.name for entry in before.entries] == ["slow-1", "broken-1"]
    assert detail(instance)["steps"] == shown["steps"]
