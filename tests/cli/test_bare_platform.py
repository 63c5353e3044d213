"""Where fcntl, termios, SIGHUP and the rest of Unix are not there, all but the dashboard works."""

import json
import subprocess
import sys

import pytest

from tests.cli.commands.conftest import simulator  # noqa: F401
from tests.support.harness.program import ROOT, environment

BARE = [sys.executable, "-m", "tests.support.harness.bare_platform"]


def run(*arguments, env=None):
    return subprocess.run(
        [*BARE, *arguments],
        env=environment(**(env or {})),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list", "--help"], ["doctor", "--help"]])
def test_words_about_the_command_line_are_printed(arguments):
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert "wfdash" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor"],
        ["list", "-w", "orders", "--json"],
        ["list", "-w", "orders", "--debug", "debug.jsonl"],
        ["create", "-w", "orders", "--yes"],
    ],
)
def test_commands_work(simulator, tmp_path, arguments):  # noqa: F811
    if "--debug" in arguments:
        arguments = [*arguments[:-1], str(tmp_path / arguments[-1])]
    done = run(*arguments, env=simulator)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_an_action_is_sent_and_journalled(simulator, tmp_path):  # noqa: F811
    created = run("create", "-w", "orders", "--id", "bare-1", "--yes", env=simulator)
    assert created.returncode == 0, created.stderr
    state = {"XDG_STATE_HOME": str(tmp_path)}
    done = run("terminate", "-w", "orders", "bare-1", "--yes", env=simulator | state)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"]
    events = [
        json.loads(line)["event"] for line in (tmp_path / "wfdash/actions.jsonl").read_text().splitlines()
    ]
    assert "sent" in events


def test_the_dashboard_says_what_it_needs(terminal):
    shell = terminal(argv=[*BARE, "demo"])
    assert shell.wait_exit() == 2
    assert shell.screen.find("the dashboard needs a terminal as Unix has it")


def test_the_simulator_serves_and_ends(program):
    server = subprocess.Popen(
        [*BARE, "demo", "--serve", "0"],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert server.stdout.readline().startswith(b"export CLOUDFLARE_API_TOKEN=")
    server.terminate()
    server.communicate(timeout=60)
    assert server.returncode == 128 + 15
