"""What pages read once, over the simulator: what comes back, and under which purpose it is counted."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.stage import asked, final_of, stage, staged
from wfdash.api.errors import InstanceNotFound
from wfdash.core.triage.compare import differences
from wfdash.live.budget.shared_counter import SharedCounter
from wfdash.live.reads.account_errors import read_account_errors
from wfdash.live.reads.comparison import read_pair
from wfdash.live.reads.full_outputs import read_full_outputs
from wfdash.live.reads.reads import Reads


def reads_of(on):
    return Reads(on.api, on.budget)


async def shown(on, workflow="orders"):
    on.poller.show(workflow)
    await on.until(lambda: len(on.poller.store))
    on.poller.frozen = True


@staged("calm")
async def test_instance_comes_with_its_steps(on):
    await shown(on)
    row = final_of(on)
    detail = await reads_of(on).instance("orders", row.id)
    assert (detail.id, detail.status) == (row.id, row.status)
    assert len(detail.steps)


@staged("calm")
async def test_first_instance_passes_over_what_is_gone(on):
    await shown(on)
    gone, there = [row for row in on.poller.store if row.status == "complete"][:2]
    orders = on.world.workflows["orders"]
    orders.forget(next(each for each in orders.walk(newest_first=True) if each.id == gone.id))
    row, detail = await reads_of(on).first_instance("orders", [gone, there])
    assert row.id == detail.id == there.id
    assert await reads_of(on).first_instance("orders", [gone]) is None
    with pytest.raises(InstanceNotFound):
        await reads_of(on).instance("orders", gone.id)


@staged("calm")
async def test_workflow_is_there_or_not(on):
    assert await reads_of(on).has_workflow("orders")
    assert not await reads_of(on).has_workflow("no-such-workflow")


@staged("calm")
async def test_account_is_not_to_choose_where_it_was_named(on):
    assert list(await reads_of(on).accounts_to_choose_from()) == []


@staged("calm")
async def test_credential_is_verified_and_its_accounts_listed(on):
    words, accounts = await reads_of(on).credential("")
    assert words.startswith("active")
    assert all(account["id"] for account in accounts)
    assert (await reads_of(on).credential("an account"))[1] == []


@staged("calm")
async def test_workflows_are_those_of_the_server(on):
    names = [workflow.name for workflow in await reads_of(on).workflows()]
    assert sorted(names) == sorted(on.world.workflows)


@staged("incident")
async def test_pair_takes_the_run_as_it_was_loaded(on):
    await shown(on)
    failed = next(row for row in on.poller.store if row.status == "errored")
    loaded = await reads_of(on).instance("orders", failed.id)
    before = len(asked(on, f"/instances/{failed.id}"))
    pair = await read_pair(reads_of(on), on.poller.store, "orders", failed.id, loaded=loaded, local=False)
    assert pair.mine is loaded
    assert len(asked(on, f"/instances/{failed.id}")) == before
    assert pair.other is not None
    assert pair.other[0].status == "complete"
    assert pair.other[0].id == pair.other[1].id


@staged("incident")
async def test_outputs_say_how_far_they_are_before_each_request(on):
    await shown(on)
    reads = reads_of(on)
    details = [await reads.instance("orders", row.id) for row in list(on.poller.store)[:10]]
    seen = []
    for detail in details:
        seen.clear()
        found = await read_full_outputs(
            reads, detail, lambda outputs: seen.append((outputs.asked, outputs.wanted))
        )
        assert seen == [(number, found.wanted) for number in range(found.wanted)]
        assert len(found.by_step) + found.still_cut == found.cut


@staged("calm")
async def test_each_read_is_counted_under_its_purpose(on):
    await shown(on)
    row, reads = final_of(on), reads_of(on)
    await asyncio.gather(*(reads.instance("orders", row.id) for _ in range(3)))
    await reads.has_workflow("orders")
    ((_, spender),) = on.budget.spenders
    assert {"instance": 3, "go to": 1}.items() <= dict(spender.purposes).items()


@staged("incident")
async def test_pair_takes_of_late_successes_the_one_most_alike(on):
    await shown(on)
    failed = next(row for row in on.poller.store if row.status == "errored")
    loaded = await reads_of(on).instance("orders", failed.id)
    found = []
    pair = await read_pair(
        reads_of(on),
        on.poller.store,
        "orders",
        failed.id,
        loaded=loaded,
        local=False,
        progress=lambda done, of: found.append((done, of)),
    )
    assert found == [(done, 5) for done in range(6)]
    listed = on.world.workflows["orders"].walk(newest_first=True, status="complete")
    late = [each.id for each in listed if each.version.id == failed.version][:5]
    details = [await reads_of(on).instance("orders", each) for each in late]
    apart = {each.id: len(differences(loaded.params, each.params)) for each in details}
    assert pair.weighed == len(apart) == 5
    assert apart[pair.other[0].id] == min(apart.values())


@staged("calm")
async def test_pair_in_a_dev_session_reads_one_success_alone(on):
    await shown(on)
    mine, *_ = [row for row in on.poller.store if row.status == "complete"]
    loaded = await reads_of(on).instance("orders", mine.id)
    before = len(asked(on, "/instances/"))
    pair = await read_pair(reads_of(on), on.poller.store, "orders", mine.id, loaded=loaded, local=True)
    assert pair.weighed == 1
    assert len(asked(on, "/instances/")) == before + 1


def test_causes_of_all_workflows_are_read_once_by_two_processes(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            world = build("incident", clock=asyncio.get_running_loop().time)
            counters = [SharedCounter(tmp_path / "spent.json") for _ in range(2)]
            ons = [await stack.enter_async_context(stage(world, counter=counter)) for counter in counters]
            reads = [Reads(on.api, on.budget) for on in ons]
            names = [workflow.name for workflow in await reads[0].workflows()]

            async def second():
                await asyncio.sleep(0.35)
                return await read_account_errors(reads[1], names, lambda workflows: None)

            before = sum(len(asked(on, "/instances/")) for on in ons)
            found = await asyncio.gather(
                read_account_errors(reads[0], names, lambda workflows: None), second()
            )
            samples = [sum(len(workflow.samples) for workflow in each) for each in found]
            assert samples[0] == samples[1] > 20
            assert sum(len(asked(on, "/instances/")) for on in ons) - before <= 1.5 * samples[0]

    simulate(main())
