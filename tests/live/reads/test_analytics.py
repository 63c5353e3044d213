"""Counts that outlive the instances: over the simulator, whose lists have erased them."""

import pytest

from tests.support.harness.stage import asked, staged
from wfdash.api.errors import Forbidden
from wfdash.demo.engine import verbs
from wfdash.live.reads.reads import Reads

HOUR = 3600.0
SYNC = "inventory-sync"


async def read(on, **more):
    now = on.loop.time()
    reads = Reads(on.api, on.budget)
    return await reads.analytics(SYNC, **{"since": now - 24 * HOUR, "until": now, "width": HOUR} | more)


@staged("calm")
async def test_erased_runs_are_counted_and_listed_ones_once(on):
    found = await read(on)
    workflow = on.world.workflows[SYNC]
    assert workflow.erased, "the scenario erases what ended three hours ago"
    ended = [(life.ended, life.status) for life in workflow.erased]
    ended += [
        (each.ended, each.status) for each in workflow.walk(newest_first=True) if each.ended is not None
    ]
    for at in range(int(found.since), int(found.until), 3600):
        tally = found.between(at, at + HOUR)
        within = [status for end, status in ended if at <= end < at + HOUR]
        assert tally.complete == within.count("complete")
        assert tally.errored == within.count("errored")
    assert found.sampling == ""
    assert len(asked(on, "/graphql")) == 1


@staged("calm")
async def test_failures_stay_counted_once_restarted(on):
    """An event stays an event, whatever the instance comes to then."""
    workflow = on.world.workflows["orders"]
    failed = [each for each in workflow.walk(newest_first=True) if each.status == "errored"]
    now = on.loop.time()

    async def errored():
        found = await Reads(on.api, on.budget).analytics(
            "orders", since=now - 24 * HOUR, until=now + HOUR, width=HOUR
        )
        return sum(tally.errored for tally in found.tallies.values())

    before = await errored()
    assert before >= len(failed) > 2
    for instance in failed:
        verbs.restart(on.world, instance)
    assert await errored() >= before


@staged("calm")
async def test_stretches_that_do_not_fit_are_not_guessed(on):
    found = await read(on)
    assert found.between(found.since + 60, found.since + HOUR) is None
    assert found.between(found.since - HOUR, found.since) is None
    finer = await read(on, width=720.0)
    assert finer.between(finer.since + 720, finer.since + 1440) is not None


@staged("calm")
async def test_missing_permission_is_named(on):
    on.app.state.analytics.permitted = False
    with pytest.raises(Forbidden, match="Account Analytics Read"):
        await read(on)


@staged("calm")
async def test_sampled_answers_say_so(on):
    on.app.state.analytics.sampled = 10
    assert (await read(on)).sampling == "sampled, about 1 of 10 events"
    on.app.state.analytics.missing = "sampleInterval"
    assert (await read(on)).sampling == "may be sampled"


@staged("calm")
async def test_plan_that_reaches_less_far_back_is_asked_for_that(on):
    day, now = 24 * HOUR, on.loop.time()
    for kept, since in ((day, now - 7 * day), (31 * day, now - 40 * day)):
        on.app.state.analytics.kept = kept
        found = await read(on, since=since)
        assert now - kept <= found.since <= now - kept + 2 * HOUR
        assert found.between(found.since, found.since + HOUR) is not None
        assert found.between(found.since - HOUR, found.since) is None, "not told is not nothing"
    on.app.state.analytics.kept = day
    life = on.world.workflows[SYNC].erased[-1]
    assert (await past_of(on, life.id)).end


async def past_of(on, identity, workflow=SYNC):
    return await on.api.past_instance(workflow, identity, now=on.loop.time())


def erased(on, status):
    return next(
        (workflow.name, life)
        for workflow in on.world.workflows.values()
        for life in workflow.erased
        if life.status == status
    )


@staged("calm")
async def test_what_became_of_an_erased_id_is_told(on):
    orders = on.world.workflows["orders"]
    orders.forget(next(orders.walk(newest_first=True, status="errored")))
    orders.forget(next(orders.walk(newest_first=True, status="waiting")))
    for status, end in (("complete", "completed"), ("errored", "failed"), ("waiting", "")):
        name, life = erased(on, status)
        past = await past_of(on, life.id, name)
        assert (past.workflow, past.end, past.sampled) == (name, end, 1.0)
        assert past.created == pytest.approx(life.created, abs=0.01)
        assert past.ended == (life.ended and pytest.approx(life.ended, abs=0.01))
        assert past.step == (life.failed[-1][1] if life.failed else "")
    assert life.failed == ()
    assert "no end of it was counted" in past.sentence(name, str)
    elsewhere = await past_of(on, life.id, "refunds")
    assert f" in {name}: created " in elsewhere.sentence("refunds", str)


@staged("calm")
async def test_an_id_that_never_was_is_not_told_of(on):
    past = await past_of(on, "never-was")
    assert past.workflow == ""
    assert "have no such id in the last 31 days" in past.sentence(SYNC, str)


@staged("calm")
async def test_events_of_an_id_are_sampled_and_say_so(on):
    name, life = erased(on, "complete")
    on.app.state.analytics.sampled = 3
    past = await past_of(on, life.id, name)
    assert (past.end, past.sampled) == ("", 3.0), "of its events the first alone was kept"
    assert "sampled, about 1 of 3 events, so there may be more" in past.sentence(name, str)
    on.app.state.analytics.sampled = 1
    for missing, said in (("sampleInterval", "they may be sampled"), ("stepName", "completed")):
        on.app.state.analytics.missing = missing
        assert said in (await past_of(on, life.id, name)).sentence(name, str)


@staged("calm")
async def test_an_id_is_not_asked_about_without_permission(on):
    on.app.state.analytics.permitted = False
    with pytest.raises(Forbidden, match="Account Analytics Read"):
        await past_of(on, "never-was")
