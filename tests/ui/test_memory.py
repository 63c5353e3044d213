"""What is frozen is looked through when nobody is at the keys."""

import ctypes
import gc
import subprocess
import sys
import weakref

import pytest
from textual.app import App
from textual.containers import Vertical
from textual.widgets import Static

from tests.support.harness.program import ROOT
from wfdash.core.model.frozen import freeze
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
    freeze()
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


_TRIMMED = """
import ctypes
from tests.support.harness.program import ROOT
from wfdash.ui.memory import Collector, give_back
give_back()
libc, collector = ctypes.CDLL(None), Collector()
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

class Free(ctypes.Structure):
    _fields_ = [(str(number), ctypes.c_size_t) for number in range(9)] + [("end", ctypes.c_size_t)]

libc.mallinfo2.restype = Free
said = []
for now, key in ((0.0, 0.0), (59.0, 59.0), (60.0, 60.0)):
    libc.free(libc.malloc(120_000))
    collector.tick(now, key)
    said.append(libc.mallinfo2().end > 8_192)
print(said)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc 2.33 and later tell it")
def test_what_is_free_is_given_back_once_a_minute():
    """While keys are pressed too: a quarter of glibc's heap was free, and a dashboard grew by that."""
    done = subprocess.run([sys.executable, "-c", _TRIMMED], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[False, True, False]\n", "")
