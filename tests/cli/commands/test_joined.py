"""Two commands that read the same at a time: what one of them has opened the other does not open again."""

import asyncio
import json
from argparse import Namespace
from collections import Counter

import pytest

from wfdash.api.interface import DetailAnswer, InstancePage
from wfdash.cli.commands.history_details import print_details
from wfdash.cli.commands.history_reading import HistoryReading
from wfdash.cli.commands.list import Listing
from wfdash.cli.session import CommandSession
from wfdash.config.settings import Settings
from wfdash.core.filter.query import parse
from wfdash.core.history.retention import Edge
from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import Sample
from wfdash.core.triage.fingerprint import Fingerprint
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.joined_failures import join_failures, run_of
from wfdash.live.budget.shared_counter import SharedCounter

ROWS = 40
ROW = {"status": "errored", "modified_on": "2026-11-30T03:00:00Z", "ended_on": "2026-11-30T03:00:00Z"}


class Server:
    """A page of failures, of which each tenth holds what is looked for; counts what is opened."""

    local = False
    account_id = "acme"

    def __init__(self):
        self.opened = Counter()

    async def list_instances(self, workflow, query):
        return InstancePage([{"id": f"order-{n}", **ROW} for n in range(ROWS)], None, ROWS)

    async def get_instance(self, workflow, identity):
        self.opened[identity] += 1
        await asyncio.sleep(0.005)
        needle = "needle" if identity.endswith("0") else "hay"
        error = {"name": "PaymentError", "message": f"{needle} was declined"}
        return DetailAnswer({"status": "errored", "params": {"in": needle}, "error": error})


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


def failed_within(session):
    """What `history --by error` prints its causes of."""
    items = [{"id": f"order-{n}", **ROW} for n in range(ROWS)]
    rows = Instance.from_items(items)
    return HistoryReading("orders", 0.0, 4e9, rows, ROWS, ROWS, True, True, {}, Edge())


async def causes(session):
    parsed = Namespace(by="error", read_details=0, json=True)
    await print_details(parsed, session, failed_within(session))


async def test_two_that_count_causes_open_each_failure_once(session, capsys):
    await asyncio.gather(*(causes(session()) for _ in range(2)))
    assert sum(session.server.opened.values()) <= ROWS + 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    counted = [(line["error"], line["count"]) for line in lines if "error" in line]
    both = [("PaymentError: hay was declined", 36), ("PaymentError: needle was declined", 4)]
    assert sorted(counted) == sorted(both * 2)


async def test_causes_that_a_dashboard_has_read_are_taken(session, tmp_path, capsys):
    first, place = session(), tmp_path / "spent.json"
    rows = failed_within(first).rows
    others = join_failures(place, "acme", "orders", clock=first.budget.clock)
    others.look()
    for row in rows[:30]:
        mark = Fingerprint("PaymentError", "declined", "", "v1")
        others.tell(row.id, others.asks(row.id), Sample(row.id, row.ended, mark, apart=True), run_of(row))
    parsed = Namespace(by="error", read_details=0, json=False)
    await print_details(parsed, first, failed_within(first))
    others.close()
    assert set(session.server.opened) == {row.id for row in rows[30:]}
    printed = capsys.readouterr()
    assert "40 errored instances read in full, 30 of them by another wfdash" in printed.err
    assert "PaymentError: declined" in printed.out
