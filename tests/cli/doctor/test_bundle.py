"""The report for others: complete enough to help, and nothing in it that is somebody's own."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.cli.test_completion import ENTRY, keep
from tests.support.harness.program import ACCOUNT, TOKEN
from tests.support.harness.simulator import Simulator
from wfdash.cli.doctor.bundle import Names, bundle_lines
from wfdash.cli.doctor.report import doctor
from wfdash.config.precedence import config_path, load
from wfdash.config.settings import Options, Settings, SettingsError

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


PRIVATE = "schmidt"
"""It stands in each part of the faults below, alone and with other words."""
FAULTY = {
    "a command": '[[commands]]\nname = "Ticket an Firma Schmidt"\nkey = "ctrl+b"\n'
    'run = ["sh", "-c", "echo schmidt {id}"]\n',
    "a placeholder": '[[commands]]\nname = "a"\nkey = "ctrl+b"\nrun = ["sh", "{schmidt}"]\n',
    "a hook": '[[hooks]]\non = "statsu:errored id:schmidt-4711"\nrun = ["true"]\n',
    "a hook of one word": '[[hooks]]\non = "schmidt:4711"\nrun = ["true"]\n',
    "a key": '[keys]\n"instance.pause" = "schmidt"\n',
    "a key of nothing": '[keys]\n"schmidt.pause" = "b"\n',
    "a theme": '[display]\ntheme = "schmidt"\n',
    "a column": '[display]\ncolumns = ["id", "schmidt"]\n',
    "a table": "[schmidt]\non = true\n",
    "an unknown key": '[profiles.a]\nschmidt = "b"\n',
    "a number for a text": "[profiles.schmidt]\nworkflow = 4711\n",
    "a default profile": 'profile = "schmidt"\n',
    "a view": '[[views]]\nname = "schmidt"\nkey = "1"\nfilter = "schmidt:1"\n',
    "a retention": '[retention]\nschmidt = "schmidt days"\n',
    "a server": '[profiles.a]\nbase_url = "http://schmidt.invalid/x"\n[[views]]\nname = "v"\n',
    "no TOML": '[profiles.schmidt]\n[profiles.schmidt]\nworkflow = "schmidt"\n',
    "no quotes": "workflow = schmidt\n",
    "a date": "[profiles.schmidt]\nworkflow = 2026-11-30\n",
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_config_tells_nothing_of_its_own(fault, tmp_path):
    """Such a config is why somebody is asked for the report: what is wrong is said of it, not quoted."""
    config = tmp_path / "config.toml"
    config.write_text(FAULTY[fault])
    text = printed({}, config=config)
    assert PRIVATE not in text.lower()
    assert "4711" not in text


VARIABLES = {
    "CLOUDFLARE_API_BASE_URL": "http://schmidt.invalid/client/v4",
    "CLOUDFLARE_ACCOUNT_ID": "schmidt-account",
    "HTTPS_PROXY": "gopher://schmidt.invalid:70",
    "SSL_CERT_FILE": "/srv/schmidt/ca.pem",
    "WFDASH_PROFILE": "schmidt",
    "WFDASH_CONFIG": "/srv/schmidt/config.toml",
    "CF_SCHMIDT_TOKEN": "a",
    "SCHMIDT_PROXY": "a",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_values_of_variables_are_not_in_it(name):
    assert PRIVATE not in printed({name: VARIABLES[name]}).lower()


def test_a_state_folder_elsewhere_is_not_named(tmp_path, monkeypatch):
    folder = tmp_path / "schmidt"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    (folder / "wfdash").mkdir(parents=True)
    (folder / "wfdash" / "schmidt.txt").touch()
    text = printed({"XDG_STATE_HOME": str(folder)})
    assert "[another file]" in text
    assert PRIVATE not in text.lower()


def test_what_wfdash_has_words_for_stays_in_it(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('[display]\ntheme = "light"\nmouse = 3\n[keys]\n"instance.pause" = "f5"\n')
    text = printed({}, config=config)
    for words in ("display.theme = 'light'", "keys.instance.pause = 'f5'", "display.mouse: must be true"):
        assert words in text


def printed(environ: dict[str, str], *, config: Path | None = None) -> str:
    """What doctor prints where the settings are at fault, and all that the bundle adds to it."""
    options = Options(config=str(config) if config is not None else "")
    settings: Settings | SettingsError
    try:
        settings = load(options, environ)
    except SettingsError as wrong:
        settings = wrong
    assert isinstance(settings, SettingsError), "nothing is asked here"
    report: list[str] = []
    where = config_path(options, environ)[0]
    asyncio.run(doctor(settings, environ, where, write=report.append))
    return "".join(bundle_lines(report, Names(environ), environ, where, options))
