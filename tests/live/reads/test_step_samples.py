"""Runs read in full for their steps: which of them can be compared, and which are left out."""

from tests.support.harness.stage import staged
from wfdash.core.model.detail import Detail
from wfdash.demo.engine import verbs
from wfdash.live.reads.reads import Reads
from wfdash.live.reads.step_samples import StepSamples


@staged("calm")
async def test_run_read_before_it_ended_is_read_again(on):
    on.poller.show("orders")
    await on.until(lambda: len(on.poller.store))
    on.poller.frozen = True
    rows = [row for row in on.poller.store if row.status == "complete"][:4]
    ended, restarted, gone, before = rows
    orders = {each.id: each for each in on.world.workflows["orders"].walk(newest_first=True)}
    verbs.restart(on.world, orders[restarted.id])
    on.world.workflows["orders"].forget(orders[gone.id])
    stale = {row.id: Detail("orders", row.id, status="waiting") for row in rows}
    read = []
    samples = StepSamples(Reads(on.api, on.budget), "orders", stale.get)
    await samples.read(rows[:3], [before], lambda: read.append(1))
    assert [detail.status for detail in samples.of(rows)] == ["complete", "complete"]
    assert set(samples.details) == {ended.id, before.id}
    assert samples.left_out == {restarted.id, gone.id}
    assert len(read) == len(rows)
