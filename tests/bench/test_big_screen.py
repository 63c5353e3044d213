"""What the benches put on a terminal still starts: nothing is measured here."""

import sys

import pytest


@pytest.mark.parametrize(("arguments", "shown"), [(("1200",), "1,200 loaded"), (("table", "100"), "order-")])
def test_a_screen_full_of_rows_is_drawn_and_takes_a_key(terminal, arguments, shown):
    shell = terminal(argv=[sys.executable, "-m", "tests.bench.big_screen", *arguments], columns=120, lines=40)
    shell.wait_for(shown)
    shell.quiet()
    before = len(shell.written)
    shell.press("j")
    shell.wait_for(lambda _: len(shell.written) > before)
