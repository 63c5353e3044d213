"""The real program from a cold start to the cause in words, as its README takes one through it."""

import pytest

KEYS = ("E",)
"""Five are allowed."""


@pytest.mark.parametrize("scenario", ["incident", "deploy-gone-wrong"])
def test_the_cause_is_named_within_five_keys_of_starting(terminal, scenario):
    shell = terminal("demo", "--scenario", scenario, columns=140, lines=40)
    shell.wait_for("orders", "refunds")
    assert len(KEYS) <= 5
    for key in KEYS:
        shell.press(key)
    for words in ('TimeoutError at "charge card"', "only on version", "first failure"):
        shell.wait_for(words)
    shell.press("q")
    shell.press("q")
    assert shell.wait_exit() == 0
