"""A session that was begun before there was a screen: what it read is shown, and nothing is asked twice."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.dashboard import BASE, drive
from wfdash.api.connect import connect
from wfdash.api.errors import NotReached
from wfdash.ui.session import BegunSession


def lists_asked(dash):
    return [
        request.path
        for request in dash.server.state.requests
        if "/workflows/orders/instances?" in request.path
    ]


def test_rows_read_before_the_screen_are_asked_for_once():
    async def script(dash):
        assert "order-8" in dash.text
        assert sum("status=" not in path for path in lists_asked(dash)) == 1

    drive(script, early=True)


def test_a_filter_is_still_asked_for_by_a_session_begun_early():
    async def script(dash):
        await dash.until(lambda: any("status=errored" in path for path in lists_asked(dash)))
        assert "waiting" not in "".join(dash.lines[3:-2])

    drive(script, early=True, filter="status:errored")


def test_a_session_begun_without_an_account_asks_nothing():
    async def main():
        asked = []

        async def reach(observer):
            return await connect(settings, observer=asked.append)

        settings = replace(BASE, account_id="")
        begun = BegunSession(settings, reach, first=("orders", None))
        await begun.opened()
        await asyncio.sleep(5)
        await begun.close()
        await begun.close()
        assert not asked

    simulate(main())


def test_why_a_session_cannot_begin_is_raised():
    async def main():
        async def reach(observer):
            raise NotReached("no certificates", sent=False)

        begun = BegunSession(BASE, reach, first=("orders", None))
        with pytest.raises(NotReached, match="no certificates"):
            await begun.opened()
        await begun.close()

    simulate(main())
