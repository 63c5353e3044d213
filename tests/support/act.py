"""What a person does at the dashboard: sees the first rows, confirms an action."""

import re

from tests.support.pty import Terminal

__all__ = ["ROWS", "confirm"]

ROWS = re.compile(r"waiting +order-")
"""The demo's orders are on the screen."""
_READING = 0.5
"""Seconds: a prompt takes no key until it has been on the screen for 0.3."""


def confirm(shell: Terminal, key: str, *shown: str) -> None:
    """Press an action's key, wait for a prompt that shows `shown`, and answer `y`."""
    shell.press(key)
    shell.wait_for(*shown, "y ")
    shell.watch(_READING)
    shell.press("y")
    shell.watch(0.15)
