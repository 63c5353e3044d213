"""At a terminal the writing commands ask, and do only what was answered."""

import json
import signal

import pytest


def test_one_is_asked_y_or_n_after_it_was_read(terminal, simulator, created):
    asking = terminal("pause", "-w", "orders", created, env=simulator, columns=300)
    asking.wait_for("pause 1 of orders:", created, "y/n")
    asking.answer("y")
    assert asking.wait_exit() == 0
    assert '"outcome":"done"' in asking.picture()


def test_it_tells_what_would_be_lost(terminal, simulator, shell):
    found = shell("list", "-w", "orders", "--filter", "status:errored", "--limit", "1", "--json")
    identity = json.loads(found.stdout)["id"]
    asking = terminal("restart", "-w", "orders", identity, env=simulator, columns=300)
    asking.wait_for("starts over with the same id and params", "side effects run again", "y/n")
    asking.answer("n")
    assert asking.wait_exit() == 1
    asking = terminal(
        "restart", "-w", "orders", identity, "--from-step", "load order", env=simulator, columns=300
    )
    asking.wait_for("keeps no step", "drops and runs again", '"load order"', "y/n")
    asking.answer("n")
    assert asking.wait_exit() == 1


def test_two_that_look_alike_are_told_apart(terminal, simulator):
    ids = [f"order-{'9' * 8}{odd}" for odd in "\u200b\u200c"]
    many = [f"order-{'9' * 8}{number}" for number in range(20)]
    asking = terminal("pause", "-w", "orders", *ids, *many, env=simulator, columns=300)
    asking.wait_for("\\u200b", "\\u200c", "type 22 to pause")
    asking.answer("n")
    assert asking.wait_exit() == 1


def test_anything_else_sends_nothing(terminal, shell, simulator, created):
    asking = terminal("terminate", "-w", "orders", created, env=simulator, columns=300)
    asking.wait_for("y/n")
    asking.answer("")
    assert asking.wait_exit() == 1
    assert "nothing was sent" in asking.picture()
    assert (
        json.loads(shell("show", "-w", "orders", created, "--json").stdout)["result"]["status"]
        != "terminated"
    )


def test_many_ids_are_confirmed_by_number_and_name_the_skipped(terminal, simulator, shell, create):
    created, other = create(), create()
    done = json.loads(
        shell("list", "-w", "orders", "--filter", "status:complete", "--limit", "1", "--json").stdout
    )
    asking = terminal("terminate", "-w", "orders", created, other, done["id"], env=simulator, columns=300)
    asking.wait_for("terminate 2 of orders:", "skipped: it is complete already", "type 2 to terminate")
    asking.answer("2")
    assert asking.wait_exit() == 1
    assert asking.picture().count('"outcome":"done"') == 2


def test_ctrl_c_at_the_question_is_130(terminal, simulator, created):
    asking = terminal("terminate", "-w", "orders", created, env=simulator, columns=300)
    asking.wait_for("y/n")
    asking.signal(signal.SIGINT)
    assert asking.wait_exit() == 130


@pytest.mark.parametrize("typed", ["at once", "as it is asked"])
def test_what_was_typed_before_the_question_is_no_answer(terminal, shell, simulator, created, typed):
    """A line pasted behind the command, or meant for another question while Python loads."""
    asking = terminal("terminate", "-w", "orders", created, env=simulator, columns=300)
    if typed == "at once":
        asking.type("y\r")
    asking.wait_for("y/n")
    if typed == "as it is asked":
        asking.type("y\r")
        asking.wait_for("typed before the question could be read")
    asking.answer("n")
    assert asking.wait_exit() == 1
    shown = json.loads(shell("show", "-w", "orders", created, "--json").stdout)
    assert shown["result"]["status"] != "terminated"
