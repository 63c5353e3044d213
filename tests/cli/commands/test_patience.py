"""How often a read is tried again, and when somebody has waited long enough."""

import pytest

from wfdash.api.errors import NotReached
from wfdash.api.interface import InstancePage, ListQuery
from wfdash.api.paging import walk
from wfdash.cli.session import CommandSession, LongRead
from wfdash.config.settings import Settings
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.joined_lists import JoinedLists


@pytest.mark.parametrize(("seconds", "tries"), [(0.1, 2), (30.0, 1)])
async def test_a_read_that_took_long_to_fail_is_not_repeated(seconds, tries, capsys):
    now, asked = 1_800_000_000.0, 0

    async def ask():
        nonlocal now, asked
        asked += 1
        now += seconds
        if asked < 2:
            raise NotReached("No answer came.")
        return "answer"

    session = CommandSession(Settings(), api=None, budget=Budget(clock=lambda: now), clock=lambda: now)
    if tries == 1:
        with pytest.raises(NotReached):
            await session.read(ask)
    else:
        assert await session.read(ask) == "answer"
        assert "trying again" in capsys.readouterr().err
    assert asked == tries


@pytest.mark.parametrize("aloud", [True, False])
async def test_long_list_says_how_far_it_is_and_what_stops_it(aloud, capsys):
    now = 1_800_000_000.0

    class Slow:
        async def list_instances(self, workflow, query):
            nonlocal now
            now += 2.0
            at = int(query.cursor or 0)
            items = [{"id": f"order-{at + n}"} for n in range(100)]
            return InstancePage(items, str(at + 100) if at < 600 else None, 700)

    lists = LongRead(JoinedLists(Slow(), None), lambda: now, now, aloud)
    assert sum([len(page.items) async for page in walk(lists, "orders", ListQuery())]) == 700
    said = [
        "wfdash: read 300 of 700, 3 requests; ctrl+c stops it",
        "wfdash: read 600 of 700, 6 requests; ctrl+c stops it",
    ]
    assert capsys.readouterr().err.splitlines() == (said if aloud else [])
