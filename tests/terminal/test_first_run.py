"""The first run on a terminal: from a token over account and workflow to a config, or past it."""

import os
from pathlib import Path

import pytest

from tests.support.harness.program import TOKEN
from tests.support.harness.simulator import Simulator
from wfdash.config.file import read


@pytest.fixture(scope="module")
def still():
    simulator = Simulator("calm", stopped=True)
    yield simulator
    simulator.stop()


@pytest.fixture
def account(still):
    """The simulator by its token alone, as somebody has it who has just made one."""
    return still.env | {"CLOUDFLARE_ACCOUNT_ID": None}


@pytest.fixture
def config():
    return Path(os.environ["XDG_CONFIG_HOME"]) / "wfdash" / "config.toml"


SIZES = pytest.mark.parametrize(("columns", "lines"), [(80, 24), (140, 40)])


@SIZES
def test_a_token_leads_over_account_and_workflow_to_a_config(
    terminal, still, account, config, columns, lines
):
    shell = terminal(columns=columns, lines=lines, env=account)
    shell.wait_for("CLOUDFLARE_API_TOKEN: active", "(the only one)", "all of them", "orders")
    assert not config.exists()
    shell.press("j")
    shell.press("enter")
    shell.wait_for('workflow = "orders"', "y keep it")
    assert not config.exists()
    found = [line.strip() for line in shell.screen.text.splitlines()]
    shell.press("y")
    shell.wait_for("kept as profile default")
    shell.wait_for("BLOCKED ON")
    assert config.stat().st_mode & 0o777 == 0o600
    written = config.read_text().splitlines()
    assert [line for line in found if line in written and line] == [line for line in written if line]
    kept = read(config, required=True).profiles["default"]
    assert (kept.workflow, kept.token_env) == ("orders", "CLOUDFLARE_API_TOKEN")
    assert kept.account_id == still.env["CLOUDFLARE_ACCOUNT_ID"]
    assert still.env["CLOUDFLARE_API_TOKEN"] not in config.read_text()
    shell.press("q")
    assert shell.wait_exit() == 0
    again = terminal(columns=columns, lines=lines, env=account)
    again.wait_for("orders", "BLOCKED ON", "default")


def test_esc_goes_on_without_and_nobody_is_led_twice(terminal, account, config):
    shell = terminal(env=account)
    shell.wait_for("all of them")
    shell.press("escape")
    shell.wait_for("nothing was saved")
    shell.wait_for("WORKFLOW")
    assert not config.exists()
    shell.press("q", "q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []
    again = terminal(env=account)
    again.wait_for("WORKFLOW", "FAILED", "orders")
    assert "first-time setup" not in again.screen.text


def test_who_says_which_account_goes_straight_to_its_workflows(terminal, still):
    shell = terminal(env=still.env)
    shell.wait_for("WORKFLOW", "FAILED", "orders")
    assert "first-time setup" not in shell.screen.text


def test_a_step_back_offers_other_sources_of_the_token(terminal, account):
    shell = terminal(env=account)
    shell.wait_for("all of them")
    shell.press("left")
    shell.wait_for("CLOUDFLARE_API_TOKEN", "which is set here", "a command", "permissionGroupKeys")
    shell.press("enter")
    shell.wait_for("all of them")


def test_a_token_that_is_refused_is_told_and_esc_goes_on(terminal, account):
    shell = terminal(env=account | {"CLOUDFLARE_API_TOKEN": TOKEN})
    shell.wait_for("▸ token", "ctrl+r retry", "401")
    shell.press("q")
    assert shell.wait_exit() == 0


def led_without_token(terminal, account, **env):
    shell = terminal("setup", env=account | {"CLOUDFLARE_API_TOKEN": None} | env)
    shell.wait_for("another variable", "a command", "esc skip")
    return shell


SOURCES = {
    "variable": (0, "OPS_TOKEN", {"token_env": "OPS_TOKEN"}),
    "command": (1, "printenv OPS_TOKEN", {"token_command": ["printenv", "OPS_TOKEN"]}),
}


@pytest.mark.parametrize(("downs", "typed", "kept"), SOURCES.values(), ids=SOURCES)
def test_setup_takes_the_token_from_elsewhere_and_keeps_where(
    terminal, still, account, config, downs, typed, kept
):
    shell = led_without_token(terminal, account, OPS_TOKEN=still.env["CLOUDFLARE_API_TOKEN"])
    shell.press(*["j"] * downs, "enter")
    shell.wait_for("check it")
    shell.type(typed)
    shell.press("enter")
    shell.wait_for("all of them", "active, asked at")
    shell.press("enter")
    shell.wait_for("y keep it")
    shell.press("enter")
    shell.wait_for("nothing to choose: y writes it")
    assert not config.exists()
    shell.press("y")
    shell.wait_for("kept as profile default")
    profile = read(config, required=True).profiles["default"]
    assert {name: getattr(profile, name) for name in kept} == kept
    assert still.env["CLOUDFLARE_API_TOKEN"] not in config.read_text()


def test_a_token_typed_for_a_name_is_neither_repeated_nor_kept(terminal, account, config):
    typed = "Q" * 40
    shell = led_without_token(terminal, account)
    shell.press("j", "enter")
    shell.wait_for("check it")
    shell.type(typed)
    shell.press("enter")
    shell.wait_for("looks like a token itself")
    assert typed not in shell.screen.text
    shell.press("escape")
    assert shell.wait_exit() == 3
    assert "CLOUDFLARE_API_TOKEN" in shell.screen.text
    assert not config.exists()
    assert shell.not_as_found() == []
