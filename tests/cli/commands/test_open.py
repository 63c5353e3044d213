"""`wfdash open FILE`: the next shift stands where the last one stood."""

import json

import pytest

from wfdash.cli.main import run
from wfdash.core.handoff.handover import Handover


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shift.jsonl"
    lines = Handover(1_763_730_131.0, workflow="orders", filter="status:errored since:4h").lines()
    path.write_text("\n".join(lines) + "\n")
    return path


def orders(shell, number):
    """The ids of some of the scenario's own orders.

    Other tests create instances in this simulator too.
    """
    listed = shell("list", "-w", "orders", "--limit", "100", "--json").stdout.splitlines()
    ids = [identity for line in listed if (identity := json.loads(line)["id"]).startswith("order-")]
    assert len(ids) >= number
    return ids[:number]


def test_it_opens_on_the_same_workflow_and_filter(terminal, simulator, file):
    dashboard = terminal("open", str(file), env=simulator, columns=140, lines=40)
    dashboard.wait_for("orders", "status:errored since:4h", "errored")
    dashboard.press("q")
    assert dashboard.wait_exit() == 0


def test_marks_and_pins_are_there_again(terminal, simulator, shell, tmp_path):
    ids = orders(shell, 3)
    path = tmp_path / "shift.jsonl"
    handover = Handover(1_763_730_131.0, workflow="orders", marks=ids[:2], pins=[("orders", ids[2])])
    path.write_text("\n".join(handover.lines()) + "\n")
    dashboard = terminal("open", str(path), env=simulator, columns=140, lines=40)
    dashboard.wait_for("2 marked", ids[2])
    dashboard.press("q")
    assert dashboard.wait_exit() == 0


def test_cut_handover_opens_with_what_it_has_and_says_so(terminal, simulator, shell, tmp_path):
    instance = orders(shell, 1)[0]
    path = tmp_path / "shift.jsonl"
    full = Handover(1_763_730_131.0, workflow="orders", instance=instance, marks=["a", "b"]).lines()
    path.write_text("\n".join(full[:2]) + "\n" + full[2][:9])
    dashboard = terminal("open", str(path), env=simulator, columns=140, lines=40)
    wanted = "the handover was cut: its end is missing, and 1 line of it could"
    dashboard.wait_for(wanted, lambda screen: "BLOCKED ON" not in screen.text)
    dashboard.wait_for(instance, "STEP")
    dashboard.press("q", "q")
    assert dashboard.wait_exit() == 0


def test_a_filter_that_cannot_be_read_is_left_out(terminal, simulator, tmp_path):
    path = tmp_path / "shift.jsonl"
    path.write_text("\n".join(Handover(1_763_730_131.0, workflow="orders", filter="foo:bar").lines()) + "\n")
    dashboard = terminal("open", str(path), env=simulator, columns=140, lines=40)
    dashboard.wait_for("orders", "waiting")
    dashboard.press("q")
    assert dashboard.wait_exit() == 0
    wanted = " ".join(dashboard.screen.text.split())
    assert "its filter was left out: there is no field foo" in wanted


@pytest.mark.parametrize(("text", "words"), [(None, "could not be read"), ("{}", "not a handover file")])
def test_what_is_no_handover_is_refused(terminal, tmp_path, text, words):
    path = tmp_path / "other"
    if text is not None:
        path.write_text(text)
    asked = terminal("open", str(path), columns=200)
    assert asked.wait_exit() == 2
    assert words in asked.picture()


def test_away_from_a_terminal_it_is_refused_first(capsys, file):
    assert run(["open", str(file)]) == 2
    assert "needs a terminal" in capsys.readouterr().err


OTHER = "e" * 32
CONFIG = """
profile = "ours"
[profiles.ours]
account_id = "{ours}"
{more}
"""


@pytest.fixture
def foreign(tmp_path, simulator):
    """`foreign(more)`: the environment with that config, and a handover of another account."""
    path = tmp_path / "shift.jsonl"
    written = Handover(1_763_730_131.0, account_id=OTHER, workflow="orders", marks=["a"])
    path.write_text("\n".join(written.lines()) + "\n")

    def make(more=""):
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(ours=simulator["CLOUDFLARE_ACCOUNT_ID"], more=more))
        config.chmod(0o600)
        return str(path), simulator | {"WFDASH_CONFIG": str(config)}

    return make


@pytest.mark.parametrize("answer", ["n", "", "yes", " "])
def test_a_handover_of_another_account_is_opened_only_after_a_y(terminal, foreign, answer):
    path, env = foreign()
    asked = terminal("open", path, env=env, columns=200)
    named = (f"is of account {OTHER}", f"is account {env['CLOUDFLARE_ACCOUNT_ID']}", "Open it read-only")
    asked.wait_for(lambda screen: all(words in " ".join(screen.text.split()) for words in named))
    asked.answer(answer)
    assert asked.wait_exit() == 2


def test_a_handover_of_another_account_is_read_only(terminal, foreign):
    path, env = foreign()
    asked = terminal("open", path, env=env, columns=140, lines=40)
    asked.wait_for("[y/N]")
    asked.answer("y")
    asked.wait_for("read-only")
    asked.press("q")
    assert asked.wait_exit() == 0


def test_a_handover_takes_no_read_only_off(terminal, foreign, simulator, tmp_path):
    path, env = foreign("read_only = true")
    ours = Handover(1_763_730_131.0, account_id=simulator["CLOUDFLARE_ACCOUNT_ID"], workflow="orders")
    (tmp_path / "shift.jsonl").write_text("\n".join(ours.lines()) + "\n")
    opened = terminal("open", path, env=env, columns=140, lines=40)
    opened.wait_for("read-only", "waiting")
    opened.press("q")
    assert opened.wait_exit() == 0


def test_a_url_of_another_account_is_refused_by_a_one_shot(shell, foreign):
    _, env = foreign()
    url = f"https://dash.cloudflare.com/{OTHER}/workers/workflows/orders/instance/a"
    shown = shell("show", "-i", url, env=env)
    assert shown.returncode == 2
    assert f"-i is of account {OTHER}, CLOUDFLARE_ACCOUNT_ID is account" in shown.stderr
    assert f"--account-id {OTHER} goes there" in shown.stderr


def test_an_account_variable_takes_no_read_only_off(shell, foreign):
    _, env = foreign("read_only = true")
    ended = shell("terminate", "-w", "orders", "--yes", "no-such-instance", env=env)
    assert ended.returncode == 2
    assert "read-only" in ended.stderr
