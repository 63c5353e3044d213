"""Which account a write goes to when none was named, and what is left of it in the journal."""

import asyncio
import json
from asyncio.subprocess import PIPE

import pytest

from tests.api.dev_session import DevSession
from tests.support.fakes.loopback import envelope, serving
from tests.support.harness.program import TOKEN, environment


async def wrote(program, accounts, *arguments):
    """The exit code, the streams, and what was asked of a server that shows these accounts."""
    asked = []

    def behave(seen, writer):
        path = seen.target.partition("?")[0]
        asked.append((seen.method, path))
        if path.endswith("/accounts"):
            return envelope([{"id": account, "name": "Acme"} for account in accounts])
        if seen.method == "POST":
            return envelope({"id": seen.json()["instance_id"], "status": "queued"})
        return envelope({"status": "paused", "steps": []})

    async with serving(behave) as server:
        environ = environment(CLOUDFLARE_API_TOKEN=TOKEN, CLOUDFLARE_BASE_URL=f"{server.url}/client/v4")
        argv = program.argv(*arguments, "-w", "orders", "--yes")
        writing = await asyncio.create_subprocess_exec(*argv, env=environ, stdout=PIPE, stderr=PIPE)
        out, err = await asyncio.wait_for(writing.communicate(), 180)
    return writing.returncode, out.decode(), err.decode(), asked


@pytest.mark.parametrize("arguments", [("pause", "order-1"), ("create", "--id", "order-1")])
@pytest.mark.parametrize("accounts", [["a" * 32, "b" * 32], []])
async def test_without_one_to_take_nothing_is_sent(program, accounts, arguments):
    code, out, err, asked = await wrote(program, accounts, *arguments)
    assert (code, out) == (2, "")
    assert "--account-id" in err
    assert asked == [("GET", "/client/v4/accounts")]


@pytest.mark.parametrize("arguments", [("pause", "order-1"), ("create", "--id", "order-1")])
async def test_the_only_one_is_taken_and_written_down(program, tmp_path, arguments):
    await wrote(program, ["a" * 32], *arguments)
    [journal] = (tmp_path / "home").rglob("actions.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert {each["account"] for each in lines} == {"a" * 32}


async def test_what_is_done_in_a_dev_session_is_of_no_account(program, tmp_path):
    rows = [{"id": "order-1", "status": "complete", "created_on": "2026-11-21T10:00:00.000Z"}]
    async with serving(DevSession("C", rows=rows)) as server:
        arguments = ("pause", "order-1", "-w", "orders", "--yes", "--local", str(server.port))
        done = await asyncio.to_thread(program, *arguments)
    assert json.loads(done.stdout)["outcome"] == "skipped", done.stderr
    origin = f"http://127.0.0.1:{server.port}"
    [journal] = (tmp_path / "home").rglob("actions.jsonl")
    assert {json.loads(line)["account"] for line in journal.read_text().splitlines()} == {origin}
