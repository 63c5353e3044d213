"""Standard streams that are closed, full or left: the work is done, and the exit code says how it went."""

import json
import os
import subprocess

import pytest

from tests.support.harness.program import ROOT, environment


@pytest.fixture
def sh(program, simulator):
    """`sh('"$@" <&-', "list")` runs wfdash by way of a shell that plays with its streams."""

    def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", script, "sh", *program.argv(*arguments)],
            env=environment(**simulator, PYTHONWARNINGS="error"),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=120,
            check=False,
        )

    return run


def two_that_wait(shell) -> list[str]:
    found = shell("list", "-w", "orders", "--filter", "status:waiting", "--limit", "2", "--json")
    return [json.loads(line)["id"] for line in found.stdout.splitlines()]


def status_of(shell, identity: str) -> str:
    return json.loads(shell("show", "-w", "orders", identity, "--json").stdout)["result"]["status"]


@pytest.mark.parametrize(("ids", "words"), [("-", "no instance id"), ("a", "--yes")])
def test_a_closed_stdin_is_an_empty_one(sh, ids, words):
    done = sh('"$@" <&-', "pause", "-w", "orders", ids)
    assert done.returncode == 2
    assert words in done.stderr


def test_closed_streams_are_no_fault(sh):
    done = sh('"$@" >&- <&-', "list", "-w", "orders", "--limit", "1")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert sh('"$@" 2>&-', "bogus").returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_that_cannot_be_written_is_no_crash(sh, option):
    done = sh('"$@" >/dev/full', option)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "No space left" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    ("arguments", "code"), [(["bogus"], 2), (["list", "-w", "nope"], 1), (["list", "-w", "orders"], 0)]
)
def test_words_that_nobody_takes_change_no_exit_code(sh, arguments, code):
    assert sh('"$@" 2>/dev/full', *arguments).returncode == code


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["doctor"], ["list", "-w", "orders"], ["create", "-w", "orders"]])
def test_a_full_disk_is_1_and_one_sentence(sh, arguments):
    done = sh('"$@" >/dev/full', *arguments)
    assert done.returncode == 1
    assert done.stderr == "wfdash: the output could not be written: No space left on device\n"


def test_write_is_carried_out_after_the_reader_has_left(sh, shell):
    ids = two_that_wait(shell)
    assert len(ids) == 2
    done = sh('("$@"; echo $? >&2) | true', "pause", "-w", "orders", "nope", *ids, "--yes")
    assert done.stderr == "0\n"
    assert [status_of(shell, identity) for identity in ids] == ["paused", "paused"]
