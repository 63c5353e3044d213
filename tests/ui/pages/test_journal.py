"""`J` by batch: a row each that opens into its ids and their events, and what can be done from it."""

import asyncio
import time

from platformdirs import user_state_path

from tests.support.harness.dashboard import drive
from tests.ui.actions.test_cut_off import HERE, cut_off, waiting
from wfdash.core.verbs.outcome import Outcome
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import ActionResult
from wfdash.ui.actions.cut_off import CutOffScreen
from wfdash.ui.pages.journal import JournalScreen


def finished(ids, verb="pause", plan="done1", account=ACCOUNT_ID):
    """A batch of this machine that was carried out to its end."""
    past = Journal(user_state_path("wfdash"), profile="", account=account, clock=time.time)
    for event, reason in (("planned", ""), ("sent", ""), ("settled", "done: paused after 2 s")):
        for identity in ids:
            result = ActionResult(before="waiting", reason=reason)
            past.write(event, plan=plan, verb=verb, workflow="orders", id=identity, result=result)
    past.close()


async def opened(dash):
    await dash.press("journal.open")
    await dash.until(lambda: dash.app.screen.table.rows)
    return dash.app.screen


def test_batch_opens_into_its_ids_and_these_into_events():
    async def script(dash):
        ids = waiting(dash, 3)
        finished(ids)
        page = await opened(dash)
        (row,) = page.table.rows
        assert "3 instances" in dash.text
        assert "3 paused" in dash.text
        await dash.press("enter")
        assert "batch:done1 in orders" in dash.text
        assert all(identity in dash.text for identity in ids)
        assert "paused after 2 s" in dash.text
        await dash.press("j")
        await dash.press("enter")
        assert [row.entry.event for row in page.table.rows if row.entry] == ["planned", "sent", "settled"]
        await dash.press("g")
        await dash.press("enter")
        assert page.table.rows == [row]

    drive(script, **HERE)


def test_columns_go_by_the_width_of_now():
    async def script(dash):
        finished(waiting(dash, 1))
        page = await opened(dash)
        assert " WHO " not in dash.text
        await dash.pilot.resize_terminal(140, 40)
        await dash.until(lambda: " WHO " in dash.text)
        assert page.table.batches[0].first.who in dash.text
        await dash.pilot.resize_terminal(80, 24)
        await dash.until(lambda: " WHO " not in dash.text)

    drive(script, **{**HERE, "size": (80, 24)})


def test_what_the_cells_cut_is_said_whole_under_the_table():
    async def script(dash):
        ids = waiting(dash, 2)
        finished(ids, verb="restart")
        past = Journal(user_state_path("wfdash"), profile="", account=ACCOUNT_ID, clock=time.time)
        for identity, step in zip(ids, ("print shipping label", "write the invoice"), strict=True):
            said = f'failed again at "{step}", same cause: {"no " * 20}'
            ended = ActionResult(after="errored", reason=said)
            past.write("ended", plan="done1", verb="restart", workflow="orders", id=identity, result=ended)
        past.close()
        await opened(dash)
        assert "2 restarted · 2 failed again at 2 steps · batch:done1" in dash.text
        await dash.press("enter")
        await dash.press("j")
        said = f'failed again at "print shipping label", same cause: {"no " * 20}'
        assert said.strip() in " ".join(dash.text.split())

    drive(script, **HERE | {"size": (80, 24)})


def test_action_of_another_dev_session_says_whose_it_is():
    async def script(dash):
        finished(waiting(dash, 1))
        finished(["order-1"], plan="done2", account="http://127.0.0.1:8799")
        page = await opened(dash)
        lines = {row.batch.first.plan: dash.line(row.batch.ids[0]) for row in page.table.rows}
        assert "to http://127.0.0.1:8799: paused" in lines["done2"]
        assert "to " not in lines["done1"].partition("paused")[0]
        page.table.move_to(next(n for n, row in enumerate(page.table.rows) if row.batch.ids == ["order-1"]))
        await dash.press("space")
        assert "not in this list" in dash.text
        assert not dash.app.root.rows.marks.ids
        await dash.press("/", *"8799", "enter")
        assert [row.batch.first.plan for row in page.table.rows] == ["done2"]

    drive(script, **HERE)


def test_words_and_batch_find_rows_and_space_marks_their_ids():
    async def script(dash):
        ids = waiting(dash, 3)
        finished(ids[:2])
        finished(ids[2:], verb="resume", plan="done2")
        page = await opened(dash)
        assert len(page.table.rows) == 2
        await dash.press("/", *"batch:done1", "enter")
        assert [row.batch.first.plan for row in page.table.rows] == ["done1"]
        assert "1 of 2 actions" in dash.text
        await dash.press("space")
        assert set(dash.app.root.rows.marks.ids) == set(ids[:2])

    drive(script, **HERE)


def test_cut_off_batch_is_resumed_from_its_row():
    async def script(dash):
        ids = waiting(dash, 2)
        cut_off(ids)
        finished(ids, plan="done1")
        page = await opened(dash)
        assert "cut off, R resumes: 2 not sent" in dash.text
        at = next(at for at, row in enumerate(page.table.rows) if row.batch.first.plan == "done1")
        page.table.move_to(at)
        await dash.press("R")
        await dash.passes(1)
        assert dash.app.screen is page
        page.table.move_to(1 - at)
        await dash.press("R")
        await dash.until(lambda: isinstance(dash.app.screen, CutOffScreen))

    drive(script, **HERE)


def test_filter_shows_the_rows_of_a_batch_as_it_was_then():
    async def script(dash):
        ids = waiting(dash, 3)
        finished(ids)
        await dash.press("/", *"batch:last", "enter")
        await dash.until(lambda: set(dash.app.root.rows.ids()) == set(ids))
        finished(ids[:2], plan="done2")
        await dash.passes(3)
        assert set(dash.app.root.rows.ids()) == set(ids), "the list stays under the hand"
        await dash.press("escape")
        await dash.press("/", *"batch:done2", "enter")
        await dash.until(lambda: set(dash.app.root.rows.ids()) == set(ids[:2]))
        await dash.press("escape")
        await dash.press("/", *"batch:nothing", "enter")
        await dash.until(lambda: "no batch nothing in orders is in the journal" in dash.text)

    drive(script, **HERE)


def test_a_batch_that_goes_on_is_followed_while_it_is_open():
    async def script(dash):
        ids = waiting(dash, 3)
        journal = Journal(user_state_path("wfdash"), profile="", account=ACCOUNT_ID, clock=time.time)
        more = {"plan": "goes-on", "verb": "pause", "workflow": "orders"}
        for identity in ids:
            journal.write("planned", id=identity, **more)
        await opened(dash)
        assert "3 to be sent" in dash.text
        journal.write("sent", id=ids[0], **more)
        journal.write(
            "settled", id=ids[0], result=ActionResult(reason="done: paused", outcome=Outcome.DONE), **more
        )
        await dash.until(lambda: "1 paused · 2 to be sent" in dash.text)
        journal.close()
        await dash.until(lambda: "cut off, R resumes: 1 paused · 2 not sent" in dash.text)
        assert len(dash.app.screen.table.rows) == 1

    drive(script, **HERE)


def test_a_journal_that_takes_long_to_read_says_so(monkeypatch):
    """An empty page would say that nothing was sent."""

    async def read(page):
        await asyncio.Event().wait()

    monkeypatch.setattr(JournalScreen, "_read", read)

    async def script(d):
        await d.press("journal.open")
        assert "journal · reading what was sent from this machine" in d.text

    drive(script)
