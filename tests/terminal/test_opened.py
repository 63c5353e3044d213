"""An instance named on the command line is open at once, at both sizes."""

import pytest


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (140, 40)])
def test_an_instance_named_at_the_start_is_open(terminal, still, columns, lines):
    waiting = next(row["id"] for row in still.listing("orders", status="waiting"))
    shell = terminal("-w", "orders", "-i", waiting, columns=columns, lines=lines, env=still.env)
    shell.wait_for(waiting, "started", "STEP")
    shell.press("escape")
    shell.wait_for("BLOCKED ON", waiting)
    shell.press("q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []
