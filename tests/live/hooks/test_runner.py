"""A person's own command on a change: what it gets, what it never gets, and by whom it is run."""

import asyncio
import json
import os
import sys

import pytest

from wfdash.live.hooks.changes import SeenChange
from wfdash.live.hooks.runner import Hook, HookRunner

AT = 1_795_000_000.0

KEEP = "import sys, os; open(sys.argv[1], 'a').write(sys.stdin.read())"
HOSTILE = ["-rf", "$(touch pwned)", "; touch pwned", "a\nb", "\x1b[2J", "`touch pwned`", "--help"]


class Hooked:
    """A runner with one command, and what came of it."""

    def __init__(self, command, lock, environ=None, longest=30.0):
        self.hook = Hook("on-change", tuple(command))
        self.said, self.runs = [], []
        self.runner = HookRunner(
            environ or {"PATH": os.environ["PATH"]},
            lock=lock,
            report=self.said.append,
            ended=self.runs.append,
            longest=longest,
        )

    def saw(self, identity, **facts):
        self.runner.saw(self.hook, SeenChange(AT, "status", "orders", identity, facts))

    async def over(self):
        await until(lambda: not self.runner._waiting)


@pytest.fixture
async def hooks(tmp_path):
    running = []

    async def start(program, *arguments, holds=True, **more):
        command = [sys.executable, "-c", program, *map(str, arguments)]
        hooked = Hooked(command, tmp_path / "a.db.hooks", **more)
        running.append(asyncio.create_task(hooked.runner.run()))
        await until(lambda: hooked.runner._holds or not holds)
        return hooked

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
    hooked = await hooks(KEEP, out)
    changes = [(identity, number) for number in range(3) for identity in HOSTILE]
    for identity, number in changes:
        hooked.saw(identity, number=number)
    await hooked.over()
    got = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted((change["id"], change["number"]) for change in got) == sorted(changes)
    for identity in HOSTILE:
        assert [change["number"] for change in got if change["id"] == identity] == [0, 1, 2]
    assert {(change["at"], change["workflow"], change["on"]) for change in got} == {
        ("2026-11-18T11:06:40Z", "orders", "status")
    }
    assert not (tmp_path / "pwned").exists()
    assert len(hooked.runs) == len(changes)
    assert not any(run.failure for run in hooked.runs)


async def test_it_sees_the_environment_it_is_given_alone(hooks, tmp_path, monkeypatch):
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x" * 40)
    out = tmp_path / "out"
    hooked = await hooks("import sys, os; open(sys.argv[1], 'w').write(repr(dict(os.environ)))", out)
    hooked.saw("a")
    await hooked.over()
    assert "x" * 40 not in out.read_text()


async def test_of_two_processes_on_a_record_one_runs_it(hooks, tmp_path):
    out = tmp_path / "out"
    first = await hooks(KEEP, out)
    second = await hooks(KEEP, out, holds=False)
    await until(lambda: second.said)
    for hooked in (first, second):
        hooked.saw("a")
    await first.over()
    assert second.said == [
        "another wfdash runs the commands for changes; this process runs none until that ends"
    ]
    assert len(out.read_text().splitlines()) == 1


async def test_what_takes_too_long_is_killed_and_said(hooks):
    hooked = await hooks("import time; time.sleep(600)", longest=0.2)
    hooked.saw("a")
    await hooked.over()
    assert hooked.runs[0].failure.endswith("took more than 0.2 s and was killed")


async def test_a_failure_is_said(hooks):
    hooked = await hooks("raise SystemExit(3)")
    hooked.saw("a")
    await hooked.over()
    assert hooked.runs[0].failure.endswith("ended with 3")


async def test_a_command_that_is_not_there_is_said(tmp_path):
    hooked = Hooked([str(tmp_path / "no")], tmp_path / "lock")
    running = asyncio.create_task(hooked.runner.run())
    await until(lambda: hooked.runner._holds)
    hooked.saw("a")
    await hooked.over()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert "cannot be run" in hooked.runs[0].failure
