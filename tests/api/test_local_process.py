"""What this machine's processes and files say of a dev session."""

import os
import socket
import subprocess
import sys
import time

import pytest

from wfdash.api.local_process import SessionProcess

RUNTIME = """
import os, socket, sys, time
port, folder = int(sys.argv[1]), sys.argv[2]
files = [open(os.path.join(folder, name), "a") for name in ("metadata.sqlite", "a.sqlite", "a.sqlite-wal")]
with socket.create_server(("127.0.0.1", port)):
    print("listens", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "workflows" / "miniflare-workflows-orders"
    found.mkdir(parents=True)
    return found


@pytest.fixture
def process(folder, tmp_path):
    """The files of a session, held open by a process that is called as its runtime is."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    runtime = tmp_path / "workerd"
    runtime.symlink_to(os.path.realpath(sys.executable))
    command = [str(runtime), "-S", "-c", RUNTIME, str(port), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        assert session.stdout.readline()
        yield SessionProcess(port)
        session.stdin.close()


def dated(folder, seconds):
    at = time.time() - seconds
    for file in folder.iterdir():
        os.utime(file, (at, at))


def test_stillness_is_told_by_the_files_of_the_instances(process, folder):
    assert process.still("orders") is None, "no process was looked for yet"
    assert process.started() is not None
    dated(folder, 500)
    assert 499 <= process.still("orders") <= 510
    assert process.still("other") is None
    dated(folder, 3)
    assert 2 <= process.still("orders") <= 13


def test_an_instance_that_came_or_went_was_written_now(process, folder):
    process.started()
    (folder / "b.sqlite").touch()
    dated(folder, 500)
    assert process.still("orders") > 400
    (folder / "b.sqlite").unlink()
    assert process.still("orders") == 0
    assert process.still("orders") > 400


def test_stillness_of_a_session_that_ended_is_not_known(process, folder):
    process.started()
    dated(folder, 500)
    assert process.still("orders") > 400
    process._listener.terminate()
    process._listener.wait(10)
    assert process.still("orders") is None
