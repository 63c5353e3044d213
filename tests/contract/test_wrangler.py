"""Cloudflare's own command line as a client of the simulator."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.harness.node import KEPT, wrangler
from tests.support.harness.program import environment
from tests.support.harness.simulator import Simulator

Wrangler = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wrangler")


@pytest.fixture
def run(server: Simulator, home: Path) -> Wrangler:
    """`run("workflows", "list")`, in a folder of its own, without telemetry, banner or log files."""
    quiet = {
        "WRANGLER_SEND_METRICS": "false",
        "WRANGLER_HIDE_BANNER": "true",
        "WRANGLER_WRITE_LOGS": "false",
        "CI": "1",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
    }

    def call(
        *arguments: str, fails: bool = False, on: Simulator = server
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*wrangler(), *arguments],
            cwd=home,
            env=environment(**on.env, **quiet, **KEPT),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done

    return call


def rows(run: Wrangler, *arguments: str, **options: Simulator) -> list[dict]:
    return json.loads(run("workflows", *arguments, "--json", **options).stdout)


def test_workflows_are_listed_and_described(run):
    listed = run("workflows", "list").stdout
    assert "Showing 7 workflows from page 1" in listed
    for word in ("orders", "shop-worker", "OrderWorkflow", "inventory-sync"):
        assert word in listed
    described = run("workflows", "describe", "orders").stdout
    assert "OrderWorkflow" in described
    assert "Latest Version" in described


def test_instances_are_listed_page_by_page(run, still):
    first = rows(run, "instances", "list", "orders", "--per-page", "4", on=still)
    second = rows(run, "instances", "list", "orders", "--per-page", "4", "--page", "2", on=still)
    assert len({row["id"] for row in first + second}) == 8
    assert first[0]["created_on"] > second[0]["created_on"]
    shown = run("workflows", "instances", "list", "orders", "--status", "errored", "--per-page", "3").stdout
    assert "Showing 3 instances from page 1" in shown
    assert shown.count("Errored") == 3


def test_one_instance_is_described(run, server):
    [failed, *_] = server.listing("billing", status="errored")
    described = run("workflows", "instances", "describe", "billing", failed["id"]).stdout
    assert "Errored" in described
    assert "render invoice-1" in described
    assert "TypeError" in described
    latest = run("workflows", "instances", "describe", "onboarding", "latest").stdout
    assert server.listing("onboarding")[0]["id"] in latest
    assert "Waiting" in latest or "Running" in latest


def test_a_life_by_command(run, server, until):
    created = run("workflows", "trigger", "onboarding", '{"name": "Ada"}', "--id", "wrangled").stdout
    assert 'Workflow instance "wrangled" has been queued successfully' in created
    assert server.detail("onboarding", "wrangled")["params"] == {"name": "Ada"}
    until(lambda: server.detail("onboarding", "wrangled")["status"] == "waiting")

    def command(*arguments: str) -> str:
        return run("workflows", "instances", *arguments).stdout

    assert "paused successfully" in command("pause", "onboarding", "wrangled")
    assert server.detail("onboarding", "wrangled")["status"] == "paused"
    assert "resumed successfully" in command("resume", "onboarding", "wrangled")
    sent = ("--type", "email-verified", "--payload", '{"verified": true}')
    assert "was sent to the instance" in command("send-event", "onboarding", "wrangled", *sent)
    until(lambda: server.detail("onboarding", "wrangled")["steps"][-1]["name"] == "first day-1")
    wait = server.detail("onboarding", "wrangled")["steps"][2]
    assert json.loads(wait["output"])["payload"] == {"verified": True}
    start = ("--from-step-name", "e-mail verified", "--from-step-type", "waitForEvent")
    assert "restarted successfully" in command("restart", "onboarding", "wrangled", *start)
    until(lambda: server.detail("onboarding", "wrangled")["status"] == "waiting")
    assert len(server.detail("onboarding", "wrangled")["steps"]) == 3
    assert "terminated successfully" in command("terminate", "onboarding", "wrangled", "--rollback")
    assert server.detail("onboarding", "wrangled")["status"] == "terminated"


def test_refusals_reach_the_person(run, server):
    [done, *_] = server.listing("orders", status="complete")
    refused = run("workflows", "instances", "terminate", "orders", done["id"], fails=True)
    assert "instance.cannot_terminate [code: 10401]" in refused.stdout + refused.stderr
    missing = run("workflows", "describe", "nothing", fails=True)
    assert "workflow.not_found [code: 10200]" in missing.stdout + missing.stderr
