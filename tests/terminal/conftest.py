"""The demo on a terminal, ready for a key."""

from collections.abc import Callable

import pytest

from tests.support.harness.act import ROWS
from tests.support.harness.pty import OpenTerminal, Terminal


@pytest.fixture
def demo(terminal: OpenTerminal) -> Callable[..., Terminal]:
    """`demo("--scenario", "calm", columns=140, lines=40)`: returns once the first rows are on the screen."""

    def start(*arguments: str, wait: bool = True, **options: object) -> Terminal:
        shell = terminal("demo", "-w", "orders", *arguments, **options)
        if wait:
            shell.wait_for(ROWS)
        return shell

    return start
