"""What a person does at the dashboard: sees the first rows, confirms an action."""

import re

from tests.support.harness.pty import Terminal

__all__ = ["ALONE", "ROWS", "answer", "confirm", "read_prompt"]

ROWS = re.compile(r"waiting +order-")
"""The demo's orders are on the screen."""
ALONE = 0.3
"""Seconds: a y confirms nothing when another key was pressed within 0.1."""
_TRIES = 90
_AGAIN = re.compile(r"press (it|y) again")
"""Of a y that overtook what was drawn, or came close behind another key, as happens on a busy machine."""


def read_prompt(shell: Terminal, *shown: str) -> None:
    """Return once there is a prompt that shows `shown` and takes keys.

    It drops them until it could have been read, which on a busy machine takes its time: enter, which confirms
    nothing, is pressed until the prompt says so.
    """
    shell.wait_for(*shown, "esc cancel")
    for _ in range(_TRIES):
        shell.press("enter")
        shell.watch(ALONE)
        if shell.screen.find("enter confirms nothing"):
            return
    raise AssertionError(f"the prompt takes no key\n{shell.picture()}")


def answer(shell: Terminal, prompt: str = "esc cancel") -> None:
    """Press `y`, again wherever it is told that this one was refused, until the prompt is gone."""
    for _ in range(_TRIES):
        shell.press("y")
        shell.wait_for(lambda screen: not screen.find(prompt) or _AGAIN.search(screen.text))
        if not shell.screen.find(prompt):
            return
        # What was refused is answered by another key first: the same words may come for the next one.
        read_prompt(shell)
    raise AssertionError(f"the prompt takes no y\n{shell.picture()}")


def confirm(shell: Terminal, key: str, *shown: str) -> None:
    """Press an action's key, wait for a prompt that shows `shown`, answer `y`, and see it taken."""
    shell.press(key)
    read_prompt(shell, *shown)
    answer(shell)
