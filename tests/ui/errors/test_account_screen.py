"""Errors of all workflows: held against the simulated account itself."""

import asyncio
import re
from collections import Counter

import pytest

from tests.support.harness.dashboard import drive, shop_world
from wfdash.demo.http.api import create_app


def test_causes_of_every_workflow_are_those_of_the_account():
    async def script(d):
        errored = Counter(
            name
            for name, workflow in d.world.workflows.items()
            for each in workflow.by_id.values()
            if each.status == "errored"
        )
        await d.press("errors.open", "errors.all")
        await d.until(lambda: f"of {errored.total():,} errored read" in d.text and "so far" not in d.text)
        shown = Counter()
        for cause in d.app.screen.table.rows:
            shown.update(dict(cause.workflows))
        assert shown == {name: min(10, number) for name, number in errored.items()}
        await d.press("row.open")
        await d.until(lambda: d.app.pages.listing.query.text.startswith("status:errored error~"))
        assert d.app.pages.listing.workflow in errored

    drive(script)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_reading_of_all_says_what_it_costs_and_what_stops_it(size):
    async def script(d):
        d.server.state.latency = 1.0
        await d.press("errors.open", "errors.all")
        words = r"a request each, \d+ more at least: about [0-9ms ]+; esc stops it"
        await d.until(lambda: re.search(words, d.text))

    drive(script, size=size)


def refusing(workflow: str):
    """The simulator, but that it may not list the instances of this workflow."""
    built = []

    async def serve(scope, receive, send):
        if not built:
            built.append(create_app(shop_world(asyncio.get_running_loop().time)))
        if not scope["path"].endswith(f"/workflows/{workflow}/instances"):
            await built[0](scope, receive, send)
            return
        body = b'{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}'
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return serve


def test_a_workflow_that_cannot_be_listed_is_named():
    async def script(d):
        await d.until(lambda: "loaded" in d.text)
        await d.press("errors.open", "errors.all")
        await d.until(lambda: "errored read" in d.text and "so far" not in d.text)
        assert "refunds: " in d.text
        assert d.app.screen.table.rows
        assert all(name == "orders" for cause in d.app.screen.table.rows for name, _ in cause.workflows)

    drive(script, serve=refusing("refunds"))


def test_reading_all_workflows_while_frozen_says_frozen():
    async def script(d):
        await d.press("poll.freeze", "errors.open", "errors.all")
        await d.until(lambda: "errored read" in d.text and "so far" not in d.text)
        assert "‖ frozen" in d.lines[0]

    drive(script, size=(140, 40))


def test_cause_under_the_cursor_is_told_where_there_is_room():
    """In 80 columns its message was cut above sixteen blank lines."""

    async def script(d):
        await d.press("errors.open", "errors.all")
        await d.until(lambda: "read " in d.lines[0] and "TypeError" in d.text)
        table = d.app.screen.table
        await d.press("move.last")
        cause = table.chosen
        assert cause.message in " ".join(d.text.split())
        assert f"the newest is {cause.example.id}" in d.text
        high = table.size.height
        await d.press("move.first")
        assert table.size.height == high, "nothing moves with the cursor"
        assert table.chosen.message in " ".join(d.text.split())
        await d.pilot.resize_terminal(80, 12)
        await d.settled()
        assert "the newest is" not in d.text

    drive(script, size=(80, 24), scenario="incident")
