"""A dashboard that stays open for days keeps no more than it needs."""

import subprocess
import sys

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


LARGE_ANSWERS = """
import sys
from pathlib import Path
from wfdash.ui.memory import give_back

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if sys.argv[1] == "given back":
    give_back()
bytearray(30_000_000)
before = held()
answers = [(bytearray(1_000_000), bytearray(5_000)) for _ in range(60)]
kept = [small for _, small in answers]
del answers
print(held() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' C libraries are left alone")
def test_large_answers_are_given_back_to_the_system():
    """Between them stands what lives on: glibc keeps the gaps, once it has seen one large block freed."""

    def held(how):
        return int(subprocess.check_output([sys.executable, "-c", LARGE_ANSWERS, how], text=True))

    assert held("kept") > 40_000_000
    assert held("given back") < 5_000_000
