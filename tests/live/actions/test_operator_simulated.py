"""The operator on the whole simulator, faults and all: the server's own log is the judge."""

import asyncio
import random
import re

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.stage import Stage
from wfdash.api.interface import NewInstance, RestartFrom
from wfdash.core.model.instance import Instance
from wfdash.core.verbs.consequences import split_at, step_target
from wfdash.demo.engine import verbs
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
        subject = self.instances(workflow)[identity]
        return Instance(identity, subject.status)

    def find(self, *statuses, workflow="orders"):
        return next(key for key, each in self.instances(workflow).items() if each.status in statuses)

    async def act(self, verb, rows, **options):
        plan = make_plan(
            verb, "orders", rows, now=self.stage.loop.time(), guard=self.operator.guard, **options
        )
        return await self.operator.carry_out(plan, lambda event: None)

    def writes(self):
        return [request for request in self.stage.app.state.requests if request.method in ("PATCH", "POST")]


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
        (result,) = await on.act("pause", [on.row(paused)])
        assert result.outcome == "done", result
        assert on.row(paused).status == result.after == "paused"
        (result,) = await on.act("resume", [on.row(paused)])
        assert result.outcome == "done", result
        (result,) = await on.act("terminate", [on.row(paused)])
        assert (result.outcome, on.row(paused).status) == ("done", "terminated")
        began = on.instances()[paused].queued
        (result,) = await on.act("restart", [on.row(paused)])
        assert result.outcome == "done"
        assert on.instances()[paused].queued > began
        (result,) = await on.act("restart", [on.row(on.find("errored"))])
        assert result.outcome == "done"

    on_the_simulator(story)


def test_restart_from_keeps_and_drops_what_the_prompt_said():
    async def story(on):
        identity = on.find("complete")
        detail = await on.operator.look("orders", identity)
        place = len(detail.steps) // 2
        target = step_target(detail.steps, place)
        split = split_at(detail.steps, target)
        start = RestartFrom(target.name, target.count, target.type)
        (result,) = await on.act("restart_from", [on.row(identity)], restart_from=start)
        assert result.outcome == "done", result
        after = await on.operator.look("orders", identity)
        kept = [(step.name, step.start) for step in split.kept]
        assert [(step.name, step.start) for step in after.steps[: len(kept)]] == kept
        again = split.again[0]
        assert all(step.start > again.start for step in after.steps[len(kept) :])

    on_the_simulator(story)


def test_an_event_reaches_its_waiter_once():
    async def story(on):
        identity = on.find("waiting")
        (result,) = await on.act("send_event", [on.row(identity)], event_type="approve", payload={"ok": 1})
        assert (result.outcome, result.exit_code) == ("done", 0)
        (write,) = on.writes()
        assert write.path.endswith("/events/approve")
        assert write.json == {"ok": 1}

    on_the_simulator(story)


def test_created_once_although_the_answer_was_lost():
    async def story(on):
        on.stage.app.state.faults.append(InjectedFault.parse("reset-after:1@POST"))
        plan = make_creation("orders", [NewInstance("mine-1")], now=0, guard=on.operator.guard)
        (result,) = await on.operator.carry_out(plan, lambda event: None)
        assert result.outcome == "done", result
        assert len(on.writes()) == 1
        (result,) = await on.operator.carry_out(plan, lambda event: None)
        assert result.outcome == "refused"
        assert "exists already" in result.sentence

    on_the_simulator(story)


def test_many_are_read_by_pages_and_written_one_by_one():
    async def story(on):
        rows = [on.row(key) for key, each in on.instances().items() if each.status in ("complete", "errored")]
        rows = rows[:250]
        assert len(rows) > 100
        results = await on.act("restart", rows)
        assert {each.outcome for each in results} == {"done"}, {each.sentence for each in results}
        assert len(on.writes()) == len(rows)
        assert len({each.path for each in on.writes()}) == len(rows)
        reads = [each.path for each in on.stage.app.state.requests if each.method == "GET"]
        pages = [path for path in reads if "/instances?" in path]
        assert len(pages) < len(rows) / 2
        assert len(reads) - len(pages) <= len(rows), (
            "each by itself once: a page may lack a restart of others"
        )

    on_the_simulator(story)


def test_log_shows_each_confirmed_verb_at_most_once():
    seed = random.randrange(2**32)

    async def story(on):
        for number in range(RUNS):
            chance = random.Random(f"{seed}/{number}")
            try:
                await random_run(on, chance)
            except AssertionError as error:
                raise AssertionError(f"run {seed}/{number}: {error}") from error
            await asyncio.sleep(chance.choice((0, 1, 60)))

    on_the_simulator(story)


async def random_run(on, chance):
    everything = list(on.instances())
    chosen = chance.sample(everything, chance.choice((1, 1, 1, 2, 5)))
    verb = chance.choice(VERBS)
    on.operator = on.new_operator()
    plan = make_plan(
        verb, "orders", [on.row(each) for each in chosen], now=on.stage.loop.time(), guard=on.operator.guard
    )
    restarts = {each: on.instances()[each].restarts for each in chosen}
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
    results = await on.operator.carry_out(plan, lambda event: None)
    state.faults.clear()
    accepted = {}
    for write in on.writes():
        identity = write.path.split("/instances/")[1].split("/")[0]
        done = write.fault not in ("429", "500", "403", "html", "reset-before")
        accepted[identity] = accepted.get(identity, 0) + done
        assert identity in {target.id for target in plan.eligible}, "unconfirmed"
    assert all(times <= 1 for times in accepted.values()), accepted
    assert [each.id for each in results] == chosen
    for each in results:
        if each.outcome == "done":
            assert accepted.get(each.id) == 1, each
        if each.outcome in ("skipped", "refused", "not reached"):
            refused = [write.http for write in on.writes() if f"/{each.id}/" in write.path]
            assert not accepted.get(each.id) or 200 not in refused, each
        if each.outcome == "done" and verb == "restart" and each.id in on.instances():
            assert on.instances()[each.id].restarts > restarts[each.id], each


def meddle(on, chance, chosen):
    """Somebody else is quicker."""
    for identity in chosen:
        subject = on.instances()[identity]
        if chance.random() < 0.1:
            verbs.restart(on.world, subject)
        elif chance.random() < 0.1:
            verbs.pause(on.world, subject)
        elif chance.random() < 0.1 and not subject.final:
            verbs.terminate(on.world, subject)
        elif chance.random() < 0.03:
            subject.workflow.forget(subject)
