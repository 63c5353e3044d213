"""A person's own commands in the real program: asked, run, and what came of them said."""

import json
import os
from pathlib import Path

import pytest

from tests.support.harness.act import answer, read_prompt
from tests.support.harness.simulator import Simulator

CONFIG = """
[[commands]]
name = "say it"
key = "ctrl+b"
run = ["sh", "-c", "echo \\"token <$CLOUDFLARE_API_TOKEN> for $1\\"", "sh", "{id}"]
[[commands]]
name = "missing"
key = "U"
run = ["/no/such/program"]
confirm = false
[[commands]]
name = "failing"
key = "K"
run = ["sh", "-c", "echo bad news; exit 3"]
confirm = false
[[hooks]]
on = "status:terminated"
run = ["sh", "-c", "cat > $HOME/hooked; echo \\"<$CLOUDFLARE_API_TOKEN>\\" >> $HOME/hooked"]
"""


ONLY_Y = "y runs it, nothing else does"


@pytest.fixture(scope="module")
def simulator():
    running = Simulator("calm")
    yield running
    running.stop()


def keep_config(mode: int = 0o600) -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "wfdash"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(CONFIG)
    (folder / "config.toml").chmod(mode)


def test_what_came_of_a_command_is_said(terminal, simulator):
    keep_config()
    shell = terminal("-w", "orders", columns=140, lines=30, env=simulator.env)
    shell.wait_for("loaded", "order-")
    shell.press("U")
    shell.wait_for("missing: /no/such/program: No such file or directory")
    shell.press("K")
    shell.wait_for("failing: exit code 3: bad news")
    shell.press("ctrl+b")
    read_prompt(shell, "runs it", "say it", says=ONLY_Y)
    answer(shell, "runs it", says=ONLY_Y)
    shell.wait_for("say it: done: token <> for order-")


def test_a_command_runs_for_a_change_by_itself(terminal, simulator):
    keep_config()
    env = {**simulator.env, "HOME": os.environ["HOME"]}
    shell = terminal("-w", "orders", columns=140, lines=30, env=env)
    shell.wait_for("loaded", "order-", "no payloads")
    identity = simulator.listing("orders", status="waiting")[0]["id"]
    simulator.patch("orders", identity, "terminate")
    shell.wait_for(f"sh for {identity}, terminated: done")
    change, token = hooked().read_text().splitlines()
    assert (json.loads(change)["id"], token) == (identity, "<>")
    shell.press("B")
    shell.wait_for(f"status:terminated: sh for {identity}, terminated: done")


def hooked() -> Path:
    return Path(os.environ["HOME"]) / "hooked"


def test_a_config_that_others_can_change_runs_nothing(terminal, simulator):
    keep_config(0o666)
    shell = terminal("-w", "orders", columns=140, lines=30, env=simulator.env)
    shell.wait_for("own commands and hooks are off: ")  # for some seconds; the rows may come later
    shell.wait_for("loaded", "order-")
    shell.press("K", "j")
    shell.watch(1.0)
    assert not shell.screen.find("bad news")
    identity = simulator.listing("orders", status="waiting")[0]["id"]
    simulator.patch("orders", identity, "terminate")
    shell.wait_for("terminated")
    shell.watch(1.0)
    assert not hooked().exists()
