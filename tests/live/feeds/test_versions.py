"""The versions are asked for once, whoever needs one, and again only for one that is newer."""

import asyncio

from tests.support.harness.stage import asked, final_of, staged, waiting_of


@staged("calm")
async def test_the_version_of_what_ended_is_asked_for_once(on):
    on.poller.show("inventory-sync")
    await on.until(lambda: len(on.poller.store))
    first, second = [each for each in on.poller.store if each.status == "complete"][:2]
    on.poller.open(first.id)
    await on.until(lambda: on.poller.versions.by_id.get(first.version), within=10)
    answer = on.poller.versions.by_id.get(first.version).default_retention
    assert answer == {"success_retention": 3 * 3_600_000, "error_retention": 24 * 3_600_000}
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


@staged("incident")
async def test_answer_serves_the_open_instance_and_the_errors_page(on):
    on.poller.show("orders")
    await on.until(lambda: len(on.poller.store))
    on.poller.open(final_of(on).id)
    await on.until(lambda: on.poller.versions.appeared)
    on.poller.error_samples.wanted = True
    await on.until(
        lambda: on.poller.error_samples.failures.groups and on.poller.error_samples.progress[0] >= 8
    )
    assert on.poller.error_samples.failures.groups[0].fingerprint.version in on.poller.versions.appeared
    assert len(asked(on, "/versions")) == 1


@staged("incident")
async def test_version_deployed_since_is_read_at_once_when_blamed(on):
    listed = on.api.list_versions

    async def before_the_deploy(workflow):
        return (await listed(workflow))[1:]

    on.api.list_versions = before_the_deploy
    on.poller.show("orders")
    await on.until(lambda: len(on.poller.store))
    walk = on.world.workflows["orders"].walk(newest_first=True)
    earlier = next(each for each in walk if each.final and each.version.index == 1)
    on.poller.open(earlier.id)
    await on.until(lambda: on.poller.versions.by_id.get(earlier.version.id))
    on.api.list_versions = listed
    on.poller.error_samples.wanted = True
    failures, versions = on.poller.error_samples.failures, on.poller.versions
    await on.until(lambda: failures.groups and failures.groups[0].fingerprint.version in versions.appeared)
