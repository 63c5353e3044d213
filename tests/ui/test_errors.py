"""The page of causes over the simulated incident: what a person reads, opens, marks and lists there."""

import time

import httpx
import pytest

from wfdash.api.connect import connect
from wfdash.credentials import Credential
from wfdash.demo.api import create_app
from wfdash.demo.credentials import ACCOUNT_ID, TOKEN
from wfdash.demo.world import build
from wfdash.settings import Settings
from wfdash.ui.app import WfdashApp
from wfdash.ui.widgets.text_lines import TextLines


@pytest.fixture
async def incident():
    """The dashboard on the errors page, with some causes read."""
    settings = Settings(
        account_id=ACCOUNT_ID,
        base_url="https://demo.invalid/client/v4",
        credential=Credential(TOKEN, source="test"),
        demo="incident",
    )
    server = create_app(build("incident", clock=time.time))

    async def open_api(observer):
        return await connect(settings, observer=observer, transport=httpx.ASGITransport(app=server))

    app = WfdashApp(settings, open_api, workflow="orders")
    async with app.run_test(size=(170, 16)) as pilot:
        await until(pilot, lambda: app.session is not None and len(app.session.poller.store))
        await pilot.press("E")
        await until(pilot, lambda: app.screen.is_mounted and app.screen.causes.row_count() >= 2)
        yield app, pilot


async def until(pilot, condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await pilot.pause(0.02)


def shown(table):
    return [table.render_row(n, 168, False).text for n in range(table.row_count())]


async def test_the_cause_is_said_in_one_sentence_and_heads_the_table(incident):
    app, _ = incident
    said = app.screen.query_one("#summary", TextLines).plain
    assert "TimeoutError at charge card" in said
    assert "version ccf99991" in said
    first = shown(app.screen.causes)[0]
    assert "TimeoutError: connect to <host> timed out after <n>ms" in first
    assert "charge card" in first


async def test_the_version_to_blame_stands_first(incident):
    app, _ = incident
    lines = app.screen.query_one("#beside", TextLines).plain.splitlines()
    versions = lines[next(n for n, line in enumerate(lines) if "VERSIONS" in line) + 1 :]
    assert versions[0].strip().startswith("ccf99991")


async def test_enter_lists_the_group(incident):
    app, pilot = incident
    ids = {sample.id for sample in app.screen.causes.group.samples}
    await pilot.press("enter")
    await until(pilot, lambda: app.screen is app.root and app.root.view and len(app.root.view))
    await until(pilot, lambda: ids <= set(app.root.view.ids()))
    assert "error~" in app.root.filter_line.query_now.text


async def test_space_marks_the_group_for_actions_and_takes_it_back(incident):
    app, pilot = incident
    ids = {sample.id for sample in app.screen.causes.group.samples}
    assert {row.id for row in app.screen.targets()} >= ids
    await pilot.press("space")
    assert ids <= set(app.root.marks.ids)
    await pilot.press("space")
    assert not ids & set(app.root.marks.ids)


async def test_sampling_stops_when_the_page_is_left(incident):
    app, pilot = incident
    assert app.session.poller.causes.wanted
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.root)
    assert not app.session.poller.causes.wanted


async def test_tab_moves_to_what_is_odd(incident):
    app, pilot = incident
    await until(pilot, lambda: app.screen.odd.row_count())
    await pilot.press("tab")
    assert app.screen.odd.has_focus
    assert [row.id for row in app.screen.targets()] == [app.screen.odd.oddity.id]
