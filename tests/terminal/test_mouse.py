"""The mouse, where it was asked for: select, open, sort, scroll, and press what the screen offers."""

import pytest

from tests.support.harness.output import clipboards
from tests.support.harness.simulator import Simulator

WIDTH, HEIGHT = 140, 40
ID_COLUMN = 17
"""A cell of the id: the status keeps its colour under the cursor."""


@pytest.fixture(scope="module")
def still():
    simulator = Simulator("calm", stopped=True)
    yield simulator
    simulator.stop()


@pytest.fixture
def shell(terminal, still):
    shell = terminal("-w", "orders", "--mouse", columns=WIDTH, lines=HEIGHT, env=still.env)
    shell.wait_for("BLOCKED ON", "waiting", "enter open")
    shell.quiet()
    return shell


def ids(shell):
    """The ids in the table, from the top."""
    return [word for row in shell.screen.rows[3:] for word in row[:40].split() if word.startswith("order-")]


def under_cursor(shell):
    """The id in the row that is drawn reversed."""
    for line in range(3, HEIGHT - 1):
        if shell.screen.cell(line, ID_COLUMN).reverse:
            return next((word for word in shell.screen.rows[line].split() if word.startswith("order-")), "")
    return ""


def test_a_click_selects_and_a_second_one_opens(shell):
    third = ids(shell)[2]
    assert under_cursor(shell) != third
    shell.click(third)
    shell.wait_for(lambda screen: under_cursor(shell) == third)
    shell.wait_for("│", "STEP")
    shell.quiet(0.6)  # or the next click would be a second one
    shell.click(third, times=2, line=5)
    shell.wait_gone("BLOCKED ON")
    shell.wait_for(third, "STEP", "= compare")


def test_wheel_scrolls_and_the_cursor_keeps_its_row(shell):
    first = ids(shell)
    shell.click(first[8])
    shell.wait_for(lambda screen: under_cursor(shell) == first[8])
    shell.wheel(2)
    shell.wait_for(lambda screen: ids(shell)[:1] == first[6:7] and under_cursor(shell) == first[8])
    shell.wheel(3)
    shell.wait_for(lambda screen: ids(shell)[:1] == [under_cursor(shell)] == first[15:16])
    shell.wheel(-9)
    shell.wait_for(lambda screen: ids(shell)[:1] == first[:1])


def test_a_click_on_a_title_sorts_and_another_the_other_way(shell):
    shell.click("ID ")
    shell.wait_for("ID▴", "sorted by id, ascending")
    shell.quiet()
    shell.click("ID▴")
    shell.wait_for("ID▾", "sorted by id, descending")


def test_a_click_on_the_key_bar_presses_the_key(shell):
    shell.click("? help", line=HEIGHT - 1)
    shell.wait_for("Here", "Statuses")
    shell.press("escape")
    shell.wait_for("BLOCKED ON")
    shell.quiet()
    shell.click("w workflows", line=HEIGHT - 1)
    shell.wait_for("NEXT CRON")
    shell.quiet()
    shell.click("onboarding", times=2)
    shell.wait_for("BLOCKED ON", "onboarding")


def test_clicked_verb_asks_and_no_click_confirms_it(shell, still):
    waiting = next(row["id"] for row in still.listing("orders", status="waiting"))
    shell.click(waiting)
    shell.wait_for(lambda screen: under_cursor(shell) == waiting, "p pause")
    shell.click("p pause", line=HEIGHT - 1)
    shell.wait_for("pause", "y pause", "esc cancel")
    shell.click("y pause", times=2)
    shell.watch(0.5)
    shell.wait_for("y pause")
    shell.press("escape")
    shell.wait_gone("esc cancel")
    assert still.detail("orders", waiting)["status"] == "waiting"


def test_clicks_on_status_and_filter_filter_and_edit(shell):
    shell.click("✗", line=0)
    shell.wait_for("status:errored", "server filters")
    shell.quiet()
    shell.click("status:errored", line=1)
    shell.wait_for("apply")
    shell.press("escape")
    shell.wait_gone("apply")
    shell.quiet()
    shell.click("✗", line=0)
    shell.wait_for("no filter")


def test_a_menu_is_chosen_by_clicking(shell):
    shell.press("e")
    shell.wait_for("Export", "story")
    shell.click("table, CSV")
    shell.quiet()
    assert "Export" in shell.screen.text
    shell.press("escape")
    shell.wait_gone("Export")


def test_moving_the_mouse_writes_nothing(shell):
    moves = b"".join(b"\x1b[<35;%d;%dM" % (column, 3 + column % 30) for column in range(2, 138))
    for _ in range(5):  # of which a busy machine may spend some drawing what came before
        shell.send(moves)
        moved = shell.watch(0.6)
        if moved < 400:
            break
    assert moved < 400


def test_drag_selects_text_within_the_pane_and_copies_it(shell):
    rows, before = ids(shell), under_cursor(shell)
    line = next(y for y, row in enumerate(shell.screen.rows) if rows[3] in row)
    column = shell.screen.rows[line].index(rows[3])
    end = (line + 1, column + len(rows[4]) - 1)
    shell.drag(
        (line, column), end, over=lambda: shell.wait_for(lambda screen: screen.cell(line + 1, end[1]).reverse)
    )
    shell.wait_written(b"\x1b]52;")
    shell.wait_for("selection, ")
    (copied,) = clipboards(bytes(shell.written))
    assert copied.startswith(rows[3])
    assert copied.endswith(rows[4])
    assert "│" not in copied, "the detail beside the table was taken too"
    assert under_cursor(shell) == before, "a drag is no click"
    assert not shell.screen.cell(line + 1, end[1]).reverse
