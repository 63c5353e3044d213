"""What is frozen is looked through when nobody is at the keys."""

import gc
import weakref

import pytest
from textual.app import App
from textual.containers import Vertical
from textual.widgets import Static

from wfdash.ui.memory import Collector, forget_outgrown


class Round:
    def __init__(self):
        self.itself = self


@pytest.fixture
def kept_as_found():
    """What the tests froze for themselves is frozen again."""
    yield
    gc.freeze()


def test_page_that_was_frozen_goes_once_nobody_is_there(kept_as_found):
    collector, page = Collector(), Round()
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


class Page(App):
    def compose(self):
        with Vertical(id="below"):
            yield Static(id="line")


async def test_widgets_that_were_found_are_not_remembered_without_end():
    """Textual does so for each change of what is mounted, and a page on a wall changes for weeks."""
    async with Page().run_test() as pilot:
        screen = pilot.app.screen
        below = screen.query_one("#below")
        for _ in range(110):
            await below.mount(Static())
            await screen.mount(Static())
            assert below.query_one("#line") is screen.query_one("#line")
        assert min(len(each._query_one_cache) for each in (screen, below)) > 100
        forget_outgrown([screen])
        assert len(screen._query_one_cache) == len(below._query_one_cache) == 0
        assert below.query_one("#line") is screen.query_one("#line")
