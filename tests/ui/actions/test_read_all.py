"""A choice of which a part was read: the question, reading to the end, and what is marked or asked then."""

import asyncio
import re

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.dashboard import opened
from tests.ui.actions.test_actions import writes
from tests.ui.actions.test_redrive import planned
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.demo.worlds.scenarios import half_fixed_deploy
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.read_instance import read_answer
from wfdash.ui.actions.prompt import PromptScreen
from wfdash.ui.actions.read_all import ReadAllScreen


def on_parcels(script, failed=110):
    """Runs a script on a list of which the errored ones fill two pages."""

    async def main():
        world = half_fixed_deploy(asyncio.get_running_loop().time, "tests", failed=failed)
        async with opened(world=world, workflow="parcels") as dash:
            await script(dash)

    simulate(main())


def of(world, status):
    return {each.id for each in world.workflows["parcels"].walk(newest_first=True, status=status)}


async def group_chosen(dash):
    """The errors page, once its sample was read."""
    await dash.press("errors.open")
    samples = dash.app.session.poller.error_samples
    await dash.until(lambda: samples.listing.is_listed and samples.progress == (50, 50))
    return samples


async def failed_alike(dash, sample):
    """The errored instances of the world that died of the step this sample died of, by reading each."""
    found = set()
    for identity in of(dash.world, "errored"):
        answer = await dash.app.session.api.get_instance("parcels", identity)
        if fingerprint(read_answer("parcels", identity, answer)) == sample.fingerprint:
            found.add(identity)
    return found


def test_group_is_read_to_its_end_before_it_is_redriven():
    async def script(dash):
        await group_chosen(dash)
        group = dash.app.screen.group_table.chosen
        expected, found = await failed_alike(dash, group), group.count
        assert found < len(expected)
        await dash.press("instance.redrive")
        errored = len(of(dash.world, "errored"))
        assert f"{found} of this group were found in 50 of the {errored} that are errored" in dash.text
        assert f"{errored - 50} more to read first" in dash.text
        dash.server.state.latency = 0.2
        await dash.press("a")
        await dash.until(lambda: f"of {errored}, about" in dash.text)
        await dash.until(lambda: isinstance(dash.app.screen, PromptScreen), 200)
        await planned(dash)
        assert {target.id for target in dash.app.screen.plan.targets} == expected
        assert writes(dash) == []

    on_parcels(script)


def test_part_of_a_group_is_taken_where_that_is_said():
    async def script(dash):
        await group_chosen(dash)
        found = {sample.id for sample in dash.app.screen.group_table.chosen.samples}
        await dash.press("mark.toggle")
        assert f"only the {len(found)} found" in dash.text
        await dash.press("escape")
        assert not dash.app.root.rows.marks
        await dash.press("mark.toggle")
        await dash.press("o")
        assert set(dash.app.root.rows.marks.ids) == found

    on_parcels(script)


def test_list_is_read_to_its_end_before_all_are_marked():
    async def script(dash):
        dash.app.root.rows.filter_by("status:errored")
        await dash.until(lambda: dash.app.session.poller.newest.total == len(of(dash.world, "errored")))
        await dash.settled()
        loaded, errored = len(dash.app.root.rows.view), of(dash.world, "errored")
        assert loaded < len(errored)
        await dash.press("mark.all")
        assert f"{loaded} of the {len(errored)} that match are loaded" in dash.text
        await dash.press("a")
        await dash.until(lambda: not isinstance(dash.app.screen, ReadAllScreen))
        assert set(dash.app.root.rows.marks.ids) == errored
        await dash.press("instance.redrive")
        await planned(dash)
        assert f"each of the {len(errored)} is read just before it is sent, for its failed step" in dash.text
        assert "it takes about" not in dash.text
        dash.app.screen.asking.takes = dash.app.session.poller.budget.actions_take(12_431)
        dash.app.screen.draw()
        await dash.settled()
        assert "at most 400 requests of actions go in 5 minutes: it takes about 2 h 35 m" in dash.text

    on_parcels(script, failed=300)


def test_all_are_marked_where_the_last_rows_come_late():
    async def script(dash):
        dash.app.root.rows.filter_by("status:errored")
        await dash.until(lambda: dash.app.session.poller.newest.total == len(of(dash.world, "errored")))
        await dash.settled()
        await dash.press("mark.all")
        dash.server.state.latency = 2.0
        await dash.press("a")
        busy = asyncio.Event()
        dash.app.call_later(busy.wait)
        await asyncio.sleep(10)
        assert dash.app.session.poller.history.complete
        busy.set()
        await dash.until(lambda: not isinstance(dash.app.screen, ReadAllScreen))
        assert set(dash.app.root.rows.marks.ids) == of(dash.world, "errored")

    on_parcels(script, failed=300)


def test_all_that_only_reading_tells_are_opened_first():
    async def script(dash):
        dash.app.root.rows.filter_by("status:errored step~weigh")
        dash.server.state.latency = 0.5
        await dash.passes(2)
        await dash.press("mark.all")
        assert "match so far" in dash.text
        await dash.press("a")
        await dash.until(lambda: not isinstance(dash.app.screen, ReadAllScreen), 200)
        searched = dash.app.session.poller.search.searched
        assert searched.read == searched.candidates == len(of(dash.world, "errored"))
        assert set(dash.app.root.rows.marks.ids) == set(dash.app.root.rows.ids())

    on_parcels(script)


def seconds_left(text):
    """The time that the panel tells, in seconds."""
    said = re.search(r"reading [\d,]+ of [\d,]+, about (.*?) left", text)[1]
    return sum(
        int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in re.findall(r"(\d+) (\S+)", said)
    )


def test_time_left_counts_what_the_window_has():
    """Most of a window is spent when it begins: its first pages promise seconds."""

    async def script(dash):
        dash.app.root.rows.filter_by("status:errored")
        await dash.until(lambda: dash.app.session.poller.newest.total == len(of(dash.world, "errored")))
        await dash.settled()
        budget = dash.app.session.poller.budget
        for number in range(750):
            assert budget.take(Priority.FOREGROUND, f"page {number // 25}") == 0
        await dash.press("mark.all")
        dash.server.state.latency = 0.2
        await dash.press("a")
        now, looks = asyncio.get_running_loop().time, []
        while isinstance(dash.app.screen, ReadAllScreen):
            if "left" in dash.text:
                looks.append((now(), seconds_left(dash.text)))
            await asyncio.sleep(5)
        ended = now()
        assert ended - looks[0][0] > 20
        wrong = [
            (ended - at, said) for at, said in looks if abs(said - (ended - at)) > 0.15 * (ended - at) + 6
        ]
        assert wrong == []

    on_parcels(script, failed=2800)


def test_reading_says_why_it_does_not_go_on():
    async def script(dash):
        await group_chosen(dash)
        await dash.press("poll.freeze")
        await dash.press("instance.redrive")
        await dash.press("a")
        await dash.passes(3)
        assert "polling is frozen" in dash.text
        await dash.press("y")
        assert isinstance(dash.app.screen, ReadAllScreen)
        await dash.press("escape")
        assert not isinstance(dash.app.screen, (ReadAllScreen, PromptScreen))

    on_parcels(script)


def test_key_behind_the_one_that_reads_all_is_told_of():
    async def script(dash):
        dash.app.root.rows.filter_by("status:errored")
        await dash.until(lambda: dash.app.session.poller.newest.total == len(of(dash.world, "errored")))
        await dash.settled()
        await dash.press("mark.all")
        dash.server.state.latency = 1.0
        await dash.press("a")
        await dash.press("R")
        assert "R is not taken before all is read" in dash.text
        await dash.until(lambda: not isinstance(dash.app.screen, ReadAllScreen))
        await dash.passes(1)
        assert not isinstance(dash.app.screen, PromptScreen)
        assert "all is read; R came too early: press it again" in dash.text
        assert set(dash.app.root.rows.marks.ids) == of(dash.world, "errored")
        await dash.press("R")
        assert isinstance(dash.app.screen, PromptScreen)

    on_parcels(script, failed=300)
