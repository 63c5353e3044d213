"""The operator on the whole simulator, faults and all: the server's own log is the judge."""

import asyncio
import random
import re

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import Stage
from wfdash.api.interface import NewInstance, RestartFrom
from wfdash.core.model.instance import Instance
from wfdash.core.verbs.consequences import split_at, step_target
from wfdash.demo.engine import verbs
from wfdash.demo.engine.world import build
from wfdash.demo.http.faults import InjectedFault
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import make_creation, make_plan

VERBS = ("pause", "resume", "terminate", "terminate_rollback", "restart")
FAULTS = ("429", "500", "403", "html", "truncate", "reset-before", "reset-after", "slow", "nulls", "unknown")
RUNS = 250


class Set:
    """A simulated account, its client and an operator on one clock."""

    def __init__(self, stage, api):
        self.stage, self.api, self.world = stage, api, stage.world
        self.operator = self.new_operator()

    def new_operator(self):
        clock = self.stage.loop.time
        return Operator(self.api, budget=self.stage.budget, journal=None, clock=clock)

    def instances(self, workflow="orders"):
        self.world.look()
        return self.world.workflows[workflow].by_id

    def row(self, identity, workflow="orders"):
        one = self.instances(workflow)[identity]
        return Instance(identity, one.status)

    def find(self, *statuses, workflow="orders"):
        return next(key for key, one in self.instances(workflow).items() if one.status in statuses)

    async def act(self, verb, rows, **options):
        plan = make_plan(
            verb, "orders", rows, now=self.stage.loop.time(), guard=self.operator.guard, **options
        )
        return await self.operator.carry_out(plan, lambda event: None)

    def writes(self):
        return [one for one in self.stage.app.state.requests if one.method in ("PATCH", "POST")]


def on_the_simulator(story, scenario="calm"):
    async def main():
        loop = asyncio.get_running_loop()
        stage = Stage(build(scenario, clock=loop.time), latency=0.05, limit=10**9)
        api = await stage.connect()
        try:
            await story(Set(stage, api))
        finally:
            await api.close()

    simulate(main())


def test_the_four_verbs_tell_what_truly_happened():
    async def story(on):
        paused = on.find("running", "waiting")
        (told,) = await on.act("pause", [on.row(paused)])
        assert told.outcome == "done", told
        assert on.row(paused).status == told.after == "paused"
        (told,) = await on.act("resume", [on.row(paused)])
        assert told.outcome == "done", told
        (told,) = await on.act("terminate", [on.row(paused)])
        assert (told.outcome, on.row(paused).status) == ("done", "terminated")
        began = on.instances()[paused].queued
        (told,) = await on.act("restart", [on.row(paused)])
        assert told.outcome == "done"
        assert on.instances()[paused].queued > began
        (told,) = await on.act("restart", [on.row(on.find("errored"))])
        assert told.outcome == "done"

    on_the_simulator(story)


def test_restart_from_keeps_and_drops_what_the_prompt_said():
    async def story(on):
        identity = on.find("complete")
        detail = await on.operator.look("orders", identity)
        place = len(detail.steps) // 2
        target = step_target(detail.steps, place)
        split = split_at(detail.steps, target)
        start = RestartFrom(target.name, target.count, target.type)
        (told,) = await on.act("restart_from", [on.row(identity)], restart_from=start)
        assert told.outcome == "done", told
        after = await on.operator.look("orders", identity)
        kept = [(step.name, step.start) for step in split.kept]
        assert [(step.name, step.start) for step in after.steps[: len(kept)]] == kept
        again = split.again[0]
        assert all(step.start > again.start for step in after.steps[len(kept) :])

    on_the_simulator(story)


def test_an_event_reaches_its_waiter_once():
    async def story(on):
        identity = on.find("waiting")
        (told,) = await on.act("send_event", [on.row(identity)], event_type="approve", payload={"ok": 1})
        assert (told.outcome, told.exit_code) == ("done", 0)
        (write,) = on.writes()
        assert write.path.endswith("/events/approve")
        assert write.json == {"ok": 1}

    on_the_simulator(story)


def test_created_once_although_the_answer_was_lost():
    async def story(on):
        on.stage.app.state.faults.append(InjectedFault.parse("reset-after:1@POST"))
        plan = make_creation("orders", [NewInstance("mine-1")], now=0, guard=on.operator.guard)
        (told,) = await on.operator.carry_out(plan, lambda event: None)
        assert told.outcome == "done", told
        assert len(on.writes()) == 1
        (told,) = await on.operator.carry_out(plan, lambda event: None)
        assert told.outcome == "refused"
        assert "exists already" in told.sentence

    on_the_simulator(story)


def test_many_are_read_by_pages_and_written_one_by_one():
    async def story(on):
        rows = [on.row(key) for key, one in on.instances().items() if one.status in ("complete", "errored")]
        rows = rows[:250]
        assert len(rows) > 100
        told = await on.act("restart", rows)
        assert {one.outcome for one in told} == {"done"}, {one.sentence for one in told}
        assert len(on.writes()) == len(rows)
        assert len({one.path for one in on.writes()}) == len(rows)
        reads = [one for one in on.stage.app.state.requests if one.method == "GET"]
        assert len(reads) < len(rows) / 2

    on_the_simulator(story)


def test_log_shows_each_confirmed_verb_at_most_once():
    seed = random.randrange(2**32)

    async def story(on):
        for number in range(RUNS):
            chance = random.Random(f"{seed}/{number}")
            try:
                await one_run(on, chance)
            except AssertionError as error:
                raise AssertionError(f"run {seed}/{number}: {error}") from error
            await asyncio.sleep(chance.choice((0, 1, 60)))

    on_the_simulator(story)


async def one_run(on, chance):
    everything = list(on.instances())
    chosen = chance.sample(everything, chance.choice((1, 1, 1, 2, 5)))
    verb = chance.choice(VERBS)
    on.operator = on.new_operator()
    plan = make_plan(
        verb, "orders", [on.row(one) for one in chosen], now=on.stage.loop.time(), guard=on.operator.guard
    )
    restarts = {one: on.instances()[one].restarts for one in chosen}
    meddle(on, chance, chosen)
    state = on.stage.app.state
    state.requests.clear()
    state.faults[:] = [
        InjectedFault(chance.choice(FAULTS), chance.randint(1, 2), re.compile("PATCH"))
        for _ in range(chance.choice((0, 1, 1, 2)))
    ]
    state.faults += [InjectedFault(chance.choice(("500", "reset-before", "html")), 1, re.compile("GET"))] * (
        chance.random() < 0.2
    )
    told = await on.operator.carry_out(plan, lambda event: None)
    state.faults.clear()
    accepted = {}
    for write in on.writes():
        identity = write.path.split("/instances/")[1].split("/")[0]
        done = write.fault not in ("429", "500", "403", "html", "reset-before")
        accepted[identity] = accepted.get(identity, 0) + done
        assert identity in {target.id for target in plan.eligible}, "unconfirmed"
    assert all(times <= 1 for times in accepted.values()), accepted
    assert [one.id for one in told] == chosen
    for one in told:
        if one.outcome == "done":
            assert accepted.get(one.id) == 1, one
        if one.outcome in ("skipped", "refused", "not reached"):
            refused = [write.http for write in on.writes() if f"/{one.id}/" in write.path]
            assert not accepted.get(one.id) or 200 not in refused, one
        if one.outcome == "done" and verb == "restart" and one.id in on.instances():
            assert on.instances()[one.id].restarts > restarts[one.id], one


def meddle(on, chance, chosen):
    """Somebody else is quicker."""
    for identity in chosen:
        one = on.instances()[identity]
        if chance.random() < 0.1:
            verbs.restart(on.world, one)
        elif chance.random() < 0.1:
            verbs.pause(on.world, one)
        elif chance.random() < 0.1 and not one.final:
            verbs.terminate(on.world, one)
        elif chance.random() < 0.03:
            one.workflow.forget(one)
