"""A clock that is wrong is said before somebody believes an age."""

import asyncio
from email.utils import formatdate

import pytest

from tests.support.harness.dashboard import drive, shop_world
from wfdash.api.interface import Exchange
from wfdash.demo.http.api import create_app
from wfdash.live.budget.clock_skew import Skew, clock_skew

NOON = 1795262400.0


def exchange(at, milliseconds, date):
    return Exchange(at, "list", "GET", "/", 200, milliseconds, 0, "", "", "", None, date)


@pytest.mark.parametrize(
    ("at", "milliseconds", "skew"),
    [
        (1795258800.0, 100, 0.0),
        (1795258800.9, 100, 0.0),
        (1795258799.5, 800, 0.0),
        (1795258810.0, 100, 9.0),
        (1795258790.0, 100, -9.9),
    ],
)
def test_skew_knows_the_headers_resolution(at, milliseconds, skew):
    found = clock_skew(exchange(at, milliseconds, "Sat, 21 Nov 2026 11:00:00 GMT"))
    assert found == pytest.approx(skew)


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Nov 2026 11:00:00 GMT"])
def test_no_date_is_no_skew(date):
    assert clock_skew(exchange(0, 0, date)) is None


def test_a_date_of_another_age_is_no_clock():
    assert clock_skew(exchange(NOON, 0, "Fri, 31 Dec 9999 23:59:59 GMT")) is None
    assert clock_skew(exchange(0, 0, "Sat, 21 Nov 2026 11:00:00 GMT")) < -1.7e9, "this machine begins at 1970"


def skew_after(*aheads):
    """What is worried about after answers of a server that this clock is so many seconds ahead of."""
    skew = Skew(lambda: NOON)
    for ahead in aheads:
        skew.saw(exchange(0.0, 50, formatdate(NOON - ahead, usegmt=True)))
    return skew.seconds


def test_one_odd_answer_is_no_wrong_clock():
    assert skew_after(0, 3600, 3600, 0) == 0.0
    assert skew_after(3600, -3600, 3600) == 0.0
    assert skew_after(5, 5, 5, 5) == 0.0


def test_first_answers_tell_a_wrong_clock_at_once():
    assert skew_after(3600) == pytest.approx(3600, abs=1.1)
    assert skew_after(-600, -600) == pytest.approx(-600, abs=1.1)


def test_a_wrong_clock_is_told_until_it_is_right():
    assert skew_after(3600, 3601, 3600) == pytest.approx(3600, abs=1.1)
    assert skew_after(-90, -90, -90) == pytest.approx(-90, abs=1.1)
    assert skew_after(3600, 3600, 3600, 0) == 0.0


@pytest.mark.parametrize(("ahead", "words"), [(3500, " clock 58m ahead "), (-150, " clock 2m behind ")])
def test_the_top_line_says_it_on_every_page(ahead, words):
    servers = []

    async def elsewhere(scope, receive, send):
        if not servers:
            clock = asyncio.get_running_loop().time
            servers.append(create_app(shop_world(lambda: clock() - ahead)))
        await servers[0](scope, receive, send)

    async def script(dashboard):
        await dashboard.until(lambda: words in dashboard.lines[0])
        for page in ("workflows.open", "errors.open", "budget.open"):
            await dashboard.press(page)
            assert words in dashboard.lines[0]
            await dashboard.press("escape")

    async def right(dashboard):
        await dashboard.passes(30)
        assert "clock" not in dashboard.lines[0]

    drive(script, serve=elsewhere)
    drive(right)
