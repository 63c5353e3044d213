"""A long shift: pages that were opened and closed leave nothing behind."""

import asyncio
import gc
from collections import Counter

from textual.dom import DOMNode

from tests.support.harness.dashboard import drive

PAGES = (
    "row.open",
    "help.open",
    "palette.open",
    "workflows.open",
    "errors.open",
    "history.open",
    "budget.open",
    "journal.open",
)
ROUNDS = 6


def alive():
    """What lives of the kinds that leaked in programs like this one."""
    gc.collect()
    kept = Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, DOMNode))
    return kept, len(asyncio.all_tasks())


def test_pages_bindings_and_tasks_do_not_pile_up():
    async def round_trip(d):
        for page in PAGES:
            await d.press(page)
            while len(d.app.screen_stack) > 1:
                await d.press("escape")

    async def script(d):
        await round_trip(d)
        await round_trip(d)
        before, tasks = alive()
        for _ in range(ROUNDS):
            await round_trip(d)
        after, tasks_now = alive()
        more = {
            name: number - before[name] for name, number in after.items() if number - before[name] >= ROUNDS
        }
        assert more == {}
        assert tasks_now <= tasks + 3

    drive(script, size=(80, 24))
