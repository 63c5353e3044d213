"""What is frozen is looked through when nobody is at the keys."""

import gc
import weakref

import pytest

from wfdash.ui.memory import Collector


class Page:
    def __init__(self):
        self.itself = self


@pytest.fixture
def kept_as_found():
    """What the tests froze for themselves is frozen again."""
    yield
    gc.freeze()


def test_page_that_was_frozen_goes_once_nobody_is_there(kept_as_found):
    collector, page = Collector(), Page()
    gone = weakref.ref(page)
    collector.begin()
    many = [[] for _ in range(9)]
    gc.freeze()
    del page
    gc.collect()
    assert gone() is not None
    collector.tick(1_000.0, last_key_at=970.0)
    assert gone() is not None
    collector.tick(1_031.0, last_key_at=970.0)
    assert gone() is None
    assert len(many) == 9


def test_nothing_is_looked_through_where_nothing_more_is_frozen(kept_as_found):
    collector = Collector()
    collector.begin()
    looks = gc.get_stats()[2]["collections"]
    for hour in range(1, 20):
        collector.tick(3_600.0 * hour, last_key_at=0.0)
    assert gc.get_stats()[2]["collections"] == looks
