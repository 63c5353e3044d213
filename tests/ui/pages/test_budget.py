"""`B`: what is left, who spent it, what waits, and the last requests."""

import os
import re
import subprocess
import sys
from itertools import pairwise

import pytest
from platformdirs import user_state_path

from tests.support.clocks.simulated_time import EPOCH
from tests.support.harness.dashboard import BASE, drive
from wfdash.api.interface import Exchange
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import Priority
from wfdash.live.budget.shared_counter import share_counter
from wfdash.ui.pages.budget import RequestList
from wfdash.ui.widgets.status_line import StatusLine


def listed(d):
    table = d.app.screen.query_one(RequestList)
    return [table.row_key(index) for index in range(table.row_count())]


def hint(d):
    return d.app.screen.query_one("#titles", StatusLine).plain.partition("PATH")[2].strip()


def test_the_list_of_requests_stands_still_for_a_while():
    """And says how many came: each new one would move every line, and a thin connection pays for it."""

    async def script(d):
        await d.press("B")
        table = d.app.screen.query_one(RequestList)
        await d.until(lambda: table.row_count() >= table.page)
        seen = []
        for _ in range(50):
            await d.passes(1)
            seen.append(listed(d)[0])
        assert sum(a != b for a, b in pairwise(seen)) <= 1
        await d.until(lambda: "newer, g shows them" in hint(d))
        assert table.cursor == 0

    drive(script)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_bounds_of_wfdash_are_told_from_the_servers(size):
    async def script(d):
        await d.press("B")
        words = "800 and 400 are wfdash's own bounds"
        await d.until(lambda: "800 in about 5 m" in d.text)
        assert words not in d.text
        d.app.session.poller.frozen = True  # or the next answer tells of another limit
        await d.passes(2)
        budget = d.app.session.budget
        headers = '"default";r=90;t=30', '"default";q=100;w=60', None, ""
        budget.saw(Exchange(budget.clock(), "list", "GET", "/", 200, 5.0, 0, "", *headers))
        d.app.screen.tick(budget.clock())
        await d.settled()
        assert "The server says 90 of 100 are left for this user" in d.text
        assert f"{words}: this server allows 100 in 1 m" in d.text

    drive(script, size=size)


def test_what_waits_with_two_urgencies_stands_once():
    async def script(d):
        await d.press("B")
        budget = d.app.session.budget
        budget.saw(Exchange(budget.clock(), "list", "GET", "/", 429, 5.0, 0, "", "", "", 120.0, ""))
        for _ in range(12):
            assert budget.take(Priority.BACKGROUND, "counts")
            await d.passes(1)
        assert budget.take(Priority.VISIBLE, "counts")
        await d.passes(1)
        assert [each.purpose for each in budget.waiting].count("counts") > 1
        found = re.findall("Waits: counts, (.*): the server asked for a pause", d.text)
        assert len(found) == 1
        assert found[0].startswith("for ")

    drive(script, size=(80, 24))


def test_g_lists_the_newest_requests():
    async def script(d):
        await d.press("B")
        await d.until(lambda: "newer" in hint(d))
        before = listed(d)[0]
        await d.press("g")
        assert listed(d)[0] != before
        assert hint(d) == ""

    drive(script)


def test_a_chosen_request_keeps_the_cursor():
    """While the list beneath it is drawn anew."""

    async def script(d):
        await d.press("B")
        table = d.app.screen.query_one(RequestList)
        await d.until(lambda: table.row_count() > 5)
        await d.press("j", "j")
        chosen, newest = table.cursor_key, listed(d)[0]
        await d.until(lambda: listed(d)[0] != newest)
        assert table.cursor_key == chosen

    drive(script)


PURPOSES = ("rows on screen", "open instance", "comparison", "errors", "history")


def others(number, ended=(), purposes=("list",)):
    """So many one-shots on the credential of the dashboard, each with as many requests as its place."""
    for place in range(1, number + 1):
        counter = share_counter(BASE.credential, BASE.base_url, user_state_path("wfdash"), what="list")
        counter.mine.pid = ended[place - 1] if place <= len(ended) else os.getpid()
        budget = Budget(clock=lambda: EPOCH, counter=counter)
        for _ in range(place):
            assert budget.take(Priority.FOREGROUND, purposes[0]) == 0
        for purpose in purposes[1:]:
            assert budget.take(Priority.FOREGROUND, purpose) == 0
        budget.leave()


def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(("size", "named"), [((80, 24), 8), ((140, 40), 14)])
def test_every_request_of_others_is_accounted_for(size, named):
    """By process while there is room, the rest by command, and a list of requests below at any rate."""

    async def script(d):
        await d.press("B")
        await d.until(lambda: "by this dashboard" in d.text)
        each = re.findall(r"^ +(\d+) by list \d+ of ", d.text, flags=re.M)
        rest = re.search(r"^ +(\d+) by (\d+) more: list (\d+)$", d.text, flags=re.M)
        assert len(each) + (int(rest[2]) if rest else 0) == 14
        assert sum(map(int, each)) + (int(rest[1]) if rest else 0) == sum(range(15))
        assert len(each) >= min(named, 14) - 1
        await d.until(lambda: len(re.findall(r"^  \d\d:\d\d:\d\d  ", d.text, flags=re.M)) >= 4)

    others(14)
    drive(script, size=size, demo=False)


def test_the_largest_spender_keeps_all_its_purposes():
    async def script(d):
        await d.press("B")
        await d.until(lambda: "by this dashboard" in d.text)
        spent = " ".join(d.text.split()).partition(" by list ")[2].partition(" by list ")[0]
        assert all(f"{purpose} 1" in spent for purpose in PURPOSES[1:])

    others(3)
    others(5, purposes=PURPOSES)
    drive(script, size=(80, 24), demo=False)


def test_a_process_that_has_ended_is_marked():
    async def script(d):
        await d.press("B")
        await d.until(lambda: "by this dashboard" in d.text)
        assert d.line(f"list {before} of ").partition(":")[0].endswith(", ended")
        assert "ended" not in d.line(f"list {os.getpid()} of ")

    before = gone()
    others(2, ended=[before])
    drive(script, demo=False)


def test_the_reading_for_a_prompt_counts_as_one_of_actions():
    """The row says that reads are among them: else it would tell of an action where none was sent."""

    async def script(d):
        await d.press("t")
        await d.until(lambda: d.app.session.budget.actions[0] > 0)
        await d.press("escape")
        await d.until(lambda: d.app.screen is d.app.root)
        await d.press("B")
        await d.until(lambda: "by this dashboard" in d.text)
        assert "1 of 400 (their own limit;" in d.line("Actions")

    drive(script, size=(80, 24))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_what_is_held_back_is_not_said_to_be_read(size):
    """Neither the sweep, while another process reads for somebody, nor what an ended search reads again."""

    async def script(d):
        mine = d.app.session.budget
        counter = share_counter(BASE.credential, BASE.base_url, user_state_path("wfdash"), what="list")
        other = Budget(clock=mine.clock, counter=counter)
        await d.until(lambda: d.app.session.poller.sweep.period is not None)
        await d.press("B")
        await d.until(lambda: "active rows are read every" in d.text)
        for _ in range(60):
            other.take(Priority.FOREGROUND, "list")
            mine.take(Priority.ROWS, "filter")
            await d.passes(1)
            if "and wait now" in d.text:
                break
        assert re.search(r"active rows are to be read every \d+ s, and wait now", d.text)
        assert "Waits: rows that a filter has read, again, " in d.text
        assert "Waits: filter" not in d.text
        assert re.search(r"Reads +\d+ of 800 in about 5 m .*at most 600 for what nobody waits for", d.text)

    drive(script, size=size, demo=False)


def test_what_waits_is_timed_by_this_machines_clock(monkeypatch):
    """Which may be wrong by an hour: the other times of the page are the server's."""

    async def script(d):
        mine, context = d.app.session.budget, d.app.context
        await d.press("B")
        monkeypatch.setattr(context, "clock", lambda: mine.clock() + 3600)
        while mine.take(Priority.ROWS, "filter") == 0:
            pass
        await d.until(lambda: "Waits: rows that a filter has read" in d.text)
        assert re.search(r"Waits: rows that a filter has read, again, (just now|for \d+ s)", d.text)

    drive(script, size=(140, 40), demo=False)
