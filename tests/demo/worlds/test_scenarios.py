"""The named worlds: alike every time, rich, alive, and of the size they promise."""

from collections import Counter

import pytest

from wfdash.demo.engine.instance import FINAL, STATUSES
from wfdash.demo.engine.world import World, build
from wfdash.demo.http.render import detail, row

START = 1_795_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def details(world: World):
    for workflow in world.workflows.values():
        for value in workflow.by_id.values():
            value.tell(world.time)
            yield detail(value)


@pytest.mark.parametrize("name", ["calm", "huge"])
def test_two_runs_are_alike(name):
    worlds = []
    for _ in range(2):
        clock = Clock()
        world = build(name, clock=clock)
        clock.now += 40
        world.look()
        worlds.append({w.name: [row(each) for each in w.order[-200:]] for w in world.workflows.values()})
    assert worlds[0] == worlds[1]


def test_another_seed_is_another_world():
    first, other = (build("calm", clock=Clock(), seed=seed).workflows["orders"] for seed in "ab")
    assert [row(instance) for instance in first.order] != [row(instance) for instance in other.order]


@pytest.mark.parametrize("name", ["calm", "incident", "deploy-gone-wrong"])
def test_there_are_hundreds_and_they_move(name):
    clock = Clock()
    world = build(name, clock=clock)
    before = {(w.name, i.id): i.status for w in world.workflows.values() for i in w.by_id.values()}
    assert len(before) > 800
    clock.now += 120
    world.look()
    after = {(w.name, i.id): i.status for w in world.workflows.values() for i in w.by_id.values()}
    assert len(after.keys() - before.keys()) >= 5, "some arrived"
    assert sum(before[key] != after[key] for key in before.keys() & after.keys()) >= 10, "some moved"


def test_everything_there_is_can_be_seen_in_the_calm():
    clock = Clock()
    world = build("calm", clock=clock)
    statuses, kinds, sources, oddities = set(), set(), set(), set()
    for _ in range(6):
        clock.now += 30
        world.look()
        for shown in details(world):
            statuses.add(shown["status"])
            sources.add(shown["trigger"]["source"])
            kinds |= {step["type"] for step in shown["steps"]}
            oddities |= {step.get("output") for step in shown["steps"]} & {"[REDACTED]"}
            oddities |= {step["config"]["retries"]["delay"] for step in shown["steps"] if "config" in step}
            oddities |= {(shown["rollback"] or {}).get("outcome")}
            oddities |= {str(step.get("output"))[-18:] for step in shown["steps"]} & {"[truncated output]"}
    assert statuses == set(STATUSES)
    assert kinds == {"step", "sleep", "waitForEvent", "rollback", "termination"}
    assert sources >= {"api", "binding", "event", "cron"}
    assert oddities >= {"[REDACTED]", "[dynamic]", "complete", "failed", "[truncated output]"}


def test_the_incident_has_one_cause_on_one_version():
    world = build("incident", clock=Clock())
    orders = world.workflows["orders"]
    causes: Counter[tuple[str, str, str]] = Counter()
    for each in orders.walk(newest_first=True, status="errored", start=START - 38 * 60):
        answer = detail(each)
        failed = [step["name"] for step in answer["steps"] if step.get("success") is False]
        causes[answer["error"]["name"], failed[-1], answer["versionId"]] += 1
    (cause, many), *others = causes.most_common()
    assert cause == ("TimeoutError", "charge card-1", orders.current.id)
    assert many > 50
    assert many > 5 * sum(count for _, count in others)
    before = list(orders.walk(newest_first=True, status="errored", end=START - 60 * 60))
    assert all(each.version is not orders.current for each in before)


def test_the_deploy_was_rolled_back_and_left_its_failures():
    world = build("deploy-gone-wrong", clock=Clock())
    orders = world.workflows["orders"]
    *_, bad, good = orders.versions
    assert START - good.created == pytest.approx(180)
    errored = Counter(each.version.id for each in orders.walk(newest_first=True, status="errored"))
    assert errored[bad.id] > 10
    assert errored[good.id] == 0


def test_the_huge_world():
    clock = Clock()
    world = build("huge", clock=clock)
    orders = world.workflows["orders"]
    assert len(orders.by_id) == 100_000

    def active() -> int:
        return sum(count for status, count in orders.counts.items() if status not in FINAL)

    assert 4_500 < active() < 5_500
    before = {each.id: each.status for each in orders.by_id.values()}
    moves = 0
    for _ in range(8):
        clock.now += 4
        world.look()
        now = {each.id: each.status for each in orders.by_id.values()}
        moves += sum(before.get(each) != status for each, status in now.items())
        before = now
    assert 32 * 25 < moves < 32 * 100
    clock.now += 1800
    world.look()
    assert 4_500 < active() < 5_500
    assert sum(orders.counts.values()) == len(orders.by_id)


def test_a_life_told_in_full_is_the_life_that_was_listed():
    clock = Clock()
    world = build("huge", clock=clock)
    orders = world.workflows["orders"]
    for each in orders.order[::997]:
        listed = (each.status, each.started, each.ended)
        answer = detail(each) if each.tell(world.time) is None else {}
        assert (each.status, each.started, each.ended) == listed
        assert answer["status"] == listed[0]
        assert answer["params"]["orderId"] == each.id
        if each.status == "complete":
            assert answer["steps"][-1]["end"] <= answer["end"]


@pytest.mark.parametrize("name", ["calm", "incident"])
def test_what_a_client_makes_is_left_alone(name):
    clock = Clock()
    world = build(name, clock=clock)
    created = [
        world.create(world.workflows[workflow], f"mine-{number}")
        for workflow in ("refunds", "orders", "media-transcode", "billing")
        for number in range(5)
    ]
    for _ in range(60):
        clock.now += 5
        world.look()
        assert not {each.status for each in created} & {
            "terminated",
            "paused",
            "waitingForPause",
            "rollingBack",
        }


def test_no_workflow_runs_more_than_its_limit():
    clock = Clock()
    world = build("calm", clock=clock)
    limited = [value for value in world.workflows.values() if value.concurrency is not None]
    assert limited
    for _ in range(1500):
        clock.now += 2
        world.look()
        for workflow in limited:
            assert workflow.counts["running"] <= workflow.concurrency
