"""A pipe, a device, a folder or rubbish where a file belongs: a sentence at once, or no harm, but no wait."""

import os
import socket
import time
from pathlib import Path

import pytest

from tests.support.harness.act import ROWS
from tests.support.harness.program import TOKEN
from tests.support.harness.simulator import Simulator

SECONDS = 60
"""After which a program that waits for a pipe is taken to wait for ever."""


def pipe(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


def device(path):
    path.symlink_to("/dev/zero")


def plug(path):
    there = os.getcwd()
    os.chdir(path.parent)  # the name of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(there)


def endless(path):
    path.symlink_to(path.name)


STRANGE = [pipe, folder, device, plug, endless]
INPUTS = {
    "config": ("list", "-w", "orders", "--config", "{}"),
    "debug": ("list", "-w", "orders", "--debug", "{}"),
    "params": ("create", "-w", "orders", "--yes", "--params", "@{}"),
    "batch": ("create", "-w", "orders", "--yes", "--batch", "{}"),
    "payload": ("send", "-w", "orders", "order-1", "--yes", "--type", "x", "--payload", "@{}"),
}


@pytest.fixture(scope="module")
def still():
    """One for all of them: nothing that they do in it is looked at by another."""
    started = Simulator("calm", stopped=True)
    yield started
    started.stop()


@pytest.mark.parametrize("put", STRANGE, ids=lambda put: put.__name__)
@pytest.mark.parametrize("arguments", INPUTS.values(), ids=INPUTS)
def test_a_file_of_a_person_that_is_none_is_named(program, still, tmp_path, arguments, put):
    path = tmp_path / "given"
    put(path)
    if put is device and "--debug" in arguments:
        path = tmp_path / "disk" / "given"
    done = program(*(part.format(path) for part in arguments), env=still.env, timeout=SECONDS)
    assert done.returncode == 2, done.stderr
    assert str(path) in done.stderr
    assert len(done.stderr.strip().split("\n")) == 1


def test_what_a_shell_hands_over_is_read(program, still):
    """As bash does for `<(...)`: a pipe that is open already."""
    reading, writing = os.pipe()
    os.write(writing, b'{"a": 1}')
    os.close(writing)
    stdin = os.dup(0)
    os.dup2(reading, 0)
    try:
        done = program(
            "create", "-w", "orders", "--yes", "--params", "@/dev/stdin", env=still.env, input='{"a": 1}'
        )
    finally:
        os.dup2(stdin, 0)
        os.close(stdin)
        os.close(reading)
    assert done.returncode == 0, done.stderr


def test_a_device_takes_the_request_log_and_keeps_its_mode(program, still):
    before = Path("/dev/null").stat().st_mode
    done = program("list", "-w", "orders", "--debug", "/dev/null", env=still.env)
    assert done.returncode == 0, done.stderr
    assert Path("/dev/null").stat().st_mode == before


def test_a_huge_number_in_the_config_is_named(program, still, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("[poll]\ninterval = " + "9" * 5000)
    done = program("list", "-w", "orders", "--config", str(path), env=still.env)
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr


OURS = (
    "actions.jsonl",
    "actions.jsonl.1",
    "actions.lock",
    "watched.json",
    "notes.jsonl",
    "spent.key",
    "first-run",
    "sessions",
)


def test_a_spoilt_watched_list_is_told_at_the_start(terminal, still, tmp_path):
    (tmp_path / "wfdash").mkdir()
    (tmp_path / "wfdash" / "watched.json").write_text('[["acme", "orders"')
    shell = terminal("-w", "orders", env={**still.env, "XDG_STATE_HOME": str(tmp_path)}, columns=140)
    shell.wait_for("watched.json could not be read", "kept as watched.unreadable-1")
    shell.press("q")
    assert shell.wait_exit() == 0


@pytest.mark.parametrize("put", STRANGE, ids=lambda put: put.__name__)
def test_files_of_ours_that_are_none_hold_nobody(terminal, program, still, tmp_path, put):
    state = tmp_path / "wfdash"
    state.mkdir()
    for name in OURS:
        put(state / name)
    env = {**still.env, "XDG_STATE_HOME": str(tmp_path)}
    done = program("list", "-w", "orders", env=env, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    shell = terminal("-w", "orders", env=env)
    shell.wait_for(ROWS)
    shell.press("J")
    shell.wait_for("ournal")
    shell.press("escape", "F")
    shell.wait_for("atched")
    shell.press("escape", "q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


@pytest.mark.parametrize(
    "rubbish",
    [
        '{"spenders":{"a":{"spent":{"2 list":{"%d":Infinity}}}}}',
        '{"spenders":{"a":{"spent":{"2 list":{"%d":1e300}}}}}',
        '{"spenders":{"a":{"spent":{"2 list":{"%d":' + "9" * 18 + "}}}}}",
        '{"spenders":{"a":{"spent":{"2 list":{"%d":-' + "9" * 18 + "}}}}}",
        '{"spenders":{"a":{"spent":{"2 list":{"' + "9" * 5000 + '":1}}}}}',
        '{"spenders":{"a":{"spent":{"nonsense":{"%d":1}}}}}',
        '{"spenders":{"a":{"spent":{"":{"%d":1}},"pid":' + "9" * 18 + "}}}",
        '{"spenders":[]}',
        '{"frozen_until":Infinity}',
        '{"frozen_until":"' + "9" * 5000 + '"}',
        '{"buckets":{"600":{"at":1e308,"tokens":-1e308}}}',
        '{"buckets":{"600":{"at":-1e308,"tokens":-1e308}}}',
        '{"leases":{"x":1e308},"queue":{"x":{"0":[0,1e308],"-9":[-1e308,-1e308]}}}',
        '{"left":{"at":-1e308,"reset_at":1e308,"left":-1e308,"remaining":0,"limit":0}}',
        "[" * 100_000,
        "null",
        "\0" * 999,
    ],
    ids=range(17),
)
def test_a_spoilt_counter_of_requests_stops_nobody(program, still, tmp_path, rubbish):
    env = {**still.env, "XDG_STATE_HOME": str(tmp_path)}
    assert program("list", "-w", "orders", env=env).returncode == 0
    (spent,) = (tmp_path / "wfdash").glob("requests-*.json")
    spent.write_text(rubbish.replace("%d", str(int(time.time() // 10))))
    done = program("list", "-w", "orders", env=env, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stderr
