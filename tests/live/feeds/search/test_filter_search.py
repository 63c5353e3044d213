"""What a filter can tell only of instances that were read: read out of spare budget, and said how many."""

import asyncio
from contextlib import closing

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import stage
from wfdash.api.interface import DetailAnswer
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import EVERYTHING, parse
from wfdash.core.model.times import iso
from wfdash.core.rows.store import GONE, Delta
from wfdash.core.rows.view import TableView
from wfdash.demo.engine import verbs
from wfdash.live.feeds.search import candidates
from wfdash.live.feeds.search import filter_search as search
from wfdash.live.hooks.changes import ChangeWatch
from wfdash.live.polling.read_instance import read_answer
from wfdash.live.records.record.file import RecordFile
from wfdash.live.records.record.observations import SawDetail, SawRows
from wfdash.live.records.record.opening import open_record
from wfdash.live.records.search.recall import RecordRecall

AT = 1_795_000_000.0


def waiting_of(given, workflow="orders"):
    return next(each for each in given.world.workflows[workflow].walk(newest_first=True, status="waiting"))


def test_row_details_go_with_the_status_they_were_read_in():
    async def story():
        async with stage() as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            built = waiting_of(on)
            poller.want([built.id])
            await on.until(lambda: poller.row_details.why(built.id) is not None)
            poller.want([])
            verbs.terminate(on.world, built)
            await on.until(lambda: poller.store.get(built.id).status == "terminated")
            assert poller.row_details.why(built.id) is None
            answer = DetailAnswer({"status": "terminated", "steps": [], "step_count": 0})
            poller.sink.saw_detail(read_answer("orders", built.id, answer), poller.sink.next_number())
            assert poller.row_details.why(built.id) is not None

    simulate(story())


def test_candidates_of_a_filter_are_read_newest_first():
    async def story():
        async with stage("incident") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            assert poller.search.searched is None
            query = parse('status:errored error~"card"')
            poller.look_for(query)
            await on.until(lambda: poller.search.searched.candidates > 5 and not poller.search.busy)
            errored = {row.id for row in poller.store if row.status == "errored"}
            assert errored <= poller.row_details.read.keys()
            assert poller.search.searched.read == poller.search.searched.candidates == len(errored)
            assert poller.search.searched.over
            read = [asked.path.rsplit("/", 1)[1] for asked in on.app.state.requests if is_read(asked)]
            created = [poller.store.get(on).created for on in read[:5]]
            assert created == sorted(created, reverse=True)
            assert len(read) == len(set(read))

    simulate(story())


def test_what_the_record_holds_is_not_read_again():
    async def story():
        async with stage("incident") as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            query = parse('status:errored error~"card"')
            poller.look_for(query)
            await on.until(lambda: poller.search.searched.candidates > 5 and not poller.search.busy)
            kept = dict(poller.row_details.read)
            missing = next(identity for identity in kept if poller.store.get(identity).status == "errored")
            asked_for = []

            class Kept:
                """A record that holds what was read, all but one."""

                async def __call__(self, workflow, rows):
                    asked_for.extend(row.id for row in rows)
                    return {row.id: kept[row.id] for row in rows if row.id in kept and row.id != missing}

                async def find(self, workflow, query, now, apart_from):
                    return
                    yield

            poller.row_details.reset()
            poller.look_for(None)
            poller.look_up(Kept())
            since = on.loop.time()
            poller.look_for(query)
            await on.until(lambda: poller.search.searched.candidates > 5 and not poller.search.busy)
            await on.until(lambda: missing in poller.row_details.read)
            read = {asked.path.rsplit("/", 1)[1] for asked in on.app.state.requests
                    if is_read(asked) and asked.at >= since}  # fmt: skip
            assert missing in read
            assert not read & (kept.keys() - {missing})
            poller.look_for(parse('status:errored error~"gateway"'))
            await asyncio.sleep(5)
            assert len(asked_for) == len(set(asked_for))

    simulate(story())


@pytest.fixture
def record(tmp_path):
    """`record(items)`: what an earlier run wrote of these instances of `orders`, all with the same params."""
    recalls = []

    def write(items):
        with closing(RecordFile(tmp_path / "a.db", payloads=True, most_bytes=10**9)) as file:
            file.write([SawRows(AT, "orders", items)])
            file.write([SawDetail(AT, "orders", item["id"], False, answer(item)) for item in items])
        recalls.append(RecordRecall(lambda: open_record(tmp_path / "a.db")))
        return recalls[-1]

    def answer(item):
        return {"status": item["status"], "params": {"customer": "cus_4711"}, "steps": []}

    yield write
    for recall in recalls:
        recall.close()


def test_what_only_the_record_holds_is_found_too(record):
    """One that the server has erased stays, one that it still has is as the server says."""

    async def story():
        async with stage() as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            listed = waiting_of(on).id
            older = next(each.id for each in on.world.workflows["orders"].walk(newest_first=False))
            assert older not in poller.store
            ids = ("long-gone", older, listed)
            kept = {"status": "queued", "created_on": "2026-11-18T11:00:00.000Z"}
            poller.look_up(record([{"id": identity, **kept} for identity in ids]))
            view = TableView(
                poller.store, EVERYTHING, clock=on.loop.time,
                context=lambda: MatchContext((), poller.row_details.read),
            )  # fmt: skip
            changes = ChangeWatch(poller, on.loop.time)
            on.updates.clear()
            query = parse("params.customer:cus_4711 since:2026-01-01")
            poller.look_for(query)
            await on.until(lambda: poller.store.note("long-gone") == GONE)
            await on.until(lambda: older in poller.store and older not in poller.store.recorded)
            await asyncio.sleep(60)
            assert poller.store.recorded == poller.store.lost == {"long-gone"}
            assert poller.store.get(older).status != "queued"
            asked = [each.path.rsplit("/", 1)[1] for each in on.app.state.requests if is_read(each)]
            assert asked.count("long-gone") == 1
            assert "long-gone" not in poller.store.active
            await view.set_query(query)
            assert "long-gone" in view.ids()
            await view.set_query(EVERYTHING)
            assert "long-gone" not in view.ids()
            changed = [change.id for update in on.updates for change in changes.of(update)]
            assert not {"long-gone", older} & set(changed)

    simulate(story())


@pytest.mark.parametrize("payloads", [True, False])
def test_an_id_is_found_in_the_record_too(record, payloads):
    """As long as it may be meant for one; and the server is asked for each once."""

    async def story():
        async with stage() as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            older = next(each.id for each in on.world.workflows["orders"].walk(newest_first=False))
            assert older not in poller.store
            many = [f"many-{number}" for number in range(30)]
            about = {"status": "queued", "created_on": "2026-11-18T11:00:00.000Z"}
            kept = record([{"id": identity, **about} for identity in ("Long-Gone-4711", older, *many)])
            (poller.look_up if payloads else poller.look_up_ids)(kept)
            view = TableView(poller.store, EVERYTHING, clock=on.loop.time)
            loaded = set(poller.store.ids())
            for text in (
                "long",
                "long-g",
                "long-gone-47",
                f"{older} status:queued,errored,complete",
                "many",
                "lo",
            ):
                poller.look_for(parse(text), waits=True)
                await asyncio.sleep(20)
            assert set(poller.store.ids()) - loaded >= {"Long-Gone-4711", older}
            assert not set(many) & set(poller.store.ids())
            assert poller.store.note("Long-Gone-4711") == GONE
            assert poller.store.recorded == {"Long-Gone-4711"}
            assert poller.store.get(older).status != "queued", "as the server says"
            asked = [each.path.rsplit("/", 1)[1] for each in on.app.state.requests if is_read(each)]
            assert [identity for identity in asked if identity == "Long-Gone-4711"] == ["Long-Gone-4711"]
            assert poller.search.searched is None
            for text, shown in (("gone-4711 status:queued", True), ("status:queued", False)):
                await view.set_query(parse(text))
                assert ("Long-Gone-4711" in view.ids()) is shown

    simulate(story())


def test_what_was_seen_to_vanish_is_found_in_the_record(record):
    async def story():
        async with stage() as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            item = {"id": "seen", "status": "complete", "created_on": iso(on.loop.time() - 60)}
            poller.look_up(record([item]))
            poller.store.apply([item], seq=poller.sink.next_number(), now=on.loop.time())
            poller.store.doubt(["seen"], GONE)
            query = parse("params.customer:cus_4711")
            view = TableView(
                poller.store, EVERYTHING, clock=on.loop.time,
                context=lambda: MatchContext((), poller.row_details.read),
            )  # fmt: skip
            poller.look_for(query)
            await on.until(lambda: poller.store.recorded == {"seen"})
            await on.until(lambda: "seen" in poller.row_details.read)
            await view.set_query(query)
            assert view.ids() == ["seen"]
            await view.set_query(EVERYTHING)
            assert "seen" not in view.ids()

    simulate(story())


def is_read(asked):
    return asked.method == "GET" and "/instances/" in asked.path


def test_ended_runs_wait_for_nothing_and_are_not_read():
    async def story():
        async with stage() as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            poller.look_for(parse("blocked:event"))
            await on.until(lambda: poller.search.searched.candidates and not poller.search.busy)
            assert poller.search.searched.candidates <= len(poller.store.active) + 3
            assert all(poller.store.get(each).id in poller.row_details.read for each in poller.store.active)

    simulate(story())


async def searched_to_the_share(on, monkeypatch):
    """A poller whose filter has read as much as one may, of which there is more."""
    monkeypatch.setattr(search, "MOST", 10)
    poller = on.poller
    poller.show("orders")
    await on.until(lambda: len(poller.store) > 50)
    poller.look_for(parse("step~charge"))
    await on.until(lambda: poller.search.searched.over)
    return poller


def test_no_more_than_its_share_is_read_for_one_filter(monkeypatch):
    async def story():
        async with stage() as on:
            poller = await searched_to_the_share(on, monkeypatch)
            read = len([asked for asked in on.app.state.requests if is_read(asked)])
            await asyncio.sleep(60)
            again = len([asked for asked in on.app.state.requests if is_read(asked)])
            assert again - read <= 2
            assert poller.search.searched.read < poller.search.searched.candidates
            before = poller.search.searched.read
            poller.search_on()
            await on.until(lambda: poller.search.searched.over)
            assert poller.search.searched.read - before == 10
            poller.search_on()
            poller.search_on()
            await on.until(lambda: poller.search.searched.over)
            assert poller.search.searched.read - before == 20

    simulate(story())


def test_row_that_changes_stands_in_line_once(monkeypatch):
    """Where enough was read nobody leaves the line: each change of a busy list made it longer, for days."""

    async def story():
        async with stage() as on:
            poller = await searched_to_the_share(on, monkeypatch)
            before = poller.search.candidates.in_line
            unread = [row for row in poller.store if row.id not in poller.row_details.read]
            assert before >= len(unread) > 10
            for _ in range(20):
                poller.search.follow(Delta(changed=tuple(row.id for row in unread)))
            assert poller.search.candidates.in_line == before

    simulate(story())


def test_line_forgets_those_that_match_no_more(monkeypatch):
    monkeypatch.setattr(candidates, "_SLICE", 5)

    async def story():
        async with stage() as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 50)
            poller.look_for(parse("status:waiting step~charge"), waits=True)
            await on.until(lambda: poller.search.searched.candidates > 6)
            waiting = [row for row in poller.store if row.status == "waiting"]
            for row in waiting:
                poller.store.amend(row.id, seq=10**6, now=on.loop.time(), status="complete")
            poller.search.follow(Delta(changed=tuple(row.id for row in waiting)))
            assert poller.search.candidates.in_line == 0

    simulate(story())


def test_filter_that_is_only_typed_reads_nothing(monkeypatch):
    monkeypatch.setattr(search, "MOST", 10)

    async def story():
        async with stage() as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 50)
            for text in ("step~c", "step~ch", "step~cha"):
                poller.look_for(parse(text), waits=True)
                await asyncio.sleep(5)
            searched = poller.search.searched
            assert searched.waits
            assert not searched.looking
            assert (searched.read, searched.unread) == (0, len(poller.store))
            assert not [asked for asked in on.app.state.requests if is_read(asked)]
            poller.search_on()
            await on.until(lambda: poller.search.searched.over)
            assert poller.search.searched.read == 10

    simulate(story())


class Asked:
    """A record that holds nothing and notes what it was asked for."""

    def __init__(self):
        self.queries = []

    async def __call__(self, workflow, rows):
        return {}

    async def find(self, workflow, query, now, apart_from=()):
        self.queries.append(str(query))
        for nothing in ():
            yield nothing


def test_a_letter_waits_for_no_record_once_all_is_read():
    async def story():
        async with stage() as on:
            poller, asked = on.poller, Asked()
            poller.search.record.recall = asked
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 50)
            poller.look_for(parse("step~c"), waits=True)
            await asyncio.sleep(0.2)
            assert asked.queries == ["step~c"]
            poller.look_for(parse("step~c"))
            while not (poller.search.searched.over and not poller.search.searched.unread):
                poller.search_on()
                await asyncio.sleep(5)
            asked.queries.clear()
            for text in ("step~ch", "step~cha", "step~char"):
                poller.look_for(parse(text), waits=True)
                await asyncio.sleep(0.15)
            assert not asked.queries
            assert poller.search.searched.looking
            await asyncio.sleep(1)
            assert asked.queries == ["step~char"]
            assert not poller.search.searched.looking

    simulate(story())


def test_a_filter_that_rows_can_answer_reads_nothing():
    async def story():
        async with stage() as on:
            poller = on.poller
            poller.show("orders")
            await on.until(lambda: len(poller.store) > 0)
            poller.look_for(parse("status:errored"))
            await asyncio.sleep(20)
            assert poller.search.searched is None
            assert not [asked for asked in on.app.state.requests if is_read(asked)]

    simulate(story())
