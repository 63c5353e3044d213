"""The terminal harness itself: it must see what a person sees, and see a terminal left broken."""

import signal
import sys

import pytest

from tests.support.harness.program import TOKEN

DRAWING = r"""
import sys, termios, tty, signal, os
found = termios.tcgetattr(0)
tty.setraw(0)
out = sys.stderr
out.write("\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[>1u\x1b[2;3H\x1b[1;31mred\x1b[0m 日本 after")
out.flush()
def resized(*_):
    out.write("\x1b[5;1Hsize %d x %d" % os.get_terminal_size(2)); out.flush()
signal.signal(signal.SIGWINCH, resized)
while (key := os.read(0, 64)) != b"q":
    out.write("\x1b[4;1H\x1b[2Kkey " + repr(key)); out.flush()
if "broken" not in sys.argv:
    out.write("\x1b[<u\x1b[?1000l\x1b[?25h\x1b[?1049l"); out.flush()
    termios.tcsetattr(0, termios.TCSADRAIN, found)
print("bye")
sys.exit(7)
"""


def drawing(*arguments):
    return [sys.executable, "-c", DRAWING, *arguments]


def test_the_screen_its_colours_keys_and_size_are_seen(terminal):
    shell = terminal(argv=drawing(), columns=60, lines=10)
    shell.wait_for("red 日本 after")
    assert shell.screen.find("red") == (1, 2)
    assert (shell.screen.style("red").fg, shell.screen.style("red").bold) == ("red", True)
    assert shell.screen.style("after").fg == "default"
    shell.press("ctrl+d")
    shell.wait_for("key b'\\x04'")
    shell.press("up")
    shell.wait_for("key b'\\x1b[A'")
    shell.resize(70, 12)
    shell.wait_for("size 70 x 12")


def test_a_terminal_given_back_is_told_from_one_that_was_not(terminal):
    polite, rude = terminal(argv=drawing()), terminal(argv=drawing("broken"))
    for each in (polite, rude):
        each.wait_for("red")
        each.press("q")
        assert each.wait_exit() == 7
    assert polite.not_as_found() == []
    assert "red" not in polite.screen.text
    assert "bye" in polite.screen.text
    wrong = " ".join(rude.not_as_found())
    for word in ("mouse", "alternate", "cursor hidden", "keyboard", "local flags"):
        assert word in wrong


def test_exit_by_signal_stop_and_continue_are_told(terminal):
    shell = terminal(argv=drawing())
    shell.wait_for("red")
    shell.signal(signal.SIGSTOP)
    shell.wait_stopped()
    shell.foreground()
    shell.press("x")
    shell.wait_for("key b'x'")
    shell.signal(signal.SIGTERM)
    assert shell.wait_exit() == 143


def test_what_does_not_come_fails_with_the_screen(terminal):
    shell = terminal(argv=drawing())
    shell.wait_for("red")
    with pytest.raises(AssertionError, match="red 日本 after"):
        shell.wait_for("never", seconds=0.2)
    shell.press("q")
    with pytest.raises(AssertionError, match="ended"):
        shell.wait_for("never")


def test_the_token_on_the_screen_is_a_failure(terminal):
    shell = terminal(argv=[sys.executable, "-c", f"print('{TOKEN}')"])
    shell.wait_exit()
    with pytest.raises(AssertionError, match="token"):
        shell.__exit__(None)
    shell.written.clear()
