"""How often a read is tried again, and when somebody has waited long enough."""

import asyncio
import re
from argparse import Namespace

import pytest

from wfdash.api.errors import NotReached
from wfdash.api.interface import DetailAnswer, Exchange, InstancePage, ListQuery
from wfdash.api.paging import walk
from wfdash.cli.commands.list import Listing
from wfdash.cli.session import CommandSession, Extent, LongRead, Patient, ProgressWords
from wfdash.config.settings import Settings
from wfdash.core.filter.query import parse
from wfdash.core.model.times import iso
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.joined_lists import JoinedLists
from wfdash.live.budget.ledger import Priority

BEGAN = 1_800_000_000.0


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


class Slow:
    """Answers in two seconds of `clock`; the page of a list has 100 of 700 rows."""

    local = False
    account_id = ""

    def __init__(self, budget, clock):
        self.budget, self.clock = budget, clock

    def answers(self):
        self.clock[0] += 2.0
        self.budget.saw(Exchange(self.clock[0], "list", "GET", "/", 200, 2000, 0, "", "", "", None, ""))

    async def list_instances(self, workflow, query):
        self.answers()
        at = int(query.cursor or 0)
        items = [{"id": f"order-{at + n}", "status": "errored"} for n in range(100)]
        for place, item in enumerate(items, at):
            item["created_on"] = iso(BEGAN - 60.0 * place)
        return InstancePage(items, str(at + 100) if at < 600 else None, 700)

    async def get_instance(self, workflow, identity):
        self.answers()
        return DetailAnswer({"status": "errored"})


def slow_session():
    clock = [BEGAN]
    budget = Budget(clock=lambda: clock[0])
    return CommandSession(
        Settings(), Slow(budget, clock), budget, "list", lambda: clock[0], _workflow="orders"
    )


@pytest.mark.parametrize("aloud", [True, False])
async def test_long_list_says_what_it_costs_and_what_stops_it(aloud, capsys):
    session = slow_session()
    turns = Patient(session)
    progress = ProgressWords(session, aloud, session.clock())
    lists = LongRead(JoinedLists(turns, None), turns, progress)
    assert sum([len(page.items) async for page in walk(lists, "orders", ListQuery())]) == 700
    said = [
        "wfdash: 7 requests for 700 rows, about 13 s; ctrl+c stops it",
        "wfdash: read 400 of 700, 4 of 7 requests, about 7 s left; ctrl+c stops it",
    ]
    assert capsys.readouterr().err.splitlines() == (said if aloud else [])


@pytest.mark.parametrize(
    ("extent", "said"),
    [
        (
            Extent(back=8 * 3600.0),
            [
                "about 5 requests back to 2027-01-15T00:00:02Z, about 9 s",
                "read 400 back to 2027-01-15T01:21:00Z, 4 of about 5 requests, about 3 s left",
            ],
        ),
        (
            Extent(back=24 * 3600.0),
            [
                "about 7 requests back to 2027-01-14T08:00:02Z, about 13 s",
                "read 400 back to 2027-01-15T01:21:00Z, 4 of about 7 requests, about 7 s left",
            ],
        ),
        (
            Extent(is_bound=True),
            [
                "at most 7 requests for 700 rows, about 13 s",
                "read 400 of 700, 4 of at most 7 requests, about 7 s left at most",
            ],
        ),
    ],
)
async def test_list_read_back_says_what_is_known_of_its_end(extent, said, capsys):
    session = slow_session()
    turns = Patient(session)
    lists = LongRead(JoinedLists(turns, None), turns, ProgressWords(session, True, session.clock()), extent)
    pages = walk(lists, "orders", ListQuery())
    for _ in range(4):
        await anext(pages)
    assert capsys.readouterr().err.splitlines() == [f"wfdash: {each}; ctrl+c stops it" for each in said]
    assert turns.wanted == (1 if extent.back == 8 * 3600.0 else 3)


async def test_details_that_are_read_one_by_one_say_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    parsed = Namespace(limit=0, query=parse("params~xyz"), asc=False, read_details=6)
    session = slow_session()
    monkeypatch.setattr("time.time", session.clock)
    listing = Listing(parsed, session)
    assert [row async for row in listing.matching()] == []
    assert capsys.readouterr().err.splitlines() == [
        "wfdash: up to 6 instances are read one by one, a request each, about 13 s; ctrl+c stops it",
        "wfdash: read 3 of at most 6 instances one by one, about 7 s left; ctrl+c stops it",
    ]


async def test_list_that_waits_says_how_long_all_of_it_takes(capsys):
    """When the next request goes is no news to who waits for a thousand."""
    session = slow_session()
    for number in range(800):
        session.budget.take(Priority.FOREGROUND, str(number))
    turn = asyncio.create_task(session.turn(wanted=20))
    for _ in range(3):
        await asyncio.sleep(0)
    turn.cancel()
    words = r"wfdash: slow: 800 reads by this wfdash; 20 more requests in about 5 m.*; ctrl\+c stops it\n"
    assert re.fullmatch(words, capsys.readouterr().err)


async def test_reads_that_each_wait_say_it_once_for_all(capsys):
    session = slow_session()
    for number in range(799):
        session.budget.take(Priority.FOREGROUND, str(number))
    progress = ProgressWords(session, True, session.clock())
    progress.begin("20 instances are read one by one", 20)
    for left in (20, 19):
        turn = asyncio.create_task(session.turn(wanted=left))
        for _ in range(3):
            await asyncio.sleep(0)
        turn.cancel()
    words = r"wfdash: 20 instances are read one by one, about 5 m.*; slow: 799 of 800 reads went; .*\n"
    assert re.fullmatch(words, capsys.readouterr().err)
