"""A dashboard that stays open for days keeps no more than it needs."""

import pytest
from rich.segment import Segment
from textual.geometry import Region

from tests.support.harness.dashboard import drive
from wfdash.ui.memory import forget_outgrown


def fill(entries):
    for number in range(entries):
        Segment(f"{number} … ✗").split_cells(2)
        Region(0, 0, number, 1).grow((1, 1, 1, 1))


@pytest.fixture
def kept():
    """`kept()` is how much the largest holds."""
    caches = Segment._split_cells, Region.grow
    yield lambda: max(cached.cache_info().currsize for cached in caches)
    for cached in caches:
        cached.cache_clear()


def test_what_has_outgrown_its_use_is_forgotten(kept):
    fill(3000)
    assert kept() >= 3000
    forget_outgrown()
    assert kept() == 0


def test_what_is_in_use_is_kept(kept):
    fill(300)
    before = kept()
    forget_outgrown()
    assert kept() == before


def test_dashboard_forgets_what_has_outgrown(kept):
    async def script(dash):
        fill(3000)
        await dash.until(lambda: kept() < 2000)

    drive(script)
