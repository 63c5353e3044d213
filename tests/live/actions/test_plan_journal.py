"""The journal holds that something is sent before it is, and what became of it."""

import asyncio

import pytest

from tests.support.fakes.frail_server import NoBudget
from tests.support.harness.operate import act
from wfdash.live.actions.operator import Operator
from wfdash.live.records.journal import Journal


async def test_the_journal_has_sent_before_the_request_and_no_payload(server, clock, tmp_path):
    journal = Journal(tmp_path, profile="", account="acc", clock=clock)
    operator = Operator(server, budget=NoBudget(), journal=journal, clock=clock, sleep=clock.sleep)
    server.add("a", "waiting")
    seen = []
    server.before_write = lambda instance: seen.extend(entry.event for entry in journal.read())
    await act(operator, server, "send_event", "a", event_type="approve", payload={"secret": "s3cr3t"})
    assert seen == ["planned", "sent"]
    assert [entry.event for entry in journal.read()] == ["planned", "sent", "answered", "settled"]
    assert "s3cr3t" not in (tmp_path / "actions.jsonl").read_text()


@pytest.mark.parametrize(
    ("fault", "event", "reason"),
    [
        ("403", "settled", "refused: The token may not write."),
        ("unsent", "skipped", "not reached: Connection refused."),
        ("500 before", "unknown", "The API failed (500)."),
    ],
)
async def test_journal_tells_the_refused_from_the_unsent(server, clock, tmp_path, fault, event, reason):
    journal = Journal(tmp_path, profile="", account="acc", clock=clock)
    operator = Operator(server, budget=NoBudget(), journal=journal, clock=clock, sleep=clock.sleep)
    server.add("a", "running")
    server.faults = [fault]
    await act(operator, server, "pause", "a")
    found = [(entry.event, entry.reason) for entry in journal.read()]
    assert found[:3] == [("planned", ""), ("sent", ""), (event, reason)]
    journal.close()


async def test_cancelled_write_is_unknown_in_the_journal(server, clock, tmp_path):
    journal = Journal(tmp_path, profile="", account="acc", clock=clock)
    operator = Operator(server, budget=NoBudget(), journal=journal, clock=clock, sleep=clock.sleep)
    server.add("a", "running")
    reached = asyncio.Event()

    async def never(*args, **options):
        reached.set()
        await asyncio.Event().wait()

    server.change_status = never
    task = asyncio.create_task(act(operator, server, "terminate", "a"))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [entry.event for entry in journal.read()] == ["planned", "sent", "unknown"]
