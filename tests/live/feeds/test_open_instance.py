"""What the poller reads in full: the open instance, and what visible rows wait for."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.clocks.simulated_time import EPOCH
from tests.support.fakes.scripted import item, scripted
from tests.support.harness.stage import asked, final_of, staged, waiting_of
from wfdash.api.interface import DetailAnswer
from wfdash.core.model.detail import read_detail
from wfdash.core.model.times import iso
from wfdash.core.rows.store import GONE
from wfdash.demo.engine import verbs
from wfdash.live.feeds.open_instance import OpenDetail
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.read_instance import read_answer


class Silent:
    local = False


@staged()
async def test_the_detail_follows_and_stops_when_final(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    subject = waiting_of(on)
    poller.open(subject.id)
    await asyncio.sleep(1)
    state = poller.detail(subject.id)
    assert state.detail.steps
    assert poller.row_details.why(subject.id).sentence
    full = [request for request in asked(on, subject.id) if "simple" not in request.path]
    await asyncio.sleep(30)
    assert (
        len([request for request in asked(on, subject.id) if "simple" not in request.path]) <= len(full) + 3
    )
    verbs.terminate(on.world, subject)
    await asyncio.sleep(20)
    assert state.detail.status == "terminated"
    assert state.freshness.settled
    assert poller.store.get(subject.id).status == "terminated"
    since = on.loop.time()
    await asyncio.sleep(120)
    assert not asked(on, subject.id, since)
    assert not state.freshness.stale
    verbs.restart(on.world, subject)
    await asyncio.sleep(40)
    assert asked(on, subject.id, since)
    assert not state.freshness.settled or state.detail.end > since


@staged()
async def test_vanished_instance_is_marked_and_read_no_more(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    subject = waiting_of(on)
    poller.open(subject.id)
    await asyncio.sleep(1)
    on.world.workflows["orders"].forget(subject)
    forgotten = on.loop.time()
    await asyncio.sleep(20)
    assert poller.store.note(subject.id) == GONE
    assert poller.detail(subject.id).gone
    assert poller.detail(subject.id).detail is not None
    asked_of_it = asked(on, "/graphql")
    assert len(asked_of_it) == 1, "what became of it is asked once"
    assert poller.detail(subject.id).past.sentence("orders", str).endswith("no end of it was counted")
    assert poller.detail(subject.id).freshness.answered_at < forgotten, "404 is no answer of it"
    await asyncio.sleep(60)
    again = asked(on, f"/instances/{subject.id}", forgotten)[1:]
    assert not again, "asked once more, a dev session keeps a ghost of it"


@scripted
async def test_dev_session_is_not_asked_for_what_its_list_has_lost(api, poller, loop):
    api.local, api.pages = True, {"": [item("a", age=9), item("b", age=8)]}
    poller.show("orders")
    await asyncio.sleep(1)
    poller.open("a")
    await asyncio.sleep(120)
    api.pages = {"": [item("b", age=8)]}
    await asyncio.sleep(120)
    assert poller.store.note("a") == GONE
    assert poller.detail("a").gone
    asked_before = len(api.asked)
    await asyncio.sleep(120)
    assert ("get", "a", False) not in api.asked[asked_before:]


@scripted
async def test_dev_session_is_asked_for_one_below_the_loaded_rows(api, poller, loop):
    """Gone to by its id, among more instances than a list holds: the client itself asks for none that is not
    listed."""
    api.local, api.pages = True, {"": [item("b", age=8)]}
    poller.show("orders")
    await asyncio.sleep(1)
    poller.open("a")
    await asyncio.sleep(20)
    assert poller.detail("a").detail is not None


@scripted
async def test_answer_out_of_a_record_is_dated_by_the_record(api, poller, loop):
    api.pages = {"": [item("a", "complete", age=900), item("b", age=900), item("c", "complete")]}

    async def kept(workflow, instance, *, simple=False, order=""):
        status = "complete" if instance == "a" else "running"
        if instance == "c":
            return DetailAnswer({"status": "complete"}, unread=True)
        return DetailAnswer({"status": status, "steps": []}, read_at=EPOCH - 500)

    api.get_instance = kept
    poller.show("orders")
    await asyncio.sleep(1)
    poller.want(["b"])
    for opened in ("a", "b"):
        poller.open(opened)
        await asyncio.sleep(5)
        assert poller.detail(opened).freshness.answered_at == EPOCH - 500
    poller.open("c")
    await asyncio.sleep(5)
    assert poller.detail("c").freshness.answered_at is None, "its row alone was recorded by then"
    poller.open(None)
    await asyncio.sleep(90)
    assert poller.row_details.fact("b").read_at == EPOCH - 500


@staged()
async def test_going_back_to_an_instance_shows_what_was_read(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    subject = final_of(on)
    poller.open(subject.id)
    await asyncio.sleep(1)
    poller.open(None)
    since = on.loop.time()
    poller.open(subject.id)
    assert poller.detail(subject.id).detail is not None
    await asyncio.sleep(60)
    assert not asked(on, subject.id, since)


@staged()
async def test_a_re_read_by_an_action_lands_in_row_and_detail(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    subject = waiting_of(on)
    answer = DetailAnswer({"status": "paused", "steps": [], "step_count": 0})
    poller.sink.saw_detail(read_answer("orders", subject.id, answer), poller.sink.next_number())
    assert poller.store.get(subject.id).status == "paused"
    assert poller.row_details.why(subject.id) is not None
    errored = read_answer("billing", subject.id, replace(answer, result={"status": "errored"}))
    poller.sink.saw_detail(errored, poller.sink.next_number())
    assert poller.store.get(subject.id).status == "paused"


@staged()
async def test_what_visible_rows_wait_for_is_read_and_read_again(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    ids = [each.id for each in on.world.workflows["orders"].walk(newest_first=True, status="waiting")][:12]
    poller.want(ids)
    assert poller.row_details.progress == (0, 12)
    await on.until(lambda: poller.row_details.progress == (12, 12), within=30)
    assert all(poller.row_details.why(each).short and poller.row_details.fact(each).read_at for each in ids)
    assert set(poller.row_details.read) >= set(ids)
    await asyncio.sleep(75)
    assert all(
        on.loop.time() - poller.row_details.fact(each).read_at < 75
        for each in ids
        if each in poller.store.active
    )


@staged()
async def test_the_open_instance_is_not_read_once_more_for_its_row(on):
    poller = on.poller
    poller.show("orders")
    await asyncio.sleep(1)
    subject = waiting_of(on)
    since = on.loop.time()
    poller.open(subject.id)
    poller.want([subject.id])
    await on.until(lambda: poller.row_details.progress == (1, 1), within=30)
    await asyncio.sleep(4)
    assert len(asked(on, f"/instances/{subject.id}", since)) == 1
    poller.open(None)
    await asyncio.sleep(75)
    assert on.loop.time() - poller.row_details.fact(subject.id).read_at < 75, (
        "closed, it is read for its row again"
    )


@pytest.mark.parametrize(("queued", "another"), [(100.0, None), (None, None), (160.0, 160.0)])
async def test_another_run_of_the_open_id_is_noted(queued, another):
    context = FeedContext(Silent(), lambda: 200.0, lambda update: None, workflow="orders")
    opened = OpenDetail(context)
    opened.open("a")
    for number, moment in enumerate((100.0, queued), 1):
        answer = {"status": "running", "queued": moment and iso(moment), "steps": []}
        opened.take_in(read_detail("orders", "a", answer), number)
    assert opened.state("a").another_since == another
    opened.open("a")
    assert opened.state("a").another_since is None, "whoever opens it now was shown no other run"
