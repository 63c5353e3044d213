"""A fault of our own, wherever it is: the terminal is given back, and no byte anywhere holds the token."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.harness.act import confirm
from tests.support.harness.output import strange
from tests.support.harness.program import environment
from tests.support.harness.simulator import Simulator

CRASHING = """
import os, sys
from wfdash.__main__ import main

from wfdash.demo.http.credentials import TOKEN

def boom(*_, **__):
    token = TOKEN
    headers = {"Authorization": f"Bearer {token}"}
    raise RuntimeError(f"boom with {headers} \\x1b[31337m and {token}" + "x" * 100_000)

def spoil(owner, name):
    setattr(owner, name, boom)

place = sys.argv.pop(1)
if place == "compose":
    from wfdash.ui.instances.screen import InstancesScreen
    spoil(InstancesScreen, "compose")
elif place == "an action":
    from wfdash.ui.app import WfdashApp
    spoil(WfdashApp, "action_help_open")
elif place == "a worker":
    from wfdash.live.watcher import Watcher
    async def run(self): boom()
    Watcher.run = run
elif place == "news from the poller":
    from wfdash.ui.connection import SessionManager
    spoil(SessionManager, "bring")
elif place == "a row being drawn":
    from wfdash.ui.instances.table import InstanceTable
    spoil(InstanceTable, "render_row")
elif place == "a one-shot":
    import wfdash.cli.commands.list as module
    spoil(module, "run")
main()
"""
PLACES = {
    "compose": "variable",
    "an action": "command",
    "a worker": "wrangler",
    "news from the poller": "command",
    "a row being drawn": "variable",
}


@pytest.fixture(scope="module")
def simulator():
    running = Simulator("calm", stopped=True)
    yield running
    running.stop()


def credential(source, simulator, home):
    """The environment that leads wfdash to the simulator's token by this road; the file that holds it."""
    token = simulator.env["CLOUDFLARE_API_TOKEN"]
    env = dict(simulator.env)
    if source == "variable":
        return env, None
    del env["CLOUDFLARE_API_TOKEN"]
    secret = home / "config" / ("wfdash/secret" if source == "command" else ".wrangler/config/default.toml")
    secret.parent.mkdir(parents=True)
    if source == "command":
        secret.write_text(token)
        base, account = env["CLOUDFLARE_BASE_URL"], env["CLOUDFLARE_ACCOUNT_ID"]
        config = f'profile = "x"\n[profiles.x]\nbase_url = "{base}"\naccount_id = "{account}"\n'
        (secret.parent / "config.toml").write_text(f'{config}token_command = ["cat", "{secret}"]\n')
        env = {}
    else:
        secret.write_text(f'oauth_token = "{token}"\nexpiration_time = "2999-01-01T00:00:00.000Z"\n')
        env = {"CLOUDFLARE_ACCOUNT_ID": env["CLOUDFLARE_ACCOUNT_ID"], "HTTPS_PROXY": "http://127.0.0.1:9"}
    return env, secret


def holding(token, folder, secret):
    """The files below a folder that hold the token, but for the one it came from."""
    files = (path for path in folder.rglob("*") if path.is_file() and path != secret)
    return [path for path in files if token.encode() in path.read_bytes()]


@pytest.mark.parametrize("place", PLACES)
def test_a_crash_tells_where_and_no_token(terminal, simulator, tmp_path, place):
    env, secret = credential(PLACES[place], simulator, tmp_path / "home")
    argv = [sys.executable, "-c", CRASHING, place, "-w", "orders", "--debug", str(tmp_path / "debug.log")]
    shell = terminal(argv=argv, env=env, columns=140, lines=40)
    if place == "an action":
        shell.wait_for("order-")
        answer = Path(f"/proc/{shell.pid}/cmdline")
        assert (
            not answer.exists() or simulator.env["CLOUDFLARE_API_TOKEN"].encode() not in answer.read_bytes()
        )
        shell.press("?")
    assert shell.wait_exit() == 1
    assert shell.not_as_found() == []
    assert "fault of its own" in shell.screen.text
    assert "RuntimeError: boom with" in shell.screen.text
    assert "in boom" in shell.screen.text
    bell = ascii("\x07")[:-1]
    assert [each for each in strange(bytes(shell.written)) if not each.startswith(bell)] == []
    token = simulator.env["CLOUDFLARE_API_TOKEN"]
    assert token.encode() not in shell.written
    assert holding(token, tmp_path, secret) == []


def test_a_crash_of_a_one_shot_tells_no_token_either(simulator):
    done = subprocess.run(
        [sys.executable, "-c", CRASHING, "a one-shot", "list", "-w", "orders"],
        env=environment(**simulator.env),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 1
    assert "fault of its own" in done.stderr
    assert "in boom" in done.stderr
    assert simulator.env["CLOUDFLARE_API_TOKEN"] not in done.stderr + done.stdout
    assert "\x1b" not in done.stderr


def test_no_log_line_enters_what_is_kept_or_reported(terminal, program, simulator, tmp_path):
    """Journal, record, story, bundle, crash report and debug log hold nothing that a Worker printed."""
    waiting = simulator.listing("orders", status="waiting")[0]["id"]
    listed = program("logs", "-w", "orders", "-i", waiting, "--json", env=simulator.env).stdout.splitlines()
    plain = [said for line in listed if "{" not in (said := json.loads(line)["message"])]
    printed = max(plain, key=len)[:40]
    debug = ["--debug", str(tmp_path / "debug.log")]
    argv = [sys.executable, "-c", CRASHING, "an action", "-w", "orders", "--filter", waiting, *debug]
    shell = terminal(argv=argv, env=simulator.env, columns=200, lines=50, cwd=tmp_path)
    shell.wait_for("1 match", "waiting")
    confirm(shell, "p", waiting)
    shell.wait_for("you paused", "‖ paused")
    shell.quiet()
    shell.press("l")
    shell.wait_for(printed)
    shell.press("escape")
    shell.wait_gone(printed)
    shell.press("e")
    shell.wait_for("story")
    shell.press("s")
    shell.wait_gone("what was on screen under this panel")
    shell.press("l")
    shell.wait_for(printed)
    shell.press("?")
    assert shell.wait_exit() == 1
    assert "fault of its own" in shell.screen.text
    assert printed not in shell.screen.text
    bundle = tmp_path / "bundle.txt"
    program("doctor", "--bundle", str(bundle), env=simulator.env)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"actions.jsonl", "debug.log", "bundle.txt"} <= {path.name for path in kept}
    assert any(path.suffix == ".md" for path in kept)
    assert holding(printed, tmp_path, None) == []


EDITOR = """
import os, sys
with open(sys.argv[1], "w") as file:
    file.write(repr(dict(os.environ)))
open(sys.argv[2], "w").write('{"edited": 1}')
"""


def test_the_editor_is_given_no_token(terminal, simulator, tmp_path):
    script, seen = tmp_path / "editor.py", tmp_path / "seen"
    script.write_text(EDITOR)
    token = simulator.env["CLOUDFLARE_API_TOKEN"]
    env = {
        **simulator.env,
        "EDITOR": f"{sys.executable} {script} {seen}",
        "MY_COPY": f"x {token}",
        "KEPT": "yes",
    }
    shell = terminal("-w", "orders", columns=100, lines=30, env={**simulator.env, **env})
    shell.wait_for("order-")
    shell.press("c")
    shell.wait_for("editor")
    shell.press("ctrl+o")
    shell.wait_for('{"edited": 1}')
    assert "KEPT" in seen.read_text()
    assert token not in seen.read_text()
    shell.press("escape", "q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


@pytest.mark.parametrize("editor", ["'unbalanced", "/nowhere/editor", "false"])
def test_an_editor_that_cannot_be_run_is_no_crash(terminal, simulator, editor):
    shell = terminal("-w", "orders", columns=100, lines=30, env={**simulator.env, "EDITOR": editor})
    shell.wait_for("order-")
    shell.press("c")
    shell.wait_for("editor")
    before = len(shell.written)
    shell.press("ctrl+o")
    shell.wait_written(b"\x1b[?1049h", since=before)
    if editor != "false":
        shell.wait_for("no editor:")
    shell.press("escape")
    shell.wait_gone("enter asks")
    shell.press("q")
    assert shell.wait_exit() == 0
