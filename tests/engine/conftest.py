"""One engine for the whole run: it takes two seconds to start, and every test uses ids of its own."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.engine.engine import Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    started = Engine(tmp_path_factory.mktemp("engine"))
    yield started
    started.stop()


_numbers = itertools.count(1)


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """A new instance id that starts with the given word."""
    return lambda word: f"{word}-{next(_numbers):03d}"
