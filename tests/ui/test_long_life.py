"""A long shift: pages that were opened and closed leave nothing behind."""

import asyncio
import gc
from collections import Counter

from textual.dom import DOMNode

from tests.support.harness.dashboard import drive
from wfdash.ui.actions.prompt import PromptScreen

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


def test_prompt_is_gone_while_what_it_began_goes_on():
    """A task keeps the context that it was begun in, and there Textual notes the page."""

    async def script(d):
        for _ in range(3):
            await d.press("g", "j", "s")
            await d.until(lambda: isinstance(d.app.screen, PromptScreen))
            await d.passes(1)
            await d.press("y")
            await d.passes(5)
        assert d.app.desk._tasks
        while len(d.app.screen_stack) > 1:
            await d.press("escape")
        await d.passes(5)
        assert alive()[0]["PromptScreen"] == 0

    drive(script, scenario="incident")
