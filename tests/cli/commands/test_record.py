"""`wfdash record`: what is on the disk when it ends, and what it refuses."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.harness.program import environment
from wfdash.config.credential import Credential
from wfdash.live.budget.ledger import Priority
from wfdash.live.budget.shared_counter import share_counter
from wfdash.live.records.notes import SessionStory
from wfdash.live.records.pins import Pin, Pins
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.observations import SawDetail, SawRows
from wfdash.live.records.record.schema import open_file


def query(path, sql):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_it_keeps_what_it_saw_for_a_while(shell, created, tmp_path):
    path = tmp_path / "o.db"
    done = shell("record", "orders", "--for", "3s", "--out", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"recording orders into {path}" in done.stderr
    assert (created,) in query(path, "SELECT id FROM instance")
    assert list(tmp_path.glob("o.db-*")) == []
    assert b"demo-token" not in path.read_bytes()


def test_recorder_reads_nothing_as_if_somebody_looked(shell, created, tmp_path):
    """Its list is no screen's: beside dashboards and long reads it stands behind them."""
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    shell("record", "orders", "--for", "8s", "--out", str(tmp_path / "o.db"), env=env)
    (counter,) = (tmp_path / "state" / "wfdash").glob("requests-*.json")
    (spender,) = json.loads(counter.read_bytes())["spenders"].values()
    assert f"{Priority.ROWS:d} list" in spender["spent"]
    assert not [what for what in spender["spent"] if int(what[0]) < Priority.ROWS]


@contextmanager
def recording(program, env, path, *arguments):
    """`wfdash record` once its first rows are on the disk; gives the process."""
    argv = program.argv("record", "-w", "orders", "--out", str(path), *arguments)
    running = subprocess.Popen(argv, env=environment(**env), stderr=subprocess.PIPE, text=True)
    try:
        assert "recording orders" in "".join(running.stderr.readline() for _ in range(2))
        wait_until(lambda: query(path, "SELECT 1 FROM listed LIMIT 1"))
        yield running
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 143
    finally:
        running.kill()
        running.wait()
        running.stderr.close()


def wait_until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_sigterm_leaves_everything_on_the_disk(program, still, tmp_path):
    path = tmp_path / "o.db"
    with recording(program, still.env, path):
        pass
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    newest = {row["id"] for row in still.listing("orders", per_page="100")}
    assert newest <= {identity for (identity,) in query(path, "SELECT id FROM instance")}


def test_a_list_finds_what_the_record_holds(program, simulator, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[record]\npayloads = true\n")
    env = {**simulator, "WFDASH_CONFIG": str(config), "XDG_STATE_HOME": str(tmp_path / "state")}

    def run(command, *arguments):
        return program(command, "-w", "orders", *arguments, env=env)

    assert run("create", "--id", "found", "--params", '{"orderId": "xyzzy-4711"}').returncode == 0
    run("terminate", "found", "--yes")
    argv = program.argv("record", "orders")
    running = subprocess.Popen(argv, env=environment(**env), stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in running.stderr if "recording orders into" in line)
        path = Path(line.split(" into ")[1].strip())
        held = "SELECT 1 FROM detail JOIN instance ON key = instance WHERE id = 'found'"
        wait_until(lambda: query(path, held))
    finally:
        running.terminate()
        running.wait(60)
        running.stderr.close()
    done = run("list", "--filter", "params~xyzzy-4711", "--read-details", "1", "--json")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["found"]
    assert "out of the record" in done.stderr
    lost = {"status": "complete", "params": {"orderId": "xyzzy-4711"}, "steps": []}
    with closing(RecordFile(path, payloads=True, most_bytes=10**9)) as file:
        file.write([SawDetail(time.time(), "orders", "long-gone", False, lost)])
    recent = "params~xyzzy-4711 since:5m"
    done = run("list", "--filter", recent, "--read-details", "50", "--json")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["found"]
    assert "1 that the server erased match in the record: long-gone" in done.stderr
    done = run("list", "--filter", recent, "--read-details", "1", "--json")
    assert "1 more match in the record, not read (--read-details): long-gone" in done.stderr


def test_show_of_an_erased_one_says_what_it_was(program, simulator, tmp_path):
    env = {**simulator, "XDG_STATE_HOME": str(tmp_path / "state")}
    done = program("record", "orders", "--for", "2s", env=env)
    path = Path(done.stderr.split(" into ")[1].split()[0])
    gone = {
        "id": "long-gone",
        "status": "errored",
        "created_on": "2026-05-28T20:26:40.000Z",
        "ended_on": "2026-05-28T20:27:40.000Z",
    }
    with closing(RecordFile(path, payloads=False, most_bytes=10**9)) as file:
        file.write([SawRows(time.time(), "orders", [gone])])
    done = program("show", "-w", "orders", "long-gone", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert "orders has no instance long-gone" in done.stderr
    words = "the record does: it was errored, created 2026-05-28T20:26:40Z, ended 2026-05-28T20:27:40Z"
    assert words in done.stderr
    assert "a step back in time (<) shows it" in done.stderr
    config = tmp_path / "config.toml"
    config.write_text('[keys]\n"past.back" = "f9"\n')
    done = program("show", "-w", "orders", "long-gone", env={**env, "WFDASH_CONFIG": str(config)})
    assert "a step back in time (f9) shows it" in done.stderr
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE about SET value = 'theirs' WHERE name = 'owner'")
    done = program("show", "-w", "orders", "long-gone", env=env)
    assert (done.returncode, "the record does" in done.stderr) == (1, False)
    done = program("show", "-w", "orders", "never-was", env=env)
    assert (done.returncode, "the record" in done.stderr) == (1, False)


def test_a_command_runs_for_a_change_and_sees_no_token(program, simulator, tmp_path):
    path, out = tmp_path / "o.db", tmp_path / "changes"
    keep = tmp_path / "keep.py"
    keep.write_text(
        "import os, sys\n"
        "assert 'demo-token' not in str(os.environ)\n"
        f"open({str(out)!r}, 'a').write(sys.stdin.read())\n"
    )
    with recording(program, simulator, path, "--on-change", f"{sys.executable} {keep}"):
        done = program("create", "-w", "orders", "--id", "changes", "--yes", env=simulator)
        assert done.returncode == 0, done.stderr
        wait_until(lambda: out.exists() and '"id":"changes"' in out.read_text())
    change = next(
        change for change in map(json.loads, out.read_text().splitlines()) if change["id"] == "changes"
    )
    assert set(change) == {"at", "workflow", "id", "on", "from", "to"}
    assert (change["workflow"], change["on"], change["from"]) == ("orders", "status", "-")


def test_metrics_of_the_program_are_read_by_prometheus(program, simulator, tmp_path):
    argv = program.argv("record", "-w", "orders", "--out", str(tmp_path / "o.db"), "--metrics", "0")
    running = subprocess.Popen(argv, env=environment(**simulator), stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in running.stderr if "metrics at" in line)
        address = line.split()[-1]

        def found():
            with urllib.request.urlopen(address, timeout=60) as answer:
                families = text_string_to_metric_families(answer.read().decode())
                return {sample.name for family in families for sample in family.samples}

        wait_until(lambda: {"wfdash_instances", "wfdash_requests_left", "wfdash_up"} <= found())
        port, other = str(urlsplit(address).port), str(tmp_path / "p.db")
        taken = program("record", "-w", "orders", "--out", other, "--metrics", port, env=simulator)
        assert (taken.returncode, "is not available" in taken.stderr) == (1, True)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 143
    finally:
        running.kill()
        running.wait()
        running.stderr.close()


def test_erasing_needs_a_yes_and_takes_the_record_alone(program, tmp_path):
    """Journal, watched instances, notes, counters and another account's record stay to the byte."""
    state = tmp_path / "state" / "wfdash"
    account = "a" * 32
    env = {
        "CLOUDFLARE_API_TOKEN": "x" * 40,
        "CLOUDFLARE_ACCOUNT_ID": account,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    path = state / "records" / f"{account}.db"
    for file in (path, path.with_name("other.db")):
        open_file(file).close()
    Pins(state / "watched.json").add(Pin(account, "orders", "order-1"))
    SessionStory(state / "notes.jsonl", account=lambda: account).tell(1.7e9, "note", "seen")
    counter = share_counter(
        Credential("x" * 40, source="a test"), "https://api.invalid", state, what="a test"
    )
    with counter.open(1.7e9):
        pass
    (state / "actions.jsonl").write_text("{}\n")

    def others():
        files = [each for each in state.rglob("*") if each.is_file() and not each.name.startswith(path.name)]
        return {each: each.read_bytes() for each in files}

    before = others()
    assert {each.name for each in before} >= {"watched.json", "notes.jsonl", "actions.jsonl", "other.db"}
    assert any(each.name.startswith("requests-") for each in before)
    assert program("record", "--erase", env=env).returncode == 2
    assert path.exists()
    done = program("record", "--erase", "--yes", env=env)
    assert (done.returncode, f"erased {path}" in done.stderr) == (0, True)
    assert not list(path.parent.glob(f"{path.name}*"))
    assert others() == before
    assert "there is no record" in program("record", "--erase", "--yes", env=env).stderr


@pytest.mark.parametrize(
    ("answer", "code", "words", "left"),
    [("yes", 0, "erased", False), ("y", 0, "erased", False), ("n", 1, "nothing was erased", True)],
)
def test_erasing_says_what_came_of_the_answer(terminal, tmp_path, answer, code, words, left):
    account, state = "b" * 32, tmp_path / "state"
    path = state / "wfdash" / "records" / f"{account}.db"
    open_file(path).close()
    env = {"CLOUDFLARE_API_TOKEN": "x" * 40, "CLOUDFLARE_ACCOUNT_ID": account, "XDG_STATE_HOME": str(state)}
    asking = terminal("record", "--erase", env=env, columns=300)
    asking.wait_for("Erase", "y/N")
    asking.answer(answer)
    assert asking.wait_exit() == code
    assert words in asking.picture()
    assert path.exists() == left


def test_a_command_that_cannot_be_run_is_refused_at_the_start(shell):
    done = shell("record", "orders", "--for", "1s", "--on-change", "/nowhere/to-be-found --quiet")
    assert (done.returncode, "no command /nowhere/to-be-found" in done.stderr) == (2, True)


def test_a_workflow_that_is_not_there_ends_it(shell):
    done = shell("record", "orders", "nosuch", "--for", "60s")
    assert done.returncode == 1
    assert "There is no workflow nosuch" in done.stderr


def test_no_folder_is_created_for_a_file_of_its_own(shell, tmp_path):
    path = tmp_path / "mistyped" / "record.db"
    done = shell("record", "orders", "--for", "1s", "--out", str(path))
    assert (done.returncode, f"--out: there is no folder {path.parent}" in done.stderr) == (2, True)
    assert not path.parent.exists()


@pytest.mark.parametrize("content", [b"not a database, and somebody's" * 99, "sqlite"])
def test_a_file_of_somebody_else_is_left_as_it_is(shell, tmp_path, content):
    path = tmp_path / "theirs"
    if content == "sqlite":
        theirs = sqlite3.connect(path)
        theirs.execute("CREATE TABLE mine (a)")
        theirs.commit()
        theirs.close()
    else:
        path.write_bytes(content)
    path.chmod(0o644)
    before = path.read_bytes()
    done = shell("record", "-w", "orders", "--for", "1s", "--out", str(path))
    assert done.returncode == 1
    assert done.stderr.count("the record is not kept: ") == 1
    assert path.read_bytes() == before
    assert "not a record of wfdash" in done.stderr
    assert path.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in tmp_path.glob("theirs*")] == ["theirs"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--erase", "--for", "1h"),
        ("--yes",),
        ("-w", "orders", "refunds"),
        ("--filter", "step:charge"),
        ("--filter", "batch:last"),
    ],
)
def test_what_excludes_each_other_is_refused(shell, arguments):
    assert shell("record", *arguments).returncode == 2
