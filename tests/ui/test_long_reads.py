"""A read of many requests says on its page how far it is, what it costs and which key stops it."""

import asyncio
import re
from itertools import count

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import opened
from wfdash.api.interface import Exchange
from wfdash.live.budget.ledger import ACTIONS, QUOTA, Priority

PAGES = {
    "errors.open": r"read \d+ of 50\b",
    "history.open": r"\d,\d+ loaded, .* reading on, esc stops it, a request a page: \d+ more at most, about",
    "detail.compare": r"complete run to compare with: [0-4] of 5 read, a request each; esc stops it",
}

_SLOW = r"slow: \d+ (?:reads by this wfdash|of 800 reads went|of 1,200 requests are left)"
"""By what this process counted, or by what the server had left after it: the same limit from two sides."""


def over_incident(script, size):
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=size, filter="status:errored") as dashboard:
            await script(dashboard)

    simulate(main())


async def stand_before(dash, page):
    """Opens what the page is about, where that is not the list."""
    if page == "detail.compare":
        await dash.press("row.open")
        await dash.until(lambda: "charge card" in dash.text)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
@pytest.mark.parametrize("page", PAGES)
def test_long_read_shows_progress_and_stops_with_its_page(page, size):
    async def script(dash):
        await stand_before(dash, page)
        dash.server.state.latency = 1.5
        await dash.press(page)
        await dash.until(lambda: re.search(PAGES[page], " ".join(dash.text.split())))
        await dash.press("layer.close")
        reads = dash.app.session.budget.spenders[0][1].total
        await dash.passes(2)
        before = reads(range(Priority.FOREGROUND, Priority.VISIBLE))
        await dash.passes(20)
        assert reads(range(Priority.FOREGROUND, Priority.VISIBLE)) == before

    over_incident(script, size)


def spend_all(dash):
    """Each of its own: the many of one long read would leave room for others."""
    budget = dash.app.session.budget
    spent = (budget.take(Priority.FOREGROUND, f"another's {number}") for number in count())
    assert any(spent)
    assert budget.meter[0] <= QUOTA - ACTIONS


async def search_with_nothing_left(dash):
    spend_all(dash)
    await dash.press("filter.edit")
    await dash.type("params~zzz")
    await dash.press("enter")


def test_search_that_has_to_wait_says_for_what():
    """The time counts in that nothing may go for five minutes, and it is of the 200 that are read."""

    async def script(dash):
        await search_with_nothing_left(dash)
        await dash.until(lambda: re.search(_SLOW, dash.lines[1]))
        assert re.search(r"opened 0 of these 200 · esc stops · about 5 m (\d+ s )?·", dash.lines[1])

    over_incident(script, (140, 40))


def test_search_that_has_to_wait_says_so_on_80_columns():
    async def script(dash):
        await search_with_nothing_left(dash)
        await dash.until(lambda: "slow" in dash.lines[1])
        assert re.search(r"opened 0 of 200 · ~5 m \d+ s · slow: \d+ of 800 · esc stops", dash.lines[1])

    over_incident(script, (80, 24))


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((80, 24), r"read \d+ of 50 · ~5 m( \d+ s)? · slow: \d+ of 800 · esc stops"),
        (
            (140, 40),
            r"read \d+ of 50\b.* · about 5 m( \d+ s)? · esc stops it · slow: \d+ of 800 reads went",
        ),
    ],
)
def test_errors_that_wait_say_how_long_and_what_stops_it(size, words):
    async def script(dash):
        dash.server.state.latency = 0.5
        await dash.press("errors.open")
        await dash.until(lambda: re.search(r"read \d+ of 50", dash.lines[0]))
        spend_all(dash)
        await dash.until(lambda: re.search(words, dash.lines[0]))

    over_incident(script, size)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_checks_for_stuck_ones_are_said_to_rest_in_a_pause(size):
    async def script(dash):
        dash.server.state.latency = 1.0
        await dash.press("errors.open")
        await dash.until(lambda: re.search(r"[1-9]\d* of \d+ rows checked", dash.text))
        budget = dash.app.session.budget
        headers = "", "", 120.0, ""
        budget.saw(Exchange(budget.clock(), "list", "GET", "/", 429, 5.0, 0, "", *headers))
        rests = r"\d+ of \d+ rows checked of \d+ active, none stuck so far; no reads for now"
        await dash.until(lambda: re.search(rests, dash.text))

    over_incident(script, size)


@pytest.mark.parametrize("page", PAGES)
def test_long_read_that_has_to_wait_says_for_what(page):
    async def script(dash):
        await stand_before(dash, page)
        spend_all(dash)
        await dash.press(page)
        await dash.until(lambda: re.search(_SLOW, dash.text))

    over_incident(script, (140, 40))
