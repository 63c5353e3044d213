"""What a record may claim of how far back the list was walked."""

import asyncio
from contextlib import closing

import pytest

from tests.live.records.record.sample_files import NOW
from wfdash.api.interface import InstancePage, ListQuery
from wfdash.core.model.times import iso
from wfdash.live.records.record.file import RecordFile, erase
from wfdash.live.records.record.listener import RecordListener
from wfdash.live.records.record.location import RecordLocation
from wfdash.live.records.record.observations import Reach, SawRows
from wfdash.live.records.record.opening import open_record, read_memory
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.records.record.replayed import ReplayedWorkflows


async def test_a_list_is_unbroken_as_far_as_it_was_walked():
    """A list by status, an older page by its cursor and date, a gap, the pages between, another run."""

    def item(number):
        return {"id": f"i-{number}", "status": "complete", "created_on": iso(NOW + number)}

    def page_of(query):
        if query.status:
            return InstancePage([item(1)], None, 1)
        top = int(query.cursor or (newest if query.date_end is None else query.date_end - NOW))
        low = max(0, top - 10)
        items = [item(number) for number in range(top - 1, low - 1, -1)]
        return InstancePage(items, str(low) if low else None, newest)

    seen, newest = [], 40
    listener = RecordListener(seen.append, clock=lambda: NOW + 100 + len(seen))
    floors = []

    def ask(query=ListQuery()):  # noqa: B008
        page = page_of(query)
        listener.saw_instances("orders", query, page)
        floors.append(seen[-1].reach and seen[-1].reach.floor and seen[-1].reach.floor - NOW)
        return page

    below = ask()
    ask(ListQuery("errored"))
    ask(ListQuery(cursor=below.cursor))
    for above in (5, 20, 10):
        ask(ListQuery(date_end=NOW + above))
    assert floors == [30, None, 20, None, 10, 0], "one that lies apart tells nothing"
    newest, floors[:] = 70, []
    gap = ask()
    for _ in range(3):
        gap = ask(ListQuery(cursor=gap.cursor))
    assert floors == [60, 50, 40, 0], "over a gap it begins anew, until what lies between was listed"
    file = RecordFile(None, payloads=False, most_bytes=10**9)
    file.write(seen)
    reader = read_memory(file)
    answered = [
        (page.total, page.unbroken - NOW)
        for at in (NOW + 100, NOW + 102, NOW + 105, NOW + 106)
        if (page := await ReplayedWorkflows(reader, lambda at=at: at).list_instances("orders"))
    ]
    assert answered == [(40, 30), (40, 20), (40, float("-inf")), (70, 60)]
    reader.close()
    file.close()


@pytest.mark.parametrize("remade", [False, True])
async def test_an_erased_record_claims_no_more_than_is_in_it(tmp_path, remade):
    """Whoever walked the list before, and whether another program has made the new file by then."""
    items = [{"id": f"i-{each}", "status": "complete", "created_on": iso(NOW + each)} for each in range(40)]

    path = tmp_path / "a.db"
    recorder = Recorder(clock=lambda: NOW + 100)
    listener = RecordListener(recorder.saw, clock=lambda: NOW + 100, epoch=lambda: recorder.epoch)

    def ask(cursor=None):
        top = int(cursor or len(items))
        page = InstancePage(
            items[max(0, top - 10) : top][::-1], str(top - 10) if top > 10 else None, len(items)
        )
        listener.saw_instances("orders", ListQuery(cursor=cursor), page)
        return page

    async def floor():
        await asyncio.to_thread(recorder.flush)
        with closing(open_record(path)) as reader:
            reach = reader.reach("orders", NOW + 1000)
            return None if reach is None else reach.floor - NOW

    recorder.start(RecordLocation(path, own=False))
    cursor = None
    for _ in range(4):
        cursor = ask(cursor).cursor
    assert await floor() == -NOW, "to its end"
    erase(path)
    if remade:
        RecordFile(path, payloads=False, most_bytes=10**9).close()
    items.append({"id": "i-40", "status": "complete", "created_on": iso(NOW + 40)})
    ask()
    assert await floor() is None, "what it was seen with lies in no file"
    items.append({"id": "i-41", "status": "complete", "created_on": iso(NOW + 41)})
    ask()
    assert await floor() == 32, "from here on it is walked anew"
    await asyncio.to_thread(recorder.close)


def test_a_record_is_whole_by_what_was_walked_alone(tmp_path):
    """What the server has erased since makes up by number for what was never seen."""
    path = tmp_path / "a.db"
    file = RecordFile(path, payloads=False, most_bytes=10**9)
    items = [{"id": str(n), "status": "complete", "created_on": iso(NOW - n)} for n in range(30)]
    file.write([SawRows(NOW, "orders", items, Reach(NOW - 30, 20))])
    file.close()

    async def story():
        reader = open_record(path)
        page = await ReplayedWorkflows(reader, lambda: NOW + 1).list_instances("orders", ListQuery())
        assert (page.recorded, page.total, page.unbroken) == (30, 20, NOW - 30)
        reader.close()

    asyncio.run(story())
