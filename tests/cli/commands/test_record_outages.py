"""`wfdash record` of several, of which one is refused or gone for a while, or for good."""

import asyncio
import json

import httpx
import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.dashboard import BASE, shop_world
from wfdash.api.connect import connect
from wfdash.cli.commands.record import RecordedGroup, RecordedWorkflow
from wfdash.cli.session import CommandSession
from wfdash.core.filter.query import parse
from wfdash.demo.http.api import create_app
from wfdash.live.budget.budget import Budget

REFUSALS = {"gone": (404, 10200, "workflow.not_found"), "refused": (403, 10000, "Authentication error")}


class RefusesRefunds:
    """The simulator, where `refunds` is answered so from one moment to another, after the start."""

    def __init__(self, refusal, first, last):
        loop = asyncio.get_running_loop()
        self.refusal, self.began, self.clock = refusal, loop.time(), loop.time
        self.span = first, last
        self.app = create_app(shop_world(loop.time, hours=1.5, every=180.0))

    async def __call__(self, scope, receive, send):
        since, path = self.clock() - self.began, scope.get("path", "")
        if "/workflows/refunds" not in path or not self.span[0] <= since < self.span[1]:
            await self.app(scope, receive, send)
            return
        status, code, message = self.refusal
        errors = [{"code": code, "message": message}]
        body = json.dumps({"success": False, "errors": errors, "messages": [], "result": None}).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def record(refusal, first, last, *, seconds=120.0, was_there=False, workflows=("orders", "refunds")):
    """The exit code, when it ended, and how many seconds ago each had answered by then."""

    async def main():
        loop = asyncio.get_running_loop()
        served = RefusesRefunds(REFUSALS[refusal], first, last)
        budget = Budget(clock=loop.time, steady=loop.time)
        api = await connect(
            BASE, observer=budget.saw, transport=httpx.ASGITransport(app=served), clock=loop.time
        )
        session, group = CommandSession(BASE, api, budget, clock=loop.time), RecordedGroup()
        group.members += [
            RecordedWorkflow(name, session, parse(""), group, was_there=was_there) for name in workflows
        ]
        code = await group.follow(None, seconds)
        ages = [loop.time() - (each.poller.newest.freshness.answered_at or 0.0) for each in group.members]
        await api.close()
        return code, loop.time() - served.began, ages

    return simulate(main())


@pytest.mark.parametrize("refusal", REFUSALS)
def test_others_go_on_while_one_is_refused(refusal, capsys):
    code, took, ages = record(refusal, 20, 35)
    assert (code, took >= 120) == (0, True)
    assert max(ages) < 60
    said = capsys.readouterr().err
    assert said.count("trying again") == 1
    assert said.count("reached again") == 1


def test_others_go_on_where_one_is_gone_for_good():
    """At the end the code tells that not all was recorded to it."""
    code, took, (orders, refunds) = record("gone", 20, 1e9, seconds=400.0)
    assert (code != 0, took >= 400) == (True, True)
    assert orders < 60
    assert refunds > 300


def test_what_the_record_had_is_no_slip_of_the_keys():
    """A service that is started anew after one was deleted keeps the others."""
    assert record("gone", 0, 1e9, was_there=True)[1] >= 120
    assert record("gone", 0, 1e9)[1] < 60


@pytest.mark.parametrize("refusal", REFUSALS)
def test_one_alone_is_waited_for_some_minutes(refusal):
    assert record(refusal, 20, 200, seconds=240.0, workflows=("refunds",))[:1] == (0,)
    code, took, _ = record(refusal, 20, 1e9, seconds=900.0, workflows=("refunds",))
    assert code != 0
    assert 300 < took < 600
