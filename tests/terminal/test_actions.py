"""Actions in a real terminal, against a simulator in its own process: what confirms and what does not."""

import json
import re

import pytest

from tests.support.harness.act import ALONE, answer, press_until, read_prompt
from tests.support.harness.simulator import Simulator


@pytest.fixture(scope="module")
def simulator():
    """One for all: what one of them has acted on waits no more, and so is no other's."""
    running = Simulator("calm")
    yield running
    running.stop()


@pytest.fixture
def spent():
    """For what takes a good part of the requests that the server lets a user make."""
    running = Simulator("calm")
    yield running
    running.stop()


def prompted(terminal, simulator, key):
    """The dashboard with the prompt of this key open on the newest waiting instance."""
    waiting = simulator.listing("orders", status="waiting", per_page="100")
    identity = next(each["id"] for each in waiting if waits_for_an_event(simulator, each["id"]))
    shell = terminal("-w", "orders", "--filter", identity, columns=100, lines=30, env=simulator.env)
    shell.wait_for("1 match", "waiting")
    shell.press(key)
    read_prompt(shell)
    return shell, identity


def waits_for_an_event(simulator, identity):
    """It then stays as it is for as long as the test takes."""
    last = simulator.detail("orders", identity)["steps"][-1]
    return last["type"] == "waitForEvent" and not last["finished"]


def status(simulator, identity):
    return simulator.detail("orders", identity)["status"]


def test_neither_a_paste_nor_enter_nor_many_keys_confirm(terminal, simulator):
    shell, identity = prompted(terminal, simulator, "t")
    assert "BLOCKED ON" in shell.screen.text, "the rows it is about stay visible"
    shell.paste("yyyy")
    shell.wait_for("a paste confirms nothing")
    shell.press("enter")
    shell.wait_for("enter confirms nothing")
    shell.send(b"yyyy")
    shell.wait_for("press y again")
    shell.watch(1)
    assert status(simulator, identity) == "waiting"
    shell.press("escape")
    shell.wait_gone("esc cancel")


@pytest.mark.parametrize("sequence", [b"\x1by", b"\x1b[27u\x1b[121;;121u"])
def test_esc_and_a_y_leave_the_prompt_and_send_nothing(terminal, simulator, sequence):
    shell, identity = prompted(terminal, simulator, "t")
    shell.send(sequence)
    shell.wait_gone("esc cancel")
    shell.watch(1)
    assert status(simulator, identity) == "waiting"


def test_key_not_bare_sends_nothing_and_ctrl_c_leaves_a_paste(terminal, simulator):
    shell, identity = prompted(terminal, simulator, "t")
    for sequence in (
        b"\x1b[121;3;121u",
        b"\x1b[121;2;121u",
        b"\x1b[121~",
        b"\x1b[?2026;2$",
        b"y",
        b"Y",
        b"jy",
    ):
        shell.send(sequence)
        shell.watch(2 * ALONE)
    assert shell.screen.find("esc cancel")
    shell.send(b"\x1b[200~yy")
    shell.wait_for("a paste confirms nothing")
    shell.watch(2 * ALONE)
    shell.send(b"y")
    shell.wait_for("a paste has begun and not ended")
    shell.send(b"\x1b[201~")
    shell.watch(2 * ALONE)
    assert status(simulator, identity) == "waiting"
    shell.press("escape")
    shell.wait_gone("esc cancel")
    shell.watch(1)
    shell.send(b"\x1b[200~yy")
    shell.watch(1)
    shell.press("ctrl+c")
    assert shell.wait_exit() == 0
    assert status(simulator, identity) == "waiting"


def test_y_acts_once_and_journal_and_screen_have_the_outcome(terminal, simulator, tmp_path):
    shell, identity = prompted(terminal, simulator, "p")
    answer(shell)
    shell.wait_for("paused after")
    assert status(simulator, identity) == "paused"
    (journal,) = tmp_path.rglob("actions.jsonl")
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [each["event"] for each in entries] == ["planned", "sent", "answered", "settled"]
    assert {each["id"] for each in entries} == {identity}
    shell.press("J")
    shell.wait_for("1 of 1 actions", re.compile(rf"pause +{identity} +paused"))


def test_the_form_of_a_new_instance_leaves_the_rows_in_sight(terminal, simulator):
    shell = terminal("-w", "orders", columns=80, lines=24, env=simulator.env)
    shell.wait_for("waiting", "loaded")
    shell.press("c")
    shell.wait_for("create an instance of orders", "orders-manual-", "ready: enter asks")
    assert "BLOCKED ON" in shell.screen.text
    shell.press("enter")
    shell.wait_for("esc cancel")
    shell.press("escape")
    shell.wait_gone("esc cancel")
    assert not [each for each in simulator.listing("orders") if each["id"].startswith("orders-manual-")]


def test_bulk_of_hundreds_stopped_ends_with_exact_counts(terminal, spent, tmp_path):
    shell = terminal("-w", "orders", "--filter", "status:complete", columns=140, lines=40, env=spent.env)
    shell.wait_for("complete")
    while listed(shell) <= ACTIONS:
        before = listed(shell)
        shell.press("G")
        shell.wait_for(lambda screen, before=before: listed(shell) > before)
    shell.press("*")
    # Where all have come meanwhile, there is nothing to ask.
    shell.wait_for(lambda screen: screen.find("all of them") or MARKED.search(screen.text))
    if shell.screen.find("all of them"):
        shell.press("a")
    shell.wait_for(MARKED)
    # A key on the heels of a panel that has gone is dropped.
    press_until(shell, "s", lambda: TYPE_THE_COUNT.search(shell.screen.text))
    total = int(TYPE_THE_COUNT.search(shell.screen.text)[1])
    assert total > ACTIONS
    read_prompt(shell)
    shell.type(str(total))
    shell.wait_for(re.compile(rf"{total} +press y"))
    shell.watch(ALONE)
    answer(shell)
    shell.wait_for(lambda screen: (done := DONE.search(screen.text)) and int(done[1]) >= 20)
    shell.press("x")
    shell.wait_for(re.compile(r"mark the \d+ that were not sent"), seconds=120)
    counts = {word: int(number) for number, word in OUTCOMES.findall(shell.screen.text)}
    (journal,) = tmp_path.rglob("actions.jsonl")
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    sent = [each["id"] for each in entries if each["event"] == "sent"]
    assert 20 <= len(sent) == len(set(sent)) < total
    assert counts["not sent"] == total - len(sent)
    assert sum(counts.values()) == total


ACTIONS = 400
"""Requests that actions may make in five minutes: however fast the machine is, more are not done at once."""
MARKED = re.compile(r"\d+ marked")
TYPE_THE_COUNT = re.compile(r"type (\d+), then y")
DONE = re.compile(r"[█░]  (\d+) of \d+\b")
OUTCOMES = re.compile(r"(\d+) (restarted|under way|no effect|not sent|skipped|refused|unknown)\b")
LISTED = re.compile(r"(\d+) of \d+ loaded")


def listed(shell):
    found = LISTED.search(shell.screen.text.replace(",", ""))
    return int(found[1]) if found else 0
