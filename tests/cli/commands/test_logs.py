"""`wfdash logs`: lines of an instance and of a step, plain and as JSON, and its exit codes."""

import asyncio
import json
import re
import time
from argparse import Namespace
from datetime import datetime
from types import SimpleNamespace

import pytest

from tests.support.fakes.details import T0, detail, done
from tests.support.harness.simulator import Simulator
from wfdash.cli.commands.logs import _Logs
from wfdash.core.logs.line import LogLine


def asked(simulator, identity="", **params):
    import httpx

    base, account = simulator["CLOUDFLARE_BASE_URL"], simulator["CLOUDFLARE_ACCOUNT_ID"]
    url = f"{base}/accounts/{account}/workflows/orders/instances" + (f"/{identity}" if identity else "")
    bearer = {"Authorization": f"Bearer {simulator['CLOUDFLARE_API_TOKEN']}"}
    return httpx.get(url, params=params, headers=bearer, trust_env=False).json()["result"]


@pytest.fixture(scope="module")
def failed(simulator):
    """An order that failed at the card, which prints before it does."""
    return asked(simulator, status="errored")[0]["id"]


def test_lines_as_json_have_the_promised_keys(shell, failed):
    done = shell("logs", "-w", "orders", "-i", failed, "--json")
    assert done.returncode == 0
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) > 5
    for entry in found:
        assert list(entry)[:6] == ["at", "level", "message", "source", "step", "certain"]
        assert list(entry)[6:] == ["count", "attempt", "rollback", "times", "late", "among"]
        assert entry["late"] is False
        assert (entry["step"] is None) == (entry["attempt"] is None)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["at"])
        assert entry["source"] == "telemetry"
        # Which step, the demo's programs say as real ones do: not in each line.
        says_all = entry["step"] is None or str(entry["attempt"]) in entry["message"]
        assert says_all or not entry["certain"]
    likely = sum(not entry["certain"] for entry in found)
    assert f"{likely} of {len(found)} lines are in their step by time or words alone" in done.stderr
    assert [entry["at"] for entry in found] == sorted(entry["at"] for entry in found)
    assert found[0]["step"] is None
    assert done.stdout.isascii()


def test_step_alone_and_plain(shell, failed):
    done = shell("logs", "-w", "orders", failed, "--step", "charge card")
    assert done.returncode == 0
    cells = [line.split("\t") for line in done.stdout.splitlines()]
    assert {(len(row), row[2].removesuffix("?")) for row in cells} == {
        (4, f"charge card attempt {n}") for n in range(1, 7)
    }
    assert "\x1b" not in done.stdout
    assert "charge card failed" in cells[-1][3] or cells[-1][1] != "error"
    assert shell("logs", "-w", "orders", failed, "--step", "charge card-1").stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "logs takes one instance"),
        (["order-1", "order-2"], 2, "logs takes one instance"),
        (["FAILED", "--count", "2"], 2, "goes with --step"),
        (["FAILED", "--since", "soon"], 2, "is not a duration"),
        (["FAILED", "--step", "no such"], 1, 'has no step "no such"'),
        (["FAILED", "--step", "charge card", "--count", "9"], 1, "number 9"),
        (["never-made-1"], 1, "has no instance never-made-1"),
    ],
)
def test_what_cannot_be_read(shell, failed, arguments, code, words):
    done = shell("logs", "-w", "orders", *[failed if word == "FAILED" else word for word in arguments])
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_step_tells_how_many_lines_it_left_out(shell, simulator):
    """Of orders that hold a thing twice two steps of one name run side by side."""
    for row in asked(simulator, per_page=100):
        identity = row["id"]
        names = [step.get("name", "") for step in asked(simulator, identity)["steps"]]
        twin = next((name for name in names if name.startswith("reserve ") and name.endswith("-2")), None)
        if twin is not None:
            break
    name = twin.removesuffix("-2")
    both = shell("logs", "-w", "orders", identity, "--step", name, "--json")
    first = shell("logs", "-w", "orders", identity, "--step", name, "--count", "1", "--json")
    assert {json.loads(line)["step"] for line in both.stdout.splitlines()} == {name}
    of_both = [line for line in both.stdout.splitlines() if json.loads(line)["count"] is None]
    assert of_both
    # Lines that name no step may be of it too, where it ran beside others.
    left = re.search(r"left out (\d+) lines that may be of", first.stderr)
    assert int(left[1]) >= len(of_both)
    assert not set(of_both) & set(first.stdout.splitlines())


def test_since_leaves_out_what_is_older(shell, failed):
    done = shell("logs", "-w", "orders", failed, "--since", "1s")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no lines" in done.stderr


def test_missing_permission_is_1_and_named(program, faulty):
    env = faulty("--fault", "403@telemetry")
    listed = program("list", "-w", "orders", "--limit", "1", "--json", env=env)
    done = program("logs", "-w", "orders", json.loads(listed.stdout)["id"], env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Workers Observability Read" in done.stderr


def test_follow_of_an_ended_instance_prints_each_line_once(shell, failed):
    done = shell("logs", "-w", "orders", failed, "--follow", "--json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5
    # Each once, though two may say the same: an order that holds a thing twice reserves it twice.
    assert done.stdout == shell("logs", "-w", "orders", failed, "--json").stdout


@pytest.mark.parametrize("as_json", [True, False])
async def test_line_that_comes_after_newer_ones_is_marked(capsys, as_json):
    """It is neither held back nor lost, and none is printed twice."""
    parsed = Namespace(instance="order-1", json=as_json, follow=True, step="", count=None, since=None)
    api = SimpleNamespace(log_reader=lambda: SimpleNamespace(name="telemetry", lag=20.0))
    command = _Logs(parsed, SimpleNamespace(api=api, clock=time.time), "orders")
    ended = detail("complete", [done("load-1", 0, 10)], end=20)
    for times in ((1, 2), (1.5, 3), (1.5, 2, 3)):
        found = [LogLine(T0 + at, "log", f"at {at}", "telemetry", order=str(at)) for at in times]
        command.logs.add(found)
        await command._print(ended, {})  # what is sent waits for what was printed before
        assert times != (1, 2) or not command._number
        command.logs.state.read_at = T0
        await command._print(ended, {})
    lines = capsys.readouterr().out.splitlines()
    if as_json:
        found = [(entry["message"], entry["late"]) for entry in map(json.loads, lines)]
        assert found == [("at 1", False), ("at 2", False), ("at 1.5", True), ("at 3", False)]
    else:
        assert [entry.split("\t")[3] for entry in lines] == ["at 1", "at 2", "at 1.5 (came late)", "at 3"]
    command.logs.state.reservations.clear()
    command._conclude(ended)
    assert "1 line came late and stands after newer ones" in capsys.readouterr().err


async def test_many_lines_are_printed_in_turns_with_a_signal(capsys):
    """One that asks the command to end is heard between them."""
    parsed = Namespace(instance="order-1", json=False, follow=False, step="", count=None, since=None)
    api = SimpleNamespace(log_reader=lambda: SimpleNamespace(name="telemetry", lag=20.0))
    command = _Logs(parsed, SimpleNamespace(api=api, clock=time.time), "orders")
    lines = [LogLine(T0 + at / 1000, "log", "x" * 8000, "telemetry", order=f"{at:05}") for at in range(1000)]
    command.logs.add(lines)
    printing = asyncio.create_task(command._print(detail("complete", [done("load-1", 0, 10)], end=20), {}))
    while not command._number:  # noqa: ASYNC110
        await asyncio.sleep(0)
    printing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await printing
    assert 0 < len(capsys.readouterr().out.splitlines()) < 100


def test_what_a_source_leaves_out_is_said_while_it_is_followed(capsys):
    parsed = Namespace(instance="order-1", json=False, follow=True, step="", count=None, since=None)
    api = SimpleNamespace(log_reader=lambda: SimpleNamespace(name="telemetry", lag=20.0))
    command = _Logs(parsed, SimpleNamespace(api=api, clock=time.time), "orders")
    for times in range(2):
        command.logs.state.reservations["sampled: for a time"] = None
        command._say_reservations()
        assert ("sampled: for a time" in capsys.readouterr().err) is (times == 0)
    command._number = 1
    command._conclude(detail("complete", end=20))
    assert "sampled" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("created", "gone", "words"),
    [
        (T0 - 60, [], "restarted 2027-01-15T08:00:00.000Z: what it printed before is not among these"),
        (
            T0 - 60,
            [-1, -1.5],
            "2 lines of the run before are among these, marked so; older ones were not read",
        ),
        # Within a second of its creation, or of one that the list has no more.
        (
            T0 - 0.6,
            [-0.5],
            "restarted 2027-01-15T08:00:00.000Z: 1 line of the run before is among these, marked so",
        ),
        (
            None,
            [-0.5],
            "restarted 2027-01-15T08:00:00.000Z: 1 line of the run before is among these, marked so",
        ),
        # From a step: the answer says neither that it was nor when.
        (T0 - 0.01, [12, 13], "restarted from a step: 2 lines of the run before are among these, marked so"),
        (T0 - 0.01, [], ""),
        (None, [], ""),
    ],
)
def test_restart_is_said_with_the_lines_of_the_run_before(capsys, created, gone, words):
    parsed = Namespace(instance="order-1", json=False, follow=False, step="", count=None, since=None)
    api = SimpleNamespace(log_reader=lambda: SimpleNamespace(name="telemetry", lag=20.0))
    command = _Logs(parsed, SimpleNamespace(api=api, clock=time.time), "orders")
    command._created, command._number, command._gone = created, 1, [T0 + at for at in gone]
    command._conclude(detail("complete", [done("load-1", 0, 10)], end=20))
    said = capsys.readouterr().err
    assert said.endswith(f"{words}\n") if words else not said


def test_credential_in_a_line_is_masked(program, faulty):
    env = faulty()  # a world of its own: other tests name the newest order as it is listed, and look for it
    token = env["CLOUDFLARE_API_TOKEN"]
    created = program("create", "-w", "orders", "--id", token, "--wait", "--timeout", "3s", env=env)
    assert created.returncode in (0, 1, 4), created.stderr
    for more in ((), ("--json",)):
        done = program("logs", "-w", "orders", "-i", token, *more, env=env)
        assert done.returncode == 0
        assert "[hidden]" in done.stdout
        assert token not in done.stdout + done.stderr


def test_doctor_names_the_permission(program, simulator, faulty):
    assert "can be read (Workers Observability Read)" in program("doctor", env=simulator).stdout
    done = program("doctor", env=faulty("--fault", "403@telemetry"))
    assert "To see console lines, and for nothing else: " in done.stdout
    assert "It takes the permission Workers Observability Read" in done.stdout
    assert "nothing to fix" not in done.stdout
    assert "can be followed (Workers Tail Read)" in done.stdout
    assert done.returncode == 0


def test_doctor_names_the_permission_to_follow(program, faulty):
    done = program("doctor", env=faulty("--fault", "403@/tails"))
    assert "To see console lines as they are printed, and for nothing else: " in done.stdout
    assert "It takes the permission Workers Tail Read" in done.stdout
    assert "can be read (Workers Observability Read)" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("ahead", [600, -600])
def test_lines_are_found_where_the_clocks_are_ten_minutes_apart(program, ahead):
    server = Simulator("calm", ahead=ahead)
    try:
        failed = server.listing("orders", status="errored")[0]["id"]
        done = program("logs", "-w", "orders", "-i", failed, "--json", env=server.env)
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line for line in lines if line["step"] == "charge card" and line["certain"]]
        assert "this machine's clock is" in done.stderr
        begun = datetime.fromisoformat(server.detail("orders", failed)["start"]).timestamp()
        since = f"{time.time() + ahead - begun + 60:.0f}s"
        late = program("logs", "-w", "orders", "-i", failed, "--since", since, "--json", env=server.env)
        assert len(late.stdout.splitlines()) == len(lines)
    finally:
        server.stop()


def test_step_not_there_yet_is_waited_for_in_words(capsys):
    parsed = Namespace(instance="order-1", json=False, follow=True, step="pack", count=None, since=None)
    api = SimpleNamespace(log_reader=lambda: SimpleNamespace(name="telemetry", lag=20.0))
    command = _Logs(parsed, SimpleNamespace(api=api, clock=time.time), "orders")
    command._check_step(detail("running", [done("load-1", 0, 10)]))
    assert 'order-1 has no step "pack" yet: waiting for it' in capsys.readouterr().err
