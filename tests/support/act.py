"""What a person does at the dashboard: sees the first rows, confirms an action."""

import re
from contextlib import suppress

from tests.support.pty import Terminal

__all__ = ["ROWS", "confirm"]

ROWS = re.compile(r"waiting +order-")
"""The demo's orders are on the screen."""
_READING = 0.5
"""Seconds: a prompt takes no key until it has been on the screen for 0.3."""


def confirm(shell: Terminal, key: str, *shown: str) -> None:
    """Press an action's key, wait for a prompt that shows `shown`, and answer `y`.

    Once more where it was dropped: a prompt that tells something new waits to be read again.
    """
    shell.press(key)
    shell.wait_for(*shown, "y ")
    for _ in range(3):
        shell.watch(_READING)
        shell.press("y")
        with suppress(AssertionError):
            shell.wait_gone("leave it", seconds=5)
            return
    raise AssertionError(f"the prompt took no y\n{shell.picture()}")
