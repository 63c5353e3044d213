"""What an action reads and is answered is on the rows at once, before any poll could tell it."""

import asyncio

import pytest

from tests.support.harness.stage import staged, waiting_of
from wfdash.core.rows.store import GONE
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import make_plan


async def acted(on, verb, rows, *, sink=True):
    clock = on.loop.time
    overheard = on.poller.sink if sink else None
    operator = Operator(on.api, budget=on.budget, journal=None, clock=clock, sink=overheard)
    plan = make_plan(verb, "orders", rows, now=clock(), guard=operator.guard)
    return await operator.carry_out(plan, lambda event: None)


async def frozen_on(on, workflow="orders"):
    on.poller.show(workflow)
    await on.until(lambda: len(on.poller.store) > 50)
    await asyncio.sleep(1)
    on.poller.frozen = True


def active_of(on, number):
    return [row for row in on.poller.store if row.status in ("running", "waiting")][:number]


@pytest.mark.parametrize("number", [3, 30])
def test_rows_tell_what_an_action_did_while_polling_is_frozen(number):
    @staged("incident")
    async def story(on):
        await frozen_on(on)
        rows = active_of(on, number)
        results = await acted(on, "terminate", rows)
        done = [result.id for result in results if result.outcome == "done"]
        assert len(done) > number / 2
        for identity in done:
            row = on.poller.store.get(identity)
            assert row.status == "terminated"
            assert row.ended is None or row.ended == pytest.approx(on.loop.time(), abs=60)
            assert identity not in on.poller.store.active

    story()


@staged("incident")
async def test_without_a_sink_rows_wait_for_the_next_poll(on):
    await frozen_on(on)
    (row,) = active_of(on, 1)
    (result,) = await acted(on, "terminate", [row], sink=False)
    assert (result.outcome, on.poller.store.get(row.id).status) == ("done", row.status)


@staged()
async def test_a_restart_takes_the_times_of_the_last_run_away(on):
    await frozen_on(on)
    row = next(each for each in on.poller.store if each.status == "complete")
    assert row.ended is not None
    (result,) = await acted(on, "restart", [row])
    now = on.poller.store.get(row.id)
    assert now.status == result.after
    assert now.ended is None
    assert now.started is None or now.started > row.ended


@staged()
async def test_an_instance_that_an_action_finds_gone_is_marked(on):
    await frozen_on(on)
    subject = waiting_of(on)
    row = on.poller.store.get(subject.id)
    on.world.workflows["orders"].forget(subject)
    (result,) = await acted(on, "terminate", [row])
    assert result.outcome == "skipped"
    assert on.poller.store.note(subject.id) == GONE


@staged()
async def test_news_of_other_workflows_or_unloaded_rows_is_let_pass(on):
    await frozen_on(on)
    overheard, store = on.poller.sink, on.poller.store
    first, size = waiting_of(on), len(store)
    number = overheard.next_number()
    overheard.saw_status("billing", first.id, "paused", number)
    overheard.saw_rows("billing", [{"id": first.id, "status": "paused"}], number)
    overheard.saw_gone("billing", first.id)
    overheard.saw_status("orders", "never-seen", "paused", number)
    overheard.saw_rows("orders", [{"id": "never-seen"}, {"id": ["odd"]}], number)
    overheard.saw_status("orders", first.id, "", number)
    assert (store.get(first.id).status, len(store), store.note(first.id)) == ("waiting", size, "")
    overheard.saw_status("orders", first.id, "paused", 0)
    assert store.get(first.id).status == "waiting"  # a later request told otherwise
    overheard.saw_status("orders", first.id, "paused", number)
    assert store.get(first.id).status == "paused"
