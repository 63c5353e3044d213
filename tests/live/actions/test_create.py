"""A creation is sent once, and what became of it is read where no answer says so."""

import asyncio

import pytest

from tests.support.fakes.frail_server import NoBudget
from tests.support.harness.operate import create
from wfdash.api.interface import NewInstance
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import Progress, make_creation
from wfdash.live.records.journal import Journal


async def test_a_creation_that_was_refused_is_so_in_the_journal(server, clock, tmp_path):
    journal = Journal(tmp_path, profile="", account="acc", clock=clock)
    operator = Operator(server, budget=NoBudget(), journal=journal, clock=clock, sleep=clock.sleep)
    server.faults = ["403"]
    await create(operator, NewInstance("x-1"))
    (*_, last) = journal.read()
    assert (last.event, last.reason, last.http) == ("settled", "refused: The token may not write.", 403)
    journal.close()


async def test_creating_one_and_finding_it_after_no_answer(operator, server):
    (line,) = await create(operator, NewInstance("x-1"))
    assert (line.outcome, line.after) == ("done", "queued")
    server.faults = ["timeout after"]
    (line,) = await create(operator, NewInstance("x-2"))
    assert line.outcome == "done"
    assert "no answer came" in line.sentence
    server.faults = ["timeout before"]
    (line,) = await create(operator, NewInstance("x-3"))
    assert (line.outcome, line.exit_code) == ("unknown", 4)
    assert [each for each, _ in server.accepted] == ["x-1", "x-2"]


@pytest.mark.parametrize("number", [1, 3, 30])
async def test_each_creation_after_a_429_has_its_own_sent(server, clock, tmp_path, number):
    journal = Journal(tmp_path, profile="", account="acc", clock=clock)
    operator = Operator(server, budget=NoBudget(), journal=journal, clock=clock, sleep=clock.sleep)
    server.faults = ["429", "429"]
    new = [NewInstance(f"x-{place}") for place in range(number)]
    assert {result.outcome for result in await create(operator, *new)} == {"done"}
    assert len(server.asked) == 3
    assert sum(entry.event == "sent" for entry in journal.read()) == 3 * number
    journal.close()


@pytest.mark.parametrize("number", [1, 3, 30])
async def test_creation_carried_out_despite_429_is_not_repeated(operator, server, number):
    server.faults = ["429 after"]
    results = await create(operator, *(NewInstance(f"x-{place}") for place in range(number)))
    assert {(result.outcome, result.after) for result in results} == {("done", "queued")}
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", ["crash before", "redirect before", "page 400 before", "throttled before"])
async def test_a_creation_whose_answer_is_not_understood_is_unknown(operator, server, fault):
    server.faults = [fault]
    (result,) = await create(operator, NewInstance("x-1"))
    assert (result.outcome, result.exit_code, len(server.asked)) == ("unknown", 4, 1)


async def test_a_batch_says_which_were_left_out(operator, server):
    server.add("x-2", "running")
    answer = await create(operator, *(NewInstance(f"x-{number}") for number in range(150)))
    assert [each.id for each in answer if each.outcome == "skipped"] == ["x-2"]
    assert sum(each.outcome == "done" for each in answer) == 149
    assert [what for what, _ in server.asked] == ["100 at once", "50 at once"]


async def test_an_id_left_out_of_an_answer_and_not_there_is_unknown(operator, server, monkeypatch):
    async def nothing(workflow, new):
        return []

    monkeypatch.setattr(server, "create_instances", nothing)
    results = await create(operator, NewInstance("x-1"), NewInstance("x-2"))
    assert {(result.outcome, result.exit_code) for result in results} == {("unknown", 4)}


async def test_a_batch_without_an_answer_is_looked_for_together(operator, server, clock):
    new = [NewInstance(f"x-{number}") for number in range(100)]
    server.read_seconds = 0.2
    server.faults = ["reset after"]
    answer = await create(operator, *new)
    assert {(each.outcome, each.after) for each in answer} == {("done", "queued")}
    assert set(server.reads) == {"list"}
    assert len(server.reads) == 1
    began = clock()
    server.faults = ["reset before"]
    answer = await create(operator, *(NewInstance(f"y-{number}") for number in range(100)))
    assert {(each.outcome, each.exit_code) for each in answer} == {("unknown", 4)}
    assert clock() - began < 60
    assert len(server.reads) < 50
    assert [what for what, _ in server.asked] == ["100 at once"] * 2


async def test_instance_begun_before_the_request_is_not_the_new_one(operator, server):
    server.add("x-1", "running")
    server.faults = ["timeout before"]
    (line,) = await create(operator, NewInstance("x-1"))
    assert line.outcome == "unknown"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "429: looked for in 7 s, sent again if it is not there"),
        (30, "429 for all 30 that were sent at once: looked for in 7 s, sent again if none of them is there"),
    ],
)
async def test_a_creation_that_waits_after_a_429_says_so(operator, server, number, words):
    server.faults = ["429"]
    new = [NewInstance(f"x-{place}") for place in range(number)]
    plan = make_creation("orders", new, now=operator.clock(), guard=operator.guard)
    events = []
    await operator.carry_out(plan, events.append)
    waits = [event for event in events if isinstance(event, Progress)]
    assert [(event.id, event.stage, event.note) for event in waits] == [("x-0", "waiting", words)]


async def test_a_creation_that_waits_after_a_429_can_be_stopped(server, clock):
    async def sleep(seconds: float) -> None:
        if not operator.stopped:
            operator.stopped = True
            operator.stop()
            await asyncio.Event().wait()
        await clock.sleep(seconds)

    class Stopped(Operator):
        stopped = False

    operator = Stopped(server, budget=NoBudget(), journal=None, clock=clock, sleep=sleep)
    server.faults = ["429"]
    async with asyncio.timeout(60):
        (result,) = await create(operator, NewInstance("x-1"))
    assert (result.outcome, result.exit_code, len(server.asked)) == ("unknown", 4, 1)
