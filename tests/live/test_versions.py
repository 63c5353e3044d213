"""What the versions allow is asked for once, and only where it matters."""

import asyncio

from tests.support.stage import asked, final_of, staged, waiting_of


@staged("calm")
async def test_the_version_of_what_ended_is_asked_for_once(on):
    on.poller.show("inventory-sync")
    await on.until(lambda: len(on.poller.store))
    first, second = [one for one in on.poller.store if one.status == "complete"][:2]
    on.poller.open(first.id)
    await on.until(lambda: on.poller.version(first.version), within=10)
    told = on.poller.version(first.version).default_retention
    assert told == {"success_retention": 3 * 3_600_000, "error_retention": 24 * 3_600_000}
    on.poller.open(second.id)
    await asyncio.sleep(60)
    assert len(asked(on, "/versions")) == 1


@staged("calm")
async def test_of_what_sleeps_nobody_needs_to_know_it(on):
    on.poller.show("orders")
    await on.until(lambda: len(on.poller.store))
    on.poller.open(waiting_of(on).id)
    await asyncio.sleep(30)
    assert not asked(on, "/versions")


@staged("calm")
async def test_a_version_that_is_not_listed_is_looked_for_seldom(on):
    times = []

    async def none_listed(workflow):
        times.append(on.loop.time())
        return []

    on.api.list_versions = none_listed
    on.poller.show("orders")
    await on.until(lambda: len(on.poller.store))
    on.poller.open(final_of(on).id)
    await on.until(lambda: len(times) == 2, within=1000)
    assert times[1] - times[0] >= 600
