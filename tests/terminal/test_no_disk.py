"""A home that cannot be written, a disk that is full: said once, and everything else works."""

from tests.support.harness.act import ALONE, answer, read_prompt


def test_a_state_folder_that_cannot_be_made(terminal, still, tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    waiting = still.listing("orders", status="waiting")[0]["id"]
    env = {**still.env, "XDG_STATE_HOME": str(tmp_path / "state")}
    shell = terminal("-w", "orders", "--filter", waiting, columns=140, lines=30, env=env)
    shell.wait_for("actions will not be recorded: the journal could not be written: Not a directory")
    shell.wait_for("1 match")
    shell.press("p")
    read_prompt(shell, "the journal could not be written", "type unrecorded, then y")
    shell.press("y")
    shell.wait_for("before y type unrecorded")
    shell.watch(ALONE)
    shell.press(*"unrecorded")
    shell.wait_for("press y")
    shell.watch(ALONE)
    answer(shell)
    shell.wait_for("paused after")
    assert still.detail("orders", waiting)["status"] == "paused"
    shell.press("J")
    shell.wait_for("the journal could not be written", "Nothing is recorded until it can be")
    shell.press("escape", "q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []
