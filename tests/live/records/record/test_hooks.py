"""A person's own command on a change: what it gets, what it never gets, and by whom it is run."""

import asyncio
import json
import os
import sys

import pytest

from wfdash.live.records.record.hooks import HookRunner

KEEP = "import sys, os; open(sys.argv[1], 'a').write(sys.stdin.read())"
HOSTILE = ["-rf", "$(touch pwned)", "; touch pwned", "a\nb", "\x1b[2J", "`touch pwned`", "--help"]


@pytest.fixture
async def hooks(tmp_path):
    running = []

    async def start(program, *arguments, said=lambda _: None, environ=None, longest=30.0, holds=True):
        command = [sys.executable, "-c", program, *map(str, arguments)]
        runner = HookRunner(
            command,
            environ or {"PATH": os.environ["PATH"]},
            lock=tmp_path / "a.db.hooks",
            said=said,
            longest=longest,
        )
        running.append(asyncio.create_task(runner.run()))
        await until(lambda: runner._holds or not holds)
        return runner

    yield start
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def until(condition):
    for _ in range(6000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never happened")


async def test_each_change_of_a_key_is_on_stdin_in_its_order(hooks, tmp_path):
    out = tmp_path / "out"
    runner = await hooks(KEEP, out)
    changes = [{"id": identity, "number": number} for number in range(3) for identity in HOSTILE]
    for change in changes:
        runner.saw(change["id"], change)
    await until(lambda: not runner._waiting)
    got = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted(map(str, got)) == sorted(map(str, changes))
    for identity in HOSTILE:
        assert [change["number"] for change in got if change["id"] == identity] == [0, 1, 2]
    assert not (tmp_path / "pwned").exists()


async def test_it_sees_the_environment_it_is_given_alone(hooks, tmp_path, monkeypatch):
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x" * 40)
    out = tmp_path / "out"
    runner = await hooks("import sys, os; open(sys.argv[1], 'w').write(repr(dict(os.environ)))", out)
    runner.saw("a", {})
    await until(lambda: not runner._waiting)
    assert "x" * 40 not in out.read_text()


async def test_of_two_processes_on_a_record_one_runs_it(hooks, tmp_path):
    out, said = tmp_path / "out", []
    first = await hooks(KEEP, out)
    second = await hooks(KEEP, out, said=said.append, holds=False)
    await until(lambda: said)
    for runner in (first, second):
        runner.saw("a", {"by": 1})
    await until(lambda: not first._waiting)
    assert said == ["on-change: another process runs the command for this record"]
    assert out.read_text() == '{"by":1}\n'


async def test_what_takes_too_long_is_killed_and_said(hooks):
    said = []
    runner = await hooks("import time; time.sleep(600)", said=said.append, longest=0.2)
    runner.saw("a", {})
    await until(lambda: not runner._waiting)
    assert said[0].endswith("took more than 0.2 s and was killed")


async def test_a_failure_is_said(hooks):
    said = []
    runner = await hooks("raise SystemExit(3)", said=said.append)
    runner.saw("a", {})
    await until(lambda: not runner._waiting)
    assert said[0].endswith("ended with 3")
