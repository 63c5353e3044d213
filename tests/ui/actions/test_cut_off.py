"""A batch that a crash cut off: offered at the next start, gone on with by a key, never closed by looking."""

import re
import time

import pytest
from platformdirs import user_state_path

from tests.ui.actions.test_actions import chips, on, orders, writes
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import RUN_FOLLOWED, ActionResult
from wfdash.ui.actions.bulk import BulkScreen
from wfdash.ui.actions.cut_off import CutOffScreen
from wfdash.ui.actions.prompt import PromptScreen

HERE = {"demo": False, "size": (140, 40)}


def journal():
    return Journal(user_state_path("wfdash"), profile="", account=ACCOUNT_ID, clock=time.time)


def cut_off(ids, sent=(), verb="terminate", before="waiting", followed=()):
    """Another process of this machine planned these, sent some, and was killed."""
    left = journal()
    expected = {"plan": "p", "verb": verb, "workflow": "orders", "result": ActionResult(before=before)}
    for identity in ids:
        left.write("planned", id=identity, **expected)
    for identity in sent:
        left.write("sent", id=identity, **expected)
    for identity in followed:
        settled = ActionResult(before, "queued", "queued", reason=f"done: restarted{RUN_FOLLOWED}")
        left.write("settled", id=identity, **expected | {"result": settled})
    left.close()


def waiting(dash, number):
    return [key for key, each in orders(dash).items() if each.status == "waiting"][-number:]


async def offered(dash, *words):
    """The dashboard finds what another one left, as it does at its start."""
    dash.app.actions.offer_unfinished()
    await dash.until(lambda: all(word in chips(dash) for word in words))
    await dash.press("bulk.show")
    await dash.until(lambda: isinstance(dash.app.screen, CutOffScreen))
    await dash.passes(1)


async def confirmed(dash, number):
    await dash.until(lambda: isinstance(dash.app.screen, PromptScreen))
    await dash.passes(1)
    await dash.type(str(number) if number > 1 else "")
    await dash.passes(1)
    await dash.press("y")


def test_m_marks_the_unsent_under_a_filter():
    async def script(dash):
        ids = waiting(dash, 4)
        cut_off(ids, ids[:1])
        await dash.press("filter.edit", *"status:waiting", "enter")
        await offered(dash, "terminate of 4 in orders stopped at 1")
        await dash.press("m")
        await dash.press("escape")
        await dash.until(lambda: "3 marked" in dash.text)
        assert {row.id for row in dash.app.root.rows.targets()} == set(ids[1:])

    on(script, **HERE)


@pytest.mark.parametrize("workflow", ["orders", ""])
def test_start_says_what_was_cut_off_and_closes_nothing(workflow):
    cut_off(["order-8001", "order-8002", "order-8003"], ["order-8001"])

    async def script(dash):
        await dash.until(lambda: "terminate of 3 in orders stopped at 1: X resumes or drops it" in dash.text)
        await dash.press("bulk.show")
        await dash.passes(1)
        assert "1 sent and not answered, 2 not sent" in dash.text
        await dash.press("m")
        await dash.press("escape")
        assert "stopped at" not in chips(dash)
        await dash.press("bulk.show")
        assert isinstance(dash.app.screen, CutOffScreen), "put off, and still there for who asks"
        if not workflow:
            dash.app.pages.show_workflow("orders")
        assert dash.app.root.rows.marks.ids == ("order-8002", "order-8003")
        assert writes(dash) == []

    on(script, workflow=workflow, **HERE)
    (left,) = journal().unfinished()
    assert set(left.unsent) == {"order-8002", "order-8003"}


def test_resume_reads_what_was_sent_and_sends_the_rest_once():
    async def script(dash):
        ids = waiting(dash, 4)
        cut_off(ids, ids[:2])
        await dash.app.session.api.change_status("orders", ids[0], "terminate")
        asked = len(writes(dash))
        await offered(dash, "terminate of 4 in orders stopped at 2")
        await dash.press("R")
        await dash.until(lambda: isinstance(dash.app.screen, PromptScreen))
        await dash.passes(1)
        assert "of those sent before the cut 1 arrived: 1 terminated now" in dash.text
        await confirmed(dash, 3)
        await dash.until(lambda: dash.app.desk.last is not None and dash.app.desk.last.over)
        sent = [write.path.split("/")[-2] for write in writes(dash)[asked:]]
        assert sorted(sent) == sorted(ids[1:])
        assert chips(dash).count("stopped at") == 0

    on(script, **HERE)
    assert journal().unfinished() == []


def test_resume_of_what_another_one_took_sends_nothing():
    async def script(dash):
        ids = waiting(dash, 2)
        cut_off(ids)
        await offered(dash, "terminate of 2 in orders stopped at 0")
        await dash.press("R")
        await dash.until(lambda: isinstance(dash.app.screen, PromptScreen))
        other = journal()
        (left,) = other.unfinished()
        assert other.take_over(left)
        other.close()
        await confirmed(dash, 2)
        await dash.until(lambda: "another wfdash goes on with it already: nothing sent" in dash.text)
        assert writes(dash) == []

    on(script, **HERE)


def test_nothing_left_to_send_is_told_before_it_is_noted():
    async def script(dash):
        ids = waiting(dash, 2)
        cut_off(ids, ids)
        for identity in ids:
            await dash.app.session.api.change_status("orders", identity, "terminate")
        await offered(dash, "terminate of 2 in orders stopped at 2")
        await dash.press("R")
        await dash.until(lambda: "nothing is left to send" in dash.text)
        assert "2 read: 2 terminated" in dash.text
        assert dash.text.count("sent before the cut, terminated now") == 2
        assert len(journal().unfinished()) == 1
        await dash.press("d")
        await dash.until(lambda: not isinstance(dash.app.screen, CutOffScreen))

    on(script, **HERE)
    assert journal().unfinished() == []


def test_all_that_was_read_of_a_cut_off_batch_can_be_reached():
    async def script(dash):
        ids = waiting(dash, 30)
        cut_off(ids, ids, verb="restart", before="errored", followed=ids)
        await offered(dash, "restart of 30 in orders")
        await dash.press("R")
        await dash.until(lambda: "30 read: " in dash.text)
        shown = int(re.search(r"1 to (\d+) of 30, up and down", dash.text)[1])
        assert shown < 30
        for _ in range(40):
            await dash.press("down")
        await dash.until(lambda: f"{31 - shown} to 30 of 30" in dash.text)

    on(script, demo=False, size=(80, 24))


def test_runs_that_nobody_saw_end_are_read():
    async def script(dash):
        ids = waiting(dash, 3)
        cut_off(ids, ids, verb="restart", before="errored", followed=ids[:2])
        await offered(dash, "restart of 3 in orders stopped at 3")
        assert "1 sent and not answered, 2 restarted, how they ended was not read" in dash.text
        await dash.press("R")
        await dash.until(lambda: dash.text.count("sent before the cut, waiting now") == 3)
        await dash.press("d")
        await dash.until(lambda: not isinstance(dash.app.screen, CutOffScreen))
        assert writes(dash) == []

    on(script, **HERE)
    assert journal().unfinished() == []


def test_dropped_batch_is_offered_no_more():
    async def script(dash):
        cut_off(waiting(dash, 2))
        await offered(dash, "stopped at 0")
        await dash.press("d")
        await dash.until(lambda: "dropped: 2 were never sent" in dash.text)
        assert not isinstance(dash.app.screen, CutOffScreen)
        assert writes(dash) == []

    on(script, **HERE)
    assert journal().unfinished() == []


def test_events_that_were_cut_off_are_listed_and_not_resumed():
    async def script(dash):
        cut_off(waiting(dash, 2), verb="send_event")
        await offered(dash, "send event of 2 in orders")
        assert "the journal keeps no payload" in dash.text
        assert "R resume" not in dash.text
        await dash.press("R")
        await dash.passes(2)
        assert isinstance(dash.app.screen, CutOffScreen)
        assert writes(dash) == []

    on(script, **HERE)


def test_what_others_went_on_with_is_offered_no_more():
    async def script(dash):
        ids = waiting(dash, 3)
        cut_off(ids, ids[:1])
        await offered(dash, "terminate of 3 in orders stopped at 1")
        elsewhere = journal()
        elsewhere.close_unfinished(elsewhere.unfinished()[0])
        await dash.press("R")
        await dash.until(lambda: "another wfdash went on with it meanwhile" in dash.text)
        await dash.press("escape")
        cut_off(ids, ids[:1])
        await offered(dash, "terminate of 3 in orders stopped at 1")
        await dash.press("escape")
        elsewhere.close_unfinished(elsewhere.unfinished()[0])
        elsewhere.close()
        await dash.press("bulk.show")
        await dash.until(lambda: "was carried out, or dropped, elsewhere" in dash.text)
        assert not isinstance(dash.app.screen, CutOffScreen)
        assert writes(dash) == []

    on(script, **HERE)


def test_what_was_cut_off_since_the_start_is_shown_by_x():
    """With nothing offered, and later beside an action of one's own whose line is gone."""

    async def script(dash):
        ids = waiting(dash, 6)
        await dash.press("bulk.show")
        await dash.until(lambda: "you have sent no action to many instances yet" in dash.text)
        cut_off(ids[:3], ids[:1])
        await dash.press("bulk.show")
        await dash.until(lambda: "terminate of 3 in orders stopped at 1" in dash.text)
        assert isinstance(dash.app.screen, CutOffScreen)
        await dash.press("escape")
        dash.app.root.rows.marks.mark(ids[4:])
        await dash.press("instance.pause")
        await confirmed(dash, 2)
        await dash.until(lambda: dash.app.desk.last is not None and dash.app.desk.last.over)
        await dash.press("escape")
        await dash.until(lambda: not dash.app.desk.shown(dash.app.context.clock()))
        cut_off(ids[2:4], verb="resume", before="paused")
        await dash.press("bulk.show")
        assert isinstance(dash.app.screen, BulkScreen), "its own is there at once"
        await dash.press("escape")
        await dash.until(lambda: "resume of 2 in orders stopped at 0, and 1 more" in chips(dash))
        await dash.press("bulk.show")
        await dash.until(lambda: isinstance(dash.app.screen, CutOffScreen))

    on(script, **HERE)
