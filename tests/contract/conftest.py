"""The simulator as other people's clients meet it: over loopback, with the variables it exports."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.harness.simulator import Simulator


@pytest.fixture(scope="session")
def server() -> Iterator[Simulator]:
    """One calm world for all; tests that act make instances of their own."""
    started = Simulator()
    yield started
    started.stop()


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Asks again until it is true; a generous deadline."""

    def wait(true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 180
        while not true():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.05)

    return wait
