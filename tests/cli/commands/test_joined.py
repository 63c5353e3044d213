"""Two commands that read the same at a time: what one of them has opened the other does not open again."""

import asyncio
from argparse import Namespace
from collections import Counter

import pytest

from wfdash.api.interface import DetailAnswer, InstancePage
from wfdash.cli.commands.list import Listing
from wfdash.cli.session import CommandSession
from wfdash.config.settings import Settings
from wfdash.core.filter.query import parse
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.shared_counter import SharedCounter

ROWS = 40


class Server:
    """A page of failures, of which each tenth holds what is looked for; counts what is opened."""

    local = False
    account_id = "acme"

    def __init__(self):
        self.opened = Counter()

    async def list_instances(self, workflow, query):
        row = {"status": "errored", "modified_on": "2026-11-30T03:00:00Z", "ended_on": "2026-11-30T03:00:00Z"}
        return InstancePage([{"id": f"order-{n}", **row} for n in range(ROWS)], None, ROWS)

    async def get_instance(self, workflow, identity):
        self.opened[identity] += 1
        await asyncio.sleep(0.005)
        needle = "needle" if identity.endswith("0") else "hay"
        return DetailAnswer({"status": "errored", "params": {"in": needle}})


@pytest.fixture
def session(tmp_path):
    server, sessions = Server(), []

    def begin():
        budget = Budget(clock=asyncio.get_running_loop().time, counter=SharedCounter(tmp_path / "spent.json"))
        sessions.append(CommandSession(Settings(), server, budget, "list", _workflow="orders"))
        return sessions[-1]

    begin.server = server
    yield begin
    for each in sessions:
        for end in each.endings:
            end()
    assert not list(tmp_path.glob("*.jsonl"))


async def found(session, text):
    parsed = Namespace(limit=0, query=parse(text), asc=False, read_details=0)
    listing = Listing(parsed, session)
    return [row.id async for _, row in listing.matching()], listing.note()


async def test_two_that_look_for_the_same_open_each_once(session):
    both = await asyncio.gather(*(found(session(), "params~needle") for _ in range(2)))
    assert [ids for ids, _ in both] == [[f"order-{n}" for n in range(0, ROWS, 10)]] * 2
    assert sum(session.server.opened.values()) <= ROWS + ROWS // 10 + 1
    assert any("read by another wfdash that looks for the same" in note for _, note in both)


async def test_another_text_is_looked_for_alone(session):
    await asyncio.gather(found(session(), "params~needle"), found(session(), "params~hay"))
    assert set(session.server.opened.values()) == {2}
