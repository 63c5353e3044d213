"""One filter in several dashboards at a time: what does not match is opened by one of them, for all."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import asked, joined_stages
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import parse
from wfdash.demo.engine import verbs
from wfdash.live.budget.ledger import WINDOW, Priority


def look_for(on, text):
    on.poller.look_for(parse(text))


def opened(ons, since=0.0):
    return [each.path.rsplit("/", 1)[1] for on in ons for each in asked(on, "/instances/", since)]


def read(on):
    """Whether all that may match was opened, here or elsewhere."""
    searched = on.poller.search.searched
    return searched is not None and searched.over


def matching(on, text):
    query, details = parse(text), on.poller.row_details.read
    match = query.matcher(on.loop.time(), MatchContext(details=details))
    return {row.id for row in on.poller.store if match(row)}


@pytest.mark.parametrize("apart", [0.0, 20.0])
def test_search_in_two_dashboards_opens_each_instance_once(tmp_path, apart):
    async def main():
        async with AsyncExitStack() as stack:
            ons = await joined_stages(stack, tmp_path, 2)
            since = ons[0].loop.time()
            for on in ons:
                look_for(on, "status:errored params~zzz")
                await asyncio.sleep(apart)
            await ons[0].until(lambda: all(map(read, ons)), within=60)
            candidates = [on.poller.search.searched for on in ons]
            assert all(each.read == each.candidates > 15 for each in candidates)
            times = [each for each in opened(ons, since) if ons[0].poller.store.get(each).status == "errored"]
            assert len(times) <= candidates[0].candidates + 3
            for on in ons:
                on.poller.look_for(None)
            assert not list(tmp_path.glob("*search*")), "whoever leaves last takes the file along"

    simulate(main())


def test_what_matches_is_found_in_both_dashboards(tmp_path):
    async def main():
        text = 'status:errored error~"card"'
        async with AsyncExitStack() as stack:
            ons = await joined_stages(stack, tmp_path, 2)
            for on in ons:
                look_for(on, text)
            await ons[0].until(lambda: all(map(read, ons)), within=60)
            found = [matching(on, text) for on in ons]
            assert found[0] == found[1]
            assert len(found[0]) > 3

    simulate(main())


def test_instance_that_changed_since_is_opened_again(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            first, second = await joined_stages(stack, tmp_path, 2)
            look_for(first, "params~zzz")
            await first.until(lambda: read(first), within=120)
            row = next(row for row in first.poller.store if row.status == "errored")
            verbs.restart(first.world, first.world.workflows["orders"].by_id[row.id])
            await asyncio.sleep(10)
            since = first.loop.time()
            look_for(second, "params~zzz")
            await second.until(lambda: read(second), within=120)
            assert row.id in opened([second], since)

    simulate(main())


def test_search_for_marks_is_shared_with_nobody(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            (on,) = await joined_stages(stack, tmp_path, 1)
            on.poller.look_for(parse("marked params~zzz"), {row.id for row in on.poller.store})
            await on.until(lambda: read(on), within=120)
            assert not list(tmp_path.glob("*search*"))

    simulate(main())


def test_file_of_a_search_holds_no_payload(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            (on,) = await joined_stages(stack, tmp_path, 1)
            look_for(on, "params~lisboa")
            await on.until(lambda: read(on), within=120)
            (file,) = tmp_path.glob("*search*")
            text = file.read_text().lower()
            assert text.count("\n") >= 100
            assert "lisboa" not in text + file.name
            assert file.stat().st_mode & 0o077 == 0

    simulate(main())


def test_dashboard_that_ends_while_it_searches_leaves_no_file(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            (on,) = await joined_stages(stack, tmp_path, 1)
            look_for(on, "params~zzz")
            on.poller.load_more()
            on.poller.error_samples.wanted = True
            await asyncio.sleep(3)
            assert len(list(tmp_path.glob("*.jsonl"))) == 3
        assert not list(tmp_path.glob("*.jsonl"))

    simulate(main())


def test_shared_search_wants_its_part_of_the_window_alone(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            ons = await joined_stages(stack, tmp_path, 2)
            for on in ons:
                look_for(on, "params~zzz")
            await asyncio.sleep(2)
            unread = [on.poller.search.searched.ahead for on in ons]
            wanted = [on.poller.search.reads_left for on in ons]
            assert min(unread) > 40
            assert all(abs(2 * share - ahead) <= 1 for share, ahead in zip(wanted, unread, strict=True))
            # Both together want what is unread, once: that fits beside both screens, and goes at once.
            kept = 40 + round(2 * 0.37 * WINDOW) + 20
            for number in range(800 - kept - unread[0] - ons[0].budget.meter[0]):
                assert not ons[0].budget.take(Priority.FOREGROUND, f"another's {number}")
            await ons[0].until(lambda: all(map(read, ons)), within=30)

    simulate(main())
