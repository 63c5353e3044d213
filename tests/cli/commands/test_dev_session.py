"""One-shots against a dev session: what it has, what it lacks, and whose records are kept."""

import asyncio
import json

import pytest

from tests.api.dev_session import DevSession
from tests.support.fakes.loopback import envelope, reply, serving

ROWS = [{"id": "order-1", "status": "running", "created_on": "2026-11-21T10:00:00.000Z"}]


async def run(program, behave, *arguments, **options):
    async with serving(behave) as server:
        done = await asyncio.to_thread(program, *arguments, "--local", str(server.port), **options)
    return done, server


@pytest.mark.parametrize("event_type", ["order.paid", "order paid"])
async def test_a_type_that_production_refuses_is_sent_with_a_warning(program, event_type):
    arguments = ("send", "order-1", "-w", "orders", "--type", event_type, "--yes")
    done, server = await run(program, DevSession("C", rows=ROWS), *arguments)
    assert done.returncode == 0, done.stderr
    assert f'production refuses event type "{event_type}"' in done.stderr
    sent = [seen.target for seen in server.seen if seen.method == "POST"]
    assert len(sent) == 1
    assert sent[0].endswith(f"/events/{event_type.replace(' ', '%20')}")


@pytest.mark.parametrize("event_type", ["", ".", "..", " "])
async def test_what_no_address_can_hold_is_no_type(program, event_type):
    arguments = ("send", "order-1", "-w", "orders", "--type", event_type, "--yes")
    done, server = await run(program, DevSession("C", rows=ROWS), *arguments)
    assert done.returncode == 2
    assert not server.seen


async def test_two_dev_sessions_keep_two_journals(program, tmp_path):
    origins = []
    for _ in range(2):
        arguments = ("pause", "order-1", "-w", "orders", "--yes")
        ended = [ROWS[0] | {"status": "complete"}]
        _, server = await run(program, DevSession("C", rows=ended), *arguments)
        origins.append(f"http://127.0.0.1:{server.port}")
    [journal] = (tmp_path / "home").rglob("actions.jsonl")
    kept = {json.loads(line)["account"] for line in journal.read_text().splitlines()}
    assert kept == set(origins)


async def test_a_list_has_no_columns_that_a_dev_session_never_fills(program):
    done, _ = await run(program, DevSession("C", rows=ROWS), "list", "-w", "orders")
    assert done.stdout.split() == ["running", "2026-11-21T10:00:00Z", "order-1"]


async def test_another_server_at_the_port_is_told_once(program):
    done, _ = await run(program, lambda seen, writer: reply(404, "not here"), "list")
    assert done.returncode == 5
    assert done.stderr.count("not with the Workflows API of a dev session") == 1
    assert "trying again" not in done.stderr


async def test_a_session_without_workflows_says_where_they_go(program):
    class Empty(DevSession):
        def api(self, seen, target):
            if target.partition("?")[0] == "/workflows":
                return envelope([], result_info={"count": 0})
            return super().api(seen, target)

    done, _ = await run(program, Empty("C"), "list")
    assert done.returncode == 2
    assert "add one under `workflows` in the Worker's configuration" in done.stderr


async def test_since_when_one_is_paused_is_said_as_far_as_it_is_known(program):
    """Its rows tell no moment: one that was paused from here is in the journal, of others nobody knows."""

    class Paused(DevSession):
        def api(self, seen, target):
            if target.endswith("/instances/order-1"):
                return envelope({"status": "paused", "steps": []})
            return super().api(seen, target)

    session = Paused("C", rows=[ROWS[0] | {"status": "paused"}])
    done, _ = await run(program, session, "show", "order-1", "-w", "orders")
    assert done.stdout.splitlines()[1] == "paused, since when is not known; goes on when it is resumed"
