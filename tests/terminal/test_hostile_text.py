"""Every string of every answer wants to command the terminal: the real program shows it and obeys none."""

import json
import re
from urllib.parse import quote

import pytest

from tests.support.fakes.hostile_world import PAYLOADS
from tests.support.harness.output import clipboards, strange
from tests.support.harness.simulator import Simulator
from wfdash.ui.keys.prompt_gate import HOLD

ROW = re.compile(r"(waiting|running|errored) +order-\d")


@pytest.fixture
def hostile():
    simulator = Simulator("incident", hostile=True)
    yield simulator
    simulator.stop()


def looked_at(shell, *, divided=False):
    """No strange byte so far; with `divided` the rule between table and detail is straight."""
    shell.quiet(HOLD + 0.1)  # a key on the heels of a prompt that was left is dropped
    if strange(bytes(shell.written)):
        shell.quiet(2)  # a sequence of which only the beginning was read
    assert strange(bytes(shell.written)) == []
    if divided:
        shell.wait_for(straight)


def straight(screen):
    column = next((row for row in screen.rows if "STATUS" in row), "").find("│")
    return column >= 0 and all(screen.cell(y, column).data == "│" for y in range(2, 38))


def visit(shell, keys, *shown):
    """Open a page over the table, look at it, and come back to a table that is whole."""
    shell.press(*keys)
    shell.wait_for(*shown)
    looked_at(shell)
    shell.press("escape")
    shell.wait_gone(*shown)
    shell.wait_for(ROW)
    looked_at(shell, divided=True)


def leave(shell, presses=1):
    for _ in range(presses):
        shell.press("q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []
    assert strange(bytes(shell.written)) == []
    assert "evil" not in "".join(clipboards(bytes(shell.written)))


def start(terminal, hostile, folder, *arguments):
    shell = terminal("-w", "orders", *arguments, columns=140, lines=40, env=hostile.env, cwd=folder)
    shell.wait_for(ROW)
    return shell


def test_the_table_and_what_opens_over_it(terminal, hostile, tmp_path):
    shell = start(terminal, hostile, tmp_path)
    shell.wait_for("steps")
    for _ in range(3):
        looked_at(shell, divided=True)
        shell.press("j")
    visit(shell, ["t"], "esc cancel")
    visit(shell, ["space", "space", "T"], "type 2")
    visit(shell, ["y"], "wfdash command")
    visit(shell, ["e"], "table, NDJSON")
    visit(shell, ["ctrl+p"], "type a part")
    visit(shell, ["?"], "Next instance")
    visit(shell, [":"], "enter goes")
    visit(shell, ["w"], "inventor…ync~")
    visit(shell, ["B"], "/instances")
    visit(shell, ["J"], "actions sent from this machine")
    leave(shell)


def test_an_errored_one_in_full_and_what_leaves_the_program(terminal, hostile, tmp_path):
    shell = start(terminal, hostile, tmp_path, "--filter", "status:errored")
    shell.press("j")
    shell.press("enter")
    shell.wait_for("charge card~", "attempt 1")
    looked_at(shell)
    open_now = ""
    for keys, shown in (
        ("]", "charge card~"),
        ("enter", "▾ attempts"),
        ("escape", "attempt 1"),
        ("=", "THIS"),
        ("escape", "attempt 1"),
        ("S", "esc cancel"),
        ("escape", "attempt 1"),
        ("C", "enter asks"),
        ("escape", "attempt 1"),
        ("f", "watching order-"),
        ("y", "wfdash command"),
    ):
        shell.press(keys)
        if keys == "escape":
            shell.wait_gone(open_now)
        shell.wait_for(shown)
        looked_at(shell)
        open_now = shown
    shell.press("i")
    shell.wait_written(b"\x1b]52;")
    (copied,) = clipboards(bytes(shell.written))
    assert copied.startswith("order-")
    assert copied.isprintable()
    shell.press("e")
    shell.wait_for("table, NDJSON")
    shell.press("j")
    shell.wait_for(".json")
    shell.press("e")
    shell.wait_for("table, NDJSON")
    shell.press("n")
    shell.wait_for(".ndjson")
    leave(shell, 2)
    raw = {row["id"]: row for row in hostile.listing("orders", status="errored", per_page="100")}
    (rows,) = tmp_path.glob("*.ndjson")
    written = [json.loads(line) for line in rows.read_text("ascii").splitlines()]
    assert len(written) >= 100
    assert [raw[each["id"]] for each in written[:100]] == written[:100]
    (full,) = tmp_path.glob("*.json")
    instance = json.loads(full.read_text("ascii"))
    assert instance["id"] in raw
    assert instance["result"]["params"] == hostile.detail("orders", quote(instance["id"], safe=""))["params"]


def test_a_server_that_refuses_in_such_words(terminal, hostile, tmp_path):
    shell = start(terminal, hostile, tmp_path)
    hostile.refuse()
    shell.wait_for(
        "stale", "may not list the instances (403, code 10001, no ␛[31337m", "…; wfdash keeps trying"
    )
    looked_at(shell, divided=True)
    for page in "EwB":
        shell.press(page)
        shell.wait_for({"E": "STUCK OR UNUSUAL", "w": "WORKFLOW ", "B": "request budget"}[page])
        looked_at(shell)
    leave(shell, 4)


def test_a_check_that_sees_nothing_proves_nothing():
    assert strange(b"\x1b[1;31mred\x1b[0m \xe2\x97\x8f \x1b[12;1Hplain\r\n\x1b]2;wfdash: 2 changed\x07") == []
    for payload in PAYLOADS:
        harmless = payload.isprintable() or payload.startswith("\x1b]52;c")
        assert harmless or strange(payload.encode("utf-8", "surrogatepass")), ascii(payload)
