"""`wfdash tail`: lines as things change, and what it waits for."""

import asyncio
import json
import re
import signal
import subprocess
from asyncio.subprocess import PIPE

import pytest

from tests.support.fakes.loopback import envelope, serving
from tests.support.harness.program import environment


def test_until_final_is_0_and_another_final_is_1(shell, created):
    shell("terminate", "-w", "orders", created, "--yes")
    done = shell("tail", "-w", "orders", "-i", created, "--until", "final")
    assert done.returncode == 0
    at, workflow, subject, was, now, why = done.stdout.rstrip("\n").split("\t")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", at)
    assert (workflow, subject, was, now) == ("orders", created, "-", "terminated")
    assert why.startswith("terminated")
    assert shell("tail", "-w", "orders", "-i", created, "--until", "complete").returncode == 1
    assert shell("tail", "-w", "orders", "-i", created, "--until", "TERMINATED").returncode == 0


def test_until_gives_up_with_5(shell, created):
    done = shell("tail", "-w", "orders", "-i", created, "--until", "errored", "--timeout", "1s", "--json")
    assert done.returncode == 5
    assert list(json.loads(done.stdout.splitlines()[0])) == ["at", "workflow", "id", "from", "to", "why"]


def test_no_time_at_all_looks_once(shell, created):
    shell("terminate", "-w", "orders", created, "--yes")
    for status, code in (("terminated", 0), ("complete", 1), ("final", 0)):
        done = shell("tail", "-w", "orders", "-i", created, "--until", status, "--timeout", "0")
        assert done.returncode == code
        assert done.stdout.count("\n") == 1
    still = shell("create", "-w", "orders")
    identity = json.loads(still.stdout)["id"]
    done = shell("tail", "-w", "orders", "-i", identity, "--until", "final", "--timeout", "0")
    assert (done.returncode, done.stdout.count("\n")) == (5, 1)


def test_nobody_there_is_5_after_a_few_tries(shell):
    where = {"CLOUDFLARE_API_BASE_URL": "http://127.0.0.1:9/client/v4"}
    done = shell("tail", "-w", "orders", "-i", "a", "--until", "final", env=where)
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.count("connection refused") == 1
    assert done.stderr.endswith("wfdash: gave up after 4 tries\n")


async def tailed(program, behave, *single):
    """Exit code, stdout and stderr of a tail of a server that behaves like this."""
    async with serving(behave) as server:
        environ = environment(
            CLOUDFLARE_API_TOKEN="made-up-token",
            CLOUDFLARE_ACCOUNT_ID="a" * 32,
            CLOUDFLARE_BASE_URL=f"{server.url}/client/v4",
        )
        argv = program.argv("tail", "-w", "orders", "--interval", "1", *single)
        tail = await asyncio.create_subprocess_exec(*argv, env=environ, stdout=PIPE, stderr=PIPE)
        out, err = await asyncio.wait_for(tail.communicate(), 180)
    return tail.returncode, out, err


@pytest.mark.parametrize(("single", "good"), [([], 3), (["-i", "order-1"], 1)])
async def test_a_token_that_is_withdrawn_on_the_way_is_3(program, single, good):
    row = {"id": "order-1", "status": "running", "created_on": "2026-11-21T10:00:00Z"}
    asked = []

    def behave(seen, writer):
        asked.append(seen.target)
        if len(asked) > good:
            error = {"code": 10000, "message": "Authentication error"}
            return envelope(None, status=401, errors=[error], success=False)
        return envelope({"status": "running", "steps": []} if "order-1" in seen.target else [row])

    code, out, err = await tailed(program, behave, *single)
    assert code == 3
    assert b"order-1\t-\trunning" in out
    assert b"401" in err
    assert b"Traceback" not in err


async def test_one_instance_is_read_as_often_as_was_asked(program):
    """A paused one is otherwise read every 15 s, which would be too late here."""
    asked = []

    def behave(seen, writer):
        asked.append(seen.target)
        return envelope({"status": "paused" if len(asked) < 4 else "complete", "steps": []})

    async with serving(behave) as server:
        environ = environment(
            CLOUDFLARE_API_TOKEN="made-up-token",
            CLOUDFLARE_ACCOUNT_ID="a" * 32,
            CLOUDFLARE_BASE_URL=f"{server.url}/client/v4",
        )
        wanted = ["-i", "order-1", "--until", "final", "--timeout", "30s", "--interval", "1"]
        argv = program.argv("tail", "-w", "orders", *wanted)
        tail = await asyncio.create_subprocess_exec(*argv, env=environ, stdout=PIPE, stderr=PIPE)
        out, _ = await asyncio.wait_for(tail.communicate(), 180)
    assert tail.returncode == 0
    assert [line.split(b"\t")[4] for line in out.splitlines()] == [b"paused", b"complete"]


def test_a_missing_instance_is_1(shell):
    assert shell("tail", "-w", "orders", "-i", "nope", "--until", "final").returncode == 1


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_changes_are_told_until_a_signal(program, simulator, shell, created, number, code):
    tail = program.start("tail", "-w", "orders", "--json", "--interval", "1", env=simulator)
    seen = []
    for line in tail.stdout:
        seen.append(json.loads(line))
        if seen[-1]["id"] == created:
            break
    assert seen[-1]["from"] == "-"
    shell("pause", "-w", "orders", created, "--yes")
    for line in tail.stdout:
        saved = json.loads(line)
        if saved["id"] == created and saved["to"] == "paused":
            break
    assert saved["from"] in ("queued", "running", "waiting", "waitingForPause")
    assert saved["why"].startswith("paused")
    tail.send_signal(number)
    _, err = tail.communicate(timeout=180)
    assert tail.returncode == code
    assert "Traceback" not in err


def test_nohup_is_kept_to(program, simulator):
    tail = subprocess.Popen(
        ["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *program.argv("tail", "-w", "orders")],
        env=environment(**simulator),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    tail.stdout.readline()
    tail.send_signal(signal.SIGHUP)
    tail.send_signal(signal.SIGTERM)
    tail.communicate(timeout=180)
    assert tail.returncode == 143


def test_a_closed_pipe_ends_it_silently(program, simulator, shell):
    tail = program.start("tail", "-w", "orders", "--interval", "1", env=simulator)
    tail.stdout.readline()
    tail.stdout.close()
    shell("create", "-w", "orders")
    assert tail.wait(timeout=180) == 0
    assert tail.stderr.read() == ""
    tail.stderr.close()
    tail.stdin.close()


def test_the_dashboard_is_refused_away_from_a_terminal(program):
    done = program()
    assert (done.returncode, done.stdout) == (2, "")
    assert "wfdash tail" in done.stderr
    assert done.stderr.count("\n") == 1


def test_usage_comes_before_the_terminal(program):
    assert "--filter" in program("--filter", "foo:bar").stderr


def test_help_and_version_need_nothing(program):
    done = subprocess.run(program.argv("--version"), capture_output=True, text=True, check=False)
    assert re.fullmatch(r"wfdash \d+\.\d+\.\d+\S*\n", done.stdout)


async def test_a_deleted_instance_is_told_as_gone(program):
    """The list alone tells it: two in a row that should hold it and do not, and then its token is refused."""
    rows = [
        {"id": name, "status": "complete", "created_on": f"2026-11-21T10:00:0{second}Z"}
        for second, name in enumerate(("order-1", "order-2", "order-3"))
    ]
    asked = []

    def behave(seen, writer):
        asked.append(seen.target)
        if len(asked) > 5:
            error = {"code": 10000, "message": "Authentication error"}
            return envelope(None, status=401, errors=[error], success=False)
        return envelope(rows if len(asked) < 3 else [rows[0], rows[2]])

    async with serving(behave) as server:
        environ = environment(
            CLOUDFLARE_API_TOKEN="made-up-token",
            CLOUDFLARE_ACCOUNT_ID="a" * 32,
            CLOUDFLARE_BASE_URL=f"{server.url}/client/v4",
        )
        argv = program.argv("tail", "-w", "orders", "--interval", "1")
        tail = await asyncio.create_subprocess_exec(*argv, env=environ, stdout=PIPE, stderr=PIPE)
        out, _ = await asyncio.wait_for(tail.communicate(), 180)
    changes = [line.split("\t") for line in out.decode().splitlines()]
    gone = [change[2:] for change in changes if change[4] == "gone"]
    said = "no longer listed: deleted, or erased at the end of its retention"
    assert gone == [["order-2", "complete", "gone", said]]


ANEW = "another run of this id, queued 2026-11-21T11:00:00Z"


@pytest.mark.parametrize("single", [["-i", "order-1"], []])
async def test_another_run_of_an_id_is_told_in_the_same_status(program, single):
    """Deleted and created anew between two reads: both are running, and nothing would be printed."""
    asked = []

    def behave(seen, writer):
        asked.append(seen.target)
        if len(asked) > 6:
            error = {"code": 10000, "message": "Authentication error"}
            return envelope(None, status=401, errors=[error], success=False)
        hour = 10 if len(asked) < 4 else 11
        row = {"id": "order-1", "status": "running", "created_on": f"2026-11-21T{hour}:00:00Z"}
        if "/instances/" in seen.target:
            return envelope({"status": "running", "queued": row["created_on"], "steps": []})
        return envelope([row])

    _, out, _ = await tailed(program, behave, *single)
    first, *rest = [line.split("\t") for line in out.decode().splitlines()]
    assert first[3:5] == ["-", "running"]
    assert [line[3:5] for line in rest] == [["running", "running"]]
    assert rest[0][5].startswith(ANEW)
