"""The report for others: complete enough to help, and nothing in it that is somebody's own."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.test_completion import ENTRY, keep
from tests.support.harness.program import ACCOUNT, TOKEN
from tests.support.harness.simulator import Simulator

PLANTED = {
    "profile": "planted-profile",
    "workflow": "planted-workflow",
    "id": "planted-customer-4711",
    "who": "planted-person@planted-desk",
    "seat": "planted-terminal from planted-address",
    "reason": "planted-reason",
}
CONFIG = f"""
[profiles.planted-profile]
account_id = "{ACCOUNT}"
workflow = "planted-workflow"
token_command = ["planted-command", "planted-argument"]
base_url = "https://planted-host.example/client/v4"
[poll]
interval = 7
[[views]]
name = "planted-view"
key = "1"
workflow = "planted-workflow"
filter = "planted-filter"
"""


@pytest.fixture(scope="module")
def still():
    """One for all of them: nothing that they do in it is looked at by another."""
    started = Simulator("calm", stopped=True)
    yield started
    started.stop()


def bundle(program, still: Simulator, file: Path, **env: str) -> str:
    done = program("doctor", "--bundle", str(file), env={**still.env, **env})
    assert "read it before you attach it" in done.stderr
    return file.read_text()


def test_nothing_planted_and_no_secret_is_in_it(program, still, tmp_path):
    keep(CONFIG, [PLANTED | {"account": ACCOUNT}])
    text = bundle(program, still, tmp_path / "report.txt", OLD_TOKEN_CF="planted-variable")
    assert "planted" not in text.lower()
    assert ACCOUNT not in text
    assert str(Path.home()) not in text
    assert not any(value in text for name, value in still.env.items() if "TOKEN" in name)
    assert TOKEN not in text


def test_it_holds_what_a_report_needs(program, still, tmp_path):
    keep(CONFIG, [PLANTED, PLANTED | {"event": "unknown", "http": 503}])
    text = bundle(program, still, tmp_path / "report.txt")
    for words in (
        "textual 8.", "poll.interval = 7", "profiles.[profile 1].token_command = a list of 2",
        "CLOUDFLARE_API_TOKEN\n", "pause unknown: 1", "pause unknown 503", "actions.jsonl",
    ):  # fmt: skip
        assert words in text


def test_one_name_keeps_its_number(program, still, tmp_path):
    keep('[[views]]\nname = "mine"\nkey = "1"\nworkflow = "orders"\n', [{"workflow": "orders"}])
    done = program("doctor", "-w", "orders", "--bundle", str(tmp_path / "report.txt"), env=still.env)
    text = (tmp_path / "report.txt").read_text()
    assert "orders" in done.stdout
    assert "orders" not in text
    assert "[workflow 1] is there" in text


def test_a_file_that_is_there_is_left_alone(program, still, tmp_path):
    file = tmp_path / "report.txt"
    file.write_text("mine")
    done = program("doctor", "--bundle", str(file), env=still.env)
    assert file.read_text() == "mine"
    assert "report-2.txt" in done.stderr
    assert (tmp_path / "report-2.txt").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_said(program, still, tmp_path):
    done = program("doctor", "--bundle", str(tmp_path / "gone" / "report.txt"), env=still.env)
    assert done.returncode == 1
    assert "could not be written: No such file or directory" in done.stderr


def test_a_broken_config_does_not_stop_it(program, still, tmp_path):
    keep("[profiles", [])
    text = bundle(program, still, tmp_path / "report.txt")
    assert "it cannot be read: TOMLDecodeError" in text
    assert json.dumps(ENTRY)[:20] not in text
    assert os.environ["XDG_STATE_HOME"] not in text
