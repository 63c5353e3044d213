"""Any size a terminal can have, and a hundred changes of it."""

import sys

import pytest

from tests.support.harness.act import ROWS, press_until

CHANGING = """
import sys, termios
from textual.drivers.linux_driver import LinuxDriver
from wfdash.__main__ import main

look = LinuxDriver._get_terminal_size

def changed_behind(self):
    size = look(self)
    if size == (20, 5):
        termios.tcsetwinsize(sys.__stdin__, (40, 140))
    return size

LinuxDriver._get_terminal_size = changed_behind
main()
"""
"""A terminal of 20 columns has 140 the moment it was looked at: the signal cuts in right there."""


@pytest.mark.parametrize(("columns", "lines"), [(1, 1), (2, 5), (3, 200), (20, 6), (400, 120)])
def test_a_strange_size_is_survived_and_left_politely(demo, columns, lines):
    shell = demo(wait=False, columns=columns, lines=lines)
    shell.wait_written(b"\x1b[?1049h")
    shell.quiet()
    shell.press("j", "k", "enter", "escape", "/", "x", "escape")
    shell.resize(80, 24)
    # A key that came before the rows opened nothing, or opens late: escape until the rows are all there is.
    press_until(shell, "escape", lambda: ROWS.search(shell.screen.text))
    press_until(shell, "q", lambda: shell.ended)
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


def test_a_page_that_opens_at_a_strange_size_comes_to_rest(terminal):
    """Two screens, each telling the other its size, laid each other out for ever."""
    shell = terminal("demo", columns=3, lines=200)
    shell.wait_written(b"\x1b[?1049h")
    shell.quiet()
    shell.resize(80, 24)
    shell.wait_for("refunds")


def test_terminal_that_shrank_and_grew_back_is_drawn_anew(demo):
    """Both changes come as one signal, and the size is the one that was there before."""
    shell = demo(columns=140, lines=40)
    shell.quiet()
    before = [row[:60] for row in shell.screen.rows[:3]]
    shell.resize(20, 5)
    shell.resize(140, 40)
    shell.wait_for(ROWS)
    shell.wait_for(lambda screen: all(row.strip() for row in screen.rows[-3:]))
    shell.press("p")
    shell.wait_for("esc cancel")
    shell.resize(20, 5)
    shell.resize(140, 40)
    shell.wait_for("esc cancel", ROWS)
    assert [row[:9] for row in shell.screen.rows[:2]] == [row[:9] for row in before[:2]]


@pytest.mark.parametrize("at_the_start", [True, False])
def test_terminal_that_changes_while_its_size_is_read_is_filled(terminal, at_the_start):
    size = {"columns": 20, "lines": 5} if at_the_start else {"columns": 100, "lines": 30}
    shell = terminal(argv=[sys.executable, "-c", CHANGING, "demo", "-w", "orders"], **size)
    if not at_the_start:
        shell.wait_for(ROWS)
        shell.resize(20, 5)
    shell.screen.resize(140, 40)
    shell.wait_for(lambda screen: ROWS.search(screen.text) and any(row[100:].strip() for row in screen.rows))
    shell.wait_for(lambda screen: all(row.strip() for row in screen.rows[-3:]))


def test_a_hundred_resizes_end_in_the_right_picture(demo):
    shell = demo(columns=140, lines=40)
    for step in range(100):
        shell.resize(60 + step % 90, 12 + step % 40)
        shell.watch(0.01)
    shell.resize(100, 30)
    shell.quiet(0.5)
    shell.wait_for(ROWS)
    assert all(len(row) == 100 for row in shell.screen.rows)
    shell.press("?")
    shell.quiet()
    shell.press("escape")
    shell.wait_for(ROWS)
