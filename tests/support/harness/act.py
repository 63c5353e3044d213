"""What a person does at the dashboard: sees the first rows, confirms an action."""

import re
from collections.abc import Callable

from tests.support.harness.pty import Terminal
from wfdash.ui.keys.prompt_gate import HOLD

__all__ = ["ALONE", "ROWS", "answer", "confirm", "press_until", "read_prompt"]

ROWS = re.compile(r"waiting +order-")
"""The demo's orders are on the screen."""
ALONE = 0.3
"""Seconds: a y confirms nothing when another key was pressed within 0.1."""
_TRIES = 90
_NOT_ENTER = "enter confirms nothing"
_AGAIN = re.compile(r"press (it|y) again")
"""Of a y that overtook what was drawn, or came close behind another key, as happens on a busy machine."""


def read_prompt(shell: Terminal, *shown: str, says: str = _NOT_ENTER) -> None:
    """Return once there is a prompt that shows `shown` and takes keys.

    It drops them until it could have been read, which on a busy machine takes its time: enter, which confirms
    nothing, is pressed until the prompt says so.
    """
    shell.wait_for(*shown, "esc cancel")
    for _ in range(_TRIES):
        shell.press("enter")
        shell.watch(ALONE)
        if shell.screen.find(says):
            return
    raise AssertionError(f"the prompt takes no key\n{shell.picture()}")


def answer(shell: Terminal, prompt: str = "esc cancel", says: str = _NOT_ENTER) -> None:
    """Press `y`, again wherever it is told that this one was refused, until the prompt is gone.

    What is pressed on its heels was meant for it and is dropped: that is over when this returns.
    """
    for _ in range(_TRIES):
        shell.press("y")
        shell.wait_for(lambda screen: not screen.find(prompt) or _AGAIN.search(screen.text))
        if not shell.screen.find(prompt):
            shell.watch(HOLD)
            return
        # What was refused is answered by another key first: the same words may come for the next one.
        read_prompt(shell, says=says)
    raise AssertionError(f"the prompt takes no y\n{shell.picture()}")


def press_until(shell: Terminal, key: str, reached: Callable[[], object]) -> None:
    """Press a key, as often as it takes, where what is open when it comes is not known."""
    for _ in range(_TRIES):
        shell.quiet()
        if reached():
            return
        shell.press(key)
        shell.watch(ALONE)
    raise AssertionError(f"{key} does not lead there\n{shell.picture()}")


def confirm(shell: Terminal, key: str, *shown: str) -> None:
    """Press an action's key, wait for a prompt that shows `shown`, answer `y`, and see it taken."""
    shell.press(key)
    read_prompt(shell, *shown)
    answer(shell)
