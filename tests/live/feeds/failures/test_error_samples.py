"""Errored instances are sampled once each, only while somebody looks, and named by their cause."""

import asyncio

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.details import answer, gave_up
from tests.support.fakes.scripted import item, scripted
from tests.support.harness.stage import stage
from wfdash.api.interface import ListQuery
from wfdash.api.paging import walk
from wfdash.core.filter.query import parse
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.demo.engine import verbs


def gets(given):
    return [
        asked for asked in given.app.state.requests if asked.method == "GET" and "/instances/" in asked.path
    ]


def errored(given, workflow):
    return {row.id for row in given.poller.store if row.status == "errored"}


def test_the_dominant_cause_of_the_incident_is_named():
    async def story():
        async with stage("incident") as subject:
            subject.poller.show("orders")
            subject.poller.error_samples.wanted = True
            await subject.until(lambda: groups_of(subject) and progress(subject)[0] == progress(subject)[1])
            read, total = progress(subject)
            groups = groups_of(subject)
            assert 1 <= total <= 50
            assert sum(group.count for group in groups) == read
            assert groups[0].count > sum(group.count for group in groups) / 2
            assert groups[0].fingerprint.step == "charge card"
            await subject.until(lambda: bool(subject.poller.versions.appeared))

    simulate(story())


def progress(given):
    return given.poller.error_samples.progress


def groups_of(given):
    return given.poller.error_samples.failures.groups


async def look_at_failures(on):
    """Until each of the sample was read."""
    on.poller.show("orders")
    on.poller.error_samples.wanted = True
    await on.until(lambda: progress(on)[1] and progress(on)[0] == progress(on)[1])


def test_nothing_is_sampled_until_somebody_looks():
    async def story():
        async with stage("incident") as on:
            on.poller.show("orders")
            await on.until(lambda: len(on.poller.store) > 0)
            await on.until(lambda: on.poller.newest.freshness.answered_at is not None)
            assert progress(on) == (0, 0)
            assert gets(on) == []

    simulate(story())


def test_an_instance_is_read_once_for_its_cause():
    async def story():
        async with stage("incident") as subject:
            await look_at_failures(subject)
            paths = [asked.path for asked in gets(subject) if "simple" not in str(asked)]
            assert len(paths) == len(set(paths))

    simulate(story())


def test_what_was_sampled_is_known_to_filters_too():
    async def story():
        async with stage("incident") as subject:
            await look_at_failures(subject)
            sampled = {s.id for group in groups_of(subject) for s in group.samples}
            assert sampled <= subject.poller.row_details.read.keys()

    simulate(story())


def test_since_when_is_said_once_the_first_failure_was_read():
    async def story():
        async with stage("incident") as on:
            on.poller.show("orders")
            causes = on.poller.error_samples
            causes.wanted = True
            await on.until(lambda: causes.failures.groups)
            assert not causes.since_found
            await on.until(lambda: causes.since_found)
            top = causes.failures.groups[0]
            sampled = {sample.id for group in causes.failures.groups for sample in group.samples}
            version = top.fingerprint.version
            older = []
            async for page in walk(on.api, "orders", ListQuery(status="errored")):
                rows = [row for item in page.items if (row := Instance.from_item(item))]
                older += [row for row in rows if row.version == version and row.ended < top.first]
            assert {row.id for row in older} <= sampled
            assert top.first < min(time for time in top.recent)
            assert progress(on)[1] <= 60

    simulate(story())


@scripted
async def test_first_failure_in_a_wholly_listed_dev_session(api, poller, loop):
    api.local = True
    api.pages = {"": [item(identity, "errored", 60) for identity in ("a", "b")]}
    failed = answer("errored", [gave_up("charge card", 0, [1])], end=1, error={"name": "E", "message": "no"})
    api.details = {"a": failed, "b": failed}
    poller.show("orders")
    await asyncio.sleep(5)
    causes = poller.error_samples
    causes.wanted = True
    await asyncio.sleep(30)
    assert (causes.progress, causes.since_found) == ((2, 2), True)


def test_versions_are_blamed_over_an_unfiltered_range():
    async def story():
        async with stage("incident") as subject:

            def ids():
                return {row.id for row in subject.poller.contiguous()}

            async def listed():
                pages = [page async for page in walk(subject.api, "orders")]
                return [Instance.from_item(item) for page in pages for item in page.items]

            subject.poller.show("orders", parse("status:errored"))
            await subject.until(lambda: subject.poller.newest.freshness.answered_at is not None)
            assert subject.poller.contiguous() == [], "the completed ones between these are not loaded"
            subject.poller.show("orders")
            await subject.until(lambda: subject.poller.contiguous())
            before = ids()
            subject.poller.show("orders", parse("status:errored"))
            subject.poller.error_samples.wanted = True
            await asyncio.sleep(1200)
            assert ids() == before, "only errored ones were looked for since"
            ended = {row.id: row.status for row in await listed() if row.id in before and row.ended}
            seen = {row.id: row.status for row in subject.poller.contiguous() if row.ended}
            assert "complete" in seen.values()
            assert len(seen) >= len(ended) * 0.9, "what completes is found like what fails"
            assert seen.items() <= ended.items()
            subject.poller.show("orders")
            end = subject.loop.time()
            await subject.until(lambda: max(row.created for row in subject.poller.contiguous()) > end - 60)
            stretch = subject.poller.contiguous()
            oldest, newest = min(row.created for row in stretch), max(row.created for row in stretch)
            within = {row.id for row in await listed() if oldest <= row.created <= newest}
            assert {row.id for row in stretch} <= within
            assert len(within - {row.id for row in stretch}) <= len(within) / 10

    simulate(story())


def test_a_sample_reads_several_at_a_time_and_none_twice():
    async def story():
        async with stage("incident") as on:
            on.poller.show("orders")
            await on.until(lambda: on.poller.newest.freshness.answered_at is not None)
            on.app.state.latency = 0.2
            on.poller.error_samples.wanted = True
            began = on.loop.time()
            await on.until(lambda: progress(on)[0] >= 40)
            # One after another, forty answers of 0.2 s would be 8 s.
            assert on.loop.time() - began < 5
            paths = [asked.path for asked in gets(on) if "simple" not in str(asked)]
            assert len(paths) == len(set(paths))

    simulate(story())


def test_what_was_deleted_is_in_no_group_and_no_version():
    """Four counts of one page told four numbers: the groups and the versions kept what the list had lost."""

    async def story():
        async with stage("incident") as on:
            samples, orders = on.poller.error_samples, on.world.workflows["orders"]
            await look_at_failures(on)
            await on.until(lambda: on.poller.newest.page)
            page = on.poller.newest.page
            gone = [each.id for group in groups_of(on) for each in group.samples if each.id in page][:5]
            assert len(gone) == 5
            for identity in gone:
                orders.forget(orders.by_id[identity])
            await on.until(lambda: set(gone) <= on.poller.store.gone, within=30)
            assert not {each.id for group in groups_of(on) for each in group.samples} & set(gone)
            assert not {row.id for rows in samples.compared.rows()[:2] for row in rows} & set(gone)
            assert progress(on)[0] == sum(group.count for group in groups_of(on))

    simulate(story())


def test_what_was_restarted_below_leaves_its_group():
    """No poll lists it again, and the page called it errored as of now."""

    async def story():
        async with stage("incident") as on:
            orders = on.world.workflows["orders"]
            await look_at_failures(on)
            await asyncio.sleep(45)
            sampled = {each.id for group in groups_of(on) for each in group.samples}
            old = [identity for identity in sampled if identity not in on.poller.newest.page]
            if len(old) < 5:
                old = list(sampled)
            for identity in old:
                verbs.restart(on.world, orders.by_id[identity])

            def left():
                return sampled & {each.id for group in groups_of(on) for each in group.samples}

            again = {each for each in old if orders.by_id[each].status == "errored"}
            await on.until(lambda: not (left() & set(old)) - again, within=25)
            await on.until(
                lambda: all(on.poller.store.get(each).status != "errored" for each in old), within=40
            )

    simulate(story())


@scripted
async def test_what_ended_since_few_were_read_is_not_counted(api, poller, loop):
    """39 % of what ended had failed where one in twelve does: what failed is listed by itself."""
    rows = [item(f"o-{n}", age=400 + n) for n in range(40)]
    api.pages = {"": rows}
    poller.show("orders")
    await asyncio.sleep(5)
    samples, context = poller.error_samples, poller._context
    assert samples.compared.rows()[2] == loop.time()
    ended = {"ended_on": iso(loop.time() - 20)}
    failed = [item(f"o-{n}", "errored", age=400 + n) | ended for n in range(10)]
    seen = loop.time() - 300
    context.store._active.update(dict.fromkeys(context.store._active, seen))
    context.tell(context.store.apply(failed, seq=context.next_number(), now=loop.time()))
    listed, _, until = samples.compared.rows()
    assert until < loop.time() - 200
    assert not [row for row in listed if row.status == "errored"]


def test_page_of_failures_that_stays_open_keeps_the_last(monkeypatch):
    monkeypatch.setattr("wfdash.live.feeds.failures.error_samples._KEPT", 60)

    async def story():
        async with stage("incident") as on:
            on.poller.show("orders")
            samples = on.poller.error_samples
            samples.wanted = True
            numbers = []
            for _ in range(4):
                await asyncio.sleep(240)
                on.poller._scheduler.wake()
                numbers.append(len(samples.failures))
            assert max(numbers) <= 60
            assert len(on.poller.store) > 60
            assert sum(each.count for each in samples.failures.groups) == numbers[-1]

    simulate(story())


@scripted
async def test_what_is_told_with_two_versions_counts_for_none(api, poller, loop):
    """The group named the new version and the count below it the old one, of the same instance."""
    api.local = True
    row = item("a", "errored", 60) | {"version_id": "old-1", "ended_on": iso(loop.time() - 20)}
    fine = item("b", "complete", 50) | {"version_id": "old-1", "ended_on": iso(loop.time() - 10)}
    api.pages = {"": [fine, row]}
    failed = answer("errored", [gave_up("charge card", 0, [1])], end=1, error={"name": "E", "message": "no"})
    failed |= {"versionId": "new-2", "rollback": {"outcome": "failed", "error": None}}
    api.details = {"a": failed}
    poller.show("orders")
    await asyncio.sleep(5)
    samples = poller.error_samples
    samples.wanted = True
    await asyncio.sleep(30)
    assert [(each.fingerprint.version, each.not_undone) for each in samples.failures.groups] == [("new-2", 1)]
    assert [each.id for each in samples.compared.rows()[0]] == ["b"]
    assert samples.compared.of_two_versions == {"a"}
