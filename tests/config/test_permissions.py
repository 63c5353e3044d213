"""A config that others can read is said so, and from one that they can change nothing runs."""

import os

import pytest

from wfdash.config.permissions import permission_warnings
from wfdash.config.precedence import load
from wfdash.config.settings import Options

RUNS = """
[[hooks]]
on = "status:errored"
run = ["true"]
[[commands]]
key = "f8"
name = "ticket"
run = ["true", "{id}"]
"""
OTHER = 54321


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "wfdash"
    folder.mkdir(mode=0o700)
    path = folder / "config.toml"
    path.write_text(RUNS)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("mode", "words"), [(0o600, ""), (0o640, "read"), (0o604, "read"), (0o622, "others can change")]
)
@pytest.mark.parametrize("runs", [True, False])
def test_config_others_can_read_or_change_gets_a_warning(config, mode, words, runs):
    config.chmod(mode)
    warnings = permission_warnings(config, runs=runs)
    assert bool(warnings) == bool(words)
    assert words in "".join(warnings)


def what_runs(path):
    settings = load(Options(config=str(path), account_id="0" * 32), {"CLOUDFLARE_API_TOKEN": "not-a-token"})
    return len(settings.hooks) + len(settings.commands), settings.warnings


def own(path, uid):
    if os.geteuid():
        pytest.skip("only root gives a file away")
    os.chown(path, uid, -1)


@pytest.mark.parametrize(
    ("spoil", "runs"),
    [
        (lambda path: None, 2),
        (lambda path: path.chmod(0o660), 0),
        (lambda path: path.parent.chmod(0o777), 0),
        (lambda path: path.parent.parent.chmod(0o775), 0),
        (lambda path: path.parent.parent.chmod(0o1777), 2),
        (lambda path: own(path, OTHER), 0),
        (lambda path: own(path.parent, OTHER), 0),
        (lambda path: own(path.parent, 65534), 2),
    ],
)
def test_nothing_runs_from_a_config_that_others_can_change(config, spoil, runs):
    spoil(config)
    found, warnings = what_runs(config)
    assert found == runs
    assert bool(warnings) is not bool(runs)


def test_where_a_link_leads_is_looked_at_too(config, tmp_path):
    link = tmp_path / "config.toml"
    link.symlink_to(config)
    assert what_runs(link) == (2, ())
    config.parent.chmod(0o777)
    assert what_runs(link)[0] == 0
