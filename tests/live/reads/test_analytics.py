"""Counts that outlive the instances: over the simulator, whose lists have erased them."""

import pytest

from tests.support.harness.stage import asked, staged
from wfdash.api.errors import Forbidden
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
    ended = [(ended, status) for _, ended, status in workflow.erased]
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
