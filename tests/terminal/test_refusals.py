"""Where wfdash cannot draw or may not ask, it leaves at once with one sentence and the right exit status."""

import pytest

from tests.support.harness.program import ACCOUNT, TOKEN


def sentence(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize("arguments", [["demo"], [], ["-w", "orders"]])
def test_no_terminal_is_exit_2_with_one_sentence(program, arguments):
    done = program(*arguments, env={"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": ACCOUNT})
    assert done.returncode == 2
    assert done.stdout == ""
    assert "terminal" in sentence(done.stderr)


def test_a_dumb_terminal_is_refused(terminal):
    shell = terminal("demo", env={"TERM": "dumb"}, columns=200)
    assert shell.wait_exit() == 2
    assert "dumb" in sentence(shell.screen.text)
    assert shell.not_as_found() == []
    assert b"\x1b" not in shell.written


def test_no_credentials_is_exit_3_and_says_what_to_set(terminal):
    shell = terminal("-w", "orders", columns=200)
    assert shell.wait_exit() == 3
    assert "CLOUDFLARE_API_TOKEN" in shell.screen.text
    assert shell.not_as_found() == []


def test_narrow_terminals_break_lines_between_words(terminal):
    shell = terminal("-w", "orders", columns=60)
    assert shell.wait_exit() == 3
    rows = [row.strip() for row in shell.screen.text.splitlines() if row.strip()]
    assert len(rows) > 1
    assert "CLOUDFLARE_API_TOKEN (a token that may read or write Workers" in " ".join(rows)
    assert max(map(len, rows)) <= 60


def test_the_first_time_leads_from_a_token_to_a_config(terminal):
    shell = terminal(columns=200)
    assert shell.wait_exit() == 3
    found = [line for line in shell.screen.text.splitlines() if line.strip()]
    assert "export CLOUDFLARE_API_TOKEN=..." in shell.screen.text
    assert any("Workers Scripts" in line for line in found)
    assert any(line.strip().endswith("config.toml") for line in found)
    assert "wfdash demo" in found[-1]


def test_usage_goes_before_the_terminal(program):
    done = program("--no-such-option")
    assert done.returncode == 2
    assert "--no-such-option" in done.stderr


def test_the_terminal_goes_before_credentials(program):
    done = program("-w", "orders")
    assert done.returncode == 2
    assert "terminal" in done.stderr


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "ascii"}],
)
def test_a_terminal_without_utf_8_is_drawn_in_ascii(demo, env):
    shell = demo(columns=120, lines=30, env=env)
    shell.press("enter")
    shell.wait_for("STEP")
    shell.quiet()
    assert bytes(shell.written).isascii()
    assert "\\u" not in shell.screen.text
    shell.press("q", "q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []
