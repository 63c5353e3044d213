"""A record that one program wrote, opened by another."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.harness.program import ACCOUNT, environment


def keep_hooks(folder):
    """Hooks that would run for whatever a record tells; the file that each of them writes."""
    config, ran = Path(os.environ["XDG_CONFIG_HOME"]) / "wfdash" / "config.toml", folder / "ran"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("".join(
        f'[[hooks]]\non = "{on}"\nrun = ["touch", "{ran}"]\n'
        for on in ("status:active,final", "cause:new", "rate:unusual")
    ))  # fmt: skip
    config.chmod(0o600)
    return ran


def recorded(program, env, path):
    """A record that holds rows: of two seconds a busy machine may need both before it has read some."""
    for _ in range(30):
        assert program("record", "orders", "--for", "2s", "--out", str(path), env=env).returncode == 0
        with closing(sqlite3.connect(path)) as record:
            if record.execute("SELECT 1 FROM listed LIMIT 1").fetchone():
                return
    raise AssertionError("no list was ever recorded")


def test_a_record_opens_as_a_dashboard_without_an_account(program, terminal, still, tmp_path):
    path = tmp_path / "shift.db"
    recorded(program, still.env, path)
    before = path.read_bytes()
    ran = keep_hooks(tmp_path)
    shell = terminal("replay", str(path), columns=120, lines=30, env=environment())
    shell.wait_for("RECORD ", " ago", "orders")
    shell.press("enter")
    shell.wait_for("BLOCKED ON", "waiting")
    newest = still.listing("orders", per_page="5")[0]["id"]
    shell.wait_for(newest)
    shell.press("p")
    shell.wait_for("nothing can be sent from a record")
    shell.press("E")  # the record is too short to hold what was errored long before
    shell.wait_for("errored instances", "by then", "rows checked")
    shell.press("escape")
    shell.wait_gone("rows checked")
    shell.press("l")
    shell.wait_for("A record holds no console lines")
    shell.press("escape")
    shell.press("{", ">", "B")
    shell.wait_for("RECORD ", "budget")
    assert not ran.exists()
    shell.press("q")
    shell.press("q")
    shell.press("q")
    assert shell.wait_exit() == 0
    assert path.read_bytes() == before


def test_no_key_leads_from_a_record_to_an_account(program, terminal, still, tmp_path):
    path = tmp_path / "shift.db"
    recorded(program, still.env, path)
    config = tmp_path / "config.toml"
    config.write_text(f'[profiles.prod]\naccount_id = "{ACCOUNT}"\nworkflow = "orders"\n')
    config.chmod(0o600)
    shell = terminal("replay", "--config", str(config), str(path), env=environment(**still.env))
    shell.wait_for("RECORD ", " ago", "orders")
    shell.press("P")
    shell.wait_for("a record has none", "read-only")
    assert "prod" not in shell.screen.text
    shell.press("1")
    shell.press("escape")
    shell.wait_gone("a record has none")
    assert "RECORD " in shell.screen.text
    shell.press("q")
    assert shell.wait_exit() == 0


def test_what_is_no_record_is_refused_in_a_sentence(terminal, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    shell = terminal("replay", str(path))
    shell.wait_for("not a record of wfdash")
    assert shell.wait_exit() == 2
