"""What tab offers, asked of a real bash that has loaded what `wfdash completion bash` prints."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.harness.program import Program, environment

SHELL = """
eval "$(wfdash completion bash)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:' IFS=' '
COMP_WORDS=($1); [[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_python_argcomplete wfdash "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
CONFIG = """
[profiles.acme]
workflow = "orders"
token_env = "ACME_TOKEN"
[profiles.staging]
workflow = "two words"
token_env = "STAGING_TOKEN"
"""


@pytest.fixture
def offered(program: Program, tmp_path: Path):
    """`offered("wfdash pa")`: the words that a tab at the end of that line would offer."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "wfdash"
    command.write_text(f'#!/bin/sh\nexec {" ".join(program.argv())} "$@"\n')
    command.chmod(0o755)

    def ask(line: str) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "-c", SHELL, "bash", line],
            env=environment(PATH=f"{folder}{os.pathsep}{os.environ['PATH']}"),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert not done.stderr
        return [word.strip() for word in done.stdout.splitlines() if word.strip()]

    return ask


def keep(config: str = "", entries: list[dict] | None = None) -> None:
    """Writes what an earlier run would have left: a config, and the journal's lines."""
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "wfdash"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(config)
    folder = Path(os.environ["XDG_STATE_HOME"]) / "wfdash"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(ENTRY | entry) + "\n" for entry in entries or []]
    (folder / "actions.jsonl").write_text("".join(lines))


ENTRY = {
    "v": 1, "at": "2026-11-21T14:02:11.000Z", "session": "1-1-a", "plan": "p", "event": "settled",
    "verb": "pause", "profile": "", "account": "fa4e0000000000000000000000000000", "workflow": "orders",
    "id": "order-1", "before": None, "answered": None, "after": None, "http": None, "code": None, "ray": None,
    "reason": None, "who": "ana@desk", "from": None, "end": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("wfdash pa", ["pause"]),
        ("wfdash completion ", ["bash", "zsh", "fish"]),
        ("wfdash demo --scenario deploy", ["deploy-gone-wrong"]),
        ("wfdash restart --fr", ["--from-step"]),
        ("wfdash list --profile ", ["acme", "staging"]),
        ("wfdash list -w ord", ["orders"]),
        ("wfdash list -w t", [r"two\ words"]),
        ("wfdash pause -w orders order-", ["order-2", "order-1"]),
        ("wfdash show -w mails -i ", ["mail-9"]),
        ("wfdash show -w orders -i mail", []),
    ],
)
def test_tab_offers_what_is_known_here(offered, line, expected):
    keep(CONFIG, [{}, {"id": "order-2"}, {"workflow": "mails", "id": "mail-9"}, {"id": "\x1b[31mred"}])
    assert sorted(offered(line)) == sorted(expected)


@pytest.mark.parametrize("identity", ["~", "~root", "#x", "#", "a~b", "a#b", "$(date)", "*"])
def test_an_id_comes_back_from_bash_as_it_is(offered, identity):
    keep(CONFIG, [{"id": identity}])
    (word,) = offered("wfdash pause -w orders ")
    shell = ["bash", "--norc", "-c", f"printf %s {word}"]
    assert subprocess.run(shell, capture_output=True, text=True, check=True).stdout == identity


@pytest.mark.parametrize(
    "config", ["[profiles", "profiles = 1", "[profiles]\nacme = 3", "[[views]]\nworkflow = 1"]
)
def test_tab_offers_the_rest_where_the_config_is_wrong(offered, config):
    keep(config, [{}])
    assert offered("wfdash list -w ord") == ["orders"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shells_code_is_printed(program, shell):
    done = program("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "wfdash" in done.stdout
    if found := shutil.which(shell):
        checked = subprocess.run(
            [found, "-n"], input=done.stdout, text=True, capture_output=True, check=False, timeout=60
        )
        assert (checked.returncode, checked.stderr) == (0, "")


def test_an_unknown_shell_is_refused_with_those_there_are(program):
    done = program("completion", "tcsh")
    assert done.returncode == 2
    assert "bash" in done.stderr
    assert "fish" in done.stderr
