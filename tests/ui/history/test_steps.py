"""The page of steps: what it reads, what it names, and where its rows lead."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import drive, opened


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_step_that_the_deploy_broke_stands_first(size):
    async def main():
        world = build("deploy-gone-wrong", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=size) as d:
            await d.press("history.open")
            await d.until(lambda: "after version ccf99991" in d.text)
            await d.press("pane.next")
            await d.until(lambda: "40 of 40 runs read" in d.text, 60)
            assert '"charge card" fails more: ' in d.text
            assert d.app.screen.table.rows[0].step == "charge card"
            assert "version ccf99991" in d.text
            slowest = d.app.screen.table.chosen.example
            await d.press("row.open")
            await d.until(lambda: d.app.screen.opened_instance == slowest)

    simulate(main())


def test_reading_more_reads_no_run_again():
    async def script(d):
        await d.press("history.open")
        await d.until(lambda: "loaded, back to" in d.text)
        await d.press("pane.next")
        await d.until(lambda: "runs read" in d.text and d.app.screen._over, 60)
        first = dict(d.app.screen._samples.details)
        await d.press("poll.now")
        await d.until(lambda: d.app.screen._over and len(d.app.screen._samples.details) > len(first), 60)
        assert all(d.app.screen._samples.details[key] is first[key] for key in first)
        await d.press("pane.next")
        assert d.app.screen.opened_by == "history.open"

    drive(script, size=(80, 24))


def test_workflow_without_runs_is_a_sentence():
    async def script(d):
        await d.press("history.open", "pane.next")
        await d.until(lambda: "no run of this time has completed or failed" in d.text)

    drive(script, workflow="refunds", size=(80, 24))


def test_runs_of_a_time_that_is_over_are_not_called_now():
    """What failed for ten minutes and then no more is not how it goes."""

    async def main():
        world = build("deploy-gone-wrong", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=(80, 24)) as d:
            await d.press("history.open")
            await d.until(lambda: "after version ccf99991" in d.text)
            found = d.app.screen.finding
            d.app.screen.finding = replace(found, until=found.at + 300, version="")
            await d.press("pane.next")
            await d.until(lambda: "runs read" in d.text and d.app.screen._over, 60)
            assert " then: 20 runs from " in d.text
            assert "evenly spread" in d.text
            assert "now: " not in d.text
            assert '"charge card" failed more: ' in d.text

    simulate(main())
