"""When the past runs are read that an open instance is held against."""

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import stage
from wfdash.core.history.usual_run import LEAST_SAMPLES


def test_usual_runs_are_read_seconds_after_an_opening():
    async def story():
        async with stage("incident") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 300)
            rows = list(poller.store)
            opened = next(row.id for row in rows if row.status == "waiting" and row.version)
            # None of them tells of a success, and there are more than the budget reads in a minute.
            poller.want([row.id for row in rows if row.status == "waiting"])
            await on.until(lambda: poller.row_details.progress[0] > 60)
            poller.open(opened)
            await on.until(lambda: (state := poller.detail(opened)) is not None and state.detail)
            detail = poller.detail(opened).detail

            def samples():
                usual = poller.usual_run(detail)
                return len(usual.samples) if usual is not None else 0

            await on.until(lambda: samples() >= LEAST_SAMPLES, within=30)

    simulate(story())
